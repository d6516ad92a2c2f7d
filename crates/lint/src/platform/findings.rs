//! What in a package speaks against its use on a platform.

use std::collections::BTreeSet;

use landfall_payload::Format;

use super::Platform;
use crate::checks::runs_on;
use crate::elf::glibc_version;
use crate::finding::{Finding, Found, Rule, Severity};
use crate::package::Package;

/// A function that looks for one thing.
type Look = fn(&Package, &Platform, &mut Found);

/// What is looked for, with the function that looks.
static CHECKS: &[(Rule, Look)] = &[
    (
        Rule {
            id: "platform-format",
            severity: Severity::Error,
            reason: "People there have nothing that installs it.",
            remedy: "Build one of the platform's own formats.",
            source: "",
        },
        format,
    ),
    (
        Rule {
            id: "platform-architecture",
            severity: Severity::Error,
            reason: "The package manager refuses it, or its programs do not start.",
            remedy: "Build it for the platform's architecture.",
            source: "",
        },
        architecture,
    ),
    (
        Rule {
            id: "platform-compression",
            severity: Severity::Error,
            reason: "The platform's package manager cannot unpack it.",
            remedy: "Use xz or gzip.",
            source: "deb(5), «data.tar»: zstd since dpkg 1.21.18; apk-package(5): gzip",
        },
        compression,
    ),
    (
        Rule {
            id: "platform-glibc",
            severity: Severity::Error,
            reason: "The package is refused for its dependency, or its programs stop at their start: \
             «version not found».",
            remedy: "Build on the oldest platform, or for musl, which needs no C library of the system.",
            source: "ld.so(8); Debian Policy §8.6",
        },
        glibc,
    ),
    (
        Rule {
            id: "platform-c-library",
            severity: Severity::Error,
            reason: "The loader that the program names is not there: «not found», although the file is.",
            remedy: "Link the program statically, or build it for the platform's C library.",
            source: "ld.so(8); musl's ld-musl(1)",
        },
        c_library,
    ),
    (
        Rule {
            id: "platform-rpm-feature",
            severity: Severity::Error,
            reason: "The platform's rpm does not know the feature and refuses the package.",
            remedy: "Do without what needs it.",
            source: "rpm-dependency(7), «rpmlib dependencies»",
        },
        rpm_feature,
    ),
    (
        Rule {
            id: "platform-service",
            severity: Severity::Warning,
            reason: "Nothing on the platform starts the service.",
            remedy: "Ship a script for the platform's service manager.",
            source: "",
        },
        service,
    ),
    (
        Rule {
            id: "platform-systemd-directive",
            severity: Severity::Note,
            reason: "The platform's systemd passes over the directive and says so in the journal.",
            remedy: "Nothing, if the service works without it.",
            source: "systemd's NEWS",
        },
        systemd_directive,
    ),
];

/// What in a package speaks against its use on a platform. A finding of [`Severity::Error`] means that it
/// cannot be used there; the others are worth knowing. Where a platform has no format yet, the first finding
/// says so.
pub fn platform_findings(package: &Package, platform: &Platform) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (rule, check) in CHECKS {
        let mut found = Found::new(rule);
        check(package, platform, &mut found);
        findings.extend(found.into_findings());
    }
    findings
}

fn format(package: &Package, platform: &Platform, found: &mut Found) {
    let format = package.format();
    if !platform.formats.contains(&format) {
        let names: Vec<&str> = platform.formats.iter().map(|format| format.name()).collect();
        let instead = if names.is_empty() {
            "none of the formats that are known here is for it".to_owned()
        } else {
            format!("it takes {}", names.join(", "))
        };
        found.whole(format!("is a {format} package for {}; {instead}", platform.title));
    }
}

fn architecture(package: &Package, platform: &Platform, found: &mut Found) {
    let machine = platform.architecture;
    match package.architecture() {
        Some(architecture) if architecture != machine => {
            found.whole(format!(
                "is for {}, but {} has {}",
                architecture.name(),
                platform.title,
                machine.name()
            ));
            return;
        }
        None if !package.is_for_all() && !package.format().is_portable() => {
            found.whole(format!("is for {:?}, which is unknown here", package.description.architecture));
            return;
        }
        _ => {}
    }
    for file in package.files() {
        let built = file.facts.and_then(|facts| facts.elf.as_ref()?.architecture);
        if let Some(built) = built.filter(|built| !runs_on(*built, machine)) {
            found.at(
                file.path,
                format!("is for {}, but {} has {}", built.name(), platform.title, machine.name()),
            );
        }
    }
}

fn compression(package: &Package, platform: &Platform, found: &mut Found) {
    let description = &package.description;
    let packed = description.members.iter().any(|member| member.ends_with(".zst"));
    let zstd = description.compression == "zstd" || packed;
    // A plain archive is unpacked by tar, which the administrator chooses.
    if zstd && !platform.zstd && !package.format().is_portable() {
        found.whole(format!("is compressed with Zstandard, which {} does not unpack", platform.title));
    }
}

fn glibc(package: &Package, platform: &Platform, found: &mut Found) {
    let Some(there) = platform.glibc else { return };
    let mut told = BTreeSet::new();
    let mut needs = |place: String, (major, minor): (u32, u32)| {
        if (major, minor) > there && told.insert(place.clone()) {
            let (a, b) = there;
            found.at(place, format!("needs glibc {major}.{minor}; {} has {a}.{b}", platform.title));
        }
    };
    for dependency in package.dependencies() {
        if let Some(version) = glibc_of(package.format(), dependency) {
            needs(dependency.to_owned(), version);
        }
    }
    for file in package.files() {
        if let Some(version) = file.facts.and_then(|facts| facts.elf.as_ref()?.glibc()) {
            needs(file.path.to_owned(), version);
        }
    }
}

/// The version of glibc that a dependency asks for.
fn glibc_of(format: Format, dependency: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let text = text.trim_start_matches([' ', '>', '=']);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        glibc_version(&format!("GLIBC_{}", &text[..end]))
    };
    match format {
        // One of several alternatives need not be met.
        Format::Deb if dependency.contains('|') => None,
        Format::Deb => {
            let (name, version) = dependency.split_once('(')?;
            (name.trim() == "libc6" && version.starts_with('>')).then(|| number(version))?
        }
        Format::Rpm => {
            let symbol = dependency.split_once("(GLIBC_").map(|(_, rest)| rest);
            symbol.map_or_else(|| number(dependency.strip_prefix("glibc >")?), number)
        }
        Format::Arch => number(dependency.strip_prefix("glibc>=")?),
        _ => None,
    }
}

fn c_library(package: &Package, platform: &Platform, found: &mut Found) {
    let compatible = package.dependencies().iter().any(|d| d.starts_with("gcompat") || d.starts_with("musl"));
    for file in package.files() {
        let Some(elf) = file.facts.and_then(|facts| facts.elf.as_ref()) else { continue };
        let Some(loader) = elf.interpreter.as_deref() else { continue };
        let foreign = match platform.glibc {
            None => loader.contains("ld-linux"),
            Some(_) => loader.contains("ld-musl"),
        };
        if foreign && !compatible && platform.formats.iter().any(|format| *format == package.format()) {
            found.at(file.path, format!("is started by {loader}, which {} does not have", platform.title));
        }
    }
}

/// Features of rpm that are younger than the rpm of a platform (4.14 in RHEL 8, 4.16 in RHEL 9).
fn rpm_feature(package: &Package, platform: &Platform, found: &mut Found) {
    let unknown: &[&str] = match platform.id {
        "rhel-8" => &["CaretInVersions", "DynamicBuildRequires", "PartialHardlinkSets"],
        _ => &[],
    };
    for feature in unknown.iter().filter(|_| package.format() == Format::Rpm) {
        if package.dependencies().iter().any(|d| d.starts_with(&format!("rpmlib({feature})"))) {
            found.at(
                format!("rpmlib({feature})"),
                format!("is required; {} has an older rpm", platform.title),
            );
        }
    }
}

fn service(package: &Package, platform: &Platform, found: &mut Found) {
    let scripted = package.files().any(|file| file.folder() == "/etc/init.d");
    if platform.systemd.is_none() && platform.formats.contains(&package.format()) && !scripted {
        for unit in package.units().iter().filter(|unit| unit.is_wanted()) {
            found.at(&unit.path, format!("is for systemd, which {} does not have", platform.title));
        }
    }
}

fn systemd_directive(package: &Package, platform: &Platform, found: &mut Found) {
    let Some(there) = platform.systemd else { return };
    for unit in package.units() {
        let mut told = BTreeSet::new();
        for directive in &unit.directives {
            let words = format!("{}={}", directive.name, directive.value);
            let since = SINCE.iter().find(|(known, _)| *known == directive.name || *known == words);
            if let Some((name, version)) = since.filter(|(_, version)| *version > there)
                && told.insert(*name)
            {
                let shown = if name.contains('=') { (*name).to_owned() } else { format!("{name}=") };
                found.at(
                    &unit.path,
                    format!("has {shown}, known since systemd {version}; {} has {there}", platform.title),
                );
            }
        }
    }
}

/// The version of systemd that introduced a directive or a value (its NEWS), where that is younger than the
/// oldest platform's or a platform's in living memory.
const SINCE: &[(&str, u32)] = &[
    ("KeyringMode", 235),
    ("LockPersonality", 235),
    ("StateDirectory", 235),
    ("CacheDirectory", 235),
    ("LogsDirectory", 235),
    ("ConfigurationDirectory", 235),
    ("IPAddressDeny", 235),
    ("IPAddressAllow", 235),
    ("TemporaryFileSystem", 238),
    ("PrivateMounts", 239),
    ("Type=exec", 240),
    ("CPUQuotaPeriodSec", 242),
    ("NetworkNamespacePath", 242),
    ("ProtectHostname", 242),
    ("RestrictSUIDSGID", 242),
    ("NUMAPolicy", 243),
    ("OOMPolicy", 243),
    ("ExecCondition", 243),
    ("ProtectKernelLogs", 244),
    ("CleanTimeout", 244),
    ("LogNamespace", 245),
    ("ProtectClock", 245),
    ("CoredumpFilter", 246),
    ("TimeoutStartFailureMode", 246),
    ("TimeoutStopFailureMode", 246),
    ("LoadCredential", 247),
    ("SetCredential", 247),
    ("ProcSubset", 247),
    ("ProtectProc", 247),
    ("SystemCallLog", 247),
    ("ManagedOOMSwap", 247),
    ("ExecPaths", 248),
    ("NoExecPaths", 248),
    ("PrivateIPC", 248),
    ("IPCNamespacePath", 248),
    ("Upholds", 249),
    ("UpheldBy", 249),
    ("RestrictFileSystems", 250),
    ("RestrictNetworkInterfaces", 250),
    ("ExitType", 250),
    ("LoadCredentialEncrypted", 250),
    ("SetCredentialEncrypted", 250),
    ("OpenFile", 253),
    ("Type=notify-reload", 253),
    ("ReloadSignal", 253),
    ("LogFilterPatterns", 253),
    ("FileDescriptorStorePreserve", 254),
    ("ImportCredential", 254),
    ("MemoryPressureWatch", 254),
    ("RestartMaxDelaySec", 254),
    ("RestartMode", 254),
    ("RestartSteps", 254),
    ("SurviveFinalKillSignal", 255),
    ("BindLogSockets", 257),
    ("PrivatePIDs", 257),
    ("PrivateUsers=identity", 257),
];
