//! Text in XML.

/// Stands for a character that XML 1.0 has no place for.
pub(crate) const REPLACEMENT: char = '\u{fffd}';

/// Text as it may stand in XML, in attributes too, and comes back unchanged.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A reader makes blanks of these.
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            letter if !is_character(letter) => escaped.push(REPLACEMENT),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Whether XML 1.0 (§2.2) has this character.
pub(crate) fn is_character(letter: char) -> bool {
    !matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}
