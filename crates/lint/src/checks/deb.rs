//! Debian packages: deb(5), Debian Policy.

use std::collections::BTreeSet;

use landfall_packages::Kind;
use landfall_payload::Format;

use super::{Check, check};
use crate::finding::Found;
use crate::package::Package;

const DEB: &[Format] = &[Format::Deb];

pub(super) static CHECKS: &[Check] = &[
    check!(
        "deb-member-unexpected",
        Error,
        DEB,
        member_unexpected,
        "Programs that read packages (dpkg, repositories, signers) look for exactly these members in this \
         order.",
        "Write debian-binary, control.tar and data.tar; a signature's member goes behind them and begins \
         with an underscore.",
        "deb(5); lintian malformed-deb-archive"
    ),
    check!(
        "deb-compression",
        Warning,
        DEB,
        compression,
        "dpkg before 1.21.18 (Debian 11) cannot unpack it, and programs for repositories are older still.",
        "Use xz, which everything reads; zstd only if Debian 11 is out of the question.",
        "deb(5); lintian malformed-deb-archive"
    ),
    check!(
        "deb-etc-not-conffile",
        Error,
        DEB,
        etc_not_conffile,
        "An upgrade overwrites what an administrator changed there, without asking.",
        "List it in conffiles, or ship defaults to /usr and read /etc on top of them.",
        "Debian Policy §10.7.3; lintian file-in-etc-not-marked-as-conffile"
    ),
    check!(
        "deb-conffile-missing",
        Error,
        DEB,
        |p, f| {
            for entry in conffiles(p).filter(|e| e.flag.is_none() && e.path.starts_with('/')) {
                if p.file(entry.path).is_none() {
                    f.at(entry.path, "is listed in conffiles but not in the package");
                }
            }
        },
        "dpkg keeps an entry for a file that it never installs and warns at every upgrade.",
        "Remove the line, or ship the file; to take an old one away: `remove-on-upgrade PATH`.",
        "deb-conffiles(5); lintian missing-conffile"
    ),
    check!(
        "deb-conffile-relative",
        Error,
        DEB,
        |p, f| {
            for entry in conffiles(p).filter(|e| !e.path.starts_with('/')) {
                f.at(entry.path, "is no absolute path");
            }
        },
        "dpkg passes over the line or refuses the package; the file is then overwritten at each upgrade.",
        "Begin every line with a slash.",
        "deb-conffiles(5); lintian relative-conffile"
    ),
    check!(
        "deb-conffile-duplicate",
        Error,
        DEB,
        |p, f| {
            let mut seen = BTreeSet::new();
            for entry in conffiles(p) {
                if !seen.insert(entry.path) {
                    f.at(entry.path, "is listed more than once");
                }
            }
        },
        "dpkg refuses the package or asks twice.",
        "List each conffile once.",
        "deb-conffiles(5); lintian duplicate-conffile"
    ),
    check!(
        "deb-conffile-removed-and-shipped",
        Error,
        DEB,
        |p, f| {
            for entry in conffiles(p).filter(|e| e.flag == Some("remove-on-upgrade")) {
                if p.file(entry.path).is_some() {
                    f.at(entry.path, "is marked remove-on-upgrade and shipped");
                }
            }
        },
        "dpkg refuses a package that ships what it says is to be removed.",
        "Take the file out of the package, or the flag off the line.",
        "deb-conffiles(5); lintian unexpected-conffile"
    ),
    check!(
        "deb-conffile-outside-etc",
        Warning,
        DEB,
        |p, f| {
            for entry in conffiles(p).filter(|e| e.path.starts_with('/') && !e.path.starts_with("/etc/")) {
                f.at(entry.path, "is a conffile");
            }
        },
        "Administrators look for settings in /etc, and /usr may be read-only.",
        "Move it below /etc.",
        "Debian Policy §10.7.2; lintian non-etc-file-marked-as-conffile"
    ),
    check!(
        "deb-conffile-no-file",
        Error,
        DEB,
        |p, f| {
            for file in p.files().filter(|file| file.has_flag("conffile") && !file.is_file()) {
                f.at(file.path, "is a conffile but no regular file");
            }
        },
        "dpkg keeps changes of regular files only; of links and folders it loses track.",
        "List regular files only.",
        "Debian Policy §10.7.3; lintian conffile-has-bad-file-type"
    ),
    check!(
        "deb-md5sums-missing",
        Warning,
        DEB,
        |p, f| {
            if !p.description.metadata.contains_key("md5sums")
                && p.files().any(|file| file.record.kind == Kind::File && !file.has_flag("conffile"))
            {
                f.whole("has no md5sums");
            }
        },
        "`dpkg --verify` and debsums cannot tell a damaged installation.",
        "Add md5sums with a line for each file that is no conffile.",
        "deb-md5sums(5); lintian no-md5sums-control-file"
    ),
    check!(
        "deb-md5sums-grammar",
        Error,
        DEB,
        md5sums_grammar,
        "dpkg looks files up by the path without a slash in front and reports this one as missing.",
        "Write 32 digits, two spaces and the path without `/` and `./` in front.",
        "deb-md5sums(5); lintian malformed-md5sums-control-file"
    ),
    check!(
        "deb-md5sums-incomplete",
        Warning,
        DEB,
        md5sums_incomplete,
        "What is not listed is not verified; what is listed and not there is reported as missing on every \
         machine.",
        "Make md5sums from the files that are packed.",
        "deb-md5sums(5); lintian file-missing-in-md5sums, md5sums-lists-nonexistent-file"
    ),
    check!(
        "deb-copyright-missing",
        Error,
        DEB,
        |p, f| {
            if document(p, &["copyright"]).is_none() {
                f.at(format!("/usr/share/doc/{}/copyright", p.description.name), "is missing");
            }
        },
        "Every package must say under what licence its files are; repositories refuse it otherwise.",
        "Ship /usr/share/doc/PACKAGE/copyright.",
        "Debian Policy §12.5; lintian no-copyright-file"
    ),
    check!(
        "deb-changelog-missing",
        Warning,
        DEB,
        |p, f| {
            if document(p, &["changelog.Debian.gz", "changelog.gz", "changelog.Debian"]).is_none() {
                f.at(format!("/usr/share/doc/{}/changelog.Debian.gz", p.description.name), "is missing");
            }
        },
        "`apt changelog` and apt-listchanges have nothing to show before an upgrade.",
        "Ship changelog.Debian.gz, compressed with gzip -9n.",
        "Debian Policy §12.7; lintian no-changelog"
    ),
    check!(
        "deb-installed-size",
        Warning,
        DEB,
        installed_size,
        "apt tells people, and checks, whether there is room by this number.",
        "Set Installed-Size to the files' sizes, each rounded up to KiB, and 1 for every folder and link.",
        "Debian Policy §5.6.20; deb-substvars(5), Installed-Size"
    ),
    check!(
        "deb-version-grammar",
        Error,
        DEB,
        version_grammar,
        "dpkg refuses the package, or sorts the version where nobody expects it.",
        "[EPOCH:]UPSTREAM[-REVISION] of letters, digits and . + - ~, with a digit first.",
        "Debian Policy §5.6.12; deb-version(7)"
    ),
    check!(
        "deb-version-prerelease",
        Warning,
        DEB,
        version_prerelease,
        "It sorts after the release that it comes before; apt never upgrades from it.",
        "Write `~` before the pre-release: 1.0~rc1-1.",
        "Debian Policy §5.6.12; lintian rc-version-greater-than-expected-version"
    ),
    check!(
        "deb-name-grammar",
        Error,
        DEB,
        |p, f| {
            let name = &p.description.name;
            let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
            if name.len() < 2
                || !name.chars().all(known)
                || !name.starts_with(|c: char| c.is_ascii_alphanumeric())
            {
                f.at("Package", format!("is {name:?}"));
            }
        },
        "dpkg and apt refuse the name or cannot be told about it.",
        "Two or more of lower-case letters, digits, + - and .",
        "Debian Policy §5.6.1; lintian bad-package-name"
    ),
    check!(
        "deb-field-missing",
        Error,
        DEB,
        |p, f| {
            for field in ["Package", "Version", "Architecture", "Maintainer", "Description"] {
                if p.field(field).trim().is_empty() {
                    f.at(field, "is missing");
                }
            }
        },
        "dpkg warns or refuses; programs for repositories refuse the package.",
        "Set the field in the control file.",
        "Debian Policy §5.3; lintian required-field"
    ),
    check!(
        "deb-architecture-unknown",
        Error,
        DEB,
        |p, f| {
            let name = p.description.architecture.as_str();
            if !name.is_empty() && !ARCHITECTURES.contains(&name) {
                f.at("Architecture", format!("is {name:?}, which no Debian port is called"));
            }
        },
        "dpkg refuses the package: «package architecture does not match system».",
        "Use Debian's names: amd64, arm64, armhf, i386, … or all.",
        "Debian Policy §5.6.8; dpkg-architecture -L; lintian unknown-architecture"
    ),
    check!(
        "deb-maintainer-grammar",
        Warning,
        DEB,
        |p, f| {
            let maintainer = p.field("Maintainer");
            let address = maintainer.split_once('<').filter(|(name, _)| !name.trim().is_empty());
            let sound = address.is_some_and(|(_, a)| a.ends_with('>') && a.contains('@'));
            if !maintainer.is_empty() && !sound {
                f.at("Maintainer", format!("is {maintainer:?}"));
            }
        },
        "Programs that file or route reports cannot read it.",
        "Write `Name <address@example.com>`.",
        "Debian Policy §5.6.2; lintian malformed-contact"
    ),
    check!(
        "deb-description-synopsis",
        Warning,
        DEB,
        |p, f| {
            let synopsis = p.field("Description").lines().next().unwrap_or_default();
            if synopsis.chars().count() > 80 {
                f.at("Description", "has more than 80 characters in its first line");
            } else if synopsis.ends_with('.') && !synopsis.ends_with("etc.") {
                f.at("Description", "ends its first line with a full stop");
            }
        },
        "Lists of packages cut it off or look uneven.",
        "One short phrase, no full stop; the rest goes into the lines below.",
        "Debian Policy §3.4.1; lintian synopsis-too-long, synopsis-is-a-sentence"
    ),
    check!(
        "deb-dependency-grammar",
        Error,
        DEB,
        dependency_grammar,
        "dpkg and apt cannot read the field and refuse the package.",
        "NAME or NAME (>= VERSION), alternatives with |, separated by commas; operators << <= = >= >>.",
        "Debian Policy §7.1; lintian bad-relation"
    ),
    check!(
        "deb-libc-dependency-missing",
        Warning,
        DEB,
        libc_dependency,
        "On an older system the program is installed and does not start.",
        "Depend on libc6 (>= the newest symbol version that the programs need).",
        "Debian Policy §8.6; lintian missing-dependency-on-libc"
    ),
];

/// Debian's ports, official and not (`dpkg-architecture -L`, those with packages), and the two for all.
const ARCHITECTURES: &[&str] = &[
    "all",
    "amd64",
    "arm64",
    "armhf",
    "armel",
    "i386",
    "mips64el",
    "mipsel",
    "ppc64el",
    "riscv64",
    "s390x",
    "loong64",
    "alpha",
    "hppa",
    "hurd-i386",
    "hurd-amd64",
    "ia64",
    "m68k",
    "powerpc",
    "ppc64",
    "sh4",
    "sparc64",
    "x32",
    "arc",
    "kfreebsd-amd64",
    "kfreebsd-i386",
];

/// A line of conffiles.
struct Conffile<'a> {
    flag: Option<&'a str>,
    path: &'a str,
}

fn conffiles(package: &Package) -> impl Iterator<Item = Conffile<'_>> {
    let text = package.description.metadata.get("conffiles").map_or("", String::as_str);
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(|line| match line.split_once(' ') {
        Some((flag, path)) if !line.starts_with('/') => {
            Conffile { flag: Some(flag), path: path.trim_start() }
        }
        _ => Conffile { flag: None, path: line },
    })
}

fn member_unexpected(package: &Package, found: &mut Found) {
    let mut data = false;
    for (at, member) in package.description.members.iter().enumerate() {
        let place = format!("member {}", at + 1);
        if data && !member.starts_with('_') {
            found.at(place, format!("is {member:?} after data.tar"));
        } else if !data && member.starts_with('_') {
            found.at(place, format!("is {member:?} before data.tar"));
        }
        data |= member.starts_with("data.tar");
    }
}

fn compression(package: &Package, found: &mut Found) {
    for member in &package.description.members {
        if [".tar.zst", ".tar.bz2", ".tar.lzma"].iter().any(|suffix| member.ends_with(suffix)) {
            found.at(member, "has a compression that not every dpkg in use reads");
        }
    }
}

fn etc_not_conffile(package: &Package, found: &mut Found) {
    for file in package.files() {
        if file.path.starts_with("/etc/") && file.record.kind == Kind::File && !file.has_flag("conffile") {
            found.at(file.path, "is not listed in conffiles");
        }
    }
}

fn md5sums(package: &Package) -> impl Iterator<Item = &str> {
    let text = package.description.metadata.get("md5sums").map_or("", String::as_str);
    text.lines().filter(|line| !line.is_empty())
}

fn md5sums_grammar(package: &Package, found: &mut Found) {
    for (number, line) in md5sums(package).enumerate() {
        let sound = line.split_once("  ").is_some_and(|(digest, path)| {
            let slash = path.starts_with(['/', '.']) && (path.starts_with('/') || path.starts_with("./"));
            digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_hexdigit()) && !slash
        });
        if !sound {
            let shown: String = line.chars().take(80).collect();
            found.at(format!("md5sums:{}", number + 1), format!("is {shown:?}"));
        }
    }
}

fn md5sums_incomplete(package: &Package, found: &mut Found) {
    if !package.description.metadata.contains_key("md5sums") {
        return;
    }
    for file in package.files().filter(|f| f.record.kind == Kind::File && !f.has_flag("conffile")) {
        if file.record.digest.is_none() {
            found.at(file.path, "is not listed in md5sums");
        }
    }
    for line in md5sums(package) {
        let path = line
            .split_once("  ")
            .map_or("", |(_, path)| path)
            .trim_start_matches('.')
            .trim_start_matches('/');
        if !path.is_empty() && package.file(&format!("/{path}")).is_none() {
            found.at(format!("/{path}"), "is listed in md5sums and not in the package");
        }
    }
}

/// A file in the package's documentation folder, which may be a link to another package's.
fn document(package: &Package, names: &[&str]) -> Option<()> {
    let folder = format!("/usr/share/doc/{}", package.description.name);
    let linked = package.file(&folder).is_some_and(|f| f.record.kind == Kind::Symlink);
    let there = names.iter().any(|name| package.file(&format!("{folder}/{name}")).is_some());
    (linked || there).then_some(())
}

fn installed_size(package: &Package, found: &mut Found) {
    let real: u64 = package
        .files()
        .map(|f| if f.record.kind == Kind::File { f.record.size.div_ceil(1024) } else { 1 })
        .sum();
    match package.field("Installed-Size").trim().parse::<u64>() {
        Err(_) if real < 64 => {}
        Err(_) => found.at("Installed-Size", format!("is missing; the files take {real} KiB")),
        Ok(said) if said.abs_diff(real) > 64 + real / 10 => {
            found.at("Installed-Size", format!("says {said} KiB; the files take {real} KiB"));
        }
        Ok(_) => {}
    }
}

fn version_grammar(package: &Package, found: &mut Found) {
    let version = &package.description.version;
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    let known = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    let sound = epoch.parse::<u32>().is_ok()
        && upstream.starts_with(|c: char| c.is_ascii_digit())
        && known(upstream, ".+-~")
        && !revision.is_empty()
        && known(revision, ".+~");
    if !sound {
        found.at("Version", format!("is {version:?}"));
    }
}

fn version_prerelease(package: &Package, found: &mut Found) {
    let version = package.description.version.to_ascii_lowercase();
    let before_tilde = version.split('~').next().unwrap_or_default();
    for word in ["alpha", "beta", "rc", "pre", "dev", "snapshot"] {
        let marked = before_tilde.match_indices(word).any(|(at, _)| {
            // A word of its own, right behind a number or a separator.
            let before = before_tilde[..at].chars().last();
            let after = before_tilde[at + word.len()..].chars().next();
            before.is_some_and(|c| c.is_ascii_digit() || "-.".contains(c))
                && after.is_none_or(|c| !c.is_ascii_alphabetic())
        });
        if marked {
            found.at("Version", format!("{:?} sorts after the release", package.description.version));
            return;
        }
    }
}

fn dependency_grammar(package: &Package, found: &mut Found) {
    for name in [
        "Depends",
        "Pre-Depends",
        "Recommends",
        "Suggests",
        "Conflicts",
        "Breaks",
        "Replaces",
        "Provides",
        "Enhances",
    ] {
        for item in package
            .values(name)
            .flat_map(|v| v.split([',', '|']))
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            if !is_relation(item) {
                found.at(name, format!("has {item:?}"));
            }
        }
    }
}

/// `name[:arch] [(operator version)]`.
fn is_relation(item: &str) -> bool {
    let (name, rest) = item.split_once('(').map_or((item, None), |(name, rest)| (name, Some(rest)));
    let name = name.trim();
    let (name, _) = name.split_once(':').unwrap_or((name, ""));
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    let version = rest.is_none_or(|rest| {
        let Some(inner) = rest.trim().strip_suffix(')') else { return false };
        let version = inner.trim().trim_start_matches(['<', '>', '=']);
        let operator = &inner.trim()[..inner.trim().len() - version.len()];
        ["<<", "<=", "=", ">=", ">>"].contains(&operator)
            && !version.trim().is_empty()
            && !version.trim().contains(' ')
    });
    name.len() > 1 && name.chars().all(known) && version
}

fn libc_dependency(package: &Package, found: &mut Found) {
    let dependencies = package.dependencies();
    if dependencies.iter().any(|d| d.starts_with("libc6")) {
        return;
    }
    for file in package.files() {
        let Some(elf) = file.facts.and_then(|facts| facts.elf.as_ref()) else { continue };
        if elf.libraries.contains_key("libc.so.6") {
            found.at(file.path, "needs the GNU C library, and the package does not depend on libc6");
        }
    }
}
