//! Alpine packages.

use landfall_packages::Kind;
use landfall_payload::Format;

use super::common::each;
use super::{Check, check};
use crate::shell::commands;
use crate::version::AlpineVersion;

const APK: &[Format] = &[Format::Apk];

pub(super) static CHECKS: &[Check] = &[
    check!(
        "apk-datahash-missing",
        Error,
        APK,
        |p, f| {
            let hash = p.field("datahash");
            if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
                f.at("datahash", if hash.is_empty() { "is missing".into() } else { format!("is {hash:?}") });
            }
        },
        "The signature covers the metadata alone; without the hash it says nothing of the files, and apk \
         refuses the package.",
        "Write the SHA-256 of the data part into .PKGINFO.",
        "apk-package(5), datahash"
    ),
    check!(
        "apk-datahash-wrong",
        Error,
        APK,
        |p, f| {
            let is_there = !p.field("datahash").is_empty();
            if is_there && !p.description.seals.iter().any(|seal| seal == "datahash") {
                f.at("datahash", "is not the SHA-256 of the package's data");
            }
        },
        "apk refuses the package: its files are not those that were signed.",
        "Build the package again; nothing may change the data after .PKGINFO is written.",
        "apk-package(5), datahash"
    ),
    check!(
        "apk-checksum-missing",
        Error,
        APK,
        |p, f| each(p, f, |file| {
            (file.record.kind == Kind::File && file.record.digest.is_none())
                .then(|| "has no checksum in its header".into())
        }),
        "apk 2 cannot audit the file, and takes it as changed at every upgrade.",
        "Write the pax record APK-TOOLS.checksum.SHA1 (abuild-tar --hash).",
        "apk-package(5), «Data segment»"
    ),
    check!(
        "apk-openrc-mode",
        Error,
        APK,
        |p, f| each(p, f, |file| {
            let script = file.folder() == "/etc/init.d" && file.record.kind == Kind::File;
            (script && file.record.mode & 0o111 == 0).then(|| format!("has mode {:04o}", file.record.mode))
        }),
        "OpenRC passes over a script that it cannot run: the service does not exist.",
        "Use mode 0755.",
        "openrc-run(8)"
    ),
    check!(
        "apk-openrc-interpreter",
        Warning,
        APK,
        |p, f| each(p, f, |file| {
            let first = file.facts?.text.as_deref()?.lines().next().unwrap_or_default();
            let wrong = file.folder() == "/etc/init.d"
                && !first.ends_with("/openrc-run")
                && !first.ends_with("/runscript");
            wrong.then(|| format!("begins with {first:?}"))
        }),
        "Without openrc-run the script knows neither depend() nor the state of services.",
        "#!/sbin/openrc-run",
        "openrc-run(8)"
    ),
    check!(
        "apk-service-missing",
        Warning,
        APK,
        |p, f| {
            if !p.files().any(|file| file.folder() == "/etc/init.d") {
                for unit in p.units().iter().filter(|unit| unit.is_wanted()) {
                    f.at(&unit.path, "is a systemd unit, and there is no script in /etc/init.d");
                }
            }
        },
        "Alpine has no systemd: nothing starts the service.",
        "Ship an OpenRC script.",
        "Alpine wiki, «OpenRC»"
    ),
    check!(
        "apk-signature-missing",
        Note,
        APK,
        |p, f| {
            if !p.description.seals.iter().any(|seal| seal.starts_with(".SIGN.")) {
                f.whole("is not signed");
            }
        },
        "apk installs it only with --allow-untrusted, or from an index that is signed.",
        "Sign it with abuild-sign, or publish it in a signed index.",
        "apk-package(5), «Signature segment»"
    ),
    check!(
        "apk-version-grammar",
        Error,
        APK,
        |p, f| {
            let version = &p.description.version;
            if !AlpineVersion::parse(version).is_valid {
                f.at("pkgver", format!("is {version:?}"));
            }
        },
        "apk cannot compare the version and refuses the package.",
        "Numbers, at most one letter, _alpha _beta _pre _rc or _p with a number, -rN.",
        "apk-package(5), «Package versions»"
    ),
    check!(
        "apk-field-missing",
        Error,
        APK,
        |p, f| {
            for field in ["pkgname", "pkgver", "pkgdesc", "arch", "size", "license"] {
                if p.field(field).is_empty() {
                    f.at(field, "is missing");
                }
            }
        },
        "apk and programs for its index refuse the package or show nothing of it.",
        "Write the field into .PKGINFO.",
        "apk-package(5), «PKGINFO»"
    ),
    check!(
        "apk-script-interpreter",
        Error,
        APK,
        |p, f| {
            for script in &p.description.scripts {
                let program = script.interpreter.split_whitespace().next().unwrap_or_default();
                let met = p
                    .dependencies()
                    .iter()
                    .any(|d| program.rsplit('/').next().is_some_and(|name| d.starts_with(name)));
                if program.is_empty() {
                    f.at(&script.name, "does not begin with #!");
                } else if program != "/bin/sh" && !program.starts_with("/bin/busybox") && !met {
                    f.at(&script.name, format!("is run by {program}, which is not on every machine"));
                }
            }
        },
        "Alpine has BusyBox alone: the script does not run and the package stays broken.",
        "#!/bin/sh, in POSIX shell.",
        "apk-package(5), «Scripts»"
    ),
    check!(
        "apk-script-starts",
        Warning,
        APK,
        |p, f| {
            for script in
                p.description.scripts.iter().filter(|s| s.name == ".post-install" || s.name == ".pre-install")
            {
                for command in commands(&script.text) {
                    let starts = match command.name() {
                        "rc-update" => command.operands().any(|w| w == "add"),
                        "rc-service" | "service" => {
                            command.operands().any(|w| matches!(w, "start" | "restart"))
                        }
                        _ => false,
                    };
                    if starts {
                        f.at(
                            format!("{}:{}", script.name, command.line),
                            format!("calls {}", command.words.join(" ")),
                        );
                    }
                }
            }
        },
        "On Alpine the administrator decides whether a service runs, and in an image there is no OpenRC to \
         ask.",
        "Print how to start it.",
        "Alpine wiki, «APKBUILD Reference», install"
    ),
    check!(
        "apk-glibc-program",
        Error,
        APK,
        |p, f| {
            let met = p.dependencies().iter().any(|d| d.starts_with("gcompat") || d.starts_with("glibc"));
            each(p, f, |file| {
                let loader = file.facts?.elf.as_ref()?.interpreter.as_deref()?;
                (loader.contains("ld-linux") && !met).then(|| format!("is started by {loader}"))
            });
        },
        "Alpine has musl: the loader is not there, and the program is «not found».",
        "Build it for musl, or depend on gcompat.",
        "Alpine wiki, «Running glibc programs»"
    ),
];
