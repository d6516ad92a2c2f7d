//! The scenario judged under Wine: what is wrong with an installer of Windows is found by the step that is meant for it.
//!
//! The installers are sound when they are written; then rows of their tables are changed, as a mistake in the packager
//! would have made them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use landfall_payload::{Content, Entry, EntryKind, Format, Payload};
use landfall_verify::evidence::{Step, Verdict};
use landfall_verify::lab::{Blueprint, available, catalogue, timed};
use landfall_verify::scenario::{Act, Subject};

const COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// What the manifest of the sound product has for Windows alone.
const MORE: &str = r#"
[settings.server]
title = "Server address"
type = "url"

[settings.token]
title = "Token"
type = "secret"
"#;

/// The program for Windows; `None`, said aloud, without a compiler.
fn program() -> Option<&'static [u8]> {
    static PROGRAM: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let made = PROGRAM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/beacon/beacon.c");
        let words = ["-Os", "-s", "-o", "beacon.exe", source, "-lws2_32"];
        match Command::new(COMPILER).args(words).current_dir(&folder).status() {
            Ok(status) => assert!(status.success()),
            Err(_) => return None,
        }
        Some(fs::read(folder.path().join("beacon.exe")).unwrap())
    });
    made.as_deref()
}

/// The sound product for Windows; `folder` has what it is made from.
pub(super) fn sound(version: &str, folder: &Path) -> Payload {
    let made = tempfile::tempdir().unwrap();
    for name in ["beacon.conf", "verify.sh"] {
        fs::copy(folder.join(name), made.path().join(name)).unwrap();
    }
    fs::write(made.path().join("README.md"), "Answers on an address and moves files.\n").unwrap();
    fs::write(made.path().join("beacon.exe"), program().unwrap()).unwrap();
    let text = fs::read_to_string(folder.join("landfall.toml")).unwrap();
    let text = text
        .replace("1.0.0", version)
        .replace("[verify]", &format!("{MORE}\n[verify]"))
        .replace("{ greeting = \"hello\" }", "{ greeting = \"hello\", server = \"http://a.test\", token = \"s3cr3t\" }")
        .replace(
            "[service]",
            "[[files]]\nsource = \"README.md\"\ndestination = \"{doc}/\"\nrole = \"documentation\"\n\n[service]",
        );
    let loaded = landfall_manifest::parse(&made.path().join("landfall.toml"), text).unwrap();
    let version = landfall_payload::version(&loaded, &|_| None).unwrap();
    let target = "x86_64-pc-windows-gnu".parse().unwrap();
    let mut payload = landfall_payload::build(&loaded, &target, &version, 1_700_000_000).unwrap().payload;
    payload.all_entries.push(Entry { path: "/noise".to_owned(), ..super::noise() });
    // The files they come from are gone when packages are written.
    for entry in &mut payload.all_entries {
        if let EntryKind::File(content) = &mut entry.kind {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut content.open().unwrap(), &mut bytes).unwrap();
            *content = Content::Bytes(bytes.into());
        }
    }
    payload
}

/// Lets the program do something wrong.
fn mode(payload: &mut Payload, mode: &str) {
    for entry in payload.all_entries.iter_mut().filter(|entry| entry.path.ends_with("beacon.exe")) {
        let EntryKind::File(content) = &mut entry.kind else { panic!("no file") };
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut content.open().unwrap(), &mut bytes).unwrap();
        let at = bytes.windows(9).position(|window| window == b"mode=none").unwrap();
        bytes[at..at + mode.len()].copy_from_slice(mode.as_bytes());
        *content = Content::Bytes(bytes.into());
    }
}

/// A product whose installers are broken.
#[derive(Default)]
struct Trial {
    /// What is done to the tables of the release under test.
    new: &'static [&'static str],
    /// What is done to those of the release before it; `None`: there is none.
    old: Option<&'static [&'static str]>,
    /// What the program under test does wrong.
    mode: Option<&'static str>,
}

/// A program that fails, run when the service is to be started.
const FAILS: &str = "INSERT INTO CustomAction (Action, Type, Source, Target) VALUES ('Bang', 3106, 'System64Folder', \
                     '\"[System64Folder]cmd.exe\" /c exit 1')";

impl Trial {
    /// Plays an act; `None`, said aloud, where the machine lacks something.
    fn play(&self, act: Act) -> Option<Vec<Step>> {
        for (tool, package) in [(COMPILER, "gcc-mingw-w64-x86-64"), ("msibuild", "msitools")] {
            if Command::new(tool).arg("--version").output().is_err() {
                let _ = writeln!(std::io::stderr(), "SKIPPED: needs {tool} (apt-get install {package})");
                return None;
            }
        }
        let blueprint: Box<dyn Blueprint> =
            catalogue::all().into_iter().find(|blueprint| blueprint.id() == "windows-wine").unwrap();
        available(blueprint.check().and_then(|()| blueprint.prepare()))?;
        let scratch = tempfile::tempdir().unwrap();
        let [old_folder, new_folder] = ["old", "new"].map(|name| scratch.path().join(name));
        fs::create_dir(&old_folder).unwrap();
        fs::create_dir(&new_folder).unwrap();
        let mut payload = super::sound("1.1.0", Format::Msi);
        if let Some(wrong) = self.mode {
            mode(&mut payload, wrong);
        }
        let file = super::write(&payload, Format::Msi, &new_folder);
        query(&file, self.new);
        let previous = self.old.map(|queries| {
            let file = super::write(&super::sound("1.0.0", Format::Msi), Format::Msi, &old_folder);
            query(&file, queries);
            file
        });
        let subject = Subject {
            artifact: "beacon.msi".to_owned(),
            file,
            sha256: String::new(),
            format: Format::Msi,
            payload,
            previous,
            scratch: scratch.path().to_owned(),
        };
        Some(timed(&format!("windows-wine {act:?}"), || act.play(&subject, blueprint.as_ref())))
    }

    /// These steps fail, with these words, and no other.
    #[track_caller]
    fn is_caught_by(&self, act: Act, expected: &[(&str, &str)]) {
        let Some(steps) = self.play(act) else { return };
        let failed: Vec<(&str, &str)> = steps
            .iter()
            .filter(|step| step.verdict == Verdict::Failed)
            .map(|step| (step.id.as_str(), step.reason.as_str()))
            .collect();
        let ids = |all: &[(&str, &str)]| all.iter().map(|(id, _)| (*id).to_owned()).collect::<Vec<_>>();
        let told = || {
            steps
                .iter()
                .map(|step| format!("{} {:?}: {}\n", step.id, step.verdict, step.reason))
                .collect::<String>()
        };
        assert_eq!(ids(&failed), ids(expected), "{}", told());
        for ((id, reason), (_, words)) in failed.iter().zip(expected) {
            assert!(reason.contains(words), "{id}: {reason}");
        }
    }
}

/// Changes the tables of an installer.
fn query(file: &PathBuf, queries: &[&str]) {
    if queries.is_empty() {
        return;
    }
    let output = Command::new("msibuild").arg(file).arg("-q").args(queries).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_sound_installer_passes_everything() {
    for act in Act::ALL {
        let Some(steps) = (Trial { old: Some(&[]), ..Trial::default() }).play(act) else { continue };
        for step in steps {
            let fine = match step.id.as_str() {
                // What Wine cannot judge is said to be so.
                "recovery" | "not-ready" => step.verdict == Verdict::NotRun && step.reason.contains("Wine"),
                _ => matches!(step.verdict, Verdict::Passed | Verdict::NotApplicable),
            };
            assert!(fine, "{}: {:?}: {}", step.id, step.verdict, step.reason);
        }
    }
}

#[test]
fn a_fresh_installation() {
    Trial {
        new: &[
            "DELETE FROM AdminExecuteSequence WHERE Action = 'InstallFiles'",
            "UPDATE Directory SET DefaultDir = 'elsewhere' WHERE DefaultDir = 'doc'",
            "DELETE FROM Registry WHERE Name = 'EventMessageFile'",
            // The installer writes what it writes into its log.
            "UPDATE Registry SET Value = '[TOKEN]' WHERE Name = 'TypesSupported'",
        ],
        mode: Some("mode=idle"),
        ..Trial::default()
    }
    .is_caught_by(
        Act::Fresh,
        &[
            ("layout", "is not laid out in"),
            ("files", "doc/README.md is not there"),
            (
                "registry",
                "the registry holds the secret token\nthe source of events: EventMessageFile is missing",
            ),
            ("check", "checked was not moved"),
            ("secrets", "a log holds token: "),
            ("restart", "queued was not moved"),
        ],
    );
}

#[test]
fn an_installation_that_fails() {
    Trial {
        new: &[FAILS, "INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('Bang', 5890)"],
        ..Trial::default()
    }
    .is_caught_by(Act::Fresh, &[("install", "msiexec install: 16")]);
}

#[test]
fn a_service_that_is_registered_otherwise() {
    Trial { new: &["UPDATE ServiceInstall SET StartName = 'LocalSystem'"], ..Trial::default() }.is_caught_by(
        Act::Fresh,
        &[("service", r"ObjectName is LocalSystem, declared is NT SERVICE\beacon")],
    );
    Trial { new: &["UPDATE ServiceInstall SET StartType = 3"], ..Trial::default() }
        .is_caught_by(Act::Fresh, &[("service", "does not start with the machine")]);
}

#[test]
fn an_upgrade_that_leaves_the_old_version() {
    Trial {
        new: &["DELETE FROM InstallExecuteSequence WHERE Action = 'FindRelatedProducts'"],
        old: Some(&[]),
        ..Trial::default()
    }
    .is_caught_by(Act::History, &[("upgrade", "beacon 2 times")]);
}

#[test]
fn an_upgrade_that_loses_work() {
    Trial {
        new: &["UPDATE InstallExecuteSequence SET Condition = 'VersionNT' WHERE Action = 'StartServices'"],
        old: Some(&[]),
        mode: Some("mode=lose"),
    }
    .is_caught_by(
        Act::History,
        &[
            ("upgrade-service", "a stopped service is"),
            ("upgrade-work", "queued was not moved"),
            ("return", "queued was not moved"),
        ],
    );
}

#[test]
fn an_upgrade_that_loses_configuration() {
    Trial {
        // A component as any other: neither permanent nor kept from being overwritten.
        new: &["UPDATE Component SET Attributes = 256 WHERE Directory_ = 'DATADIR' AND Attributes = 400"],
        old: Some(&[]),
        ..Trial::default()
    }
    .is_caught_by(
        Act::History,
        &[
            ("upgrade-configuration", "beacon.conf, which an administrator had edited, was changed"),
            // What is lost stays so.
            ("reinstall", "was changed"),
            ("repair", "was changed"),
            ("downgrade", "was changed"),
            ("remove-keeps", "was changed"),
            ("return", "was changed"),
        ],
    );
}

#[test]
fn a_downgrade_that_is_not_refused() {
    Trial {
        old: Some(&["DELETE FROM InstallExecuteSequence WHERE Action = 'LaunchConditions'"]),
        ..Trial::default()
    }
    .is_caught_by(
        Act::History,
        &[
            ("downgrade", "the previous release went over the newer one"),
            // Both count as installed then, and one of them is removed.
            ("remove", "beacon.exe is still there"),
        ],
    );
}

#[test]
fn a_removal_that_leaves_the_service() {
    Trial { new: &["DELETE FROM ServiceControl WHERE Event = 162"], ..Trial::default() }
        .is_caught_by(Act::History, &[("remove", "the service beacon still")]);
}

#[test]
fn a_setting_that_nobody_looks_at() {
    Trial {
        new: &["DELETE FROM InstallExecuteSequence WHERE Action = 'LaunchConditions'"],
        ..Trial::default()
    }
    .is_caught_by(Act::NotReady, &[("wrong-setting", "SERVER took the value ftp://wrong.test")]);
}
