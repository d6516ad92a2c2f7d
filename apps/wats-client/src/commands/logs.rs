//! `wats-client logs`

use super::{Installation, load, say};
use crate::Failure;
use crate::cli::{Logs, Severity};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How often a file is looked at for more.
const LOOK: Duration = Duration::from_millis(300);
/// Bytes at the end of a file that are looked at, at most.
const WINDOW: u64 = 16 << 20;

/// Shows the service's log, from its file or from the journal.
pub(crate) fn logs(arguments: &Logs) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    if let Some(file) = &config.log.file {
        return of_file(file, arguments);
    }
    if cfg!(target_os = "linux") && Path::new("/run/systemd/system").is_dir() {
        return of_journal(arguments);
    }
    // Where other service managers send standard error.
    let definition = Installation::new().of_instance(arguments.config.instance.as_deref())?;
    let file = Path::new(&definition.folders.logs).join(format!("{}.log", definition.id()));
    if file.exists() {
        return of_file(&file, arguments);
    }
    let elsewhere = if cfg!(windows) {
        format!("warnings and errors are in the Event Log (source {}); ", definition.name)
    } else {
        format!("neither is there a journal here nor {}; ", file.display())
    };
    Err(Failure::General(format!(
        "{elsewhere}wats-client config set log.file PATH lets the service write a file"
    )))
}

fn of_journal(arguments: &Logs) -> Result<(), Failure> {
    let id = Installation::new().of_instance(arguments.config.instance.as_deref())?.id();
    let mut command = Command::new("journalctl");
    command.args(["--unit", &id, "--no-pager", "--output", "short-iso"]);
    command.args(["--lines", &arguments.lines.to_string()]);
    let priority = match arguments.level {
        Severity::Error => "err",
        Severity::Warn => "warning",
        Severity::Info => "info",
        Severity::Debug => "debug",
    };
    command.args(["--priority", priority]);
    if arguments.follow {
        command.arg("--follow");
    }
    let status = command.status().map_err(|error| Failure::General(format!("journalctl: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::General(format!("journalctl ended with {status}"))) }
}

fn of_file(path: &Path, arguments: &Logs) -> Result<(), Failure> {
    let fault = |error| Failure::General(format!("{} cannot be read: {error}", path.display()));
    let mut file = File::open(path).map_err(fault)?;
    let length = file.metadata().map_err(fault)?.len();
    if length > WINDOW {
        file.seek(SeekFrom::Start(length - WINDOW)).map_err(fault)?;
    }
    let mut filter = Filter { level: arguments.level, shown: true };
    let mut reader = BufReader::new(file);
    let mut lines = std::collections::VecDeque::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(fault)? > 0 {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if filter.passes(&text) {
            lines.push_back(text);
        }
        if lines.len() > arguments.lines {
            lines.pop_front();
        }
        line.clear();
    }
    lines.iter().try_for_each(|line| say(line))?;
    if !arguments.follow {
        return Ok(());
    }
    loop {
        std::thread::sleep(LOOK);
        // When the file was full, its name leads to a new one; what is left of the old one comes first.
        let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let at = reader.stream_position().map_err(fault)?;
        while reader.read_until(b'\n', &mut line).map_err(fault)? > 0 {
            if line.last() != Some(&b'\n') {
                break;
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if filter.passes(&text) {
                say(&text)?;
            }
        }
        if length < at
            && let Ok(next) = File::open(path)
        {
            reader = BufReader::new(next);
            line.clear();
        }
    }
}

/// Lets messages through from a level on, with all their lines.
struct Filter {
    level: Severity,
    shown: bool,
}

impl Filter {
    /// Whether a line is of a message that is shown. Lines look like `2026-01-15T10:00:00.000Z  INFO text`, or are JSON
    /// objects with a `level`.
    fn passes(&mut self, line: &str) -> bool {
        let object =
            line.starts_with('{').then(|| serde_json::from_str::<serde_json::Value>(line).ok()).flatten();
        let word = match &object {
            Some(object) => object["level"].as_str().map(str::to_ascii_uppercase),
            None => line.split_whitespace().nth(1).map(str::to_owned),
        };
        let level = word.and_then(|word| match word.as_str() {
            "ERROR" => Some(Severity::Error),
            "WARN" => Some(Severity::Warn),
            "INFO" => Some(Severity::Info),
            "DEBUG" | "TRACE" => Some(Severity::Debug),
            _ => None,
        });
        if let Some(level) = level {
            self.shown = level <= self.level;
        }
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_pass_by_their_level_with_all_their_lines() {
        let mut filter = Filter { level: Severity::Warn, shown: true };
        assert!(!filter.passes("2026-01-15T10:00:00.000Z  INFO wats-client starts"));
        assert!(!filter.passes("and more of it"));
        assert!(filter.passes("2026-01-15T10:00:00.000Z ERROR ends: why"));
        assert!(filter.passes("  because"));
        assert!(!filter.passes(r#"{"time":"2026-01-15T10:00:00Z","level":"info","message":"starts"}"#));
        assert!(filter.passes(r#"{"time":"2026-01-15T10:00:00Z","level":"warn","message":"no space"}"#));
    }
}
