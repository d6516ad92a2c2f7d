//! One run of an external program.
//!
//! Input, answer and messages are files in a folder of this run, not pipes: nobody waits for a reader, and what a
//! program leaves behind cannot keep anybody waiting either.

#[cfg(unix)]
use super::unix::Fence;
#[cfg(windows)]
use super::windows::Fence;
use super::{Command, FILE};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use wats_converters::Source;

/// Most bytes of messages that are passed on.
const MESSAGES: u64 = 1000;
/// Shortest and longest pause between two looks at a running program.
const LOOKS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(20)];

/// How a run ended.
pub(super) enum Outcome {
    /// With 0; this is what it wrote.
    Answer(Vec<u8>),
    /// It took too long and was ended.
    Time,
    /// It wrote too much and was ended.
    Output,
    /// By a signal or with another number.
    Failure {
        /// Which.
        how: String,
        /// The start of its messages.
        said: String,
    },
}

impl Command {
    /// Runs the program on a file. An error means that it could not be run at all.
    pub(super) fn execute(&self, source: &Source, request: &[u8]) -> io::Result<Outcome> {
        let folder = tempfile::Builder::new().prefix("wats-converter-").tempdir()?;
        let (work, given) = (folder.path().join("work"), folder.path().join("file"));
        fs::create_dir(&work)?;
        fs::create_dir(&given)?;
        let file = given.join(safe_name(source.name()));
        fs::write(&file, source.bytes())?;
        let (answer, messages) = (folder.path().join("answer"), folder.path().join("messages"));

        let mut command = process::Command::new(&self.run[0]);
        let by_path = self.run.iter().any(|argument| argument.contains(FILE));
        let path = file
            .to_str()
            .ok_or_else(|| io::Error::other("the folder for temporary files has no text as its name"))?;
        command.args(self.run[1..].iter().map(|argument| argument.replace(FILE, path)));
        command.stdin(if by_path { Stdio::null() } else { File::open(&file)?.into() });
        command.stdout(File::create(&answer)?).stderr(File::create(&messages)?).current_dir(&work);
        command.env_clear().envs(environment(&work));
        command.env("WATS_FILE_NAME", source.name());
        command.env("WATS_REQUEST", String::from_utf8_lossy(request).as_ref());

        let fence = Fence::around(&mut command, &self.limits, self.needs_isolation)?;
        let deadline = Instant::now() + self.limits.time;
        let mut child = fence.close(command.spawn()?)?;
        let size = || fs::metadata(&answer).map_or(0, |metadata| metadata.len());
        let mut pause = LOOKS[0];
        let early = loop {
            if child.has_ended()? {
                break None;
            }
            if size() > self.limits.output {
                break Some(Outcome::Output);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break Some(Outcome::Time);
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(LOOKS[1]);
        };
        let status = child.end()?;
        if let Some(outcome) = early {
            return Ok(outcome);
        }
        if size() > self.limits.output {
            return Ok(Outcome::Output);
        }
        if !status.success() {
            return Ok(Outcome::Failure { how: status.to_string(), said: said(&messages) });
        }
        let mut bytes = Vec::new();
        File::open(&answer)?.take(self.limits.output).read_to_end(&mut bytes)?;
        Ok(Outcome::Answer(bytes))
    }
}

/// The variables that programs cannot do without.
fn environment(work: &Path) -> Vec<(&'static str, PathBuf)> {
    let mut variables = vec![("HOME", work.to_owned()), ("TMPDIR", work.to_owned())];
    if cfg!(windows) {
        variables =
            vec![("TEMP", work.to_owned()), ("TMP", work.to_owned()), ("USERPROFILE", work.to_owned())];
        // Without these, a program on Windows does not start.
        for name in ["SystemRoot", "SystemDrive", "PATH"] {
            variables.extend(std::env::var_os(name).map(|value| (name, value.into())));
        }
    } else {
        variables.push(("PATH", "/usr/local/bin:/usr/bin:/bin".into()));
        variables.push(("LANG", "C.UTF-8".into()));
    }
    variables
}

/// A file name that is one on every system, and no option.
fn safe_name(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|letter| if letter.is_alphanumeric() || "._- ()+,=@".contains(letter) { letter } else { '_' })
        .take(60)
        .collect();
    match safe.trim_matches(['.', ' ']) {
        "" => "file".to_owned(),
        // Names of devices on Windows are names with any extension too; with a letter before it none is one.
        trimmed if trimmed.starts_with('-') || cfg!(windows) => format!("f{trimmed}"),
        trimmed => trimmed.to_owned(),
    }
}

/// The start of a program's messages, in one line.
fn said(file: &Path) -> String {
    let mut bytes = Vec::new();
    // Without its messages, its exit status must do.
    let _ = File::open(file).and_then(|file| file.take(MESSAGES).read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    text.split(char::is_whitespace)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .replace(char::is_control, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_do_no_harm() {
        if cfg!(unix) {
            assert_eq!(safe_name("Prüfling 7 (1).log"), "Prüfling 7 (1).log");
        }
        for name in ["", ".", "..", "../../etc/passwd", "-rf", "a\0b", "a/b", "a\\b", "$(reboot)", "x;y"] {
            let safe = safe_name(name);
            assert!(!safe.is_empty() && safe != "..", "{name}");
            assert!(!safe.starts_with('-') && !safe.contains(['/', '\\', '\0', '$', ';']), "{safe}");
        }
        assert!(safe_name(&"x".repeat(5000)).len() < 100);
    }
}
