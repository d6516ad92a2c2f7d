//! Looking at the content of files while a package is read.

use std::io::{self, Read};

use crate::FileRecord;

/// Looks at the content of a package's files, in the order in which the package holds them. Nothing is kept but
/// what the visitor keeps itself.
pub trait Visitor {
    /// Whether content is wanted at all. Where it is not, it stays packed in formats that list their files
    /// elsewhere.
    fn wants_content(&self) -> bool {
        true
    }

    /// Looks at one regular file. What of the content is not read is passed over. Of `file` everything is known but
    /// flags and digests that stand behind the content.
    ///
    /// # Errors
    /// Ends the reading of the package.
    fn file(&mut self, file: &FileRecord, content: &mut dyn Read) -> io::Result<()>;
}

/// Looks at nothing.
impl Visitor for () {
    fn wants_content(&self) -> bool {
        false
    }

    fn file(&mut self, _file: &FileRecord, _content: &mut dyn Read) -> io::Result<()> {
        Ok(())
    }
}
