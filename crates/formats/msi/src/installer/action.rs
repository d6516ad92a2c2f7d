//! Custom actions and where they stand.

use super::Identifier;

/// An action of the package's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomAction {
    /// Its name.
    pub id: Identifier,
    /// What it does.
    pub kind: ActionKind,
    /// When it is carried out.
    pub timing: Timing,
    /// Whether the installation goes on where it fails.
    pub ignore_failure: bool,
    /// Whether its command line stays out of the log.
    pub hidden: bool,
    /// Where it stands.
    pub steps: Vec<Step>,
}

/// What an action does. Texts are formatted: `[PROPERTY]` is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionKind {
    /// Gives a property a value.
    SetProperty {
        /// The property.
        property: String,
        /// Its value.
        value: String,
    },
    /// Runs an installed file.
    RunFile {
        /// Key of the file.
        file: Identifier,
        /// Its arguments.
        arguments: String,
    },
    /// Runs a program that is on the machine.
    RunProgram {
        /// The folder in which it runs; one of the package's.
        directory: Identifier,
        /// Command line with the program's path.
        command: String,
    },
    /// Runs JScript inside the installer: the way to hand over what must stand on no command line. Deferred, it finds
    /// the value of the property that has the action's name in `Session.Property("CustomActionData")`.
    Script {
        /// The script; not formatted.
        text: String,
        /// The function in it that is called.
        function: String,
    },
    /// Ends the installation with a message.
    Fail {
        /// The message.
        message: String,
    },
}

/// When an action is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// When the sequence reaches it.
    Immediate,
    /// With the changes to the machine, as LocalSystem.
    Deferred,
    /// As LocalSystem, when what follows it fails.
    Rollback,
    /// As LocalSystem, when everything has succeeded.
    Commit,
}

/// Where an action stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// In which sequence.
    pub sequence: Sequence,
    /// Where in it.
    pub position: Position,
    /// Carried out only where this holds.
    pub condition: Option<String>,
}

/// A sequence of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sequence {
    /// Dialogs and what they need.
    UserInterface,
    /// Changes to the machine.
    Execute,
    /// Dialogs of an administrative installation.
    AdminUserInterface,
    /// Unpacking of an administrative installation.
    AdminExecute,
    /// Advertising.
    Advertise,
}

impl Sequence {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::UserInterface, Self::Execute, Self::AdminUserInterface, Self::AdminExecute, Self::Advertise];

    /// The table that holds it.
    pub fn table(self) -> &'static str {
        match self {
            Self::UserInterface => "InstallUISequence",
            Self::Execute => "InstallExecuteSequence",
            Self::AdminUserInterface => "AdminUISequence",
            Self::AdminExecute => "AdminExecuteSequence",
            Self::Advertise => "AdvtExecuteSequence",
        }
    }
}

/// Where an action stands in a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// After this action, and after others that said so before.
    After(String),
    /// Before this action, and after others that said so before.
    Before(String),
}
