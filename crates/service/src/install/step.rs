//! What an installation is made of: steps as data, so that they can be shown, tested and undone.

use crate::exit::Exit;
use serde::Serialize;
use std::fmt;

/// Who may use a file or folder. Windows keeps what a folder hands down, and takes its own steps for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Permission bits; 0: as the folder above hands down.
    #[serde(serialize_with = "octal")]
    pub mode: u32,
    /// Account; `None`: whoever runs the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Group; `None`: that of whoever runs the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl Access {
    /// As the folder above hands down.
    pub(crate) fn inherited() -> Self {
        Self::of(None, 0)
    }

    /// Of root and its group.
    pub(crate) fn root(mode: u32) -> Self {
        Self::of(Some("root"), mode)
    }

    /// Of an account and the group of the same name; of whoever runs the command where there is none.
    pub(crate) fn of(account: Option<&str>, mode: u32) -> Self {
        Self { mode, owner: account.map(str::to_owned), group: account.map(str::to_owned) }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mode == 0 {
            return f.write_str("rights as handed down");
        }
        write!(f, "{:04o}", self.mode)?;
        match (&self.owner, &self.group) {
            (Some(owner), Some(group)) => write!(f, " {owner}:{group}"),
            (Some(owner), None) => write!(f, " {owner}"),
            _ => Ok(()),
        }
    }
}

fn octal<S: serde::Serializer>(mode: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{mode:04o}"))
}

/// A command of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// What undoes it, if anything does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<String>,
    /// How the installation ends when it fails.
    #[serde(skip)]
    pub failure: Exit,
    /// Command whose output tells why it failed.
    #[serde(skip)]
    pub explain: Vec<String>,
    /// Pause before it, in seconds: what was started shows only after a while that it stays.
    #[serde(skip_serializing_if = "is_zero")]
    pub after: u64,
    /// A failure is reported and nothing more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_fail: bool,
    /// Not even that.
    #[serde(skip)]
    pub quiet: bool,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Command {
    /// A command that undoes itself or needs no undoing.
    pub(crate) fn new(words: &[&str]) -> Self {
        Self {
            words: owned(words),
            undo: vec![],
            failure: Exit::General,
            explain: vec![],
            after: 0,
            may_fail: false,
            quiet: false,
        }
    }

    pub(crate) fn undone_by(mut self, words: &[&str]) -> Self {
        self.undo = owned(words);
        self
    }

    pub(crate) fn or(mut self, exit: Exit, explain: &[&str]) -> Self {
        self.failure = exit;
        self.explain = owned(explain);
        self
    }

    pub(crate) fn after(mut self, seconds: u64) -> Self {
        self.after = seconds;
        self
    }

    pub(crate) fn may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }

    /// Its failure is of no interest at all.
    pub(crate) fn quiet(mut self) -> Self {
        self.may_fail = true;
        self.quiet = true;
        self
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// One change to the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// Makes an account that nobody can log in to, and its group.
    Account {
        /// Its name.
        name: String,
        /// Its full name.
        title: String,
        /// Its home, which is not made.
        home: String,
    },
    /// Makes a folder with all above it; corrects the access of one that is there.
    Folder {
        /// Its path.
        path: String,
        /// Who may use it.
        access: Access,
    },
    /// Writes a file at once: it is never seen half written.
    Write {
        /// Its path.
        path: String,
        /// Its text; not shown where it is secret.
        #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
        text: Option<Text>,
        /// Who may use it.
        access: Access,
    },
    /// Makes a symbolic link.
    Link {
        /// Where it stands.
        path: String,
        /// Where it leads.
        target: String,
    },
    /// Removes a file or link if it is there.
    Remove {
        /// Its path.
        path: String,
    },
    /// Removes a folder if it is there and empty.
    RemoveEmpty {
        /// Its path.
        path: String,
    },
    /// Removes a folder with everything in it. Cannot be undone, so it comes last.
    RemoveTree {
        /// Its path.
        path: String,
    },
    /// Runs a command of the system.
    Run(Command),
    /// Does nothing, unless everything before is undone: then it runs a command after that.
    OnUndo {
        /// The program and its arguments.
        words: Vec<String>,
    },
    /// A change that only Windows knows.
    Windows(super::windows::Change),
}

/// The text of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    text: String,
    secret: bool,
}

impl Text {
    /// A text that anybody may see.
    pub(crate) fn open(text: impl Into<String>) -> Self {
        Self { text: text.into(), secret: false }
    }

    /// A text that is never shown.
    pub(crate) fn secret(text: impl Into<String>) -> Self {
        Self { text: text.into(), secret: true }
    }

    /// The bytes for the disk.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secret { "(secret)" } else { &self.text })
    }
}

fn shown<S: serde::Serializer>(text: &Option<Text>, serializer: S) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) if !text.secret => serializer.serialize_str(&text.text),
        _ => serializer.serialize_none(),
    }
}

impl Step {
    /// A file of the service manager or of the service.
    pub(crate) fn write(path: impl Into<String>, text: Text, access: Access) -> Self {
        Self::Write { path: path.into(), text: Some(text), access }
    }

    /// A command that runs only when everything is undone.
    pub(crate) fn on_undo(words: &[&str]) -> Self {
        Self::OnUndo { words: owned(words) }
    }
}

/// A command line as one would type it.
pub(crate) fn line(words: &[String]) -> String {
    let word = |word: &String| match word.chars().any(|c| c.is_whitespace() || "'\"$\\;&|<>()*?".contains(c))
    {
        _ if word.is_empty() => "''".to_owned(),
        true => format!("'{}'", word.replace('\'', "'\\''")),
        false => word.clone(),
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { name, home, .. } => {
                write!(f, "make the account {name} (nobody can log in to it; home {home})")
            }
            Self::Folder { path, access } => write!(f, "make the folder {path} ({access})"),
            Self::Write { path, text, access } => {
                write!(f, "write {path} ({access})")?;
                match text {
                    Some(text) if text.secret => write!(f, ": a secret, not shown"),
                    Some(text) => text.text.lines().try_for_each(|line| write!(f, "\n    | {line}")),
                    None => Ok(()),
                }
            }
            Self::Link { path, target } => write!(f, "link {path} to {target}"),
            Self::Remove { path } => write!(f, "remove {path}"),
            Self::RemoveEmpty { path } => write!(f, "remove {path} if it is empty"),
            Self::RemoveTree { path } => write!(f, "remove {path} with everything in it"),
            Self::Run(command) => {
                write!(f, "run {}", line(&command.words))?;
                if command.after > 0 {
                    write!(f, " after {} s", command.after)?;
                }
                if command.may_fail { write!(f, " (may fail)") } else { Ok(()) }
            }
            Self::OnUndo { words } => {
                write!(f, "if a later step fails, after it is undone: run {}", line(words))
            }
            Self::Windows(change) => change.fmt(f),
        }
    }
}
