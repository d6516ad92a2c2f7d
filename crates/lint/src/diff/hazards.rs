//! What of a change bites later. What formats of other systems add (component identities, key paths, the
//! signer, the scope of an installation) belongs here too, a rule and a function each.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use landfall_packages::Kind;
use landfall_payload::Format;

use super::files::kind;
use crate::finding::{Finding, Found, Rule, Severity};
use crate::package::Package;
use crate::platform;
use crate::unit::{Unit, program};
use crate::version;

/// Paths that are looked up in all scripts of a package.
const MOST_LOOKED_UP: usize = 1000;

/// Looks at the old and the new package.
type Look = fn(&Package, &Package, &mut Found);

const fn rule(
    id: &'static str,
    severity: Severity,
    reason: &'static str,
    remedy: &'static str,
    source: &'static str,
) -> Rule {
    Rule { id, severity, reason, remedy, source }
}

static HAZARDS: &[(Rule, Look)] = &[
    (
        rule(
            "upgrade-version-not-higher",
            Severity::Error,
            "Package managers install it only when they are told to, or not at all: the upgrade reaches \
             nobody.",
            "Raise the version, or the epoch where versions had to start over.",
            "Debian Policy §5.6.12; rpm-version(7); vercmp(8); apk-package(5)",
        ),
        version_not_higher,
    ),
    (
        rule(
            "upgrade-package-renamed",
            Severity::Error,
            "The new package does not take the old one's place: both claim the same files, and the upgrade \
             is not offered.",
            "Say what it replaces: Replaces, Breaks and Provides (deb), Obsoletes (rpm), replaces (apk, \
             Arch).",
            "Debian Policy §7.6; rpm-spec(5), Obsoletes; PKGBUILD(5), replaces",
        ),
        renamed,
    ),
    (
        rule(
            "upgrade-architecture-changed",
            Severity::Error,
            "Machines that have the old package cannot take the new one.",
            "Build it for the same architecture.",
            "",
        ),
        |old, new, found| {
            let (a, b) = (&old.description.architecture, &new.description.architecture);
            if a != b {
                found.whole(format!("was for {a} and is for {b}"));
            }
        },
    ),
    (
        rule(
            "upgrade-platform-lost",
            Severity::Error,
            "People on that system had the old package; the new one is refused or does not start.",
            "Build as for the old package, or tell people before.",
            "",
        ),
        platform_lost,
    ),
    (
        rule(
            "upgrade-setting-moved",
            Severity::Error,
            "What an administrator changed stays in the old place, and the service runs with defaults.",
            "Move it along: dpkg-maintscript-helper mv_conffile, or in a script of the format before \
             unpacking.",
            "dpkg-maintscript-helper(1); Debian Policy §10.7.3",
        ),
        setting_moved,
    ),
    (
        rule(
            "upgrade-setting-dropped",
            Severity::Warning,
            "The file stays on machines and does nothing any more; administrators keep editing it.",
            "Remove it where nobody changed it: `remove-on-upgrade` or rm_conffile (deb), a script \
             elsewhere; and say so in the changelog.",
            "deb-conffiles(5); dpkg-maintscript-helper(1)",
        ),
        setting_dropped,
    ),
    (
        rule(
            "upgrade-setting-unprotected",
            Severity::Error,
            "The upgrade overwrites what an administrator changed.",
            "Keep it a conffile, %config(noreplace) or backup file.",
            "Debian Policy §10.7.3",
        ),
        |old, new, found| {
            for file in old.files().filter(|file| file.is_setting()) {
                if new.file(file.path).is_some_and(|file| file.is_file() && !file.is_setting()) {
                    found.at(file.path, "was kept when it was edited, and is so no more");
                }
            }
        },
    ),
    (
        rule(
            "upgrade-directory-replaced",
            Severity::Error,
            "Package managers do not put a link in the place of a folder or a folder in the place of a \
             link; files land in the wrong place or the upgrade fails.",
            "dpkg-maintscript-helper dir_to_symlink or symlink_to_dir (deb), %pretrans in Lua (rpm).",
            "dpkg-maintscript-helper(1); Fedora Packaging Guidelines, «Directory Replacement»",
        ),
        directory_replaced,
    ),
    (
        rule(
            "upgrade-service-gone",
            Severity::Error,
            "The old service is stopped by its package's removal scripts or keeps running without a unit; \
             the new one is neither enabled nor started for it.",
            "Keep the name, give the new unit an Alias=, or carry state and enablement over in a script.",
            "systemd.unit(5), Alias=",
        ),
        service_gone,
    ),
    (
        rule(
            "upgrade-service-account-changed",
            Severity::Error,
            "The service's files belong to the old account: it cannot write its own state after the upgrade.",
            "Keep the account, or hand the files over in a script.",
            "systemd.exec(5), User=",
        ),
        |old, new, found| {
            each_unit(old, new, |before, after| {
                let account = |unit: &Unit| unit.value("User").unwrap_or("root").to_owned();
                let (a, b) = (account(before), account(after));
                if before.is_service() && a != b {
                    found.at(&after.path, format!("ran as {a} and runs as {b}"));
                }
            })
        },
    ),
    (
        rule(
            "upgrade-service-directory-changed",
            Severity::Error,
            "The service finds an empty folder; what it kept lies in the old one.",
            "Keep the folder, or move it in a script while the service is stopped.",
            "systemd.exec(5), StateDirectory=",
        ),
        |old, new, found| {
            each_unit(old, new, |before, after| {
                for name in [
                    "StateDirectory",
                    "CacheDirectory",
                    "LogsDirectory",
                    "ConfigurationDirectory",
                    "WorkingDirectory",
                ] {
                    let (a, b) = (before.values(name).join(" "), after.values(name).join(" "));
                    if !a.is_empty() && a != b {
                        found.at(&after.path, format!("had {name}={a} and has {name}={b}"));
                    }
                }
            })
        },
    ),
    (
        rule(
            "upgrade-service-type-changed",
            Severity::Warning,
            "systemd waits for the program in another way; with an old program or a wrapper the start \
             times out.",
            "Make sure that the program of this package speaks that protocol.",
            "systemd.service(5), Type=",
        ),
        |old, new, found| {
            each_unit(old, new, |before, after| {
                let (a, b) =
                    (before.value("Type").unwrap_or("simple"), after.value("Type").unwrap_or("simple"));
                if before.is_service() && a != b {
                    found.at(&after.path, format!("had Type={a} and has Type={b}"));
                }
            })
        },
    ),
    (
        rule(
            "upgrade-service-enablement-changed",
            Severity::Warning,
            "Links of machines that enabled the service are not changed by an upgrade: they start it as \
             before, or point to nothing.",
            "Run `systemctl reenable`, or deb-systemd-helper update-state, in a script.",
            "systemctl(1), reenable",
        ),
        |old, new, found| {
            each_unit(old, new, |before, after| {
                for name in ["WantedBy", "RequiredBy", "Alias", "Also"] {
                    let (a, b) = (before.values(name).join(" "), after.values(name).join(" "));
                    if !a.is_empty() && a != b {
                        found.at(&after.path, format!("had {name}={a} and has {name}={b}"));
                    }
                }
            })
        },
    ),
    (
        rule(
            "upgrade-owner-changed",
            Severity::Warning,
            "Whoever relied on the owner (the service, backups, a group of people) may no longer read or \
             write it.",
            "Keep the owner, or say so in the changelog.",
            "",
        ),
        |old, new, found| {
            for file in old.files() {
                let Some(after) = new.file(file.path) else { continue };
                let owner = |r: &landfall_packages::FileRecord| format!("{}:{}", r.owner, r.group);
                let (a, b) = (owner(file.record), owner(after.record));
                if a != b && !old.format().is_portable() {
                    found.at(file.path, format!("belonged to {a} and belongs to {b}"));
                }
            }
        },
    ),
    (
        rule(
            "upgrade-dependency-new",
            Severity::Warning,
            "Machines without access to a repository cannot install it; `dpkg -i`, `rpm -U` and `apt-get \
             upgrade` hold the package back.",
            "Do without, or say so in the changelog.",
            "apt-get(8), upgrade: «under no circumstances are … packages not already installed retrieved»",
        ),
        dependency_new,
    ),
    (
        rule(
            "upgrade-program-moved",
            Severity::Warning,
            "Scripts, drop-ins, crontabs and firewall rules that name its path fail.",
            "Leave a link in the old place.",
            "",
        ),
        program_moved,
    ),
];

/// Every kind of hazard.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    HAZARDS.iter().map(|(rule, _)| rule).chain([&super::release::ARTIFACT_GONE])
}

/// What bites later, the worst first.
pub(super) fn find(old: &Package, new: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (rule, look) in HAZARDS {
        let mut found = Found::new(rule);
        look(old, new, &mut found);
        findings.extend(found.into_findings());
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.rule.severity));
    findings
}

/// Units that both packages have, by name.
fn each_unit(old: &Package, new: &Package, mut each: impl FnMut(&Unit, &Unit)) {
    for before in old.units() {
        if let Some(after) = new.units().iter().find(|unit| unit.name == before.name) {
            each(before, after);
        }
    }
}

/// Whether a script of the new package has to do with a path.
fn is_handled(new: &Package, path: &str) -> bool {
    new.description.scripts.iter().any(|script| {
        let code = script.text.lines().filter(|line| !line.trim_start().starts_with('#'));
        code.into_iter().any(|line| line.contains(path))
    }) || new.description.metadata.get("conffiles").is_some_and(|text| {
        text.lines()
            .any(|line| line.strip_prefix("remove-on-upgrade ").is_some_and(|rest| rest.trim() == path))
    })
}

fn version_not_higher(old: &Package, new: &Package, found: &mut Found) {
    let (a, b) = (&old.description.version, &new.description.version);
    match version::compare(old.format(), a, b) {
        Some(Ordering::Greater) => found.whole(format!("goes from {a} down to {b}")),
        Some(Ordering::Equal) => found.whole(format!("has the same version, {b}")),
        Some(Ordering::Less) | None => {}
    }
}

fn renamed(old: &Package, new: &Package, found: &mut Found) {
    let (a, b) = (&old.description.name, &new.description.name);
    let fields: &[&str] = match new.format() {
        Format::Deb => &["Replaces"],
        Format::Rpm => &["Obsoletes"],
        _ => &["replaces"],
    };
    let names = |value: &str| {
        value.split(',').any(|item| item.trim().split([' ', '<', '>', '=', '(']).next() == Some(a))
    };
    let replaces = fields.iter().any(|field| new.values(field).any(names));
    if a != b && !replaces {
        found.whole(format!("was called {a} and is called {b}, without saying that it replaces it"));
    }
}

fn platform_lost(old: &Package, new: &Package, found: &mut Found) {
    let against = |package: &Package, platform: &platform::Platform| -> Vec<String> {
        let findings = platform::platform_findings(package, platform);
        findings.into_iter().filter(|f| f.rule.severity == Severity::Error).map(|f| f.to_string()).collect()
    };
    for platform in platform::ALL {
        if against(old, platform).is_empty()
            && let Some(why) = against(new, platform).first()
        {
            found.at(platform.title, why.as_str());
        }
    }
}

/// Settings that are gone, each with the place where a file of the same name is new, if any.
fn lost_settings<'a>(old: &'a Package, new: &'a Package) -> Vec<(&'a str, Option<&'a str>)> {
    let fresh: HashMap<&str, &str> = new
        .files()
        .filter(|file| file.is_file() && old.file(file.path).is_none())
        .map(|file| (file.name(), file.path))
        .collect();
    old.files()
        .filter(|file| file.is_setting() && new.file(file.path).is_none())
        .take(MOST_LOOKED_UP)
        .filter(|file| !is_handled(new, file.path))
        .map(|file| (file.path, fresh.get(file.name()).copied()))
        .collect()
}

fn setting_moved(old: &Package, new: &Package, found: &mut Found) {
    for (path, to) in lost_settings(old, new) {
        if let Some(to) = to {
            found.at(path, format!("moves to {to}"));
        }
    }
}

fn setting_dropped(old: &Package, new: &Package, found: &mut Found) {
    for (path, to) in lost_settings(old, new) {
        if to.is_none() {
            found.at(path, "is in the package no more");
        }
    }
}

fn directory_replaced(old: &Package, new: &Package, found: &mut Found) {
    let kinds = |path: &str| Some((old.file(path)?.record.kind, new.file(path)?.record.kind));
    let replaced = old.files().filter_map(|file| {
        let (a, b) = kinds(file.path)?;
        ((a == Kind::Directory) != (b == Kind::Directory)).then_some((file.path, a, b))
    });
    for (path, a, b) in replaced.take(MOST_LOOKED_UP) {
        if !old.format().is_portable() && !is_handled(new, path) {
            found.at(path, format!("was a {} and is a {}", kind(a), kind(b)));
        }
    }
}

fn service_gone(old: &Package, new: &Package, found: &mut Found) {
    for before in old.units().iter().filter(|unit| unit.is_service()) {
        let still = new.units().iter().any(|unit| {
            unit.name == before.name || unit.values("Alias").iter().any(|a| a.contains(&before.name))
        });
        if still || is_handled(new, &before.name) {
            continue;
        }
        let program_of = |unit: &Unit| unit.commands("ExecStart").first().map(|c| program(c).to_owned());
        let fresh =
            |unit: &&Unit| unit.is_service() && !old.units().iter().any(|known| known.name == unit.name);
        let heir = new
            .units()
            .iter()
            .filter(fresh)
            .find(|unit| program_of(unit) == program_of(before) || new.units().len() == 1);
        match heir {
            Some(unit) => found.at(&before.path, format!("is called {} now", unit.name)),
            None => found.at(&before.path, "is in the package no more"),
        }
    }
}

fn dependency_new(old: &Package, new: &Package, found: &mut Found) {
    let name = |dependency: &str| {
        dependency.split([' ', '<', '>', '=', '~', '(']).next().unwrap_or_default().to_owned()
    };
    // Of rpm's names, what stands in parentheses tells a library's version or an architecture.
    let names: BTreeSet<String> =
        old.dependencies().iter().flat_map(|d| d.split('|')).map(|d| name(d.trim())).collect();
    let mut told = BTreeSet::new();
    for dependency in new.dependencies() {
        let known = dependency.split('|').any(|alternative| names.contains(&name(alternative.trim())));
        if !known && !dependency.starts_with("rpmlib(") && told.insert(name(dependency)) {
            found.at(dependency, "was not needed before");
        }
    }
}

fn program_moved(old: &Package, new: &Package, found: &mut Found) {
    let folders = ["/bin/", "/sbin/", "/libexec/", "/games/"];
    let programs: HashMap<&str, &str> = new
        .files()
        .filter(|file| file.is_file() && folders.iter().any(|folder| file.path.contains(folder)))
        .map(|file| (file.name(), file.path))
        .collect();
    for file in old.files().filter(|file| file.is_in_program_folder() && file.record.kind != Kind::Directory)
    {
        if new.file_in_merged_usr(file.path).is_some() {
            continue;
        }
        match programs.get(file.name()) {
            Some(path) => found.at(file.path, format!("is {path} now")),
            None => found.at(file.path, "is in the package no more"),
        }
    }
}
