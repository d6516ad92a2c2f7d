//! What is kept of the content of a package's files: digests, a few facts, and the text of small files that
//! matter.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use landfall_packages::{FileRecord, Visitor};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::elf::Elf;

/// A text that is looked through or kept, in bytes.
const MOST_TEXT: usize = 256 << 10;
/// All kept texts together, in bytes.
const MOST_KEPT: usize = 64 << 20;
/// An executable that is looked at, in bytes: it is copied to a temporary file for that.
const MOST_PROGRAM: u64 = 2 << 30;
/// Kept of the beginning of every file, in bytes.
const HEAD: usize = 128;
/// How much is read at once.
const PIECE: usize = 128 << 10;

/// What was seen of one file.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// SHA-256 of the content, in lower-case hexadecimal digits.
    pub sha256: String,
    /// The digest that the package records for it, taken anew; as `algorithm:hex`.
    pub digest: Option<String>,
    /// The first bytes.
    pub head: Vec<u8>,
    /// The text, where the file is one that is judged by what stands in it.
    pub text: Option<String>,
    /// What it is, where it is an ELF file.
    pub elf: Option<Elf>,
    /// The kind of secret in it, if any.
    pub secret: Option<&'static str>,
    /// A path of the machine that built it, if it is a program with one in it.
    pub build_path: Option<String>,
}

/// Files whose text is kept, by parts of their paths.
const KEPT: &[&str] = &[
    "systemd/system/",
    "systemd/system-preset/",
    "sysusers.d/",
    "tmpfiles.d/",
    "etc/",
    "lintian/overrides/",
];

/// What private keys look like.
const SECRETS: &[(&str, &str)] = &[
    ("-----BEGIN PRIVATE KEY-----", "a private key"),
    ("-----BEGIN RSA PRIVATE KEY-----", "a private RSA key"),
    ("-----BEGIN EC PRIVATE KEY-----", "a private key"),
    ("-----BEGIN DSA PRIVATE KEY-----", "a private DSA key"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----", "a private SSH key"),
    ("-----BEGIN ENCRYPTED PRIVATE KEY-----", "an encrypted private key"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "a private OpenPGP key"),
    ("AGE-SECRET-KEY-1", "a private age key"),
];

/// What paths on machines that build begin with. A user's name or a folder follows.
const BUILD_PATHS: &[&[u8]] = &[b"/home/", b"/root/.cargo/", b"/root/.rustup/", b"/builds/", b"/Users/"];

/// Collects facts while a package is read.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    pub(crate) facts: HashMap<String, Facts>,
    kept: usize,
}

impl Visitor for Collector {
    fn file(&mut self, file: &FileRecord, content: &mut dyn Read) -> io::Result<()> {
        let mut facts = Facts::default();
        let mut sha256 = Sha256::new();
        let mut recorded = Recorded::new(file.digest.as_deref());
        let mut piece = vec![0; PIECE];
        let mut text = Vec::new();
        let mut program: Option<(tempfile::NamedTempFile, u64)> = None;
        let mut length = 0_u64;
        loop {
            let count = fill(content, &mut piece)?;
            let data = &piece[..count];
            sha256.update(data);
            recorded.update(data);
            if length == 0 {
                facts.head = data[..count.min(HEAD)].to_vec();
                if data.starts_with(b"\x7fELF") {
                    program = Some((tempfile::NamedTempFile::new()?, 0));
                }
            }
            if let Some((copy, size)) = &mut program {
                *size += count as u64;
                if *size <= MOST_PROGRAM {
                    copy.write_all(data)?;
                    facts.build_path = facts.build_path.take().or_else(|| build_path(data));
                }
            } else if length <= MOST_TEXT as u64 {
                text.extend_from_slice(data);
            }
            length += count as u64;
            if count < PIECE {
                break;
            }
        }
        facts.sha256 = hex::encode(sha256.finalize());
        facts.digest = recorded.finish();
        if let Some((copy, size)) = program {
            // A damaged one is none: what is wrong with it shows in what is missing here.
            facts.elf = if size <= MOST_PROGRAM { Elf::read(copy.path()).unwrap_or_default() } else { None };
        } else if text.len() <= MOST_TEXT && !text.contains(&0) {
            let text = String::from_utf8_lossy(&text).into_owned();
            facts.secret = secret(&text);
            let wanted = KEPT.iter().any(|part| file.path.contains(part));
            if wanted && self.kept + text.len() <= MOST_KEPT {
                self.kept += text.len();
                facts.text = Some(text);
            }
        }
        self.facts.insert(file.path.clone(), facts);
        Ok(())
    }
}

/// Fills `buffer` as far as the content goes.
fn fill(content: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match content.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

fn secret(text: &str) -> Option<&'static str> {
    SECRETS.iter().find(|(mark, _)| text.lines().any(|line| line.starts_with(mark))).map(|(_, what)| *what)
}

/// The first path of a build machine in a piece of a program. One that is cut in two by the pieces' border is
/// missed; they never come alone.
fn build_path(data: &[u8]) -> Option<String> {
    let mut rest = data;
    while let Some(at) = rest.iter().position(|&b| b == b'/') {
        rest = &rest[at..];
        if let Some(mark) = BUILD_PATHS.iter().find(|mark| rest.starts_with(mark)) {
            let path: Vec<u8> = rest
                .iter()
                .copied()
                .take(80)
                .take_while(|b| b.is_ascii_alphanumeric() || b"/._-+@~".contains(b))
                .collect();
            // A folder and something in it: `/home/` alone is what programs look for.
            if path[mark.len()..].iter().filter(|&&b| b == b'/').count() >= 1 {
                return Some(String::from_utf8_lossy(&path).into_owned());
            }
        }
        rest = &rest[1..];
    }
    None
}

/// The digest that the package records, taken anew.
enum Recorded {
    None,
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Recorded {
    fn new(digest: Option<&str>) -> Self {
        match digest.and_then(|digest| digest.split_once(':')).map(|(algorithm, _)| algorithm) {
            Some("md5") => Self::Md5(Md5::new()),
            Some("sha1") => Self::Sha1(Sha1::new()),
            Some("sha256") => Self::Sha256(Sha256::new()),
            _ => Self::None,
        }
    }

    fn update(&mut self, data: &[u8]) {
        match self {
            Self::None => {}
            Self::Md5(digest) => digest.update(data),
            Self::Sha1(digest) => digest.update(data),
            Self::Sha256(digest) => digest.update(data),
        }
    }

    fn finish(self) -> Option<String> {
        Some(match self {
            Self::None => return None,
            Self::Md5(digest) => format!("md5:{}", hex::encode(digest.finalize())),
            Self::Sha1(digest) => format!("sha1:{}", hex::encode(digest.finalize())),
            Self::Sha256(digest) => format!("sha256:{}", hex::encode(digest.finalize())),
        })
    }
}
