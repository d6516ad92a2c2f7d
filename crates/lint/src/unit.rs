//! systemd units in a package: systemd.syntax(7).

use crate::package::Package;

/// Folders that systemd reads units of the system from.
const FOLDERS: [&str; 3] = ["/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"];
/// Kinds of units that are looked at.
const KINDS: [&str; 5] = [".service", ".socket", ".timer", ".path", ".target"];

/// Units of a package that are looked at.
const MOST_UNITS: usize = 1000;

/// A unit.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Path on the machine.
    pub(crate) path: String,
    /// File name.
    pub(crate) name: String,
    /// Directives in their order.
    pub(crate) directives: Vec<Directive>,
    /// Numbers of lines that are neither a section nor a directive within one.
    pub(crate) nonsense: Vec<usize>,
}

/// A directive of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive {
    pub(crate) section: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Unit {
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name).to_owned();
        let mut unit = Self { path: path.to_owned(), name, directives: Vec::new(), nonsense: Vec::new() };
        let mut section = String::new();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
                continue;
            }
            let mut whole = line.to_owned();
            while whole.ends_with('\\') {
                let Some((_, next)) = lines.next() else { break };
                let next = next.trim();
                // A comment between continued lines is no part of them.
                let part = if next.starts_with(['#', ';']) { "\\" } else { next };
                whole.truncate(whole[..whole.len() - 1].trim_end().len());
                whole.push(' ');
                whole.push_str(part);
            }
            match whole.split_once('=') {
                Some((name, value)) if !section.is_empty() => unit.directives.push(Directive {
                    section: section.clone(),
                    name: name.trim().to_owned(),
                    value: value.trim().to_owned(),
                }),
                _ => unit.nonsense.push(number + 1),
            }
        }
        unit
    }

    /// The values of a directive, in whatever section; an empty one takes back those before it.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let mut values = Vec::new();
        for directive in self.directives.iter().filter(|d| d.name == name) {
            if directive.value.is_empty() {
                values.clear();
            } else {
                values.push(directive.value.as_str());
            }
        }
        values
    }

    /// The value of a directive that has one: the last.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last().copied()
    }

    /// Whether a directive is there, whatever its value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.directives.iter().any(|d| d.name == name)
    }

    pub(crate) fn is_service(&self) -> bool {
        self.name.ends_with(".service")
    }

    /// Whether it is started with the machine once it is enabled.
    pub(crate) fn is_wanted(&self) -> bool {
        ["WantedBy", "RequiredBy", "UpheldBy"].iter().any(|name| self.value(name).is_some())
    }

    /// A service that keeps running, and not the template of one.
    pub(crate) fn is_daemon(&self) -> bool {
        self.is_service() && !self.name.contains('@') && self.value("Type") != Some("oneshot")
    }

    /// The programs that the service starts, without the marks before the path (systemd.service(5), «Command
    /// lines»), with their arguments.
    pub(crate) fn commands<'a>(&'a self, directive: &str) -> Vec<&'a str> {
        self.values(directive)
            .into_iter()
            .map(|line| line.trim_start_matches(['-', '@', ':', '+', '!', '|']))
            .collect()
    }
}

/// The first word of a command line, without its quotes.
pub(crate) fn program(command: &str) -> &str {
    match command.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or(rest),
        None => command.split_whitespace().next().unwrap_or_default(),
    }
}

/// The units of a package.
pub(crate) fn of(package: &Package) -> Vec<Unit> {
    package
        .files()
        .filter(|file| {
            FOLDERS.contains(&file.folder()) && KINDS.iter().any(|kind| file.name().ends_with(kind))
        })
        .filter_map(|file| Some(Unit::parse(file.path, file.facts?.text.as_deref()?)))
        .take(MOST_UNITS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_taken_apart() {
        let unit = Unit::parse(
            "/usr/lib/systemd/system/demo.service",
            "stray=1\n# comment\n[Service]\nExecStart=-/usr/bin/demo run \\\n# in between\n  --fast\n\
             After=a\nAfter=\nAfter=b\nnonsense\n",
        );
        assert_eq!(unit.name, "demo.service");
        assert_eq!(unit.commands("ExecStart"), ["/usr/bin/demo run --fast"]);
        assert_eq!(unit.values("After"), ["b"]);
        assert_eq!(unit.nonsense, [1, 10]);
        assert_eq!(program("\"/opt/a b/c\" -x"), "/opt/a b/c");
    }
}
