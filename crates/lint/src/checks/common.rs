//! What holds for files of every format.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use landfall_packages::Kind;
use landfall_payload::{Architecture, Format};

use super::{ANY, Check, PACKAGES, check};
use crate::finding::Found;
use crate::package::{File, Package};

pub(super) static CHECKS: &[Check] = &[
    check!(
        "file-world-writable",
        Error,
        ANY,
        world_writable,
        "Every account of the machine can change the file, and with it what others run or read.",
        "Take the write permission from others: 0644, 0755 for programs, 1777 for a folder that all may use.",
        "Debian Policy §10.9; CWE-732"
    ),
    check!(
        "file-setid",
        Warning,
        ANY,
        set_id,
        "Whoever runs the program acts as its owner; every mistake in it is a way to more privileges.",
        "Let a service do the privileged part, or give the program single capabilities.",
        "Debian Policy §10.9; lintian elevated-privileges"
    ),
    check!(
        "file-device",
        Error,
        ANY,
        |p, f| each(p, f, |file| (file.record.kind == Kind::Special)
            .then(|| "is a device, pipe or socket".into())),
        "Device nodes, pipes and sockets are made at run time; one from a package may give access to a disk.",
        "Leave it out and let the program, udev or systemd-tmpfiles make it.",
        "Debian Policy §10.6"
    ),
    check!(
        "path-leaves-root",
        Error,
        ANY,
        leaves_root,
        "Unpacking it can write outside the folder that it is unpacked into.",
        "Write paths without `..`; in an archive also without a slash or a drive in front.",
        "CWE-22"
    ),
    check!(
        "path-duplicate",
        Error,
        ANY,
        duplicate,
        "Which of them stays depends on the program that unpacks; package managers refuse the package or \
         lose track.",
        "Ship each path once.",
        "dpkg-deb(1); rpm refuses duplicate files"
    ),
    check!(
        "path-unprintable",
        Warning,
        ANY,
        |p, f| each(p, f, |file| {
            file.path
                .chars()
                .any(|c| c.is_control() || c == '\u{fffd}')
                .then(|| "has control characters or is not UTF-8".into())
        }),
        "Lists of files have one path a line and are read as UTF-8; such a path breaks them.",
        "Rename the file.",
        "lintian shipped-file-without-utf8-name"
    ),
    check!(
        "path-of-build",
        Error,
        ANY,
        path_of_build,
        "The path belongs to the machine that built the package and means nothing elsewhere.",
        "Install the file below the package's root folder, without the folder of the build in its path or \
         target.",
        "rpm check-buildroot; lintian dir-or-file-in-build-tree"
    ),
    check!(
        "path-volatile",
        Error,
        PACKAGES,
        |p, f| below(p, f, &["/tmp", "/var/tmp", "/run", "/var/run", "/var/lock", "/proc", "/sys", "/dev"]),
        "What lies there is gone after a restart or belongs to the kernel, and the package manager then \
         misses it.",
        "Let the service make it: RuntimeDirectory= or a file for systemd-tmpfiles.",
        "Filesystem Hierarchy Standard 3.0 §3.15, §3.18; lintian dir-or-file-in-run"
    ),
    check!(
        "path-of-administrator",
        Warning,
        PACKAGES,
        |p, f| below(p, f, &["/usr/local", "/home", "/root", "/mnt", "/media"]),
        "These folders belong to people; a package that writes there overwrites their files.",
        "Ship to /usr.",
        "Filesystem Hierarchy Standard 3.0 §4.9; lintian file-in-usr-local, dir-or-file-in-home"
    ),
    check!(
        "path-opt",
        Note,
        PACKAGES,
        |p, f| below(p, f, &["/opt"]),
        "Distributions keep /opt for vendors; programs there are in nobody's PATH, and no distribution \
         takes the package.",
        "Ship to /usr, or keep it below /opt/VENDOR and link the programs.",
        "Filesystem Hierarchy Standard 3.0 §3.13; lintian dir-or-file-in-opt"
    ),
    check!(
        "path-unmerged-usr",
        Warning,
        &[Format::Deb, Format::Rpm],
        |p, f| below(p, f, &["/bin", "/sbin", "/lib", "/lib32", "/lib64"]),
        "These folders are links into /usr today; package managers know the file by a path that it does \
         not have and can lose it.",
        "Ship to /usr/bin, /usr/sbin and /usr/lib.",
        "Debian DEP 17; Fedora UsrMove"
    ),
    check!(
        "file-in-state",
        Warning,
        PACKAGES,
        file_in_state,
        "The program changes what lies there; an upgrade puts the packaged file in its place and the data \
         is lost.",
        "Ship it to /usr/share and let the program copy it when it is missing.",
        "Filesystem Hierarchy Standard 3.0 §5.8"
    ),
    check!(
        "file-junk",
        Warning,
        ANY,
        junk,
        "It was left behind by an editor, a version control system or a file manager.",
        "Leave it out.",
        "lintian backup-file-in-package, package-contains-vcs-control-dir, macos-ds-store-file-in-package"
    ),
    check!(
        "link-dangling",
        Warning,
        ANY,
        dangling,
        "The link points to a neighbour that the package does not ship.",
        "Ship the target or leave the link out.",
        "rpmlint dangling-relative-symlink"
    ),
    check!(
        "link-leaves",
        Error,
        ANY,
        link_leaves,
        "The link leads out of the folder that the archive is unpacked into, or above the root.",
        "Use a relative target within the package.",
        "CWE-59; lintian package-contains-unsafe-symlink, symlink-has-too-many-up-segments"
    ),
    check!(
        "time-future",
        Warning,
        ANY,
        |p, f| each(p, f, |file| (file.record.time > p.read_at + 86_400)
            .then(|| "was modified in the future".into())),
        "make, rsync and caches take the file as newer than everything; tar warns at every file.",
        "Set times from SOURCE_DATE_EPOCH and check the clock of the machine that builds.",
        "reproducible-builds.org SOURCE_DATE_EPOCH specification"
    ),
    check!(
        "time-zero",
        Warning,
        ANY,
        time_zero,
        "Files of 1970 are refused by some tools (zip cannot express the time) and confuse caches.",
        "Set times from SOURCE_DATE_EPOCH.",
        "lintian package-contains-ancient-file"
    ),
    check!(
        "digest-wrong",
        Error,
        PACKAGES,
        digest_wrong,
        "The package says that the file has other content; verification fails on every machine.",
        "Build the package again; nothing may change files after digests are taken.",
        "lintian md5sum-mismatch; rpm -V; pacman -Qkk"
    ),
    check!(
        "directory-mode",
        Warning,
        PACKAGES,
        directory_mode,
        "Folders of the system are entered by every account; programs fail in odd ways where they cannot.",
        "Use 0755; keep other modes for folders below /etc and /var.",
        "Debian Policy §10.9; lintian non-standard-dir-perm"
    ),
    check!(
        "program-mode",
        Error,
        ANY,
        program_mode,
        "It lies where programs are and nobody can run it.",
        "Use mode 0755.",
        "Debian Policy §10.9"
    ),
    check!(
        "program-empty",
        Error,
        ANY,
        |p, f| each(p, f, |file| {
            (file.is_in_program_folder() && file.record.kind == Kind::File && file.record.size == 0)
                .then(|| "is empty".into())
        }),
        "An empty program does nothing and reports success.",
        "Look at the build: it made an empty file.",
        "lintian zero-byte-executable-in-path"
    ),
    check!(
        "program-unknown",
        Warning,
        ANY,
        program_unknown,
        "The kernel starts neither; only some shells try it as a script.",
        "Begin scripts with #!, and ship programs of the right system.",
        "lintian executable-not-elf-or-script"
    ),
    check!(
        "program-architecture",
        Error,
        PACKAGES,
        program_architecture,
        "The program does not start on the machines that the package says it is for.",
        "Build it for that architecture, or name the right one.",
        "Debian Policy §5.6.8; lintian binary-from-other-architecture, \
         arch-independent-package-contains-binary-or-object"
    ),
    check!(
        "program-unstripped",
        Warning,
        ANY,
        |p, f| each(p, f, |file| {
            let elf = file.facts?.elf.as_ref()?;
            let debug = file.path.starts_with("/usr/lib/debug/") || file.path.ends_with(".debug");
            (elf.has_symbols && !debug).then(|| "has its symbol table".into())
        }),
        "Symbols make the file larger and are not needed to run it.",
        "Strip it (`strip = true` in Cargo's profile) and keep the symbols elsewhere.",
        "Debian Policy §10.1; lintian unstripped-binary-or-object"
    ),
    check!(
        "program-build-path",
        Note,
        ANY,
        |p, f| each(p, f, |file| {
            file.facts?.build_path.as_ref().map(|path| format!("has the path {path} in it"))
        }),
        "Paths of the machine that built it tell who built it and make builds differ.",
        "Map them: `--remap-path-prefix`, `-ffile-prefix-map`, `-trimpath`.",
        "reproducible-builds.org, «Build path»; lintian file-references-package-build-path"
    ),
    check!(
        "program-interpreter-dependency",
        Warning,
        PACKAGES,
        interpreter_dependency,
        "Where the interpreter is missing the script does not start.",
        "Depend on the interpreter's package.",
        "Debian Python Policy §3; lintian python3-script-but-no-python3-dep, missing-dep-for-interpreter"
    ),
    check!(
        "program-interpreter-local",
        Error,
        ANY,
        |p, f| each(p, f, |file| {
            let interpreter = shebang(&file)?;
            let local = ["/usr/local/", "/home/", "/opt/homebrew/", "/root/"];
            local.iter().any(|l| interpreter.starts_with(l)).then(|| format!("is run by {interpreter}"))
        }),
        "That interpreter is on the machine that built the package, not on those that run it.",
        "Name the interpreter in /usr/bin, or use /usr/bin/env.",
        "lintian interpreter-in-usr-local"
    ),
    check!(
        "secret",
        Error,
        ANY,
        |p, f| each(p, f, |file| {
            // Examples in documentation are published on purpose.
            let example = file.path.starts_with("/usr/share/doc/");
            let what = file.facts?.secret.filter(|_| !example)?;
            Some(format!("holds {what}"))
        }),
        "Whoever has the package has the key; all machines share it, and it cannot be taken back.",
        "Take it out, consider it known, and make one at installation or ask for it.",
        "CWE-321"
    ),
];

/// Asks the same of every file.
pub(super) fn each<'a>(package: &'a Package, found: &mut Found, wrong: impl Fn(File<'a>) -> Option<String>) {
    for file in package.files() {
        if let Some(what) = wrong(file) {
            found.at(file.path, what);
        }
    }
}

/// Files, not folders, below some folders.
fn below(package: &Package, found: &mut Found, folders: &[&str]) {
    each(package, found, |file| {
        let folder =
            folders.iter().find(|f| file.path.strip_prefix(**f).is_some_and(|r| r.starts_with('/')))?;
        (file.record.kind != Kind::Directory && !file.has_flag("ghost"))
            .then(|| format!("lies below {folder}"))
    });
}

fn world_writable(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let mode = file.record.mode;
        let shared = file.record.kind == Kind::Directory && mode & 0o1000 != 0;
        let open = mode & 0o002 != 0 && file.record.kind != Kind::Symlink && !shared;
        open.then(|| format!("has mode {mode:04o}"))
    });
}

fn set_id(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let set = file.is_file() && file.record.mode & 0o6000 != 0;
        set.then(|| {
            format!(
                "has mode {:04o} and belongs to {}:{}",
                file.record.mode, file.record.owner, file.record.group
            )
        })
    });
}

fn leaves_root(package: &Package, found: &mut Found) {
    let archive = package.format().is_portable();
    each(package, found, |file| {
        let path = &file.record.path;
        if path.split(['/', '\\']).any(|part| part == "..") {
            return Some("has .. in its path".into());
        }
        let drive = path.as_bytes().get(1) == Some(&b':');
        (archive && (path.starts_with(['/', '\\']) || drive)).then(|| "is an absolute path".into())
    });
}

fn duplicate(package: &Package, found: &mut Found) {
    let mut seen: HashMap<&str, Kind> = HashMap::new();
    for file in package.files() {
        let kind = file.record.kind;
        match seen.insert(file.path, kind) {
            Some(Kind::Directory) if kind == Kind::Directory => {}
            Some(_) => found.at(file.path, "is there more than once"),
            None => {}
        }
    }
}

fn path_of_build(package: &Package, found: &mut Found) {
    const MARKS: [&str; 5] = ["/BUILDROOT/", "/rpmbuild/", "/debian/tmp/", "/home/runner/", "/workspace/"];
    each(package, found, |file| {
        let target =
            file.record.target.as_deref().filter(|_| file.record.kind == Kind::Symlink).unwrap_or_default();
        if MARKS.iter().any(|mark| file.path.contains(mark)) {
            return Some("has a folder of the build in its path".into());
        }
        let outside = ["/home/", "/root/", "/tmp/", "/build/"].iter().any(|mark| target.starts_with(mark));
        (outside || MARKS.iter().any(|mark| target.contains(mark))).then(|| format!("points to {target}"))
    });
}

fn file_in_state(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let state = ["/var/lib/", "/var/log/", "/var/cache/", "/var/spool/"];
        let shipped = file.record.kind == Kind::File && !file.is_setting() && !file.has_flag("ghost");
        (shipped && state.iter().any(|folder| file.path.starts_with(folder))).then(|| "is shipped".into())
    });
}

fn junk(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let name = file.name();
        let known = [".DS_Store", "Thumbs.db", ".git", ".svn", ".hg", ".gitignore", "__MACOSX", "core.gz"];
        let left =
            [".orig", ".rej", ".swp", ".bak"].iter().any(|end| name.ends_with(end)) || name.ends_with('~');
        (known.contains(&name) || left || name.starts_with("._"))
            .then(|| "does not belong into a package".into())
    });
}

/// Where a link leads; `None` where that is above the root.
fn resolve(file: &File<'_>, target: &str) -> Option<String> {
    let from = if target.starts_with('/') { "" } else { file.folder() };
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

fn dangling(package: &Package, found: &mut Found) {
    if package.has_sister() {
        return;
    }
    // What other packages put there cannot be seen: only neighbours within the product's own folders, and
    // programs beside programs, count.
    let holds_files: BTreeSet<&str> =
        package.files().filter(File::is_file).map(|file| file.folder()).collect();
    let prefixes: BTreeSet<&str> = package
        .files()
        .flat_map(|file| {
            file.path.match_indices('/').map(move |(at, _)| &file.path[..at]).collect::<Vec<_>>()
        })
        .collect();
    each(package, found, |file| {
        let target = file.record.target.as_deref().filter(|_| file.record.kind == Kind::Symlink)?;
        let place = resolve(&file, target)?;
        let folder = place.rsplit_once('/').map_or("", |(folder, _)| folder);
        let neighbour =
            !target.contains('/') || holds_files.contains(folder) && folder.split('/').count() > 3;
        let there = package.file_in_merged_usr(&place).is_some() || prefixes.contains(place.as_str());
        let library = file.name().contains(".so")
            || folder.starts_with("/etc/")
            || target.starts_with('/') && folder == "/usr/bin";
        (neighbour && !there && !library).then(|| format!("points to {target}, which is not in the package"))
    });
}

fn link_leaves(package: &Package, found: &mut Found) {
    let archive = package.format().is_portable();
    each(package, found, |file| {
        let target = file.record.target.as_deref().filter(|_| file.record.kind == Kind::Symlink)?;
        let leaves = archive && target.starts_with('/') || resolve(&file, target).is_none();
        leaves.then(|| format!("points to {target}"))
    });
}

fn time_zero(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let timeless = file.has_flag("ghost") || file.record.kind == Kind::Directory;
        (file.record.time <= 0 && !timeless).then(|| "was modified in 1970 or before".into())
    });
}

fn digest_wrong(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let (recorded, facts) = (file.record.digest.as_deref()?, file.facts?);
        let (algorithm, digest) = recorded.split_once(':')?;
        let seen = match &facts.digest {
            Some(seen) => seen.clone(),
            None if algorithm == "sha256" => format!("sha256:{}", facts.sha256),
            None => return None,
        };
        let differs = !seen.eq_ignore_ascii_case(&format!("{algorithm}:{digest}"));
        differs.then(|| {
            format!("has the {algorithm} digest {}, not {digest}", seen.split(':').nth(1).unwrap_or(""))
        })
    });
}

fn directory_mode(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let system = ["/usr", "/bin", "/sbin", "/lib", "/opt"].iter().any(|top| {
            file.path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }) || ["/etc", "/var", "/var/lib", "/var/log", "/var/cache"].contains(&file.path);
        let mode = file.record.mode;
        (file.record.kind == Kind::Directory && system && mode != 0o755)
            .then(|| format!("has mode {mode:04o}"))
    });
}

fn program_mode(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let facts = file.facts?;
        let starts = facts.elf.is_some() || facts.head.starts_with(b"#!");
        let closed = file.is_in_program_folder() && starts && file.record.mode & 0o111 == 0;
        closed.then(|| format!("has mode {:04o}", file.record.mode))
    });
}

fn program_unknown(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let facts = file.facts?;
        let program = file.is_in_program_folder() && !file.path.ends_with(".exe");
        let odd = program && !facts.head.is_empty() && facts.elf.is_none() && !facts.head.starts_with(b"#!");
        odd.then(|| "is neither an ELF program nor a script that begins with #!".into())
    });
}

fn program_architecture(package: &Package, found: &mut Found) {
    let Some(architecture) = package.architecture().map(Some).or(package.is_for_all().then_some(None)) else {
        return;
    };
    each(package, found, |file| {
        let firmware =
            ["/usr/lib/firmware/", "/lib/firmware/", "/usr/share/"].iter().any(|f| file.path.starts_with(f));
        let elf = file.facts?.elf.as_ref().filter(|_| !firmware)?;
        let built = elf.architecture?;
        match architecture {
            None => Some(format!("is for {}, but the package is for all architectures", built.name())),
            Some(wanted) if runs_on(built, wanted) => None,
            Some(wanted) => {
                Some(format!("is for {}, but the package is for {}", built.name(), wanted.name()))
            }
        }
    });
}

/// Whether a program runs on machines of an architecture.
pub(crate) fn runs_on(program: Architecture, machine: Architecture) -> bool {
    use Architecture::{Armv6, Armv7, I686, X86_64};
    program == machine || (program, machine) == (I686, X86_64) || {
        // The header of a 32-bit Arm program does not tell ARMv6 from ARMv7.
        let arm = |a| matches!(a, Armv6 | Armv7);
        arm(program) && arm(machine)
    }
}

/// The interpreter of a script, with `env` looked through.
fn shebang(file: &File<'_>) -> Option<String> {
    let head = String::from_utf8_lossy(file.facts?.head.strip_prefix(b"#!")?).into_owned();
    let mut words = head.lines().next()?.split_whitespace();
    let first = words.next()?;
    let env = first.ends_with("/env");
    let program = if env { words.find(|word| !word.starts_with('-') && !word.contains('='))? } else { first };
    Some(program.to_owned())
}

fn interpreter_dependency(package: &Package, found: &mut Found) {
    // Name of the interpreter, and what packages that bring it are called.
    let known: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("python3", &["python3", "python"] as &[&str]),
        ("python", &["python"]),
        ("perl", &["perl"]),
        ("ruby", &["ruby"]),
        ("node", &["nodejs", "node"]),
        ("php", &["php"]),
        ("lua", &["lua"]),
        ("tclsh", &["tcl"]),
        ("bash", &["bash"]),
    ]);
    let always: &[&str] = match package.format() {
        // Essential: perl-base and bash.
        Format::Deb => &["perl", "bash"],
        Format::Rpm | Format::Arch => &["bash"],
        _ => &[],
    };
    let dependencies = package.dependencies();
    each(package, found, |file| {
        let runs = file.is_file() && file.record.mode & 0o111 != 0;
        let interpreter = shebang(&file).filter(|_| runs)?;
        let name = interpreter.rsplit('/').next()?.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let name = if interpreter.ends_with("python3") { "python3" } else { name };
        let packages = known.get(name).filter(|_| !always.contains(&name))?;
        let met = dependencies.iter().any(|d| {
            packages.iter().any(|package| {
                d.starts_with(package)
                    || d.contains(&format!("/{package}"))
                    || d.contains(&format!("cmd:{package}"))
            })
        });
        (!met).then(|| format!("is run by {interpreter}, which the package does not depend on"))
    });
}
