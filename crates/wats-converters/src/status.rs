//! Results of steps and reports.

use serde_json::Value;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Passed,
    Failed,
    Done,
    Error,
    Terminated,
    Skipped,
}

/// How files say it.
const WORDS: [(Status, &[&str]); 6] = [
    (Status::Passed, &["p", "pass", "passed", "ok", "success", "true", "go"]),
    (Status::Failed, &["f", "fail", "failed", "failure", "ng", "nok", "false", "nogo"]),
    (Status::Done, &["d", "done", "complete", "completed"]),
    (Status::Error, &["e", "err", "error"]),
    (Status::Terminated, &["t", "term", "terminated", "abort", "aborted", "cancelled", "canceled"]),
    (Status::Skipped, &["s", "skip", "skipped"]),
];

impl Status {
    /// Reads a word or letter; case makes no difference.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        let word = word.trim();
        let is_one_of = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        WORDS.iter().find(|(_, words)| is_one_of(words)).map(|(status, _)| *status)
    }

    /// Passed or failed.
    pub(crate) fn passed_if(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }

    /// The letter of WSJF.
    pub(crate) fn letter(self) -> Value {
        self.as_str().into()
    }

    /// The same as text.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "P",
            Self::Failed => "F",
            Self::Done => "D",
            Self::Error => "E",
            Self::Terminated => "T",
            Self::Skipped => "S",
        }
    }

    /// The status of a sequence of steps: the worst that stops a unit, else passed.
    pub(crate) fn of_all(all: impl IntoIterator<Item = Self>) -> Self {
        let weight = |status: Self| match status {
            Self::Error => 3,
            Self::Terminated => 2,
            Self::Failed => 1,
            Self::Passed | Self::Done | Self::Skipped => 0,
        };
        let worst = all.into_iter().max_by_key(|status| weight(*status));
        worst.filter(|status| weight(*status) > 0).unwrap_or(Self::Passed)
    }
}
