//! Lines of text as Debian's files want them.

/// Longest line in control, changelog and copyright files, in characters.
pub(super) const WIDTH: usize = 80;

/// Breaks `text` at spaces into lines of at most `width` characters; a longer word stays whole. Never empty.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
    }
    if length > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A field's continuation lines: one space before each, ` .` for an empty one (Debian Policy §5.1, §5.6.13).
pub(super) fn continuation<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        let line = line.trim_end();
        text.push('\n');
        match line.chars().next() {
            None => text.push_str(" ."),
            // A line that begins with a full stop is reserved; a second space makes it ordinary text.
            Some('.') => text.extend(["  ", line]),
            Some(_) => text.extend([" ", line]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_width() {
        assert_eq!(wrap("aa bb  cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("a looooooong b", 4), ["a", "looooooong", "b"]);
        assert_eq!(wrap("  ", 4), [""]);
        assert_eq!(wrap("éé éé", 5), ["éé éé"]);
    }

    #[test]
    fn continuation_lines_are_never_empty_and_never_reserved() {
        assert_eq!(continuation(["a", "", ".NET", " b "]), "\n a\n .\n  .NET\n  b");
    }
}
