//! Variables in strings.

use crate::structure::closest;

/// A variable: its name and what stands for it on Linux.
pub type Variable = (&'static str, &'static str);

/// Variables that stand for the product and the target; known in every path of the manifest.
pub const PRODUCT: &[Variable] = &[
    ("name", "the product's name"),
    ("version", "the version, as written"),
    ("target", "the target triple"),
    ("arch", "the target's architecture, as in the triple"),
    ("os", "the target's operating system: `linux`, `windows` or `macos`"),
];

/// Variables that stand for places on the machine; known in destinations and in the service, not in sources.
pub const PLACES: &[Variable] = &[
    ("bin", "programs that people call: `/usr/bin`"),
    ("lib", "programs and data that only the product uses: `/usr/lib/<name>`"),
    ("data", "read-only data: `/usr/share/<name>`"),
    ("config", "configuration: `/etc/<name>`"),
    ("state", "what must survive a restart: `/var/lib/<name>`"),
    ("logs", "log files: `/var/log/<name>`"),
    ("cache", "what can be made again: `/var/cache/<name>`"),
    ("runtime", "sockets and lock files: `/run/<name>`"),
    ("doc", "documentation: `/usr/share/doc/<name>`"),
    ("man", "manual pages: `/usr/share/man`"),
    ("units", "systemd units: `/usr/lib/systemd/system`"),
];

/// Something between braces that is no variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVariable {
    /// What stood between the braces.
    pub name: String,
    /// What to do instead.
    pub hint: String,
}

/// Replaces `{variable}` in `text`; `{{` and `}}` stand for braces.
///
/// # Errors
/// The first thing between braces that `lookup` does not know.
pub fn expand(
    text: &str,
    known: &[&[Variable]],
    lookup: impl Fn(&str) -> String,
) -> Result<String, UnknownVariable> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..];
        if let Some(tail) = brace.strip_prefix("{{") {
            out.push('{');
            rest = tail;
        } else if let Some(tail) = brace.strip_prefix("}}") {
            out.push('}');
            rest = tail;
        } else if let Some((name, tail)) = brace.strip_prefix('{').and_then(|b| b.split_once('}')) {
            if !known.iter().any(|set| set.iter().any(|(n, _)| *n == name)) {
                return Err(unknown(name, known));
            }
            out.push_str(&lookup(name));
            rest = tail;
        } else {
            return Err(UnknownVariable {
                name: brace.chars().take(20).collect(),
                hint: "a brace stands alone; write `{{` or `}}` for a brace itself".into(),
            });
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn unknown(name: &str, known: &[&[Variable]]) -> UnknownVariable {
    let names: Vec<&str> = known.iter().flat_map(|set| set.iter().map(|(n, _)| *n)).collect();
    let list: Vec<String> = names.iter().map(|n| format!("{{{n}}}")).collect();
    let mut hint = format!("variables known here: {}", list.join(" "));
    if let Some(close) = closest(name, names) {
        hint = format!("did you mean {{{close}}}? {hint}");
    }
    UnknownVariable { name: name.to_owned(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Result<String, UnknownVariable> {
        expand(text, &[PRODUCT, PLACES], |n| format!("<{n}>"))
    }

    #[test]
    fn variables_are_replaced_and_braces_kept() {
        assert_eq!(run("a/{name}-{version}").as_deref(), Ok("a/<name>-<version>"));
        assert_eq!(run("{{x}}").as_deref(), Ok("{x}"));
        assert_eq!(run("plain").as_deref(), Ok("plain"));
    }

    #[test]
    fn an_unknown_variable_names_the_list() {
        let e = run("{confg}/x").unwrap_err();
        assert_eq!(e.name, "confg");
        assert!(e.hint.starts_with("did you mean {config}?"), "{}", e.hint);
        assert!(e.hint.contains("{state}"));
        assert!(run("{open").is_err());
        assert!(expand("{state}", &[PRODUCT], |_| String::new()).is_err());
    }
}
