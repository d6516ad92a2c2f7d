//! Services that nothing looks after: programs that a person starts.

use std::collections::BTreeMap;

use super::INBOX;

/// How a person would start a service.
#[derive(Debug, Clone, Copy)]
pub struct ServiceCommand<'a> {
    /// Name of the service.
    pub name: &'a str,
    /// The program's path on the machine.
    pub program: &'a str,
    /// Its arguments.
    pub arguments: &'a [String],
    /// Environment variables.
    pub environment: &'a BTreeMap<String, String>,
    /// File of further ones, `NAME=value` a line; may be missing.
    pub environment_file: &'a str,
}

impl ServiceCommand<'_> {
    /// Text of the script that starts, stops and asks.
    pub(super) fn script(&self) -> String {
        let environment = self.environment.iter().map(|(name, value)| quote(&format!("{name}={value}")));
        // A program of Windows needs somebody who can run it.
        let runner = self.program.ends_with(".exe").then(|| "windows".to_owned());
        let words = runner
            .into_iter()
            .chain([quote(self.program)])
            .chain(self.arguments.iter().map(|word| quote(word)));
        SCRIPT
            .replace("@environment@", &environment.map(|word| format!(" {word}")).collect::<String>())
            .replace("@command@", &words.collect::<Vec<_>>().join(" "))
            .replace("@environment_file@", &quote(self.environment_file))
    }
}

/// Where the script of a service is on the machine.
pub(super) fn path(name: &str) -> String {
    format!("{INBOX}/run/{name}.sh")
}

/// One word for the shell.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The file is read by the rules of systemd's `EnvironmentFile=`: nothing is expanded, quotes around a value are
/// taken off. A start waits a moment, so that a program that ends at once is no success.
const SCRIPT: &str = r#"#!/bin/sh
pid="${0%.sh}.pid"
# One that has ended and was not yet collected does not run. Every thread counts: the first may have ended while
# another still holds the files.
runs() { [ -s "$pid" ] && grep -qs '^State:[[:space:]]*[^[:space:]XZ]' "/proc/$(cat "$pid")/task"/*/status; }

case "$1" in
status) runs ;;
start)
    runs && exit 0
    while IFS= read -r line || [ -n "$line" ]; do
        case "$line" in [A-Za-z_]*=*) ;; *) continue ;; esac
        value="${line#*=}"
        case "$value" in
            \"*\") value="${value#\"}"; value="${value%\"}" ;;
            \'*\') value="${value#\'}"; value="${value%\'}" ;;
        esac
        export "${line%%=*}=$value"
    done <<END
$(cat @environment_file@ 2>/dev/null)
END
    setsid env@environment@ @command@ </dev/null >>"${0%.sh}.log" 2>&1 &
    echo $! >"$pid"
    sleep 0.3
    runs || { tail -n 20 "${0%.sh}.log" >&2; exit 1; }
    ;;
stop)
    runs || exit 0
    kill -TERM "$(cat "$pid")"
    for _ in $(seq 300); do
        runs || { rm -f "$pid"; exit 0; }
        sleep 0.1
    done
    echo "it did not end within 30 seconds after SIGTERM and was killed" >&2
    kill -KILL "$(cat "$pid")"
    rm -f "$pid"
    exit 1
    ;;
esac
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_program_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let out = file("out");
        let environment = BTreeMap::from([("OWN".to_owned(), "it's $HOME".to_owned())]);
        std::fs::write(file("environment"), "# no\nURL=https://x/?a=b&c=$(id)\nQUOTED=\"a b\"\n").unwrap();
        let program = "/bin/sh";
        let text = "printf '%s|' \"$@\" \"$OWN\" \"$URL\" \"$QUOTED\" >\"$0\"; exec sleep 20";
        let arguments = ["-c", text, &out, "a 'b'", ""].map(str::to_owned);
        let environment_file = file("environment");
        let service = ServiceCommand {
            name: "demo",
            program,
            arguments: &arguments,
            environment: &environment,
            environment_file: &environment_file,
        };
        std::fs::write(file("demo.sh"), service.script()).unwrap();
        let verb = |verb: &str| {
            std::process::Command::new("sh").args([&file("demo.sh"), verb]).status().unwrap().success()
        };
        assert!(!verb("status"));
        assert!(verb("start"));
        assert!(verb("status"));
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "a 'b'||it's $HOME|https://x/?a=b&c=$(id)|a b|");
        assert!(verb("stop"));
        assert!(!verb("status"));
    }
}
