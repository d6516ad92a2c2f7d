//! Text for POSIX shells.

use landfall_payload::Payload;

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

/// Makes the directories and files for secrets that are missing; what is there keeps what an administrator made of it.
/// Each line begins with `indent`; `leave` (`exit`, `return`) ends the script where one fails.
pub(crate) fn directories(payload: &Payload, indent: &str, leave: &str) -> String {
    let mut lines = Vec::new();
    for d in &payload.writable {
        let (path, owner, group) = (quote(&d.path), quote(&d.owner), quote(&d.group));
        lines.push(format!(
            "[ -d {path} ] || {{ mkdir -p {path} && chown {owner}:{group} {path} && chmod {:04o} {path}; }}",
            d.mode
        ));
    }
    for path in payload.service.iter().flat_map(|s| s.credentials.values()) {
        let folder = quote(path.rsplit_once('/').map_or("/", |(folder, _)| folder));
        let path = quote(path);
        lines.push(format!("[ -d {folder} ] || {{ mkdir -p {folder} && chmod 0700 {folder}; }}"));
        lines.push(format!("[ -e {path} ] || ( umask 077 && : >{path} )"));
    }
    lines.iter().map(|line| format!("{indent}{line} || {leave}\n")).collect()
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
