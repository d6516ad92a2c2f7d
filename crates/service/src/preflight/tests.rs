use super::*;
use landfall_service_definition::{Setting, SettingType};
use std::cell::OnceCell;
use std::fs;

struct Demo(Definition);

impl Program for Demo {
    fn definition(&self) -> &Definition {
        &self.0
    }
}

/// Findings on a machine with these files.
fn findings(files: &[(&str, &str)], change: impl FnOnce(&mut Definition)) -> Report {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut definition = Definition::new("demo", "/usr/bin/demo");
    definition.settings.insert(
        "watch-folder".into(),
        Setting {
            title: "Folder".into(),
            kind: SettingType::Directory,
            required: true,
            default: None,
            environment: "DEMO_WATCH_FOLDER".into(),
        },
    );
    change(&mut definition);
    let host = Host::below(root.path().to_owned());
    let manager = Manager::find(&host, &definition, Some("systemd"));
    let subject = Subject {
        host: &host,
        definition: &definition,
        settings: &Settings::default(),
        manager: &manager,
        program: &Demo(definition.clone()),
        upgrade: false,
        allow_unconfigured: false,
        server: OnceCell::new(),
    };
    examine(&subject, &[])
}

fn verdict(report: &Report, check: &str) -> Option<Verdict> {
    report.findings.iter().find(|finding| finding.check == check).map(|finding| finding.verdict)
}

#[test]
fn limits_of_inotify_are_looked_at() {
    let limits = |watches: &str, instances: &str| {
        let folder = "proc/sys/fs/inotify";
        let files = [
            (format!("{folder}/max_user_watches"), watches),
            (format!("{folder}/max_user_instances"), instances),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        verdict(&findings(&files, |_| ()), "inotify")
    };
    assert_eq!(limits("65536\n", "128\n"), Some(Verdict::Pass));
    assert_eq!(limits("100\n", "128\n"), Some(Verdict::Warn));
    assert_eq!(limits("65536\n", "8\n"), Some(Verdict::Warn));
    assert_eq!(verdict(&findings(&[], |_| ()), "inotify"), None);
}

#[test]
fn selinux_and_fips_are_told() {
    let enforcing = [("sys/fs/selinux/enforce", "1"), ("proc/sys/crypto/fips_enabled", "1\n")];
    let report = findings(&enforcing, |_| ());
    assert_eq!(verdict(&report, "selinux"), Some(Verdict::Pass));
    assert_eq!(verdict(&report, "fips"), Some(Verdict::Warn));
    let elsewhere = findings(&enforcing, |definition| definition.program = "/srv/demo".into());
    assert_eq!(verdict(&elsewhere, "selinux"), Some(Verdict::Warn));
    let permissive =
        findings(&[("sys/fs/selinux/enforce", "0"), ("proc/sys/crypto/fips_enabled", "0")], |_| ());
    assert_eq!(verdict(&permissive, "selinux"), Some(Verdict::Pass));
    assert_eq!(verdict(&permissive, "fips"), None);
}

#[test]
fn a_write_filter_is_told() {
    for word in ["overlayroot=tmpfs", "boot=overlay"] {
        let report = findings(&[("proc/cmdline", &format!("quiet {word}\n"))], |_| ());
        assert_eq!(verdict(&report, "write-filter"), Some(Verdict::Warn), "{word}");
    }
    let off = findings(&[("proc/cmdline", "overlayroot=disabled")], |definition| {
        // Where the tests run may be in memory itself.
        definition.folders.state = "/".into();
    });
    assert_ne!(verdict(&off, "write-filter"), Some(Verdict::Fail));
}

#[test]
fn a_program_in_a_bad_place_is_refused() {
    let place =
        |program: &str| verdict(&findings(&[], |definition| definition.program = program.into()), "program");
    assert_eq!(place("/usr/local/bin/demo"), Some(Verdict::Pass));
    assert_eq!(place("/tmp/demo"), Some(Verdict::Fail));
    assert_eq!(place("/home/anna/demo"), Some(Verdict::Fail));
}

#[test]
fn the_first_failure_decides_and_is_shown_with_its_remedy() {
    let report = findings(&[("var", "a file")], |_| ());
    assert_eq!(verdict(&report, "settings"), Some(Verdict::Fail));
    assert_eq!(verdict(&report, "folders"), Some(Verdict::Fail));
    assert_eq!(report.exit(), Exit::Configuration);
    let text = report.to_string();
    assert!(text.contains("FAIL  settings"), "{text}");
    assert!(text.contains("-> give --watch-folder, or --allow-unconfigured"), "{text}");
}

#[test]
fn the_documentation_lists_each_check() {
    let page = include_str!("../../../../docs/install-service.md");
    for name in names() {
        assert!(page.contains(&format!("| `{name}` |")), "docs/install-service.md lacks the check {name}");
    }
}
