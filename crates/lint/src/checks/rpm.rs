//! RPM packages.

use std::collections::BTreeSet;

use landfall_packages::{Kind, Script};
use landfall_payload::Format;

use super::common::each;
use super::{Check, check};
use crate::finding::Found;
use crate::package::Package;
use crate::shell::{Command, commands};

const RPM: &[Format] = &[Format::Rpm];

pub(super) static CHECKS: &[Check] = &[
    check!(
        "rpm-macro-unexpanded",
        Error,
        RPM,
        macro_unexpanded,
        "Macros are expanded when a package is built; the shell of the machine does not know them, and the \
         step fails.",
        "Expand it: `rpm --eval '%systemd_post demo.service'` shows what belongs there.",
        "rpm-macros(7); Fedora Packaging Guidelines, «Scriptlets»"
    ),
    check!(
        "rpm-script-stops-on-upgrade",
        Error,
        RPM,
        stops_on_upgrade,
        "The old package's %preun and %postun run after the new one is installed: the upgraded service is \
         stopped and disabled.",
        "Do it only when nothing remains: `if [ \"$1\" -eq 0 ]; then …`.",
        "rpm-spec(5), «Scriptlets»; Fedora Packaging Guidelines, «Scriptlets»"
    ),
    check!(
        "rpm-script-enables",
        Warning,
        RPM,
        |p, f| each_command(p, |script, command| {
            if command.name() == "systemctl" && command.operands().next() == Some("enable") {
                f.at(place(script, command), "calls systemctl enable");
            }
        }),
        "Whether a service is enabled is decided by the system's presets; an administrator's choice is \
         undone at each upgrade.",
        "`systemctl --no-reload preset UNIT` at the first installation, with a preset file of your own if \
         need be.",
        "Fedora Packaging Guidelines, «DefaultServices»; systemd.preset(5)"
    ),
    check!(
        "rpm-service-not-restarted",
        Warning,
        RPM,
        not_restarted,
        "After an upgrade the old program keeps running until the machine restarts.",
        "%postun: `systemctl try-restart UNIT` when $1 is 1 or more (what %systemd_postun_with_restart \
         expands to).",
        "systemd's macros.systemd; daemon(7)"
    ),
    check!(
        "rpm-script-dependency-missing",
        Warning,
        RPM,
        script_dependency,
        "rpm then may run the script before the program is installed, in a fresh system or an image.",
        "Requires(pre) or Requires(post) the package that brings the program.",
        "rpm-dependency(7), «Scriptlet dependencies»"
    ),
    check!(
        "rpm-digest-weak",
        Error,
        RPM,
        |p, f| {
            if !has_seal(p, &["SHA256HEADER"]) {
                f.whole("has no SHA-256 digest of its header");
            }
        },
        "Machines in FIPS mode refuse MD5 and SHA-1, and rpm 6 no longer counts them.",
        "Write SHA256HEADER (rpm 4.14 and later do).",
        "RPM V4 and V6 package format; rpm 6.0 release notes"
    ),
    check!(
        "rpm-payload-digest-missing",
        Error,
        RPM,
        |p, f| {
            if !has_seal(p, &["PAYLOADDIGEST"]) {
                f.whole("has no digest of its payload in its header");
            }
        },
        "A signature of the header then says nothing of the files: who changes the payload is not noticed.",
        "Write PAYLOADDIGEST (rpm 4.14 and later do).",
        "rpm-software-management/rpm#1672; CVE-2021-3421"
    ),
    check!(
        "rpm-signature-legacy",
        Warning,
        RPM,
        |p, f| {
            let legacy = has_seal(p, &["SIGPGP", "SIGGPG", "DSAHEADER"]);
            if legacy && !has_seal(p, &["RSAHEADER", "OPENPGP"]) {
                f.whole("has signatures of old forms only");
            }
        },
        "rpm 6 does not check them, and the package counts as unsigned.",
        "Sign the header: RSAHEADER, OPENPGP.",
        "RPM V4 and V6 package format"
    ),
    check!(
        "rpm-signature-missing",
        Note,
        RPM,
        |p, f| {
            if !has_seal(p, &["RSAHEADER", "OPENPGP", "DSAHEADER", "SIGPGP", "SIGGPG"]) {
                f.whole("is not signed");
            }
        },
        "Fedora from 45 on installs signed packages only, unless told otherwise.",
        "Sign it: rpmsign --addsign.",
        "rpm 6.0 release notes, «Signature checking»"
    ),
    check!(
        "rpm-file-digests-md5",
        Warning,
        RPM,
        |p, f| {
            if p.files().any(|file| file.record.digest.as_deref().is_some_and(|d| d.starts_with("md5:"))) {
                f.whole("records MD5 digests of its files");
            }
        },
        "Machines in FIPS mode cannot verify them and refuse the package.",
        "Use SHA-256 (`_source_filedigest_algorithm`, `_binary_filedigest_algorithm` 8).",
        "RPM package format, FILEDIGESTALGO"
    ),
    check!(
        "rpm-config-replaced",
        Warning,
        RPM,
        |p, f| each(p, f, |file| {
            (file.has_flag("config") && !file.has_flag("noreplace") && !file.has_flag("ghost"))
                .then(|| "is %config without noreplace".into())
        }),
        "An upgrade that brings a new default moves the edited file away (.rpmsave), and the service runs \
         with the default.",
        "%config(noreplace).",
        "rpm-spec(5), %config; rpmlint conffile-without-noreplace-flag"
    ),
    check!(
        "rpm-etc-not-config",
        Warning,
        RPM,
        |p, f| each(p, f, |file| {
            let settings = file.path.starts_with("/etc/")
                && !file.path.starts_with("/etc/init.d/")
                && file.record.kind == Kind::File;
            (settings && !file.has_flag("config") && !file.has_flag("ghost")).then(|| "is not %config".into())
        }),
        "An upgrade overwrites what an administrator changed there.",
        "%config(noreplace), or ship defaults to /usr.",
        "rpmlint non-conffile-in-etc"
    ),
    check!(
        "rpm-compression",
        Error,
        RPM,
        |p, f| {
            let name = p.description.compression.as_str();
            if !["gzip", "bzip2", "xz", "lzma", "zstd", "none", "identity", "(none)"].contains(&name) {
                f.whole(format!("has a payload compressed with {name}"));
            }
        },
        "rpm of RHEL 8 (4.14) cannot unpack it.",
        "Use zstd, xz or gzip.",
        "RPM package format, PAYLOADCOMPRESSOR"
    ),
    check!(
        "rpm-feature-missing",
        Error,
        RPM,
        feature_missing,
        "An rpm that is too old then installs the package wrongly instead of refusing it.",
        "Require the rpmlib() feature.",
        "rpm-dependency(7), «rpmlib dependencies»"
    ),
    check!(
        "rpm-build-host",
        Note,
        RPM,
        |p, f| {
            let host = p.field("Build Host");
            if !["", "localhost", "localhost.localdomain", "reproducible", "builder", "unknown"]
                .contains(&host)
            {
                f.at("Build Host", format!("is {host}"));
            }
        },
        "The name of the machine is published, and builds differ by it.",
        "Set a fixed one: `%_buildhost`.",
        "reproducible-builds.org; rpm macros, %_buildhost"
    ),
    check!(
        "rpm-build-time",
        Warning,
        RPM,
        |p, f| {
            let time = p.field("Build Time").parse::<i64>().unwrap_or_default();
            if time > p.read_at + 86_400 {
                f.at("Build Time", "lies in the future");
            } else if let Some(file) =
                p.files().find(|file| time > 0 && file.record.time > time + 86_400 && !file.has_flag("ghost"))
            {
                f.at(file.path, "is younger than the package");
            }
        },
        "Times that do not come from one source make every build different.",
        "Set both from SOURCE_DATE_EPOCH (`%use_source_date_epoch_as_buildtime`, `%build_mtime_policy`).",
        "reproducible-builds.org SOURCE_DATE_EPOCH specification"
    ),
    check!(
        "rpm-directory-unowned",
        Warning,
        RPM,
        directory_unowned,
        "The folder stays behind when the package is removed, and its mode depends on who made it.",
        "List the folder (%dir) in the package.",
        "Fedora Packaging Guidelines, «File and Directory Ownership»"
    ),
    check!(
        "rpm-field-missing",
        Error,
        RPM,
        |p, f| {
            for field in ["Name", "Version", "Release", "Summary", "License", "Architecture"] {
                if p.field(field).is_empty() {
                    f.at(field, "is missing");
                }
            }
        },
        "rpmbuild itself would not write such a package, and repositories refuse it.",
        "Set the tag.",
        "rpm-spec(5), «Preamble tags»"
    ),
    check!(
        "rpm-version-grammar",
        Error,
        RPM,
        |p, f| {
            for field in ["Version", "Release"] {
                let value = p.field(field);
                if value.chars().any(|c| !c.is_ascii_alphanumeric() && !"._+~^".contains(c)) {
                    f.at(field, format!("is {value:?}"));
                }
            }
        },
        "A hyphen separates version and release; other characters are compared in surprising ways or \
         refused.",
        "Letters, digits and . _ + ~ ^; `~` before a pre-release.",
        "rpm-version(7)"
    ),
];

fn has_seal(package: &Package, names: &[&str]) -> bool {
    package.description.seals.iter().any(|seal| names.contains(&seal.as_str()))
}

fn place(script: &Script, command: &Command) -> String {
    format!("{}:{}", script.name, command.line)
}

fn each_command(package: &Package, mut each: impl FnMut(&Script, &Command)) {
    for script in &package.description.scripts {
        if script.interpreter.split(' ').next().is_some_and(|program| program.ends_with("sh")) {
            for command in commands(&script.text) {
                each(script, &command);
            }
        }
    }
}

/// Whether text has a macro in it: `%{name}`, `%{?name}`.
fn has_braced_macro(text: &str) -> bool {
    text.match_indices("%{").any(|(at, _)| {
        let before = text[..at].chars().last();
        let name = text[at + 2..].trim_start_matches(['?', '!']);
        // `${x%{y}` is the shell's, `%%{` an escape.
        before != Some('%')
            && !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
            && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
    })
}

fn macro_unexpanded(package: &Package, found: &mut Found) {
    each_command(package, |script, command| {
        let first = command.words[0]
            .strip_prefix('%')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        let query =
            matches!(command.name(), "rpm" | "dnf" | "date" | "printf" | "stat" | "find" | "curl" | "ps");
        if first || !query && command.words.iter().any(|word| has_braced_macro(word)) {
            found.at(place(script, command), format!("has {}", command.words.join(" ")));
        }
    });
    for (name, value) in package.description.fields.iter().filter(|(name, _)| name != "Description") {
        if has_braced_macro(value) {
            found.at(name, format!("is {value:?}"));
        }
    }
    each(package, found, |file| has_braced_macro(file.path).then(|| "has a macro in its path".into()));
}

fn stops_on_upgrade(package: &Package, found: &mut Found) {
    each_command(package, |script, command| {
        if !matches!(script.name.as_str(), "%preun" | "%postun") || command.depends_on_argument() {
            return;
        }
        let operands: Vec<&str> = command.operands().collect();
        let stops = match command.name() {
            "systemctl" | "service" | "rc-service" => {
                operands.iter().any(|w| matches!(*w, "stop" | "disable" | "mask"))
            }
            "chkconfig" => command.words.iter().any(|w| w == "--del") || operands.contains(&"off"),
            "userdel" | "groupdel" => true,
            "rm" => operands
                .iter()
                .any(|w| w.starts_with("/var/lib/") || w.starts_with("/etc/") || w.starts_with("/var/log/")),
            _ => command.words[0].starts_with("/etc/init.d/") && operands.contains(&"stop"),
        };
        if stops {
            found.at(place(script, command), format!("runs `{}` whatever $1 is", command.words.join(" ")));
        }
    });
}

fn not_restarted(package: &Package, found: &mut Found) {
    let restarts = package.description.scripts.iter().any(|script| {
        ["restart", "%systemd_postun_with_restart", "condrestart"]
            .iter()
            .any(|word| script.text.contains(word))
    });
    for unit in package.units().iter().filter(|unit| unit.is_wanted() && unit.is_daemon() && !restarts) {
        found.at(&unit.path, "is restarted by no script");
    }
}

fn script_dependency(package: &Package, found: &mut Found) {
    // What a script needs, and what packages bring it on the distributions.
    let known: [(&[&str], &[&str]); 2] = [
        (&["useradd", "groupadd", "usermod"], &["shadow", "useradd", "groupadd", "user("]),
        (&["semodule", "restorecon", "semanage"], &["policycoreutils", "semodule", "restorecon", "selinux"]),
    ];
    let required: Vec<&str> = package.dependencies();
    let mut told = BTreeSet::new();
    each_command(package, |script, command| {
        for (programs, packages) in known {
            let met = required.iter().any(|r| packages.iter().any(|package| r.contains(package)));
            if programs.contains(&command.name())
                && !met
                && told.insert((script.name.clone(), command.name().to_owned()))
            {
                found.at(
                    place(script, command),
                    format!("calls {}, which the package does not require", command.name()),
                );
            }
        }
    });
}

fn feature_missing(package: &Package, found: &mut Found) {
    let has =
        |feature: &str| package.dependencies().iter().any(|r| r.starts_with(&format!("rpmlib({feature})")));
    let mut need = |feature: &str, because: &str, needed: bool| {
        if needed && !has(feature) {
            found.at(format!("rpmlib({feature})"), format!("is not required, but {because}"));
        }
    };
    let description = &package.description;
    let compression = description.compression.as_str();
    need("PayloadIsZstd", "the payload is compressed with zstd", compression == "zstd");
    need("PayloadIsXz", "the payload is compressed with xz", compression == "xz");
    need("PayloadIsLzma", "the payload is compressed with lzma", compression == "lzma");
    let files = || package.files();
    need(
        "FileDigests",
        "digests of files are not MD5",
        files().any(|f| f.record.digest.as_deref().is_some_and(|d| !d.starts_with("md5:"))),
    );
    need("LargeFiles", "a file has 4 GiB or more", files().any(|f| f.record.size >= 1 << 32));
    let mine = |mark| package.field("Version").contains(mark) || package.field("Release").contains(mark);
    need("TildeInVersions", "the version has a ~", mine('~'));
    need("CaretInVersions", "the version has a ^", mine('^'));
    need(
        "RichDependencies",
        "a dependency is a boolean expression",
        package.dependencies().iter().any(|d| d.starts_with('(')),
    );
}

fn directory_unowned(package: &Package, found: &mut Found) {
    let name = package.description.name.as_str();
    let mut told = BTreeSet::new();
    // Where a ghost will be, the program makes the folder too.
    for file in package.files().filter(|file| !file.has_flag("ghost")) {
        for (at, _) in file.path.match_indices('/').skip(1) {
            let folder = &file.path[..at];
            let own = folder
                .rsplit('/')
                .next()
                .is_some_and(|last| last == name || last.starts_with(&format!("{name}-")));
            let inside = folder.split('/').any(|part| part == name);
            if (own || inside)
                && !name.is_empty()
                && package.file(folder).is_none()
                && told.insert(folder.to_owned())
            {
                found.at(folder, "has files of the package and belongs to no package");
            }
        }
    }
}
