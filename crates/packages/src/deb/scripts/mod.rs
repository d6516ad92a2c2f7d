//! Maintainer scripts: Debian Policy §6, deb-preinst(5) and its sisters.
//!
//! What holds for all of them:
//!
//! * They are idempotent: dpkg runs them again after a failure.
//! * A service that does not start never leaves the package half configured; a hook that fails does.
//! * Upgrades do not stop the service; postinst restarts it if it runs. Whether it is enabled plays no part.
//! * dpkg configures a package that was removed, but not purged, with its old version, exactly like an upgrade.
//!   Only preinst is told the difference, and leaves a note for postinst: `/var/lib/misc/NAME.new`.
//! * prerm notes in `/var/lib/misc/NAME.running` that it stopped a running service, so that an aborted removal
//!   brings it back.
//! * The product's own fragments run in subshells: they fail the script, but their `exit 0` ends only themselves.
//! * A product with nothing to do at a point has no script for it; a plain program has none at all.

mod install;
mod plan;
mod remove;

use landfall_payload::Payload;

use plan::Plan;

/// The maintainer scripts that the package needs: name and text.
pub(super) fn scripts(payload: &Payload) -> Vec<(&'static str, String)> {
    let plan = Plan::new(payload);
    [
        ("preinst", install::preinst(&plan)),
        ("postinst", install::postinst(&plan)),
        ("prerm", remove::prerm(&plan)),
        ("postrm", remove::postrm(&plan)),
    ]
    .into_iter()
    .filter_map(|(name, script)| script.text().map(|text| (name, text)))
    .collect()
}

/// A maintainer script under construction: functions, one block for each of dpkg's words, and the product's own
/// fragment.
struct Script {
    title: &'static str,
    functions: String,
    cases: Vec<(&'static str, String)>,
    own: Option<String>,
}

impl Script {
    fn new(title: &'static str, own: Option<&str>) -> Self {
        Self { title, functions: String::new(), cases: Vec::new(), own: own.map(str::to_owned) }
    }

    /// Adds a function that runs `fragment` in a subshell.
    fn fragment(&mut self, name: &str, fragment: &str) {
        // The colon keeps a fragment of nothing but comments from being a syntax error.
        self.functions.push_str(&format!("{name}() (\n:\n{}\n)\n\n", fragment.trim_end()));
    }

    /// Adds a function as it stands.
    fn function(&mut self, text: &str) {
        self.functions.push_str(text.trim());
        self.functions.push_str("\n\n");
    }

    /// Adds what is done when dpkg's first argument is `word` (or one of several, separated by `|`).
    fn case(&mut self, word: &'static str, body: &str) {
        if !body.trim().is_empty() {
            self.cases.push((word, body.to_owned()));
        }
    }

    /// The script, or `None` where it does nothing.
    fn text(mut self) -> Option<String> {
        let own = self.own.take();
        if self.cases.is_empty() && own.is_none() {
            return None;
        }
        if let Some(own) = &own {
            self.fragment("own_fragment", own);
        }
        let mut text = format!("#!/bin/sh\n# {}\nset -e\n\n{}", self.title, self.functions);
        if !self.cases.is_empty() {
            text.push_str("case \"$1\" in\n");
            for (word, body) in &self.cases {
                text.push_str(&format!("{word})\n"));
                for line in body.trim_matches('\n').lines() {
                    if line.is_empty() {
                        text.push('\n');
                    } else {
                        text.push_str(&format!("    {line}\n"));
                    }
                }
                text.push_str("    ;;\n");
            }
            text.push_str("esac\n\n");
        }
        if own.is_some() {
            text.push_str("own_fragment \"$@\"\n\n");
        }
        text.push_str("exit 0\n");
        Some(text)
    }
}

/// Collects the lines of a block; blocks are separated by empty lines.
#[derive(Default)]
struct Body(String);

impl Body {
    fn block(&mut self, text: &str) {
        let text = text.trim_matches('\n');
        if text.is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
        self.0.push('\n');
    }
}
