//! Quoting for unit files and for the shell.

/// Escapes `%`, which begins a specifier in unit files (systemd.unit(5), «Specifiers»).
pub fn specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

/// A value that runs to the end of its line and knows no quotes, such as `Description=`.
pub fn line(text: &str) -> String {
    specifiers(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// One word of a list or command line in a unit file (systemd.syntax(7), «Quoting»), quoted where needed.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%$~".contains(c) || !c.is_ascii();
    if !text.is_empty() && text.chars().all(plain) {
        return specifiers(text);
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    specifiers(&quoted)
}

/// An argument in `ExecStart=`, where `$` begins a variable (systemd.service(5), «Command lines»).
pub fn argument(text: &str) -> String {
    word(text).replace('$', "$$")
}

/// One word for the shell, in single quotes where needed (POSIX.1-2017, Shell Command Language §2.2.2).
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_words_are_quoted_only_where_needed() {
        assert_eq!(word("/usr/bin/demo"), "/usr/bin/demo");
        assert_eq!(word("50%"), "50%%");
        assert_eq!(word(""), "\"\"");
        assert_eq!(word(";"), "\";\"");
        assert_eq!(word("a b"), "\"a b\"");
        assert_eq!(word("say \"hi\"\\\n\u{1}"), "\"say \\\"hi\\\"\\\\\\n\\x01\"");
        assert_eq!(word("'"), "\"'\"");
        assert_eq!(argument("$HOME costs 5%"), "\"$$HOME costs 5%%\"");
        assert_eq!(argument("$HOME"), "$$HOME");
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line("WATS\n  Client 100%"), "WATS Client 100%%");
    }

    #[test]
    fn shell_words() {
        assert_eq!(shell("run"), "run");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("it's $HOME"), "'it'\\''s $HOME'");
    }
}
