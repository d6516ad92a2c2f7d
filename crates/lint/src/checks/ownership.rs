//! Owners of files, and the accounts that packages make.

use std::collections::BTreeSet;

use landfall_packages::Kind;

use super::common::each;
use super::{Check, PACKAGES, check};
use crate::finding::Found;
use crate::package::Package;
use crate::shell::commands;

pub(super) static CHECKS: &[Check] = &[
    check!(
        "owner-unknown",
        Warning,
        PACKAGES,
        owner_unknown,
        "The account is on no fresh machine and the package does not make it; the file then belongs to \
         root or to whoever has that number.",
        "Ship files as root, or make the account before the files are unpacked (sysusers.d).",
        "Debian Policy §9.2; lintian wrong-file-owner-uid-or-gid; rpm user() dependencies"
    ),
    check!(
        "owner-not-root",
        Error,
        PACKAGES,
        owner_not_root,
        "A service that is broken into can replace programs that root runs.",
        "Let root own everything below /usr and the scripts and units below /etc.",
        "Debian Policy §10.9"
    ),
];

/// Accounts and groups that every Linux distribution has.
const EVERYWHERE: &[&str] = &[
    "root",
    "daemon",
    "bin",
    "sys",
    "sync",
    "games",
    "man",
    "lp",
    "mail",
    "news",
    "uucp",
    "proxy",
    "www-data",
    "backup",
    "list",
    "irc",
    "nobody",
    "nogroup",
    "adm",
    "tty",
    "disk",
    "dialout",
    "utmp",
    "staff",
    "users",
    "shadow",
    "wheel",
    "kmem",
    "audio",
    "video",
    "plugdev",
    "systemd-journal",
    "systemd-network",
    "messagebus",
    "dbus",
    "src",
    "operator",
    "input",
    "render",
    "kvm",
    "floppy",
    "cdrom",
    "sudo",
    "tape",
    "ftp",
    "http",
    "_apt",
    "mem",
    "crontab",
];

/// Whether an account or group is there once the package is installed.
pub(super) fn is_known(package: &Package, name: &str) -> bool {
    EVERYWHERE.contains(&name) || name == "0" || made(package).contains(name)
}

/// The accounts and groups that the package makes: by sysusers.d(5), or by its scripts.
pub(crate) fn made(package: &Package) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in
        package.files().filter(|f| f.path.contains("/sysusers.d/")).filter_map(|f| f.facts?.text.as_deref())
    {
        for line in text.lines() {
            let mut words = line.split_whitespace();
            if let (Some("u" | "u!" | "g" | "m"), Some(name)) = (words.next(), words.next()) {
                names.insert(name.trim_matches('"').to_owned());
            }
        }
    }
    for script in &package.description.scripts {
        for command in commands(&script.text) {
            if matches!(command.name(), "useradd" | "adduser" | "groupadd" | "addgroup") {
                names.extend(command.operands().map(str::to_owned));
            }
        }
    }
    names
}

fn owner_unknown(package: &Package, found: &mut Found) {
    let made = made(package);
    each(package, found, |file| {
        let (owner, group) = (file.record.owner.as_str(), file.record.group.as_str());
        let unknown = |name: &&str| {
            !EVERYWHERE.contains(name) && *name != "0" && !name.is_empty() && !made.contains(*name)
        };
        let name = [owner, group].into_iter().find(unknown)?;
        Some(format!("belongs to {owner}:{group}, and nothing makes {name}"))
    });
}

fn owner_not_root(package: &Package, found: &mut Found) {
    each(package, found, |file| {
        let owner = file.record.owner.as_str();
        let system =
            ["/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/etc/init.d/", "/etc/systemd/", "/etc/cron.d/"];
        let ours =
            system.iter().any(|folder| file.path.starts_with(folder)) && file.record.kind != Kind::Symlink;
        (ours && !matches!(owner, "root" | "0" | "")).then(|| format!("belongs to {owner}"))
    });
}
