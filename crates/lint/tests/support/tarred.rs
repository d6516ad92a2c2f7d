//! Alpine and Arch packages and plain archives: a tar archive with or without metadata.

use landfall_archives::tar::Kind;
use landfall_lint::Finding;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Tree, gzip, judge, zstd};

/// An Alpine package under construction.
#[derive(Clone)]
pub(crate) struct Apk {
    pub(crate) tree: Tree,
    pub(crate) info: String,
    pub(crate) scripts: Vec<(&'static str, &'static str)>,
    pub(crate) is_signed: bool,
    pub(crate) has_checksums: bool,
}

impl Apk {
    pub(crate) fn sound() -> Self {
        let mut tree = Tree::demo();
        tree.remove("/usr/lib/systemd/system/demo.service");
        tree.file("/etc/init.d/demo", 0o755, b"#!/sbin/openrc-run\ncommand=/usr/bin/demo\n");
        Self {
            tree,
            info: "pkgname = demo\npkgver = 1.0-r0\npkgdesc = Demo\narch = x86_64\nsize = 9\nlicense = MIT\n\
                   depend = python3\ndatahash = DATAHASH\n"
                .into(),
            scripts: vec![(".post-install", "#!/bin/sh\necho hello\n")],
            is_signed: true,
            has_checksums: true,
        }
    }

    pub(crate) fn info(&mut self, from: &str, to: &str) {
        assert!(self.info.contains(from), "{from}");
        self.info = self.info.replace(from, to);
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut data = Tree::default();
        for member in &self.tree.0 {
            let mut member = member.clone();
            if self.has_checksums && member.header.kind == Kind::File {
                let digest = hex::encode(Sha1::digest(&member.content));
                member.header.pax = vec![("APK-TOOLS.checksum.SHA1".into(), digest.into_bytes())];
            }
            data.0.push(member);
        }
        let data = gzip(&data.tar(""));
        let mut control = Tree::default();
        let info = self.info.replace("DATAHASH", &hex::encode(Sha256::digest(&data)));
        control.file(".PKGINFO", 0o644, info.as_bytes());
        for (name, text) in &self.scripts {
            control.file(name, 0o755, text.as_bytes());
        }
        let mut signature = Tree::default();
        signature.file(".SIGN.RSA.demo.rsa.pub", 0o644, b"x");
        // Of the three archives only the last has an end mark.
        let part = |tree: &Tree| {
            let tar = tree.tar("");
            gzip(&tar[..tar.len() - 1024])
        };
        let signature = if self.is_signed { part(&signature) } else { vec![] };
        [signature, part(&control), data].concat()
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        judge(self.build(), "demo.apk")
    }
}

/// An Arch package under construction.
#[derive(Clone)]
pub(crate) struct Arch {
    pub(crate) tree: Tree,
    pub(crate) info: String,
    pub(crate) install: String,
    pub(crate) has_buildinfo: bool,
    pub(crate) has_mtree: bool,
    /// A file that `.MTREE` leaves out.
    pub(crate) forgotten: &'static str,
}

impl Arch {
    pub(crate) fn sound() -> Self {
        Self {
            tree: Tree::demo(),
            info: "pkgname = demo\npkgver = 1.0-1\npkgdesc = Demo\narch = x86_64\nsize = 9\nbuilddate = 1700000000\n\
                   packager = Jo Doe <jo@example.com>\nlicense = MIT\ndepend = python\nbackup = etc/demo/demo.toml\n"
                .into(),
            install: "post_upgrade() {\n    systemctl try-restart demo.service || :\n}\n".into(),
            has_buildinfo: true,
            has_mtree: true,
            forgotten: "",
        }
    }

    pub(crate) fn info(&mut self, from: &str, to: &str) {
        assert!(self.info.contains(from), "{from}");
        self.info = self.info.replace(from, to);
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut all = Tree::default();
        all.file(".PKGINFO", 0o644, self.info.as_bytes());
        all.file(".INSTALL", 0o644, self.install.as_bytes());
        if self.has_buildinfo {
            all.file(".BUILDINFO", 0o644, b"format = 2\n");
        }
        if self.has_mtree {
            let files =
                self.tree.0.iter().filter(|m| m.header.kind == Kind::File && m.header.path != self.forgotten);
            let line = |m: &super::Member| {
                format!(
                    ".{} mode=644 type=file sha256digest={}\n",
                    m.header.path,
                    hex::encode(Sha256::digest(&m.content))
                )
            };
            let text: String = files.map(line).collect();
            all.file(".MTREE", 0o644, &gzip(format!("#mtree\n{text}").as_bytes()));
        }
        all.0.extend(self.tree.0.iter().cloned());
        zstd(&all.tar(""))
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        judge(self.build(), "demo-1.0-1-x86_64.pkg.tar.zst")
    }
}
