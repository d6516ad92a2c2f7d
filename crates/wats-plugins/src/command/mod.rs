//! External programs as converters.
//!
//! The program gets the file by standard input, or by a path in place of `{file}`; it writes its answer to standard
//! output, and ends with 0. It runs in an empty folder of its own, which goes when it ends, with an environment of a
//! few variables; what its user's account may do, it may do too, except for what this table says:
//!
//! | | Linux | other Unix | Windows |
//! |---|---|---|---|
//! | time by the clock: the program and all it has started are ended | yes, but for those that leave the process group | as on Linux | yes, the whole job |
//! | processor time | yes | yes | no |
//! | memory | yes, of each process | if the system obeys `RLIMIT_AS` | yes, of the whole job |
//! | size of the answer, and of each file that it writes | yes | yes | the answer |
//! | number of processes | where user namespaces are allowed | no | yes |
//! | network cut off | where user namespaces are allowed, or as root | no | no |
//! | no rights gained by set-user-id programs | yes | no | does not apply |
//! | ended when this program ends | yes, the program itself | no | yes, the whole job |
//!
//! Who needs more than that writes a module; see [`Plugin`](crate::Plugin).

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

mod run;

use crate::intern::{Described, describe};
use crate::limits::Limits;
use crate::module::{Declaration, is_name};
use crate::{answer, request};
use run::Outcome;
use std::path::Path;
use wats::Report;
use wats_converters::{
    Arguments, Confidence, Converter, Description, Refusal, SOURCE_BYTES, Source, fill_from_arguments,
};

/// Stands for the path of the file to convert.
pub(crate) const FILE: &str = "{file}";

/// An external program as a converter.
#[derive(Debug)]
pub struct Command {
    described: Described,
    run: Vec<String>,
    limits: Limits,
    needs_isolation: bool,
}

/// Why a command cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Its name is not usable.
    #[error(
        "the name of a command must be small letters, digits and \"-\", at most 40, beginning with a letter"
    )]
    Name,
    /// There is nothing to run.
    #[error("run must name a program, and then its arguments")]
    Empty,
    /// The program is looked for nowhere.
    #[error("{0:?} must be the full path of a program: none is looked for")]
    Relative(String),
    /// It needs what this system does not have.
    #[error("this system cannot cut a single program off from the network")]
    Isolation,
}

impl Command {
    /// A program with its arguments, `{file}` in an argument being the path of the file to convert. It takes files whose
    /// names match one of the patterns, where a watched folder names none.
    pub fn new(
        name: &str,
        run: Vec<String>,
        patterns: Vec<String>,
        limits: Limits,
    ) -> Result<Self, CommandError> {
        if !is_name(name) {
            return Err(CommandError::Name);
        }
        let program = run.first().ok_or(CommandError::Empty)?;
        if !Path::new(program).is_absolute() {
            return Err(CommandError::Relative(program.clone()));
        }
        let declaration = Declaration {
            interface: 1,
            name: name.to_owned(),
            title: format!("external command {program}"),
            patterns,
            arguments: Vec::new(),
        };
        Ok(Self { described: describe("command", &declaration), run, limits, needs_isolation: false })
    }

    /// Makes that no file is converted where the program cannot be cut off from the network.
    pub fn require_isolation(mut self) -> Result<Self, CommandError> {
        if !cfg!(target_os = "linux") {
            return Err(CommandError::Isolation);
        }
        self.needs_isolation = true;
        Ok(self)
    }
}

impl Converter for Command {
    fn name(&self) -> &'static str {
        self.described.0
    }

    fn describe(&self) -> Description {
        self.described.1
    }

    /// Nobody asks it.
    fn confidence(&self, _: &Source) -> Confidence {
        Confidence::NONE
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let size = source.bytes().len();
        if size > SOURCE_BYTES {
            let message = format!("it has {} MiB, {} are allowed", size >> 20, SOURCE_BYTES >> 20);
            return Err(Refusal::TooLarge(message));
        }
        let failed = |what: String| Refusal::Failed(format!("the converter {} {what}", self.name()));
        let request = request::request(source, arguments);
        let outcome = self.execute(source, &request).map_err(|error| {
            // Not a fault of the file: the program may be there again soon.
            Refusal::NotYet(format!("the converter {} cannot be run: {error}", self.name()))
        })?;
        let answer = match outcome {
            Outcome::Answer(answer) => answer,
            Outcome::Time => return Err(failed(format!("ran for more than {:?}", self.limits.time))),
            Outcome::Output => {
                return Err(failed(format!(
                    "wrote more than the {} bytes that are allowed",
                    self.limits.output
                )));
            }
            Outcome::Failure { how, said } if said.is_empty() => {
                return Err(failed(format!("ended with {how}")));
            }
            Outcome::Failure { how, said } => {
                return Err(failed(format!("ended with {how} and says: {said}")));
            }
        };
        let mut reports = answer::read(self.name(), &answer)?;
        fill_from_arguments(&mut reports, arguments)?;
        Ok(reports)
    }

    fn takes_any_argument(&self) -> bool {
        true
    }

    fn is_asked_by_auto(&self) -> bool {
        false
    }
}
