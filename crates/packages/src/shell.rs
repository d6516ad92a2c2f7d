//! Text for POSIX shells.

/// `text` as one word.
pub(crate) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A function that runs `fragment` in a subshell, so that its `exit` ends only itself.
pub(crate) fn subshell_function(name: &str, fragment: &str) -> String {
    // The colon keeps a fragment of nothing but comments from being a syntax error.
    format!("{name}() (\n:\n{}\n)\n", fragment.trim_end())
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn words_are_quoted_where_needed() {
        assert_eq!(quote("/usr/bin/demo"), "/usr/bin/demo");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
    }
}
