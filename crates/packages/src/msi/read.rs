//! Any installer, described.

use std::collections::{BTreeMap, HashMap};

use landfall_msi::installer::STANDARD_FOLDERS;
use landfall_msi::{Database, Reader, Row, long_name};
use landfall_payload::Format;

use super::error;
use crate::listing::{Budget, damaged, malformed};
use crate::{Error, FileRecord, Inspection, Kind, ReadSeek, Script, Visitor};

/// Streams that hold a signature: Authenticode's, and the digest of names and times beside it.
const SIGNATURES: [&str; 2] = ["\u{5}DigitalSignature", "\u{5}MsiDigitalSignatureEx"];
/// Most folders in each other.
const DEEPEST: usize = 64;

// Bits of Component.Attributes.
const PERMANENT: i32 = 16;
const NEVER_OVERWRITE: i32 = 128;

/// Reads a package.
pub(super) fn read(input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
    let mut reader = Reader::open(input).map_err(error)?;
    let database = reader.database().map_err(error)?;
    let property = |name: &str| cell(&database, "Property", name, "Value");
    let files = files(&database)?;
    let mut compression = String::new();
    if visitor.wants_content() {
        let by_key: HashMap<&str, &FileRecord> =
            files.iter().map(|(key, file)| (key.as_str(), file)).collect();
        for row in database.rows("Media") {
            // A cabinet beside the database is another file.
            let Some(stream) = row.text("Cabinet").strip_prefix('#') else { continue };
            examine_cabinet(&mut reader, stream, &by_key, visitor)?;
        }
    }
    if let Some(stream) = database.rows("Media").find_map(|row| row.text("Cabinet").strip_prefix('#')) {
        compression = cabinet_compression(&mut reader, stream)?;
    }
    let streams = reader.streams();
    let seals = streams.iter().map(|stream| stream.name.as_str()).filter(|name| SIGNATURES.contains(name));
    let seals = seals.map(|name| name.trim_start_matches('\u{5}').to_owned()).collect();
    let mut members: Vec<String> = reader.table_names().map(str::to_owned).collect();
    members.extend(streams.iter().filter(|s| !s.name.starts_with('\u{5}')).map(|s| s.name.clone()));
    Ok(Inspection {
        format: Format::Msi,
        name: property("ProductName"),
        version: property("ProductVersion"),
        architecture: database.summary.template.split(';').next().unwrap_or_default().to_owned(),
        compression,
        fields: fields(&database),
        scripts: scripts(&database),
        files: files.into_iter().map(|(_, file)| file).collect(),
        members,
        seals,
        consistency: landfall_msi::ice::check(&database),
        metadata: BTreeMap::new(),
    })
}

/// The text in one column of the row with this first key.
fn cell(database: &Database, table: &str, key: &str, column: &str) -> String {
    database.row(table, key).map(|row| row.text(column).to_owned()).unwrap_or_default()
}

/// Summary, properties, services and upgrades, each in the tables' own words.
fn fields(database: &Database) -> Vec<(String, String)> {
    let summary = &database.summary;
    let mut fields = vec![
        ("Template".to_owned(), summary.template.clone()),
        ("PackageCode".to_owned(), summary.revision.clone()),
        ("Comments".to_owned(), summary.comments.clone()),
        ("CreatingApplication".to_owned(), summary.application.clone()),
    ];
    let tables: Vec<String> =
        database.tables().map(|table| format!("{} ({})", table.name, table.rows.len())).collect();
    fields.push(("Tables".to_owned(), tables.join(", ")));
    for row in database.rows("Property") {
        fields.push((row.text("Property").to_owned(), row.text("Value").to_owned()));
    }
    for table in [
        "ServiceInstall",
        "ServiceControl",
        "MsiServiceConfig",
        "Upgrade",
        "Environment",
        "LaunchCondition",
        "Shortcut",
    ] {
        for row in database.rows(table) {
            let described = row.table.columns.iter().zip(row.values).filter(|(_, value)| !value.is_null());
            let described: Vec<String> =
                described.map(|(column, value)| format!("{}={value}", column.name)).collect();
            fields.push((table.to_owned(), described.join(" ")));
        }
    }
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// What the package runs or sets, by the kinds of custom actions.
fn scripts(database: &Database) -> Vec<Script> {
    database
        .rows("CustomAction")
        .map(|row| {
            let kind = row.int("Type");
            let runs = match kind & 0x3F {
                1 | 17 => "DLL",
                2 | 18 | 34 | 50 => "EXE",
                5 | 21 | 37 | 53 => "JScript",
                6 | 22 | 38 | 54 => "VBScript",
                7 | 23 | 39 => "MSI",
                19 => "message",
                35 => "folder",
                51 => "property",
                _ => "action",
            };
            let text = format!("{} {}", row.text("Source"), row.text("Target"));
            Script { name: row.text("Action").to_owned(), interpreter: runs.to_owned(), text }
        })
        .collect()
}

/// The files by their keys, in the order of their cabinets.
fn files(database: &Database) -> Result<Vec<(String, FileRecord)>, Error> {
    let folders: HashMap<&str, (&str, &str)> = database
        .rows("Directory")
        .map(|row| (row.text("Directory"), (row.text("Directory_Parent"), row.text("DefaultDir"))))
        .collect();
    let components: HashMap<&str, (&str, i32)> = database
        .rows("Component")
        .map(|row| (row.text("Component"), (row.text("Directory_"), row.int("Attributes"))))
        .collect();
    let hashes: HashMap<&str, String> =
        database.rows("MsiFileHash").map(|row| (row.text("File_"), hash(&row))).collect();
    let time = database.summary.saved.unwrap_or(0);
    let mut budget = Budget::new(Format::Msi);
    let mut files = Vec::new();
    for row in database.rows("File") {
        let (folder, attributes) =
            components.get(row.text("Component_")).copied().unwrap_or(("TARGETDIR", 0));
        let path = format!("{}\\{}", path(&folders, folder), long_name(row.text("FileName")));
        budget.spend(path.len())?;
        let key = row.text("File");
        let mut flags = Vec::new();
        for (bit, name) in [(PERMANENT, "permanent"), (NEVER_OVERWRITE, "never-overwrite")] {
            if attributes & bit != 0 {
                flags.push(name.to_owned());
            }
        }
        let file = FileRecord {
            path,
            kind: Kind::File,
            mode: 0o644,
            owner: String::new(),
            group: String::new(),
            size: u64::try_from(row.int("FileSize")).unwrap_or(0),
            time,
            target: None,
            digest: hashes.get(key).cloned(),
            flags,
        };
        files.push((row.int("Sequence"), key.to_owned(), file));
    }
    files.sort_by_key(|(sequence, ..)| *sequence);
    Ok(files.into_iter().map(|(_, key, file)| (key, file)).collect())
}

fn hash(row: &Row<'_>) -> String {
    let parts = ["HashPart1", "HashPart2", "HashPart3", "HashPart4"].map(|part| row.int(part).to_le_bytes());
    format!("md5:{}", hex::encode(parts.concat()))
}

/// The path of a folder, where it usually is.
fn path(folders: &HashMap<&str, (&str, &str)>, folder: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut current = folder;
    loop {
        if let Some((_, _, usual)) = STANDARD_FOLDERS.iter().find(|(key, ..)| *key == current) {
            names.push((*usual).to_owned());
            break;
        }
        let entry = folders.get(current).filter(|_| names.len() < DEEPEST);
        let Some((parent, name)) = entry.filter(|(parent, _)| !parent.is_empty() && *parent != current)
        else {
            names.push(format!("[{current}]"));
            break;
        };
        // A standard folder that is not in the list above.
        if *parent == "TARGETDIR" && current.ends_with("Folder") {
            names.push(format!("[{current}]"));
            break;
        }
        let name = long_name(name.split(':').next().unwrap_or_default());
        if name != "." {
            names.push(name.to_owned());
        }
        current = parent;
    }
    names.reverse();
    names.join("\\")
}

fn cabinet<'r, R: std::io::Read + std::io::Seek>(
    reader: &'r mut Reader<R>,
    stream: &str,
) -> Result<landfall_cabinet::Reader<impl std::io::Read + std::io::Seek + use<'r, R>>, Error> {
    let content = reader.stream(stream).map_err(error)?;
    let content =
        content.ok_or_else(|| malformed(Format::Msi, format!("the cabinet {stream} is missing")))?;
    landfall_cabinet::Reader::new(content).map_err(cabinet_error)
}

fn cabinet_compression<R: std::io::Read + std::io::Seek>(
    reader: &mut Reader<R>,
    stream: &str,
) -> Result<String, Error> {
    use landfall_cabinet::Method;
    let cabinet = cabinet(reader, stream)?;
    Ok(match cabinet.folders().first().map(|folder| folder.method) {
        None | Some(Method::None) => "none",
        Some(Method::Mszip) => "mszip",
        Some(Method::Quantum) => "quantum",
        Some(Method::Lzx { .. }) => "lzx",
        Some(Method::Unknown(_)) => "unknown",
    }
    .to_owned())
}

/// Shows the content of a cabinet's files to the visitor.
fn examine_cabinet<R: std::io::Read + std::io::Seek>(
    reader: &mut Reader<R>,
    stream: &str,
    files: &HashMap<&str, &FileRecord>,
    visitor: &mut dyn Visitor,
) -> Result<(), Error> {
    let mut cabinet = cabinet(reader, stream)?;
    let outcome = cabinet.each(|member, content| {
        let Some(file) = files.get(member.path()?.as_str()) else { return Ok(()) };
        visitor.file(file, content)?;
        Ok(())
    });
    outcome.map_err(cabinet_error)
}

fn cabinet_error(error: landfall_cabinet::Error) -> Error {
    match error {
        landfall_cabinet::Error::Io(error) => damaged(Format::Msi, error),
        other => malformed(Format::Msi, other.to_string()),
    }
}
