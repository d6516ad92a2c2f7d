//! RPM packages, written tag by tag, so that everything in them can be wrong.

use std::collections::BTreeMap;

use landfall_archives::tar::Kind;
use landfall_lint::Finding;
use sha2::{Digest, Sha256};

use super::{EPOCH, Tree, gzip, judge};

/// Data of an entry.
#[derive(Clone)]
pub(crate) enum Value {
    Short(Vec<u16>),
    Int(Vec<u32>),
    Text(String),
    Texts(Vec<String>),
    Binary(Vec<u8>),
}

pub(crate) type Entries = BTreeMap<u32, Value>;

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn header(entries: &Entries) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, value) in entries {
        let (kind, align, count): (u32, usize, usize) = match value {
            Value::Short(v) => (3, 2, v.len()),
            Value::Int(v) => (4, 4, v.len()),
            Value::Text(_) => (6, 1, 1),
            Value::Binary(v) => (7, 1, v.len()),
            Value::Texts(v) => (8, 1, v.len()),
        };
        store.resize(store.len().next_multiple_of(align), 0);
        for number in [*tag, kind, store.len() as u32, count as u32] {
            index.extend(number.to_be_bytes());
        }
        match value {
            Value::Short(v) => v.iter().for_each(|n| store.extend(n.to_be_bytes())),
            Value::Int(v) => v.iter().for_each(|n| store.extend(n.to_be_bytes())),
            Value::Text(v) => store.extend([v.as_bytes(), b"\0"].concat()),
            Value::Binary(v) => store.extend(v),
            Value::Texts(v) => v.iter().for_each(|s| store.extend([s.as_bytes(), b"\0"].concat())),
        }
    }
    let mut bytes = vec![0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
    bytes.extend((entries.len() as u32).to_be_bytes());
    bytes.extend((store.len() as u32).to_be_bytes());
    bytes.extend(index);
    bytes.extend(store);
    bytes
}

/// An RPM package under construction.
#[derive(Clone)]
pub(crate) struct Rpm {
    pub(crate) tree: Tree,
    /// Flags of files by path: 1 config, 16 noreplace, 64 ghost.
    pub(crate) flags: BTreeMap<String, u32>,
    pub(crate) tags: Entries,
    /// Of the signature header, besides SHA-256.
    pub(crate) signature: Entries,
    pub(crate) requires: Vec<String>,
    pub(crate) has_sha256: bool,
    pub(crate) has_payload_digest: bool,
    pub(crate) md5_digests: bool,
}

pub(crate) const PREUN: u32 = 1025;
pub(crate) const POSTUN: u32 = 1026;
pub(crate) const POST: u32 = 1024;
pub(crate) const PRE: u32 = 1023;

impl Rpm {
    pub(crate) fn sound() -> Self {
        let tags = [
            (1000, "demo"),
            (1001, "1.0"),
            (1002, "1"),
            (1004, "Shows things"),
            (1014, "MIT"),
            (1021, "linux"),
            (1022, "x86_64"),
            (1044, "demo-1.0-1.src.rpm"),
            (1125, "gzip"),
            (PRE, "getent passwd demo >/dev/null || useradd -r demo"),
            (POST, "if [ $1 -eq 1 ]; then\n systemctl --no-reload preset demo.service || :\nfi"),
            (
                PREUN,
                "if [ \"$1\" -eq 0 ]; then\n    systemctl --no-reload disable --now demo.service || :\nfi\n",
            ),
            (POSTUN, "if [ $1 -ge 1 ]; then\n    systemctl try-restart demo.service || :\nfi\n"),
        ];
        let mut tags: Entries = tags.into_iter().map(|(tag, value)| (tag, text(value))).collect();
        tags.insert(1006, Value::Int(vec![EPOCH as u32]));
        tags.insert(1007, text("localhost"));
        Self {
            tree: Tree::demo(),
            flags: BTreeMap::from([("/etc/demo/demo.toml".into(), 17)]),
            tags,
            signature: BTreeMap::from([(268, Value::Binary(vec![1, 2, 3]))]),
            requires: vec![
                "/bin/sh".into(),
                "/usr/bin/python3".into(),
                "shadow-utils".into(),
                "rpmlib(FileDigests)".into(),
            ],
            has_sha256: true,
            has_payload_digest: true,
            md5_digests: false,
        }
    }

    pub(crate) fn set(&mut self, tag: u32, value: &str) {
        self.tags.insert(tag, text(value));
    }

    fn payload(&self) -> Vec<u8> {
        let mut cpio = Vec::new();
        let mut member = |name: &str, mode: u32, content: &[u8]| {
            cpio.extend(b"070701");
            let fields = [1, mode, 0, 0, 1, 0, content.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
            fields.iter().for_each(|n| cpio.extend(format!("{n:08x}").as_bytes()));
            cpio.extend([name.as_bytes(), b"\0"].concat());
            cpio.resize(cpio.len().next_multiple_of(4), 0);
            cpio.extend(content);
            cpio.resize(cpio.len().next_multiple_of(4), 0);
        };
        for m in &self.tree.0 {
            let content = if m.header.kind == Kind::Symlink { m.header.link.as_bytes() } else { &m.content };
            if self.flags.get(&m.header.path).is_none_or(|flags| flags & 64 == 0) {
                member(&format!(".{}", m.header.path), m.header.mode, content);
            }
        }
        member("TRAILER!!!", 0, b"");
        cpio
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut tags = self.tags.clone();
        let all = &self.tree.0;
        let each = |of: &dyn Fn(&super::Member) -> String| Value::Texts(all.iter().map(of).collect());
        let split = |m: &super::Member| {
            let (folder, name) = m.header.path.rsplit_once('/').unwrap();
            (format!("{folder}/"), name.to_owned())
        };
        let mut folders: Vec<String> = all.iter().map(|m| split(m).0).collect();
        folders.sort();
        folders.dedup();
        let index = all.iter().map(|m| folders.binary_search(&split(m).0).unwrap() as u32).collect();
        let kind = |k: Kind| match k {
            Kind::Directory => 0o040_000,
            Kind::Symlink => 0o120_000,
            _ => 0o100_000,
        };
        let digest = |m: &super::Member| match m.header.kind {
            Kind::File if self.md5_digests => hex::encode(<md5::Md5 as md5::Digest>::digest(&m.content)),
            Kind::File => hex::encode(Sha256::digest(&m.content)),
            _ => String::new(),
        };
        tags.insert(1117, each(&|m| split(m).1));
        tags.insert(1116, Value::Int(index));
        tags.insert(1028, Value::Int(all.iter().map(|m| m.content.len() as u32).collect()));
        tags.insert(
            1030,
            Value::Short(all.iter().map(|m| (kind(m.header.kind) | m.header.mode) as u16).collect()),
        );
        tags.insert(1034, Value::Int(all.iter().map(|m| m.header.mtime as u32).collect()));
        tags.insert(1035, each(&digest));
        tags.insert(1036, each(&|m| m.header.link.clone()));
        tags.insert(
            1037,
            Value::Int(all.iter().map(|m| self.flags.get(&m.header.path).copied().unwrap_or(0)).collect()),
        );
        tags.insert(1039, each(&|m| m.header.uname.clone()));
        tags.insert(1040, each(&|m| m.header.gname.clone()));
        tags.insert(1118, Value::Texts(folders));
        if !self.md5_digests {
            tags.insert(5011, Value::Int(vec![8]));
        }
        tags.insert(1049, Value::Texts(self.requires.clone()));
        tags.insert(1048, Value::Int(vec![0; self.requires.len()]));
        tags.insert(1050, Value::Texts(vec![String::new(); self.requires.len()]));
        let payload = gzip(&self.payload());
        if self.has_payload_digest {
            tags.insert(5092, Value::Texts(vec![hex::encode(Sha256::digest(&payload))]));
            tags.insert(5093, Value::Int(vec![8]));
        }
        let header = header(&tags);
        let mut signature = self.signature.clone();
        if self.has_sha256 {
            signature.insert(273, Value::Text(hex::encode(Sha256::digest(&header))));
        }
        let mut bytes = vec![0xed, 0xab, 0xee, 0xdb, 3];
        bytes.resize(96, 0);
        bytes.extend(self::header(&signature));
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes.extend(header);
        bytes.extend(payload);
        bytes
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        judge(self.build(), "demo.rpm")
    }
}
