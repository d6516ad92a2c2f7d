//! What every converter is.

use crate::{Arguments, Refusal, Source};
use wats::Report;

/// How sure a converter is that a file is its own: 0 is not at all, 100 is beyond doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confidence(u8);

impl Confidence {
    /// The file is not of this format.
    pub const NONE: Self = Self(0);
    /// Only the name speaks for it.
    pub const NAME: Self = Self(30);
    /// It looks like it, and so may others.
    pub const LIKELY: Self = Self(70);
    /// It carries marks that other formats do not have.
    pub const SURE: Self = Self(95);
    /// It names the format itself, as an XML name space does.
    pub const CERTAIN: Self = Self(100);
    /// What `auto` needs at least.
    pub const THRESHOLD: Self = Self(50);

    /// A number of percent, at most 100.
    pub const fn percent(value: u8) -> Self {
        Self(if value > 100 { 100 } else { value })
    }

    /// As a number of percent.
    pub const fn as_percent(self) -> u8 {
        self.0
    }
}

/// An argument that a converter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// Its name, such as `part-number`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub meaning: &'static str,
    /// What holds without it, in words.
    pub default: &'static str,
}

/// A converter in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// The format, such as `SPEA in-circuit test`.
    pub title: &'static str,
    /// File names that are usual for it, such as `*.json`. `*` stands for any characters.
    pub patterns: &'static [&'static str],
    /// The arguments it takes besides those that all take.
    pub arguments: &'static [Argument],
}

/// Makes reports of the files of one kind of test equipment.
///
/// A converter is a pure function of the file and the arguments: the same ones give the same reports at any time and
/// on any machine.
pub trait Converter: Sync {
    /// Short name for configuration files. It is part of each report's id: never change it.
    fn name(&self) -> &'static str;

    /// The converter in words.
    fn describe(&self) -> Description;

    /// How sure it is that this file is its own. Looks at no more than the start of the file.
    fn confidence(&self, source: &Source) -> Confidence;

    /// Makes all reports that the file holds: at least one.
    ///
    /// A report lacks what only the station knows, such as its location, when the file does not say it. It lacks an
    /// id when the file brings none; [`convert`](crate::convert) gives it one.
    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal>;

    /// Whether it reads the folder that belongs to the file too; see [`Source::companions`].
    fn reads_companions(&self) -> bool {
        false
    }

    /// Whether it takes arguments that its description does not name.
    fn takes_any_argument(&self) -> bool {
        false
    }

    /// Whether `auto` asks it. One that cannot say how sure it is must be named.
    fn is_asked_by_auto(&self) -> bool {
        true
    }
}
