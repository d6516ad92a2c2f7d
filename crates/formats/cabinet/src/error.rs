//! What can go wrong.

use std::io;

/// Why a cabinet cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The output or the input failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is no file at all.
    #[error("a cabinet needs at least one file")]
    NoFiles,
    /// A folder has no file.
    #[error("folder {folder} of the cabinet has no file: leave it out")]
    EmptyFolder {
        /// Number of the folder, from 0.
        folder: usize,
    },
    /// More files than a cabinet can count.
    #[error("a cabinet holds at most 65,535 files, these are {count}: put them into several cabinets")]
    TooManyFiles {
        /// Their number.
        count: usize,
    },
    /// More folders than a cabinet can count.
    #[error("a cabinet holds at most 65,533 folders, these are {count}: put more files into each")]
    TooManyFolders {
        /// Their number.
        count: usize,
    },
    /// A name that a cabinet cannot hold or that would leave the folder in which it is unpacked.
    #[error("the name {name:?} {reason}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two files with names that Windows does not tell apart.
    #[error("{first:?} and {second:?} are the same name on Windows")]
    SameName {
        /// The name that came first.
        first: String,
        /// The name that came later.
        second: String,
    },
    /// A folder with more content than its blocks can be counted.
    #[error(
        "{name:?} ends at byte {end} of its folder, a folder holds {most} at most: \
         begin a new folder before it, or leave it outside the cabinet"
    )]
    FolderTooLarge {
        /// The file that no longer fits.
        name: String,
        /// Where it would end.
        end: u64,
        /// Bytes that a folder holds.
        most: u64,
    },
    /// A cabinet that grows past 2 GiB.
    #[error("the cabinet would have {size} bytes, 2 GiB is the most: put the files into several cabinets")]
    CabinetTooLarge {
        /// Its size, or the size at which writing stopped.
        size: u64,
    },
    /// A moment that the date of a file cannot express.
    #[error("{0} seconds after 1970 is outside 1980 to 2107, the years that a cabinet can express")]
    Date(i64),
    /// A parameter out of its range.
    #[error("{what} {value} is out of range {range}")]
    OutOfRange {
        /// The parameter.
        what: &'static str,
        /// Its value.
        value: u64,
        /// What is allowed.
        range: &'static str,
    },
    /// Folders with reserved areas of different sizes.
    #[error("folder {folder} reserves {size} bytes and the first folder {first}: all must reserve the same")]
    UnequalReserve {
        /// Number of the folder, from 0.
        folder: usize,
        /// Its reserved bytes.
        size: usize,
        /// Those of the first folder.
        first: usize,
    },
    /// Content that does not have the size that was announced.
    #[error("{name:?} was announced with {announced} bytes and has {}", if *.more { "more" } else { "fewer" })]
    ContentSize {
        /// The file.
        name: String,
        /// Its announced size.
        announced: u64,
        /// Whether there is more.
        more: bool,
    },
    /// Files that were announced and whose content never came, or content of a file that was not announced.
    #[error("{announced} files were announced, content came for {appended}")]
    Unfinished {
        /// Files in the description.
        announced: usize,
        /// Files whose content came.
        appended: usize,
    },
    /// A cabinet that is damaged, or that no honest program wrote.
    #[error("the cabinet is damaged: {0}")]
    Damaged(String),
    /// A cabinet that uses something that is not read here.
    #[error("the cabinet cannot be read: {0}")]
    Unsupported(String),
}

pub(crate) fn damaged(what: impl Into<String>) -> Error {
    Error::Damaged(what.into())
}
