//! What is known of a package after reading it.

use std::collections::BTreeMap;

use landfall_payload::Format;
use serde::Serialize;

/// A package, described.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// Its format.
    pub format: Format,
    /// Name of the package; empty for a plain archive.
    pub name: String,
    /// Version as the format writes it; empty for a plain archive.
    pub version: String,
    /// Architecture as the format names it; empty for a plain archive.
    pub architecture: String,
    /// Compression of the content: `gzip`, `xz`, `zstd`, `bzip2`, `none`, …
    pub compression: String,
    /// The metadata in the format's own words and order, one item a value: `Depends`, `Requires`, `pkgdesc`, …
    pub fields: Vec<(String, String)>,
    /// Scripts that the package runs.
    pub scripts: Vec<Script>,
    /// Its files, in the package's order.
    pub files: Vec<FileRecord>,
    /// Names of what the file itself consists of, in its order: the members of a Debian package's `ar` archive.
    /// Empty for formats that are one stream.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// What vouches for the package's bytes, in the format's own words: rpm's tags (`SHA256HEADER`, `RSAHEADER`,
    /// `PAYLOADDIGEST`), the members that sign a deb or an apk, and an apk's `datahash` where it was checked and
    /// holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<String>,
    /// What the format's own rules say against it: the internal consistency evaluators of Windows Installer. Empty
    /// for formats without such.
    #[serde(skip)]
    pub consistency: Vec<landfall_msi::ice::Finding>,
    /// The format's own small files that are no scripts, by name: `control`, `conffiles`, `.PKGINFO`, `.MTREE`
    /// (decompressed).
    #[serde(skip)]
    pub metadata: BTreeMap<String, String>,
}

/// A script of a package.
#[derive(Debug, Clone, Serialize)]
pub struct Script {
    /// Its name in the format: `postinst`, `%post`, `.post-install`, `post_install`.
    pub name: String,
    /// What runs it, such as `/bin/sh`.
    pub interpreter: String,
    /// Its text.
    pub text: String,
}

/// A file of a package.
#[derive(Debug, Clone, Serialize)]
pub struct FileRecord {
    /// Path on the machine, absolute; in an archive, relative.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owning account.
    pub owner: String,
    /// Owning group.
    pub group: String,
    /// Size in bytes.
    pub size: u64,
    /// Modification time in seconds since 1970.
    pub time: i64,
    /// Target of a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Digest of the content where the package records one, as `algorithm:hex`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The format's flags for it: `conffile`, `config`, `noreplace`, `ghost`, `doc`, `license`, `backup`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

/// What a packaged file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A hard link.
    Hardlink,
    /// A device, pipe or socket.
    Special,
}
