//! The copyright file: Debian Policy §12.5, in the machine-readable format (DEP-5).

use std::io::Read;

use landfall_payload::{Content, Entry, EntryKind, Format, Payload, Role};
use time::OffsetDateTime;

use super::text;
use crate::Error;

/// Longest licence text taken into the copyright file, in bytes.
const LONGEST: u64 = 512 * 1024;

/// Licences that every Debian system holds (`base-files`): SPDX identifier, DEP-5 name, file below
/// `/usr/share/common-licenses`.
const COMMON: &[(&str, &str, &str)] = &[
    ("Apache-2.0", "Apache-2.0", "Apache-2.0"),
    ("CC0-1.0", "CC0-1.0", "CC0-1.0"),
    ("GFDL-1.2-only", "GFDL-1.2", "GFDL-1.2"),
    ("GFDL-1.2-or-later", "GFDL-1.2+", "GFDL-1.2"),
    ("GFDL-1.3-only", "GFDL-1.3", "GFDL-1.3"),
    ("GFDL-1.3-or-later", "GFDL-1.3+", "GFDL-1.3"),
    ("GPL-1.0-only", "GPL-1", "GPL-1"),
    ("GPL-1.0-or-later", "GPL-1+", "GPL-1"),
    ("GPL-2.0-only", "GPL-2", "GPL-2"),
    ("GPL-2.0-or-later", "GPL-2+", "GPL-2"),
    ("GPL-3.0-only", "GPL-3", "GPL-3"),
    ("GPL-3.0-or-later", "GPL-3+", "GPL-3"),
    ("LGPL-2.0-only", "LGPL-2", "LGPL-2"),
    ("LGPL-2.0-or-later", "LGPL-2+", "LGPL-2"),
    ("LGPL-2.1-only", "LGPL-2.1", "LGPL-2.1"),
    ("LGPL-2.1-or-later", "LGPL-2.1+", "LGPL-2.1"),
    ("LGPL-3.0-only", "LGPL-3", "LGPL-3"),
    ("LGPL-3.0-or-later", "LGPL-3+", "LGPL-3"),
    ("MPL-1.1", "MPL-1.1", "MPL-1.1"),
    ("MPL-2.0", "MPL-2.0", "MPL-2.0"),
];

/// The licence that DEP-5 calls Expat and SPDX calls MIT.
const MIT: &str = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software \
    and associated documentation files (the \"Software\"), to deal in the Software without restriction, including \
    without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies \
    of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following \
    conditions:\n\nThe above copyright notice and this permission notice shall be included in all copies or \
    substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, \
    EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR \
    PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, \
    DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN \
    CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.";

/// The text of the copyright file.
///
/// # Errors
/// When a licence file of the payload cannot be read.
pub(super) fn copyright(payload: &Payload) -> Result<String, Error> {
    let product = &payload.product;
    let mut text =
        String::from("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n");
    text.push_str(&format!("Upstream-Name: {}\n", product.title));
    text.push_str(&format!("Upstream-Contact: {}\n", product.maintainer));
    if let Some(homepage) = &product.homepage {
        text.push_str(&format!("Source: {homepage}\n"));
    }
    let licenses = Licenses::parse(&product.license);
    let notice = notice(&product.copyright, payload.epoch);
    text.push_str(&format!("\nFiles: *\nCopyright: {notice}\nLicense: {}\n", licenses.expression));

    let files: Vec<&Entry> = payload
        .entries(Format::Deb)
        .filter(|e| e.role == Role::License && matches!(e.kind, EntryKind::File(_)))
        .collect();
    for id in &licenses.ids {
        text.push_str(&format!("\nLicense: {}", short_name(id)));
        let common = COMMON.iter().find(|(spdx, ..)| spdx == id);
        match (common, license_file(id, &files)) {
            (Some((.., file)), _) => text.push_str(&wrapped(&format!(
                "On Debian systems, the full text of this licence is in the file /usr/share/common-licenses/{file}."
            ))),
            (None, Some(file)) => {
                let body = read(file)?;
                text.push_str(&text::continuation(body.lines()));
            }
            (None, None) if id == "MIT" => text.push_str(&wrapped(MIT)),
            (None, None) => text.push_str(&wrapped(&format!(
                "{} is used under this licence; ask {} for its text.",
                product.title, product.maintainer
            ))),
        }
        text.push('\n');
    }
    Ok(text)
}

/// A copyright notice says a year; where the product's own does not, it is the package's.
fn notice(copyright: &str, epoch: i64) -> String {
    let has_year = copyright.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 4);
    match OffsetDateTime::from_unix_timestamp(epoch) {
        Ok(time) if !has_year => format!("{} {copyright}", time.year()),
        _ => copyright.to_owned(),
    }
}

fn wrapped(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').flat_map(|p| text::wrap(p, text::WIDTH - 2)).collect();
    text::continuation(lines.iter().map(String::as_str))
}

/// An SPDX licence expression in DEP-5's words.
struct Licenses {
    expression: String,
    /// Its SPDX identifiers, each once, in order.
    ids: Vec<String>,
}

impl Licenses {
    fn parse(spdx: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut ids: Vec<String> = Vec::new();
        let spaced = spdx.replace(['(', ')'], " ");
        let mut exception = false;
        for word in spaced.split_whitespace() {
            match word.to_ascii_uppercase().as_str() {
                "OR" => words.push("or".into()),
                "AND" => words.push("and".into()),
                "WITH" => {
                    words.push("with".into());
                    exception = true;
                }
                _ if exception => {
                    words.push(format!("{word} exception"));
                    exception = false;
                }
                _ => {
                    words.push(short_name(word).to_owned());
                    if !ids.iter().any(|id| id == word) {
                        ids.push(word.to_owned());
                    }
                }
            }
        }
        Self { expression: words.join(" "), ids }
    }
}

fn short_name(id: &str) -> &str {
    match id {
        "MIT" => "Expat",
        "BSD-2-Clause" => "BSD-2-clause",
        "BSD-3-Clause" => "BSD-3-clause",
        _ => COMMON.iter().find(|(spdx, ..)| *spdx == id).map_or(id, |(_, name, _)| name),
    }
}

/// The payload's file with the text of a licence: one that has the licence's name in its own (`LICENSE-MIT`), else
/// the only one there is, unless its name says that it is for another (`LICENSE-APACHE`).
fn license_file<'a>(id: &str, files: &[&'a Entry]) -> Option<&'a Entry> {
    let lower = id.to_ascii_lowercase();
    let family = lower.split(['-', '.']).next().unwrap_or(&lower);
    let name = |entry: &Entry| entry.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    if let Some(file) = files.iter().find(|e| name(e).contains(family)) {
        return Some(file);
    }
    match files {
        [only]
            if ["license", "licence", "copying"]
                .contains(&name(only).split('.').next().unwrap_or_default()) =>
        {
            Some(only)
        }
        _ => None,
    }
}

fn read(entry: &Entry) -> Result<String, Error> {
    let EntryKind::File(content) = &entry.kind else { return Ok(String::new()) };
    let path = match content {
        Content::Source { path, .. } | Content::Program { path, .. } => path.clone(),
        Content::Bytes(_) => entry.path.clone().into(),
    };
    let mut bytes = Vec::new();
    content
        .open()
        .and_then(|source| source.take(LONGEST).read_to_end(&mut bytes))
        .map_err(|source| Error::Source { path, source })?;
    // Control characters other than tabs, such as form feeds in old licence texts, are not allowed here.
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    Ok(text.trim().chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_has_a_year() {
        assert_eq!(notice("2019-2026 Example", 1_700_000_000), "2019-2026 Example");
        assert_eq!(notice("Example", 1_700_000_000), "2023 Example");
    }

    #[test]
    fn expressions_are_translated() {
        let l = Licenses::parse("(MIT OR Apache-2.0) AND GPL-2.0-or-later WITH Bison-exception-2.2 AND MIT");
        assert_eq!(
            l.expression,
            "Expat or Apache-2.0 and GPL-2+ with Bison-exception-2.2 exception and Expat"
        );
        assert_eq!(l.ids, ["MIT", "Apache-2.0", "GPL-2.0-or-later"]);
        assert_eq!(Licenses::parse("LicenseRef-Proprietary").expression, "LicenseRef-Proprietary");
    }
}
