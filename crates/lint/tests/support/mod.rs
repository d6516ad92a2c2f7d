//! Packages of every kind, sound ones to begin with, that a test spoils in one way.

#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod deb;
pub(crate) mod elf;
pub(crate) mod rpm;
pub(crate) mod tarred;

use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};

use landfall_archives::tar::{Dialect, Header, Kind, Writer};
use landfall_lint::{Finding, Package, checks, lint};

/// 2023-11-14T22:13:20Z
pub(crate) const EPOCH: i64 = 1_700_000_000;

/// A unit with nothing to say against it.
pub(crate) const UNIT: &str = "[Unit]\nDescription=Demo\nWants=network-online.target\nAfter=network-online.target\n\
     [Service]\nType=notify\nExecStart=/usr/bin/demo run\nUser=demo\nRestart=on-failure\nNoNewPrivileges=yes\n\
     [Install]\nWantedBy=multi-user.target\n";

/// A file of a package.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) header: Header,
    pub(crate) content: Vec<u8>,
}

/// The files of a package.
#[derive(Clone, Default)]
pub(crate) struct Tree(pub(crate) Vec<Member>);

impl Tree {
    /// The product that every sound package ships, with the paths of distributions with merged `/usr`.
    pub(crate) fn demo() -> Self {
        let mut tree = Self::default();
        for folder in ["/etc", "/etc/demo", "/usr", "/usr/bin", "/usr/share", "/usr/share/demo"] {
            tree.folder(folder, 0o755);
        }
        tree.file("/usr/bin/demo", 0o755, &elf::program(elf::X86_64, false, &[]));
        tree.file("/usr/bin/demo-tool", 0o755, b"#!/usr/bin/python3\nprint()\n");
        tree.file("/etc/demo/demo.toml", 0o644, b"url = ''\n");
        tree.file("/usr/lib/systemd/system/demo.service", 0o644, UNIT.as_bytes());
        tree.file("/usr/lib/sysusers.d/demo.conf", 0o644, b"u demo - \"Demo\" /var/lib/demo\n");
        tree.file("/usr/share/demo/data", 0o644, b"data\n");
        tree.link("/usr/bin/demo-link", "demo");
        tree
    }

    pub(crate) fn file(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.remove(path);
        let header = Header::file(path, mode, EPOCH, content.len() as u64);
        self.0.push(Member { header, content: content.to_vec() });
    }

    pub(crate) fn folder(&mut self, path: &str, mode: u32) {
        self.remove(path);
        self.0.push(Member { header: Header::new(path, Kind::Directory, mode, EPOCH), content: vec![] });
    }

    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.remove(path);
        let mut header = Header::new(path, Kind::Symlink, 0o777, EPOCH);
        header.link = target.into();
        self.0.push(Member { header, content: vec![] });
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.0.retain(|member| member.header.path != path);
    }

    pub(crate) fn header(&mut self, path: &str) -> &mut Header {
        &mut self.0.iter_mut().find(|member| member.header.path == path).unwrap().header
    }

    /// The unit with a text in the place of another.
    pub(crate) fn unit(&mut self, from: &str, to: &str) {
        assert!(UNIT.contains(from), "{from}");
        self.file("/usr/lib/systemd/system/demo.service", 0o644, UNIT.replace(from, to).as_bytes());
    }

    /// As a tar archive, with `prefix` for the slash in front of every path.
    pub(crate) fn tar(&self, prefix: &str) -> Vec<u8> {
        let mut archive = Writer::new(Vec::new(), Dialect::Pax);
        for member in &self.0 {
            let mut header = member.header.clone();
            header.path = format!("{prefix}{}", header.path.trim_start_matches('/'));
            archive.append(&header, member.content.as_slice()).unwrap();
        }
        archive.finish().unwrap()
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    landfall_codecs::gzip_bytes(bytes, 1).unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    compressed(bytes, landfall_codecs::Codec::Xz { preset: 0 })
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    compressed(bytes, landfall_codecs::Codec::Zstd { level: 1 })
}

fn compressed(bytes: &[u8], codec: landfall_codecs::Codec) -> Vec<u8> {
    let mut encoder = landfall_codecs::Encoder::new(codec, 1, Vec::new()).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn read(bytes: Vec<u8>, name: &str) -> Package {
    Package::read(&mut Cursor::new(bytes), name).unwrap_or_else(|e| panic!("{name}: {e}"))
}

pub(crate) fn judge(bytes: Vec<u8>, name: &str) -> Vec<Finding> {
    lint(&read(bytes, name))
}

/// What can be spoilt in a kind of package: the check that notices, and how.
pub(crate) type Cases<P> = Vec<(&'static str, fn(&mut P))>;

/// Holds every case to what it says: the sound package does not have it, the spoilt one does. And every check
/// for this format has a case, but for those of `elsewhere`.
pub(crate) fn hold<P>(
    sound: fn() -> P,
    judge: fn(&P) -> Vec<Finding>,
    cases: Cases<P>,
    belongs: fn(&str) -> bool,
) {
    let before = judge(&sound());
    let mut seen = BTreeSet::new();
    for (id, spoil) in cases {
        assert!(!before.iter().any(|f| f.rule.id == id), "{id} is found in the sound package: {before:?}");
        let mut package = sound();
        spoil(&mut package);
        let after = judge(&package);
        let ids: Vec<&str> = after.iter().map(|f| f.rule.id).collect();
        assert!(ids.contains(&id), "{id} is not found, but {ids:?}");
        seen.insert(id);
    }
    let missing: Vec<&str> =
        checks().map(|check| check.rule.id).filter(|id| belongs(id) && !seen.contains(id)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}
