//! What is on a file system, and what has changed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Trees that package managers and a running system change by themselves.
const PASSED_OVER: &[&str] = &[
    "/dev",
    "/proc",
    "/sys",
    "/opt/laboratory",
    "/tmp",
    "/var/tmp",
    "/var/cache/apt",
    "/var/cache/debconf",
    "/var/cache/ldconfig",
    "/var/lib/dpkg",
    "/var/lib/pacman",
    "/var/lib/rpm",
    "/var/lib/systemd",
    "/var/log/alternatives.log",
    "/var/log/apt",
    "/var/log/dpkg.log",
    "/var/log/journal",
    "/var/log/pacman.log",
    "/etc/.pwd.lock",
    "/etc/group-",
    "/etc/gshadow-",
    "/etc/passwd-",
    "/etc/shadow-",
    "/etc/subgid-",
    "/etc/subuid-",
    "/run/adduser",
    "/run/lock",
];

/// What `find -printf` is to say of everything: path, kind, permissions, owner, group, target of a link.
pub(super) const FIND_FORMAT: &str = r"%p\0%y\0%m\0%U\0%G\0%l\0";
const FIND_FIELDS: usize = 6;

/// Everything on a file system: path, kind, permissions, owner and target of a link. No sizes and no times: a
/// directory's size means nothing, and a file's content is a question for [`super::Laboratory::read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, String>);

impl Snapshot {
    /// Walks the file system at `root` without following links or entering other file systems.
    pub(super) fn take(root: &Path) -> io::Result<Self> {
        let text = |file| match fs::read_to_string(root.join(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            text => text,
        };
        let names = Names { users: names(&text("etc/passwd")?), groups: names(&text("etc/group")?) };
        let mut all = BTreeMap::new();
        let device = fs::metadata(root)?.dev();
        let mut open = vec![(root.to_owned(), String::new())];
        while let Some((folder, path)) = open.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let path = format!("{path}/{}", entry.file_name().to_string_lossy());
                // What vanishes during the walk was temporary.
                let Ok(metadata) = entry.metadata() else { continue };
                if PASSED_OVER.contains(&path.as_str()) {
                    continue;
                }
                all.insert(path.clone(), describe_entry(&entry.path(), &metadata, &names));
                if metadata.is_dir() && metadata.dev() == device {
                    open.push((entry.path(), path));
                }
            }
        }
        Ok(Self(all))
    }

    /// From the output of `find / -xdev -printf` with [`FIND_FORMAT`], and the `/etc/passwd` and `/etc/group` there.
    ///
    /// # Errors
    /// With the text that is no such output.
    pub(super) fn from_find(output: &str, passwd: &str, group: &str) -> Result<Self, String> {
        let names = Names { users: names(passwd), groups: names(group) };
        let mut all = BTreeMap::new();
        let fields: Vec<&str> = output.split_terminator('\0').collect();
        for record in fields.chunks(FIND_FIELDS) {
            let &[path, kind, mode, user, group, target] = record else { return Err(record.join(" ")) };
            let wrong = |_| record.join(" ");
            let mode = u32::from_str_radix(mode, 8).map_err(wrong)?;
            let owner = names.owner(user.parse().map_err(wrong)?, group.parse().map_err(wrong)?);
            let word = match kind {
                "d" => "directory",
                "l" => "link",
                "f" => "file",
                "s" => "socket",
                "p" => "pipe",
                _ => "device",
            };
            if path != "/" && !PASSED_OVER.iter().any(|tree| is_within(path, tree)) {
                all.insert(path.to_owned(), describe(word, mode, &owner, target));
            }
        }
        Ok(Self(all))
    }

    /// What is there at a path: `file 0644 root:root`; `None` where nothing is.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// What has changed since `before`.
    pub fn since(&self, before: &Self) -> Difference {
        let mut difference = Difference::default();
        for (path, now) in &self.0 {
            match before.0.get(path) {
                None => difference.added.push(format!("{path} {now}")),
                Some(then) if then != now => difference.changed.push(format!("{path} {then} -> {now}")),
                Some(_) => {}
            }
        }
        difference.removed = before.0.keys().filter(|path| !self.0.contains_key(*path)).cloned().collect();
        difference
    }
}

/// Changes between two snapshots, sorted by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// What came, as `path kind mode owner:group`.
    pub added: Vec<String>,
    /// What has another kind, mode, owner or target.
    pub changed: Vec<String>,
    /// What went.
    pub removed: Vec<String>,
}

impl Difference {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// The difference without what lies at or below some paths.
    pub fn without(mut self, paths: &[&str]) -> Self {
        let keep = |line: &String| {
            let path = line.split(' ').next().unwrap_or_default();
            !paths.iter().any(|tree| is_within(path, tree))
        };
        self.added.retain(keep);
        self.changed.retain(keep);
        self.removed.retain(keep);
        self
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (sign, lines) in [('+', &self.added), ('!', &self.changed), ('-', &self.removed)] {
            for line in lines {
                writeln!(f, "{sign} {line}")?;
            }
        }
        Ok(())
    }
}

/// Whether a path is the root of a tree or lies in it.
fn is_within(path: &str, tree: &str) -> bool {
    path.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

struct Names {
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

impl Names {
    fn owner(&self, user: u32, group: u32) -> String {
        let name =
            |all: &BTreeMap<u32, String>, id: u32| all.get(&id).cloned().unwrap_or_else(|| id.to_string());
        format!("{}:{}", name(&self.users, user), name(&self.groups, group))
    }
}

/// Names by number, from a text in the form of passwd(5).
fn names(text: &str) -> BTreeMap<u32, String> {
    let fields = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields.filter_map(|f| Some((f.get(2)?.parse().ok()?, (*f.first()?).to_owned()))).collect()
}

/// Kind, permissions, owner and target of a link, as a snapshot has them.
fn describe(word: &str, mode: u32, owner: &str, target: impl fmt::Display) -> String {
    if word == "link" { format!("{word} {owner} to {target}") } else { format!("{word} {mode:04o} {owner}") }
}

fn describe_entry(path: &Path, metadata: &fs::Metadata, names: &Names) -> String {
    let kind = metadata.file_type();
    let word = if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "link"
    } else if kind.is_file() {
        "file"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_fifo() {
        "pipe"
    } else {
        "device"
    };
    let owner = names.owner(metadata.uid(), metadata.gid());
    let target = fs::read_link(path).unwrap_or_default();
    describe(word, metadata.mode() & 0o7777, &owner, target.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn a_walk_and_find_say_the_same() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("etc/a folder")).unwrap();
        fs::write(root.join("etc/passwd"), "boss:x:0:0::/:/bin/sh\n").unwrap();
        fs::write(root.join("etc/group"), "staff:x:0:\n").unwrap();
        fs::set_permissions(root.join("etc/group"), fs::Permissions::from_mode(0o4750)).unwrap();
        symlink("a folder", root.join("etc/link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        fs::create_dir_all(root.join("var/lib/dpkg/info")).unwrap();

        // As if the folder were the root.
        let format = FIND_FORMAT.replace("%p", "/%P");
        let output = Command::new("find").arg(root).args(["-xdev", "-printf", &format]).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let text = |file| fs::read_to_string(root.join(file)).unwrap();
        let found = Snapshot::from_find(&output, &text("etc/passwd"), &text("etc/group")).unwrap();
        assert_eq!(found, Snapshot::take(root).unwrap());
        assert_eq!(found.get("/var/lib/dpkg"), None);

        let cut = output.trim_end_matches('\0').rsplit_once('\0').unwrap().0;
        assert!(Snapshot::from_find(cut, "", "").is_err());
    }
}
