//! Debian packages.

use landfall_archives::ar;
use landfall_lint::Finding;
use md5::{Digest, Md5};

use super::{EPOCH, Tree, gzip, judge, xz, zstd};

/// A Debian package under construction.
#[derive(Clone)]
pub(crate) struct Deb {
    pub(crate) tree: Tree,
    /// The control file without Installed-Size.
    pub(crate) control: String,
    pub(crate) installed_size: Option<u64>,
    pub(crate) conffiles: String,
    /// Instead of the right ones.
    pub(crate) md5sums: Option<String>,
    pub(crate) scripts: Vec<(&'static str, String)>,
    pub(crate) triggers: String,
    pub(crate) is_zstd: bool,
    /// Members before and after the data.
    pub(crate) before: Vec<&'static str>,
    pub(crate) after: Vec<&'static str>,
}

pub(crate) const POSTINST: &str = "#!/bin/sh\nset -e\ncase \"$1\" in\nconfigure)\n    \
     deb-systemd-helper enable demo.service >/dev/null || true\n    \
     deb-systemd-invoke restart demo.service || true\n    ;;\nabort-*|triggered)\n    ;;\n*)\n    exit 1\n    ;;\nesac\n";
pub(crate) const PRERM: &str =
    "#!/bin/sh\nset -e\nif [ \"$1\" = remove ]; then\n    deb-systemd-invoke stop demo.service || true\nfi\n";
pub(crate) const POSTRM: &str =
    "#!/bin/sh\nset -e\ncase \"$1\" in\npurge)\n    rm -rf /var/lib/demo /etc/demo\n    ;;\nesac\n";

impl Deb {
    pub(crate) fn sound() -> Self {
        let mut tree = Tree::demo();
        tree.file("/usr/share/doc/demo/copyright", 0o644, b"MIT\n");
        tree.file("/usr/share/doc/demo/changelog.Debian.gz", 0o644, &gzip(b"demo (1.0-1) unstable\n"));
        Self {
            tree,
            control:
                "Package: demo\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: Jo Doe <jo@example.com>\n\
                      Depends: libc6 (>= 2.31), python3:any | python3, init-system-helpers (>= 1.54~)\n\
                      Description: shows things\n Nothing else.\n"
                    .into(),
            installed_size: None,
            conffiles: "/etc/demo/demo.toml\n".into(),
            md5sums: None,
            scripts: vec![
                ("postinst", POSTINST.into()),
                ("prerm", PRERM.into()),
                ("postrm", POSTRM.into()),
                ("preinst", "#!/bin/sh\nset -e\nexit 0\n".into()),
            ],
            triggers: String::new(),
            is_zstd: false,
            before: vec![],
            after: vec![],
        }
    }

    pub(crate) fn script(&mut self, name: &'static str, text: &str) {
        self.scripts.retain(|(known, _)| *known != name);
        self.scripts.push((name, text.into()));
    }

    /// Replaces text in the control file.
    pub(crate) fn field(&mut self, from: &str, to: &str) {
        assert!(self.control.contains(from), "{from}");
        self.control = self.control.replace(from, to);
    }

    fn right_md5sums(&self) -> String {
        let listed = |path: &str| self.conffiles.lines().any(|line| line.ends_with(path));
        self.tree
            .0
            .iter()
            .filter(|m| m.header.kind == landfall_archives::tar::Kind::File && !listed(&m.header.path))
            .map(|m| {
                format!(
                    "{}  {}\n",
                    hex::encode(Md5::digest(&m.content)),
                    m.header.path.trim_start_matches('/')
                )
            })
            .collect()
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let size = self.installed_size.unwrap_or_else(|| {
            self.tree
                .0
                .iter()
                .map(|m| if m.content.is_empty() { 1 } else { (m.content.len() as u64).div_ceil(1024) })
                .sum()
        });
        let mut control = Tree::default();
        control.file("/control", 0o644, format!("{}Installed-Size: {size}\n", self.control).as_bytes());
        if !self.conffiles.is_empty() {
            control.file("/conffiles", 0o644, self.conffiles.as_bytes());
        }
        let md5sums = self.md5sums.clone().unwrap_or_else(|| self.right_md5sums());
        if !md5sums.is_empty() {
            control.file("/md5sums", 0o644, md5sums.as_bytes());
        }
        if !self.triggers.is_empty() {
            control.file("/triggers", 0o644, self.triggers.as_bytes());
        }
        for (name, text) in &self.scripts {
            control.file(&format!("/{name}"), 0o755, text.as_bytes());
        }
        let mut archive = ar::Writer::new(Vec::new()).unwrap();
        let mut member = |name: &str, content: &[u8]| {
            archive.append(&ar::Header::file(name, EPOCH as u64, content.len() as u64), content).unwrap();
        };
        member("debian-binary", b"2.0\n");
        member("control.tar.xz", &xz(&control.tar("./")));
        self.before.iter().for_each(|name| member(name, b"x"));
        let data = self.tree.tar("./");
        match self.is_zstd {
            true => member("data.tar.zst", &zstd(&data)),
            false => member("data.tar.xz", &xz(&data)),
        }
        self.after.iter().for_each(|name| member(name, b"x"));
        archive.into_inner()
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        judge(self.build(), "demo.deb")
    }
}
