//! Why a service ended although nobody asked it to.

use crate::Exit;
use std::fmt;

/// Why a service ended, in words, and with the exit code that goes with it.
///
/// Every error turns into one by `?`, as [`Exit::General`]. It is therefore no error itself.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    /// A failure that ends the program with this exit code.
    pub fn new(exit: Exit, why: impl fmt::Display) -> Self {
        Self { exit, text: why.to_string() }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Many errors already say what their cause says.
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        Self { exit: Exit::General, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn every_cause_is_told_once() {
        let cause = "x".parse::<u8>().unwrap_err();
        assert_eq!(Failure::from(Outer(cause)).to_string(), "outer: invalid digit found in string");
        let failure = Failure::new(Exit::Configuration, "no such folder");
        assert_eq!((failure.exit().code(), failure.to_string().as_str()), (3, "no such folder"));
    }
}
