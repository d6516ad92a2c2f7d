//! Arch Linux packages.

use landfall_packages::Kind;
use landfall_payload::Format;

use super::common::each;
use super::{Check, check};
use crate::shell::commands;

const ARCH: &[Format] = &[Format::Arch];

pub(super) static CHECKS: &[Check] = &[
    check!(
        "arch-backup-missing",
        Warning,
        ARCH,
        |p, f| each(p, f, |file| {
            let settings = file.path.starts_with("/etc/") && file.record.kind == Kind::File;
            (settings && !file.has_flag("backup")).then(|| "is not listed in backup".into())
        }),
        "An upgrade overwrites what an administrator changed there, and leaves no copy.",
        "List the file in backup=(), without a slash in front.",
        "PKGBUILD(5), backup; ArchWiki «Pacman/Pacnew and Pacsave»"
    ),
    check!(
        "arch-backup-unknown",
        Error,
        ARCH,
        |p, f| {
            for path in p.values("backup") {
                if path.starts_with('/') {
                    f.at(path, "has a slash in front");
                } else if p.file(&format!("/{path}")).is_none() {
                    f.at(path, "is listed in backup but not in the package");
                }
            }
        },
        "pacman looks for exactly this path and protects nothing.",
        "Write the path of a packaged file without a slash in front.",
        "PKGBUILD(5), backup"
    ),
    check!(
        "arch-install-starts",
        Warning,
        ARCH,
        |p, f| {
            for script in &p.description.scripts {
                for command in commands(&script.text) {
                    let verb = command.operands().next().unwrap_or_default();
                    let first = command.is_guarded_by("function post_install")
                        || command.is_guarded_by("function pre_install");
                    if command.name() == "systemctl"
                        && matches!(verb, "enable" | "start" | "restart" | "reenable")
                        && first
                    {
                        f.at(format!("{}:{}", script.name, command.line), format!("calls systemctl {verb}"));
                    }
                }
            }
        },
        "On Arch the administrator decides whether a service runs; packages do not start or enable one.",
        "Print how to start it; on an upgrade `systemctl try-restart` what runs.",
        "Arch package guidelines; ArchWiki «Creating packages»"
    ),
    check!(
        "arch-mtree-missing",
        Error,
        ARCH,
        |p, f| {
            if !p.description.metadata.contains_key(".MTREE") {
                f.whole("has no .MTREE");
            }
        },
        "pacman -Qkk cannot verify the installed files.",
        "Write .MTREE as makepkg does: mode, owner, size and SHA-256 of every file.",
        "alpm-mtree(5); makepkg"
    ),
    check!(
        "arch-mtree-incomplete",
        Error,
        ARCH,
        |p, f| {
            if p.description.metadata.contains_key(".MTREE") {
                each(p, f, |file| {
                    (file.record.kind == Kind::File && file.record.digest.is_none())
                        .then(|| "is not listed in .MTREE with a digest".into())
                });
            }
        },
        "pacman -Qkk does not notice when the file is damaged.",
        "Make .MTREE from the files that are packed.",
        "alpm-mtree(5)"
    ),
    check!(
        "arch-buildinfo-missing",
        Note,
        ARCH,
        |p, f| {
            if !p.description.metadata.contains_key(".BUILDINFO") {
                f.whole("has no .BUILDINFO");
            }
        },
        "repro and other tools cannot say what it was built from.",
        "Write .BUILDINFO as makepkg does.",
        "BUILDINFO(5)"
    ),
    check!(
        "arch-version-grammar",
        Error,
        ARCH,
        |p, f| {
            let version = &p.description.version;
            let (epoch, rest) = version.split_once(':').unwrap_or(("1", version));
            let parts: Vec<&str> = rest.split('-').collect();
            let sound = parts.len() == 2
                && epoch.bytes().all(|b| b.is_ascii_digit())
                && !parts[0].is_empty()
                && parts[0].chars().all(|c| c.is_ascii_graphic() && !"/:-".contains(c))
                && parts[1].starts_with(|c: char| c.is_ascii_digit())
                && parts[1].chars().all(|c| c.is_ascii_digit() || c == '.');
            if !sound {
                f.at("pkgver", format!("is {version:?}"));
            }
        },
        "pacman refuses the package, or takes the wrong part for the release.",
        "[EPOCH:]PKGVER-PKGREL, without a hyphen in PKGVER.",
        "PKGBUILD(5), pkgver and pkgrel"
    ),
    check!(
        "arch-name-grammar",
        Error,
        ARCH,
        |p, f| {
            let name = &p.description.name;
            let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "@._+-".contains(c);
            if name.is_empty() || !name.chars().all(known) || name.starts_with(['-', '.']) {
                f.at("pkgname", format!("is {name:?}"));
            }
        },
        "makepkg and repositories refuse the name.",
        "Lower-case letters, digits and @ . _ + -, not beginning with - or a full stop.",
        "PKGBUILD(5), pkgname"
    ),
    check!(
        "arch-field-missing",
        Error,
        ARCH,
        |p, f| {
            for field in ["pkgname", "pkgver", "pkgdesc", "arch", "size", "builddate", "packager", "license"]
            {
                if p.field(field).is_empty() {
                    f.at(field, "is missing");
                }
            }
        },
        "pacman refuses the package or shows nothing of it.",
        "Write the field into .PKGINFO.",
        "PKGINFO(5)"
    ),
    check!(
        "arch-packager-unknown",
        Warning,
        ARCH,
        |p, f| {
            let packager = p.field("packager");
            let reachable = packager.contains('<') && packager.contains('@');
            if !packager.is_empty() && !reachable {
                f.at("packager", format!("is {packager:?}"));
            }
        },
        "Nobody knows whom to ask.",
        "Set PACKAGER to `Name <address@example.com>`.",
        "makepkg.conf(5), PACKAGER"
    ),
    check!(
        "arch-path-link",
        Error,
        ARCH,
        |p, f| each(p, f, |file| {
            let links =
                ["/bin", "/sbin", "/lib", "/lib64", "/usr/sbin", "/usr/lib64", "/var/run", "/var/lock"];
            let link = links.iter().find(|l| {
                file.path == **l || file.path.strip_prefix(**l).is_some_and(|r| r.starts_with('/'))
            })?;
            Some(format!("{link} is a link on Arch"))
        }),
        "pacman refuses the package: «exists in filesystem (owned by filesystem)».",
        "Ship to /usr/bin and /usr/lib.",
        "ArchWiki «Arch package guidelines», Directories; namcap"
    ),
];
