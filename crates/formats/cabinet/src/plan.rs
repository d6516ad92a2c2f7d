//! Everything about a cabinet that is known before its content: whether it can be written, and where things stand.

use std::collections::HashMap;

use crate::layout::{
    CFDATA, CFFILE, CFFOLDER, CFHEADER, MOST_CABINET, MOST_CONTENT, MOST_FILES, MOST_FOLDER_RESERVE,
    MOST_FOLDERS, MOST_HEADER_RESERVE, MOST_NAME,
};
use crate::model::{Cabinet, Compression, File, Folder};
use crate::{Attributes, BLOCK, Error, Result};

/// Bytes that reserved areas add to the header.
const RESERVE_SIZES: usize = 4;

/// A description that can be written.
pub(crate) struct Plan {
    pub(crate) cabinet: Cabinet,
    /// Where the table of files begins.
    pub(crate) files_at: u64,
    /// Where the first block begins.
    pub(crate) data_at: u64,
}

impl Plan {
    /// Checks every limit of the format, and gives names and attributes the form in which they are stored.
    pub(crate) fn new(mut cabinet: Cabinet) -> Result<Self> {
        check_reserve(&cabinet)?;
        let count = cabinet.folders.iter().map(|folder| folder.files.len()).sum();
        match count {
            0 => return Err(Error::NoFiles),
            _ if count > MOST_FILES => return Err(Error::TooManyFiles { count }),
            _ => {}
        }
        if cabinet.folders.len() > MOST_FOLDERS {
            return Err(Error::TooManyFolders { count: cabinet.folders.len() });
        }
        let mut names = HashMap::with_capacity(count);
        let mut table = 0;
        // The least that the cabinet will have: with a folder that is not compressed, exactly what it takes.
        let mut least = 0;
        for (number, folder) in cabinet.folders.iter_mut().enumerate() {
            check_compression(folder.compression)?;
            if folder.files.is_empty() {
                return Err(Error::EmptyFolder { folder: number });
            }
            let content = check_content(folder)?;
            least += content.div_ceil(BLOCK as u64) * CFDATA as u64;
            if folder.compression == Compression::None {
                least += content;
            }
            for file in &mut folder.files {
                store_name(file)?;
                table += (CFFILE + file.name.len() + 1) as u64;
                if let Some(first) = names.insert(file.name.to_lowercase(), file.name.clone()) {
                    return Err(Error::SameName { first, second: file.name.clone() });
                }
            }
        }
        let files_at = head(&cabinet);
        let data_at = files_at + table;
        if data_at + least > MOST_CABINET {
            return Err(Error::CabinetTooLarge { size: data_at + least });
        }
        Ok(Self { cabinet, files_at, data_at })
    }
}

/// Whether any area is reserved.
pub(crate) fn reserves(cabinet: &Cabinet) -> bool {
    !cabinet.reserved.is_empty() || cabinet.folders.iter().any(|folder| !folder.reserved.is_empty())
}

/// Bytes of the header and the table of folders.
fn head(cabinet: &Cabinet) -> u64 {
    let reserve = if reserves(cabinet) { RESERVE_SIZES + cabinet.reserved.len() } else { 0 };
    let folders: usize = cabinet.folders.iter().map(|folder| CFFOLDER + folder.reserved.len()).sum();
    (CFHEADER + reserve + folders) as u64
}

fn check_reserve(cabinet: &Cabinet) -> Result<()> {
    if cabinet.reserved.len() > MOST_HEADER_RESERVE {
        let value = cabinet.reserved.len() as u64;
        return Err(Error::OutOfRange { what: "header reserve", value, range: "0 to 60,000 bytes" });
    }
    let first = cabinet.folders.first().map_or(0, |folder| folder.reserved.len());
    if first > MOST_FOLDER_RESERVE {
        return Err(Error::OutOfRange {
            what: "folder reserve",
            value: first as u64,
            range: "0 to 255 bytes",
        });
    }
    match cabinet.folders.iter().position(|folder| folder.reserved.len() != first) {
        Some(folder) => {
            Err(Error::UnequalReserve { folder, size: cabinet.folders[folder].reserved.len(), first })
        }
        None => Ok(()),
    }
}

fn check_compression(compression: Compression) -> Result<()> {
    match compression {
        Compression::Mszip { level } if !(1..=9).contains(&level) => {
            Err(Error::OutOfRange { what: "MSZIP level", value: level.into(), range: "1 to 9" })
        }
        _ => Ok(()),
    }
}

/// The size of all content of a folder.
fn check_content(folder: &Folder) -> Result<u64> {
    let mut end = 0_u64;
    for file in &folder.files {
        end = end.saturating_add(file.size);
        if end > MOST_CONTENT {
            return Err(Error::FolderTooLarge { name: file.name.clone(), end, most: MOST_CONTENT });
        }
    }
    Ok(end)
}

/// Checks a name, separates its directories by `\` and marks it where it is not ASCII.
fn store_name(file: &mut File) -> Result<()> {
    let refuse = |reason| Error::Name { name: file.name.clone(), reason };
    if file.name.is_empty() {
        return Err(refuse("is empty"));
    }
    if file.name.len() > MOST_NAME {
        return Err(refuse("is longer than 255 bytes: shorten it"));
    }
    if file.name.chars().any(|c| c < ' ' || r#"<>:"|?*"#.contains(c)) {
        return Err(refuse(
            r#"has a character that Windows does not allow: < > : " | ? * or a control character"#,
        ));
    }
    if file.name.split(['/', '\\']).any(|part| matches!(part, "" | "." | "..")) {
        return Err(refuse("is not a plain relative path: leave out leading, double and dotted parts"));
    }
    file.name = file.name.replace('/', "\\");
    file.attributes.0 &= !Attributes::NAME_IS_UTF8.0;
    if !file.name.is_ascii() {
        file.attributes = file.attributes | Attributes::NAME_IS_UTF8;
    }
    Ok(())
}
