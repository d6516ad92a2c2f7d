//! Plain text as rich text, which is what a scrolling control shows.

use std::fmt::Write as _;

/// Rich text that shows `text`: paragraphs stay, characters beyond ASCII are escaped.
pub(super) fn from_text(text: &str) -> String {
    let mut rtf = String::from("{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0\\fswiss Tahoma;}}\\fs16 ");
    for character in text.chars() {
        match character {
            '\\' | '{' | '}' => {
                rtf.push('\\');
                rtf.push(character);
            }
            '\n' => rtf.push_str("\\par "),
            '\t' => rtf.push_str("\\tab "),
            '\r' | '\u{C}' => {}
            ' '..='~' => rtf.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Numbers are signed; the question mark is for readers without Unicode.
                    let _ = write!(rtf, "\\u{}?", *unit as i16);
                }
            }
        }
    }
    rtf.push('}');
    rtf
}

#[cfg(test)]
mod tests {
    use super::from_text;

    #[test]
    fn escapes_what_means_something() {
        let rtf = from_text("a {b} \\c\nGrüße");
        assert!(rtf.ends_with("a \\{b\\} \\\\c\\par Gr\\u252?\\u223?e}"), "{rtf}");
        assert!(rtf.is_ascii());
    }
}
