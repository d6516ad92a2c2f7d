//! What is on a file system, and what has changed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// What a snapshot does not look at, path and reason: what package managers and a running system change by
/// themselves.
pub const PASSED_OVER: &[(&str, &str)] = &[
    ("/dev", "devices are the kernel's"),
    ("/proc", "the kernel's"),
    ("/sys", "the kernel's"),
    ("/opt/laboratory", "the laboratory's own: packages to install, helpers"),
    ("/tmp", "temporary by its meaning"),
    (
        "/var/tmp",
        "temporary by its meaning; systemd keeps a folder there for each service with a private one",
    ),
    ("/var/cache/apt", "apt's own"),
    ("/var/cache/debconf", "answers kept by debconf itself"),
    ("/var/cache/dnf", "dnf's own"),
    ("/var/cache/ldconfig", "made anew by ldconfig"),
    ("/var/lib/dnf", "dnf's own history"),
    ("/var/lib/dpkg", "dpkg's own database"),
    ("/var/lib/pacman", "pacman's own database"),
    ("/var/lib/rpm", "rpm's own database"),
    ("/var/lib/systemd", "systemd's notes of its own: clock, random seed, enabled units"),
    ("/var/log/alternatives.log", "log of update-alternatives"),
    ("/var/log/apt", "apt's log"),
    ("/var/log/dnf.librepo.log", "dnf's log"),
    ("/var/log/dnf.log", "dnf's log"),
    ("/var/log/dnf.rpm.log", "dnf's log"),
    ("/var/log/dpkg.log", "dpkg's log"),
    ("/var/log/hawkey.log", "log of dnf's resolver"),
    ("/var/log/journal", "systemd's log"),
    ("/var/log/pacman.log", "pacman's log"),
    ("/var/log/wtmp", "times of the machine's own starts"),
    ("/etc/.pwd.lock", "held while accounts are edited"),
    ("/etc/group-", "copy of /etc/group, made by the account tools"),
    ("/etc/gshadow-", "copy of /etc/gshadow, made by the account tools"),
    ("/etc/ld.so.cache", "made anew by ldconfig"),
    ("/etc/passwd-", "copy of /etc/passwd, made by the account tools"),
    ("/etc/shadow-", "copy of /etc/shadow, made by the account tools"),
    ("/etc/subgid-", "copy of /etc/subgid, made by the account tools"),
    ("/etc/subuid-", "copy of /etc/subuid, made by the account tools"),
    ("/run/adduser", "lock of adduser"),
    ("/root/.rpmdb", "rpm's own database, where Debian keeps it"),
    ("/run/openrc", "notes of OpenRC on what runs, in memory on a real machine"),
    ("/run/lock", "locks of running programs"),
];

/// The same for Windows.
pub const PASSED_OVER_BY_WINDOWS: &[(&str, &str)] = &[
    ("/windows/drive_c/windows/temp", "temporary by its meaning"),
    ("/windows/drive_c/users/root/Temp", "temporary by its meaning"),
    (
        "/windows/drive_c/users/root/AppData/Local/Temp",
        "temporary by its meaning; Wine's command processor keeps its pipes there",
    ),
    ("HKLM/Software/Classes/Installer", "Windows Installer's own database"),
    ("HKLM/Software/Microsoft/Windows/CurrentVersion/Installer", "Windows Installer's own database"),
    ("HKLM/System/CurrentControlSet/Control/Class", "devices are Windows' own"),
    ("HKLM/System/CurrentControlSet/Control/DeviceClasses", "devices are Windows' own"),
    ("HKLM/System/CurrentControlSet/Control/ServiceCurrent", "number of the service that was started last"),
    ("HKLM/System/CurrentControlSet/Control/Video", "devices are Windows' own"),
    ("HKLM/System/CurrentControlSet/Hardware\u{a0}Profiles", "devices are Windows' own"),
];

fn is_passed_over_by_windows(path: &str) -> bool {
    PASSED_OVER_BY_WINDOWS.iter().any(|(tree, _)| is_within(path, tree))
}

/// What `find -printf` is to say of everything: path, kind, permissions, owner, group, target of a link, size and time of
/// the last change.
pub(super) const FIND_FORMAT: &str = r"%p\0%y\0%m\0%U\0%G\0%l\0%s\0%T@\0";
const FIND_FIELDS: usize = 8;

/// Everything on a file system: path, kind, permissions, owner and target of a link, and of a regular file the size
/// and the time of its last change, which tell whether somebody wrote to it. What it holds is a question for
/// [`super::Laboratory::read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Kind, mode, owner and target.
    description: String,
    /// Size and time of the last change, in seconds and nanoseconds, of a regular file.
    content: Option<(u64, i64, i64)>,
}

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
                if PASSED_OVER.iter().any(|(passed_over, _)| *passed_over == path) {
                    continue;
                }
                let description = describe_entry(&entry.path(), &metadata, &names);
                let content =
                    metadata.is_file().then(|| (metadata.size(), metadata.mtime(), metadata.mtime_nsec()));
                all.insert(path.clone(), Entry { description, content });
                if metadata.is_dir() && metadata.dev() == device {
                    open.push((entry.path(), path));
                }
            }
        }
        Ok(Self(all))
    }

    /// Walks a drive of Windows, which its machine finds at `place`, and adds the registry: `exported` is what
    /// `reg export` writes, as UTF-8. Files there have neither owner nor mode.
    ///
    /// A key is a folder of its values, whose names stand in quotation marks; a blank in either is a no-break space,
    /// because lines of a difference end their path with a blank.
    pub(super) fn of_windows(drive: &Path, place: &str, exported: &str) -> io::Result<Self> {
        let mut all = BTreeMap::new();
        let mut open = vec![(drive.to_owned(), place.to_owned())];
        while let Some((folder, path)) = open.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let Ok(metadata) = entry.metadata() else { continue };
                let path = format!("{path}/{}", entry.file_name().to_string_lossy());
                if is_passed_over_by_windows(&path) {
                    continue;
                }
                let content =
                    metadata.is_file().then(|| (metadata.size(), metadata.mtime(), metadata.mtime_nsec()));
                let description = if metadata.is_dir() { "directory" } else { "file" }.to_owned();
                all.insert(path.clone(), Entry { description, content });
                if metadata.is_dir() {
                    open.push((entry.path(), path));
                }
            }
        }
        let mut key = String::new();
        // A long value goes on in the next line.
        for line in exported.replace("\\\n", "").lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                key = name.replace("HKEY_LOCAL_MACHINE", "HKLM").replace('\\', "/").replace(' ', "\u{a0}");
                if !is_passed_over_by_windows(&key) {
                    all.insert(key.clone(), Entry { description: "key".to_owned(), content: None });
                }
            } else if let Some((name, value)) = line.split_once('=') {
                let path = format!("{key}/{}", name.replace(' ', "\u{a0}"));
                // Wine takes away what was added to PATH and leaves the semicolon before it.
                let mut value = value.to_owned();
                while let Some(rest) = value.strip_suffix(",3b,00,00,00") {
                    value = format!("{rest},00,00");
                }
                let mut hasher = DefaultHasher::new();
                value.hash(&mut hasher);
                let content = Some((value.len() as u64, hasher.finish().cast_signed(), 0));
                if !is_passed_over_by_windows(&path) {
                    all.insert(path, Entry { description: "value".to_owned(), content });
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
            let &[path, kind, mode, user, group, target, size, time] = record else {
                return Err(record.join(" "));
            };
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
            if path == "/" || PASSED_OVER.iter().any(|(tree, _)| is_within(path, tree)) {
                continue;
            }
            let content = match kind {
                // Ten digits follow the point, of which nine are nanoseconds.
                "f" => {
                    let (seconds, fraction) = time.split_once('.').unwrap_or((time, "0"));
                    let nanoseconds = fraction.get(..9).unwrap_or(fraction).parse().map_err(wrong)?;
                    Some((size.parse().map_err(wrong)?, seconds.parse().map_err(wrong)?, nanoseconds))
                }
                _ => None,
            };
            let description = describe(word, mode, &owner, target);
            all.insert(path.to_owned(), Entry { description, content });
        }
        Ok(Self(all))
    }

    /// What is there at a path: `file 0644 root:root`; `None` where nothing is.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(|entry| entry.description.as_str())
    }

    /// What has changed since `before`.
    pub fn since(&self, before: &Self) -> Difference {
        let mut difference = Difference::default();
        for (path, now) in &self.0 {
            let description = &now.description;
            match before.0.get(path) {
                None => difference.added.push(format!("{path} {description}")),
                Some(then) if then.description != *description => {
                    difference.changed.push(format!("{path} {} -> {description}", then.description));
                }
                Some(then) if then.content != now.content => {
                    difference.changed.push(format!("{path} content"))
                }
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
    /// What has another kind, mode, owner or target; or, as `path content`, what was written to.
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
        let path_of = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        let is_allowed = |path: &str| paths.iter().any(|allowed| is_within(path, allowed));
        let there: Vec<String> =
            self.added.iter().map(|line| path_of(line)).filter(|path| is_allowed(path)).collect();
        let keep = |line: &String| {
            let path = path_of(line);
            let is_folder =
                line.contains(" directory ") || [" directory", " key"].iter().any(|w| line.ends_with(w));
            let leads = is_folder && there.iter().any(|allowed| is_within(allowed, &path));
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
    use std::fs::File;
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

    #[test]
    fn a_difference_tells_what_came_went_and_changed() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        for (name, text) in [("edited", "one"), ("left", "one"), ("gone", "one"), ("replaced", "one")] {
            fs::write(path(name), text).unwrap();
        }
        let before = Snapshot::take(root.path()).unwrap();
        assert!(before.since(&before).is_empty());

        fs::write(path("edited"), "longer").unwrap();
        fs::remove_file(path("gone")).unwrap();
        fs::remove_file(path("replaced")).unwrap();
        std::os::unix::fs::symlink("left", path("replaced")).unwrap();
        fs::create_dir(path("new")).unwrap();
        fs::write(path("new/file"), "").unwrap();
        let difference = Snapshot::take(root.path()).unwrap().since(&before);

        let paths = |lines: &[String]| {
            lines.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(paths(&difference.added), ["/new", "/new/file"]);
        assert_eq!(paths(&difference.changed), ["/edited", "/replaced"]);
        assert_eq!(difference.changed[0], "/edited content");
        assert!(difference.changed[1].ends_with("to left"), "{difference}");
        assert_eq!(difference.removed, ["/gone"]);
        assert_eq!(paths(&difference.without(&["/new", "/edited"]).changed), ["/replaced"]);
    }

    #[test]
    fn a_file_of_the_same_size_is_seen_by_its_time() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "one").unwrap();
        let before = Snapshot::take(root.path()).unwrap();
        fs::write(&file, "two").unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(1);
        File::open(&file).unwrap().set_modified(later).unwrap();
        assert_eq!(Snapshot::take(root.path()).unwrap().since(&before).changed, ["/file content"]);
    }
}
