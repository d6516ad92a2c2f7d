//! What is on a file system, and what has changed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

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

/// Everything on a file system: path, kind, permissions, owner and target of a link. No sizes and no times: a
/// directory's size means nothing, and a file's content is a question for [`super::Laboratory::read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, String>);

impl Snapshot {
    /// Walks the file system at `root` without following links or entering other file systems.
    pub(super) fn take(root: &Path) -> io::Result<Self> {
        let names = Names { users: names(root, "etc/passwd")?, groups: names(root, "etc/group")? };
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
                all.insert(path.clone(), describe(&entry.path(), &metadata, &names));
                if metadata.is_dir() && metadata.dev() == device {
                    open.push((entry.path(), path));
                }
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

    /// The difference without what lies at or below some paths, and without new directories that lead to what is
    /// there of them.
    pub fn without(mut self, paths: &[&str]) -> Self {
        let below = |path: &str, folder: &str| {
            path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let path_of = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        let is_allowed = |path: &str| paths.iter().any(|allowed| below(path, allowed));
        let there: Vec<String> =
            self.added.iter().map(|line| path_of(line)).filter(|path| is_allowed(path)).collect();
        let keep = |line: &String| {
            let path = path_of(line);
            let leads = line.contains(" directory ") && there.iter().any(|allowed| below(allowed, &path));
            !is_allowed(&path) && !leads
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

struct Names {
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

/// Names by number, from a file in the form of passwd(5).
fn names(root: &Path, file: &str) -> io::Result<BTreeMap<u32, String>> {
    let text = match fs::read_to_string(root.join(file)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let fields = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    Ok(fields.filter_map(|f| Some((f.get(2)?.parse().ok()?, (*f.first()?).to_owned()))).collect())
}

fn describe(path: &PathBuf, metadata: &fs::Metadata, names: &Names) -> String {
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
    let name = |all: &BTreeMap<u32, String>, id: u32| all.get(&id).cloned().unwrap_or_else(|| id.to_string());
    let owner = format!("{}:{}", name(&names.users, metadata.uid()), name(&names.groups, metadata.gid()));
    match fs::read_link(path) {
        Ok(target) if kind.is_symlink() => format!("{word} {owner} to {}", target.display()),
        _ => format!("{word} {:04o} {owner}", metadata.mode() & 0o7777),
    }
}
