//! Text from outside, made fit to be read: the output of commands may hold anything.

use std::borrow::Cow;

/// `text` without terminal sequences, and with every other character that does not print, or that changes the
/// direction of what follows, made visible.
pub(super) fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(length) = terminal_sequence(rest) {
            rest = &rest[length..];
            continue;
        }
        rest = &rest[character.len_utf8()..];
        match character {
            '\n' | '\t' => out.push(character),
            '\r' if rest.starts_with('\n') => {}
            // Progress bars write over their own line; each state becomes a line.
            '\r' => out.push('\n'),
            '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{fffe}'
            | '\u{ffff}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{61c}' => {
                out.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out
}

/// Length of the terminal control sequence (ECMA-48) that `text` begins with, if it does and is complete.
fn terminal_sequence(text: &str) -> Option<usize> {
    let after = text.strip_prefix('\x1b')?;
    let kind = after.chars().next()?;
    match kind {
        '[' => {
            let end = after[1..].find(|c: char| !matches!(c, ' '..='?'))?;
            let last = after[1 + end..].chars().next()?;
            matches!(last, '@'..='~').then_some(end + 3)
        }
        // Strings that end with BEL or ST, such as a window's title.
        ']' | 'P' | 'X' | '^' | '_' => {
            let line = after.split('\n').next().unwrap_or_default();
            let bell = line.find('\x07').map(|at| at + 2);
            let terminator = line.find("\x1b\\").map(|at| at + 3);
            bell.into_iter().chain(terminator).min()
        }
        ' '..='~' => {
            let end = after.find(|c: char| !matches!(c, ' '..='/'))?;
            let last = after[end..].chars().next()?;
            matches!(last, '0'..='~').then_some(end + 2)
        }
        _ => None,
    }
}

/// The first `most` characters of `text`; what is left out is said.
pub(super) fn beginning(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{} … {}", &text[..at], left_out(&text[at..]))),
    }
}

/// The last `most` characters of `text`, and a sentence on what is left out before them.
pub(super) fn end(text: &str, most: usize) -> (Option<String>, &str) {
    match most.checked_sub(1).and_then(|n| text.char_indices().rev().nth(n)) {
        Some((at, _)) if at > 0 => (Some(left_out(&text[..at])), &text[at..]),
        _ => (None, text),
    }
}

fn left_out(text: &str) -> String {
    let count = super::words::number(text.chars().count());
    format!("[{count} characters are left out here; evidence.json has them]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_go() {
        for (given, wanted) in [
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\x1b[?25lhidden cursor\x1b[2K", "hidden cursor"),
            ("\x1b]0;a title\x07text", "text"),
            ("\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "link"),
            ("\x1b(Bcharset\x1bM", "charset"),
            ("\x1bPq#0\x1b\\sixel", "sixel"),
        ] {
            assert_eq!(readable(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn an_unfinished_sequence_hides_nothing() {
        assert_eq!(readable("\x1b]0;no end\nnext"), "⟨U+001B⟩]0;no end\nnext");
        assert_eq!(readable("\x1b[31"), "⟨U+001B⟩[31");
        assert_eq!(readable("\x1b[3\nx"), "⟨U+001B⟩[3\nx");
        assert_eq!(readable("end\x1b"), "end⟨U+001B⟩");
        assert_eq!(readable("\x1bé"), "⟨U+001B⟩é");
        assert_eq!(readable("\x1b[é"), "⟨U+001B⟩[é");
    }

    #[test]
    fn characters_that_do_not_print_become_visible() {
        assert_eq!(readable("a\0b\x08c\x7f"), "a⟨U+0000⟩b⟨U+0008⟩c⟨U+007F⟩");
        assert_eq!(readable("one\r\ntwo\rthree\tx"), "one\ntwo\nthree\tx");
        assert_eq!(readable("user\u{202e}txt.exe"), "user⟨U+202E⟩txt.exe");
        assert_eq!(readable("\u{9b}31m\u{ffff}"), "⟨U+009B⟩31m⟨U+FFFF⟩");
        assert_eq!(readable("Größe 測試 🙂"), "Größe 測試 🙂");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(beginning("äöü", 3), "äöü");
        assert_eq!(beginning("äöüß", 3), "äöü … [1 characters are left out here; evidence.json has them]");
        assert_eq!(end("äöü", 3), (None, "äöü"));
        let (mark, kept) = end("äöüß", 3);
        assert_eq!(kept, "öüß");
        assert!(mark.unwrap().starts_with("[1 characters"));
        assert_eq!(end("", 3), (None, ""));
    }
}
