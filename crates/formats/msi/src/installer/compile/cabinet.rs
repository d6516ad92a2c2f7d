//! The cabinet, spooled to a file so that memory does not grow with the content.

use std::fs;
use std::io::{self, Read, Write};

use md5::Md5;
use sha1::{Digest, Sha1};

use super::Options;
use crate::installer::{File, Package};
use crate::{Database, Error, Value, row};

/// Name of the stream that holds the cabinet.
pub(super) const STREAM: &str = "product.cab";
/// A folder is closed when it holds this much, so that a long one is not unpacked for its last file.
const FOLDER: u64 = 512 << 20;
/// Numbers up to here fit into the columns that the standard gives them.
const MOST_SHORT: usize = 0x7FFF;

/// How a cabinet is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// MSZIP, from 1 (fastest) to 9 (smallest).
    Mszip {
        /// The level.
        level: u32,
    },
    /// LZX with a window of 2 to this power bytes, from 15 to 21: a quarter smaller than MSZIP, and tens of times
    /// slower to make.
    Lzx {
        /// The power.
        window: u8,
    },
}

/// A finished cabinet.
pub(super) struct Spooled {
    /// The cabinet; `None` where there are no files.
    pub(super) file: Option<fs::File>,
    /// MD5 of every file without a version, in the cabinet's order.
    pub(super) digests: Vec<[u8; 16]>,
    /// Digest of names and content.
    pub(super) digest: [u8; 20],
}

impl Package {
    /// The files in the order in which they lie in the cabinet.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.components.iter().flat_map(|component| &component.files)
    }

    pub(super) fn add_media(&self, database: &mut Database) -> Result<(), Error> {
        let count = self.files().count();
        if count > MOST_SHORT {
            // As every compiler of databases does where a product has so many files.
            widen(database, "File", "Sequence")?;
            widen(database, "Media", "LastSequence")?;
        }
        let cabinet = if count == 0 { None } else { Some(format!("#{STREAM}")) };
        database.insert("Media", row![1, count as i32, Value::Null, cabinet, Value::Null, Value::Null])
    }

    /// The table `MsiFileHash`: by it Windows tells whether a file without a version is another one.
    pub(super) fn add_hashes(&self, digests: &[[u8; 16]], database: &mut Database) -> Result<(), Error> {
        for (file, digest) in self.files().filter(|file| file.version.is_none()).zip(digests) {
            let part =
                |at: usize| i32::from_le_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
            // An empty file has no hash.
            let [one, two, three, four] =
                if file.content.size == 0 { [0; 4] } else { [part(0), part(4), part(8), part(12)] };
            database.insert("MsiFileHash", row![&file.id, 0, one, two, three, four])?;
        }
        Ok(())
    }
}

fn widen(database: &mut Database, table: &str, column: &str) -> Result<(), Error> {
    let table = database.standard_table(table)?;
    if let Some(column) = table.columns.iter_mut().find(|c| c.name == column) {
        column.kind = crate::ColumnKind::Int32;
        column.validation.range = Some((1, i32::MAX));
    }
    Ok(())
}

/// Writes the cabinet to a temporary file, reading every file once.
pub(super) fn spool(package: &Package, options: &Options<'_>) -> Result<Spooled, Error> {
    let modified = landfall_cabinet::DateTime::from_unix(package.epoch).map_err(refused)?;
    let compression = match options.compression {
        Compression::None => landfall_cabinet::Compression::None,
        Compression::Mszip { level } => landfall_cabinet::Compression::Mszip { level },
        Compression::Lzx { window } => landfall_cabinet::Compression::Lzx { window },
    };
    let mut folders: Vec<landfall_cabinet::Folder> = Vec::new();
    // The first file opens the first folder.
    let mut size = FOLDER + 1;
    for file in package.files() {
        if size + file.content.size > FOLDER {
            folders.push(landfall_cabinet::Folder::new(compression));
            size = 0;
        }
        size += file.content.size;
        let entry = landfall_cabinet::File::new(file.id.as_str(), file.content.size, modified);
        if let Some(folder) = folders.last_mut() {
            folder.files.push(entry);
        }
    }
    if folders.is_empty() {
        return Ok(Spooled { file: None, digests: Vec::new(), digest: [0; 20] });
    }

    let output = io::BufWriter::new(tempfile::tempfile_in(&options.scratch)?);
    let cabinet = landfall_cabinet::Cabinet::new(folders);
    let mut writer = landfall_cabinet::Writer::new(cabinet, options.threads, output).map_err(refused)?;
    let mut digests = Vec::new();
    let mut whole = Sha1::new();
    for file in package.files() {
        let source = |source| Error::Source { what: file.name.clone(), source };
        let mut content = Digesting {
            input: file.content.open().map_err(source)?,
            file: file.version.is_none().then(Md5::new),
            whole: &mut whole,
            progress: options.progress,
            failure: None,
        };
        let outcome = writer.append(&mut content);
        if let Some(failure) = content.failure {
            return Err(source(failure));
        }
        digests.extend(content.file.map(|digest| <[u8; 16]>::from(digest.finalize())));
        outcome.map_err(refused)?;
    }
    let mut output = writer.finish().map_err(refused)?;
    output.flush()?;
    let file = output.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(Spooled { file: Some(file), digests, digest: whole.finalize().into() })
}

fn refused(error: landfall_cabinet::Error) -> Error {
    match error {
        landfall_cabinet::Error::Io(error) => Error::Io(error),
        landfall_cabinet::Error::CabinetTooLarge { size } => Error::Limit(format!(
            "the files would have {size} bytes packed, and a package holds at most 2 GiB; split the product into several \
             packages"
        )),
        other => Error::Limit(other.to_string()),
    }
}

/// Takes the digests of what is read through it, tells of progress, and keeps a failure apart from the output's.
struct Digesting<'a> {
    input: Box<dyn Read>,
    /// Windows wants it of files that it cannot tell apart by their version.
    file: Option<Md5>,
    whole: &'a mut Sha1,
    progress: &'a (dyn Fn(u64) + Sync),
    failure: Option<io::Error>,
}

impl Read for Digesting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.input.read(buffer) {
            Ok(count) => {
                if let Some(digest) = &mut self.file {
                    digest.update(&buffer[..count]);
                }
                self.whole.update(&buffer[..count]);
                (self.progress)(count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                Err(kind.into())
            }
        }
    }
}
