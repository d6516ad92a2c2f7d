//! Plain archives.

use std::collections::BTreeMap;

use landfall_payload::Format;

use super::common::each;
use super::{Check, check};
use crate::finding::Found;
use crate::package::Package;

const ARCHIVES: &[Format] = &[Format::TarGz, Format::TarZst, Format::Zip];
const TARS: &[Format] = &[Format::TarGz, Format::TarZst];
const ZIP: &[Format] = &[Format::Zip];

pub(super) static CHECKS: &[Check] = &[
    check!(
        "archive-without-folder",
        Warning,
        ARCHIVES,
        without_folder,
        "Unpacked in somebody's home, its files mix with what is there.",
        "Put everything into one folder that is named after product and version.",
        ""
    ),
    check!(
        "archive-owner",
        Note,
        TARS,
        |p, f| {
            let odd = p.files().find(|file| !matches!(file.record.owner.as_str(), "root" | "0" | ""));
            if let Some(file) = odd {
                f.at(file.path, format!("belongs to {}:{}", file.record.owner, file.record.group));
            }
        },
        "The account of the machine that built it is published, and root unpacks files for a stranger with \
         that number.",
        "Write owner and group as root with number 0.",
        "reproducible-builds.org, «Archive metadata»"
    ),
    check!(
        "archive-case-conflict",
        Error,
        ZIP,
        |p, f| {
            let mut seen: BTreeMap<String, &str> = BTreeMap::new();
            for file in p.files() {
                if let Some(other) =
                    seen.insert(file.path.to_lowercase(), file.path).filter(|o| *o != file.path)
                {
                    f.at(file.path, format!("differs from {other} by the case of letters only"));
                }
            }
        },
        "On Windows and macOS both are the same file; one of them is lost.",
        "Rename one.",
        "Microsoft, «Naming Files, Paths, and Namespaces»"
    ),
    check!(
        "archive-windows-name",
        Warning,
        ZIP,
        |p, f| each(p, f, |file| {
            let reserved = file.path.split('/').any(|part| {
                let stem = part.split('.').next().unwrap_or_default().to_ascii_uppercase();
                let device = ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
                    || stem.len() == 4
                        && (stem.starts_with("COM") || stem.starts_with("LPT"))
                        && stem.ends_with(|c: char| c.is_ascii_digit());
                device
                    || part.contains(['<', '>', ':', '"', '|', '?', '*'])
                    || part.ends_with(['.', ' ']) && part.len() > 2
            });
            reserved.then(|| "cannot be written on Windows".into())
        }),
        "Windows refuses the name and the unpacking stops.",
        "Rename the file.",
        "Microsoft, «Naming Files, Paths, and Namespaces»"
    ),
];

fn without_folder(package: &Package, found: &mut Found) {
    let mut tops: Vec<&str> = package
        .description
        .files
        .iter()
        .filter_map(|f| f.path.trim_start_matches('/').split('/').next())
        .collect();
    tops.sort_unstable();
    tops.dedup();
    if tops.len() > 1 {
        found.whole(format!("has {} files and folders at its top", tops.len()));
    }
}
