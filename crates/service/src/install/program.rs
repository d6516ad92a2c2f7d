//! What the program brings in.

use super::settings::Settings;
use landfall_service_definition::Definition;
use std::time::SystemTime;

/// The program that offers `install-service`, `uninstall-service` and `preflight`.
pub trait Program {
    /// What every service manager must know about its service.
    fn definition(&self) -> &Definition;

    /// Configuration files that are laid out where they are missing: name in the configuration folder, and text.
    ///
    /// `definition` is the service as it is installed, whose folders they may name.
    fn files(&self, _definition: &Definition) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Asks the server that the settings name whether it is there and takes the token. `None`: the settings name
    /// none, or the program has no question; then it is only tried whether the address can be reached.
    ///
    /// `definition` is the service as it would be installed. It must answer within 15 seconds.
    fn ask_server(&self, _definition: &Definition, _settings: &Settings) -> Option<ServerAnswer> {
        None
    }
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAnswer {
    /// How it took the question.
    pub outcome: ServerOutcome,
    /// What it said, or what kept it from saying anything.
    pub message: String,
    /// Its time (the `Date` field of RFC 9110 §6.6.1).
    pub date: Option<SystemTime>,
}

/// How a server took a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerOutcome {
    /// It answers, and takes the token.
    Accepted,
    /// It answers; there was no token to show.
    Reached,
    /// It answers, and refuses the token.
    Refused,
    /// It does not answer, or something else answers in its place.
    Unreachable,
}
