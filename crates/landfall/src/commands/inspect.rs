//! `landfall inspect`

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::PathBuf;

use landfall_packages::{FileRecord, Inspection, Kind};
use landfall_payload::Format;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::failure::Failure;
use crate::output::{Output, heading, table};

/// Show what is in a package, whoever built it
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The package: deb, rpm, apk, Arch package, MSI, Windows program or archive
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let path = &arguments.file;
    let unreadable = |e: std::io::Error| Failure::Io(format!("cannot read {}: {e}", path.display()));
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    if file.get_ref().metadata().map_err(unreadable)?.is_dir() {
        return Err(Failure::Usage(format!("{} is a folder; name a package", path.display())));
    }
    let mut head = Vec::new();
    file.by_ref().take(512).read_to_end(&mut head).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let packager =
        landfall_packages::all().into_iter().find(|p| p.recognises(&head, &name)).ok_or_else(|| {
            Failure::Package(format!(
                "{} is none of the packages that are known here: deb, rpm, apk, Arch package, MSI, Windows \
             program, tar or zip archive",
                path.display()
            ))
        })?;
    let mut inspection =
        packager.read(&mut file).map_err(|e| Failure::Package(format!("{}: {e}", path.display())))?;
    if matches!(inspection.format, Format::Msi | Format::Exe) && !inspection.seals.is_empty() {
        inspection.fields.extend(signature(&mut file));
    }
    if output.is_json() {
        return output.json(&inspection);
    }
    output.result(&describe(&inspection));
    Ok(())
}

/// What the signature of an installer or a program says; nobody is asked whether to trust it.
fn signature(file: &mut (impl Read + Seek)) -> Vec<(String, String)> {
    let statement = match landfall_authenticode::state(file) {
        Ok(statement) => statement,
        Err(error) => return vec![("Signature".to_owned(), format!("damaged: {error}"))],
    };
    let holds = if statement.unchanged { "of this file" } else { "of another file: this one was changed" };
    let time = statement.timestamp.and_then(|time| OffsetDateTime::from_unix_timestamp(time).ok());
    let fields = [
        ("Signature", Some(holds.to_owned())),
        ("Signer", Some(statement.signer)),
        ("SignerIssuer", Some(statement.issuer)),
        ("SignatureDescription", statement.description),
        ("SignatureAddress", statement.url),
        ("SignatureTimestamp", time.map(|time| time.to_string())),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn describe(i: &Inspection) -> String {
    let mut out = String::new();
    let title = [i.name.as_str(), i.version.as_str(), i.architecture.as_str()].join(" ");
    out.push_str(&heading(title.trim()));
    out.push_str(&format!("\n{} package, content compressed with {}\n", i.format, i.compression));
    if !i.fields.is_empty() {
        let rows: Vec<Vec<String>> =
            i.fields.iter().map(|(k, v)| vec![k.clone(), v.replace('\n', "\n    ")]).collect();
        out.push_str(&format!("\n{}\n{}\n", heading("Metadata"), table(&rows, &[])));
    }
    for script in &i.scripts {
        let title = format!("{} ({})", script.name, script.interpreter);
        out.push_str(&format!("\n{}\n{}\n", heading(&title), script.text.trim_end()));
    }
    let rows: Vec<Vec<String>> = i.files.iter().map(row).collect();
    out.push_str(&format!("\n{}\n{}", heading("Files"), table(&rows, &[2])));
    out
}

fn row(f: &FileRecord) -> Vec<String> {
    let date = OffsetDateTime::from_unix_timestamp(f.time)
        .ok()
        .and_then(|t| t.format(format_description!("[year]-[month]-[day] [hour]:[minute]")).ok())
        .unwrap_or_default();
    let path = match &f.target {
        Some(target) => format!("{} -> {target}", f.path),
        None => f.path.clone(),
    };
    vec![
        permissions(f),
        format!("{}/{}", f.owner, f.group),
        f.size.to_string(),
        date,
        path,
        f.flags.join(","),
    ]
}

/// Type and permissions as `ls -l` shows them.
fn permissions(f: &FileRecord) -> String {
    let mut text = String::from(match f.kind {
        Kind::File | Kind::Hardlink => '-',
        Kind::Directory => 'd',
        Kind::Symlink => 'l',
        Kind::Special => '?',
    });
    for (shift, special, set, unset) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')]
    {
        let bits = f.mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (f.mode & special != 0, bits & 1 != 0) {
            (true, true) => set,
            (true, false) => unset,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_look_like_those_of_ls() {
        let record = |kind, mode| FileRecord {
            path: String::new(),
            kind,
            mode,
            owner: String::new(),
            group: String::new(),
            size: 0,
            time: 0,
            target: None,
            digest: None,
            flags: Vec::new(),
        };
        assert_eq!(permissions(&record(Kind::File, 0o4755)), "-rwsr-xr-x");
        assert_eq!(permissions(&record(Kind::Directory, 0o1777)), "drwxrwxrwt");
        assert_eq!(permissions(&record(Kind::File, 0o2640)), "-rw-r-S---");
    }
}
