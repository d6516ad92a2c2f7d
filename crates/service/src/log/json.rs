//! Text in JSON.

use std::fmt::Write;

/// The text as a JSON string, with its quotes: RFC 8259 section 7.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Terminals act on these; U+2028 and U+2029 break lines of scripts.
            control if control.is_control() || matches!(control, '\u{2028}' | '\u{2029}') => {
                // Writing to a string cannot fail; all of them are in the first plane.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_quoted_can_be_read() {
        let all: String = (0..0x3000).filter_map(char::from_u32).chain("😀\u{2028}".chars()).collect();
        let text = quoted(&all);
        assert!(!text.contains(|character: char| character.is_control()));
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), all);
    }
}
