//! The package's header: what it is, who made it, what it runs and how it is packed.

use landfall_payload::{ChangelogEntry, Format, Payload, Version};

use super::dependencies::Dependencies;
use super::files::FileList;
use super::header::{HeaderBuilder, Value};
use super::payload::{Compressor, Packed};
use super::scriptlets::{SHELL, Slot};
use super::tags::{self, *};
use crate::Error;

/// The host that packages claim to be built on: the same everywhere.
const BUILD_HOST: &str = "localhost";
/// The rpm whose format this is.
const RPM_VERSION: &str = "4.14.0";
/// Longest line of a description (rpmlint, `description-line-too-long`).
const LINE: usize = 79;
const DAY: i64 = 24 * 60 * 60;

/// Everything that the header tells beyond the payload itself.
#[derive(Debug)]
pub(super) struct Metadata<'a> {
    pub(super) payload: &'a Payload,
    /// Architecture as rpm names it.
    pub(super) architecture: &'static str,
    /// Time of the package and its files.
    pub(super) time: u32,
    pub(super) files: &'a FileList<'a>,
    pub(super) scriptlets: &'a [(&'static Slot, String)],
    pub(super) dependencies: &'a Dependencies,
    pub(super) compressor: &'a Compressor,
}

impl Metadata<'_> {
    /// The header without what only the finished payload tells: see [`tell`].
    ///
    /// # Errors
    /// When a time cannot be expressed.
    pub(super) fn header(&self) -> Result<HeaderBuilder, Error> {
        let mut header = HeaderBuilder::default();
        self.describe(&mut header);
        self.changelog(&mut header)?;
        for (slot, text) in self.scriptlets {
            header.set(slot.text, text.as_str());
            header.set(slot.program, SHELL);
        }
        self.dependencies.describe(&mut header);
        self.files.describe(&mut header, self.time);

        header.set(PAYLOADFORMAT, "cpio");
        if let Some((name, level)) = &self.compressor.tags {
            header.set(PAYLOADCOMPRESSOR, *name);
            header.set(PAYLOADFLAGS, level.as_str());
        }
        header.set(PAYLOADDIGESTALGO, SHA256);
        Ok(header)
    }

    fn describe(&self, header: &mut HeaderBuilder) {
        let product = &self.payload.product;
        header.set(HEADERI18NTABLE, Value::StringArray(vec!["C".into()]));
        header.set(ENCODING, "utf-8");
        header.set(NAME, product.name.as_str());
        header.set(VERSION, product.version.rpm());
        header.set(RELEASE, product.version.release().to_string());
        if let Some(epoch) = product.version.epoch() {
            header.set(tags::EPOCH, epoch);
        }
        let group = self.payload.options.rpm.group.as_deref().unwrap_or("Unspecified");
        let description: Vec<String> = product.description.iter().map(|p| wrap(p)).collect();
        header.set(SUMMARY, Value::I18nString(product.summary.clone()));
        header.set(DESCRIPTION, Value::I18nString(description.join("\n\n")));
        header.set(GROUP, Value::I18nString(group.to_owned()));
        header.set(LICENSE, product.license.as_str());
        header.set(VENDOR, product.vendor.as_str());
        header.set(PACKAGER, product.maintainer.as_str());
        if let Some(url) = &product.homepage {
            header.set(URL, url.as_str());
        }
        header.set(BUILDTIME, self.time);
        header.set(BUILDHOST, BUILD_HOST);
        header.set(OS, "linux");
        header.set(ARCH, self.architecture);
        header.set(PLATFORM, format!("{}-linux", self.architecture));
        header.set(OPTFLAGS, "");
        header.set(RPMVERSION, RPM_VERSION);
        // Without this tag rpm takes the package itself for a source package.
        let (name, version) = (&product.name, &product.version);
        header.set(SOURCERPM, format!("{name}-{}-{}.src.rpm", version.rpm(), version.release()));
        if self.files.files.is_empty() {
            header.set(SIZE, 0);
        }
    }

    fn changelog(&self, header: &mut HeaderBuilder) -> Result<(), Error> {
        let (mut times, mut names, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for entry in &self.payload.changelog {
            // Spec files give a day; rpm takes noon of it in UTC.
            times.push(timestamp(entry.time.div_euclid(DAY) * DAY + DAY / 2)?);
            names.push(format!("{} - {}", self.payload.product.maintainer, self.changelog_version(entry)));
            let items: Vec<String> = entry.items.iter().map(|item| format!("- {item}")).collect();
            texts.push(items.join("\n"));
        }
        header.set(CHANGELOGTIME, Value::Int32(times));
        header.set(CHANGELOGNAME, Value::StringArray(names));
        header.set(CHANGELOGTEXT, Value::StringArray(texts));
        Ok(())
    }

    /// The version of a changelog entry in rpm's words; of this version with epoch and release.
    fn changelog_version(&self, entry: &ChangelogEntry) -> String {
        if entry.version == self.payload.product.version.to_string() {
            return super::evr(self.payload);
        }
        Version::new(&entry.version, 1, None).map_or_else(|_| entry.version.clone(), |v| v.rpm())
    }
}

/// Adds the digests of the payload and of the files in it to its header.
pub(super) fn tell(header: &mut HeaderBuilder, packed: &Packed) {
    header.set(FILEDIGESTS, Value::StringArray(packed.file_digests.clone()));
    // Not PAYLOADDIGESTALT, the digest before compression: rpm verifies by it only a payload that somebody has
    // unpacked in place, and one digest more of all content costs a tenth of the time.
    header.set(PAYLOADDIGEST, Value::StringArray(vec![packed.digest.clone()]));
}

/// A time as rpm stores it.
///
/// # Errors
/// When it lies outside of 1970 to 2106.
pub(super) fn timestamp(seconds: i64) -> Result<u32, Error> {
    u32::try_from(seconds).map_err(|_| Error::Inexpressible {
        format: Format::Rpm,
        what: format!("the time {seconds}, which is not between 1970 and 2106"),
    })
}

/// The error for a header beyond rpm's limits.
pub(super) fn too_large() -> Error {
    Error::Inexpressible {
        format: Format::Rpm,
        what: "so many files: its header would exceed the 256 MiB that rpm reads; split the package".into(),
    }
}

/// Breaks a paragraph into lines.
fn wrap(paragraph: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut room = 0;
    for word in paragraph.split_whitespace() {
        let width = word.chars().count();
        match lines.last_mut() {
            Some(line) if width < room => {
                line.push(' ');
                line.push_str(word);
                room -= width + 1;
            }
            _ => {
                lines.push(word.to_owned());
                room = LINE.saturating_sub(width);
            }
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_wrapped() {
        let text = wrap(&"wörd ".repeat(40));
        assert_eq!(text.lines().map(|l| l.chars().count()).max(), Some(79));
        assert_eq!(text.split_whitespace().count(), 40);
        assert_eq!(wrap(&"x".repeat(100)), "x".repeat(100));
    }

    #[test]
    fn times_outside_of_32_bits_are_refused() {
        assert!(timestamp(-1).is_err());
        assert!(timestamp(1 << 32).is_err());
        assert_eq!(timestamp(1_700_000_000).unwrap(), 1_700_000_000);
    }
}
