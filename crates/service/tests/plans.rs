//! What `install-service --dry-run` would do for each service manager, and what it lays out below another root.

// Plans are data and the same wherever they are made.
#![cfg(unix)]

use landfall_service::exit::Exit;
use landfall_service::install::{self, Program};
use landfall_service_definition::{Account, Definition, Folders, Platform, Ready, Setting, SettingType};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The program under test is this test itself, started once more with the words of a command line: what it prints
/// is what a person sees.
const WORDS: &str = "LANDFALL_TEST_WORDS";
const PLATFORM: &str = "LANDFALL_TEST_PLATFORM";

struct Demo(Definition);

impl Program for Demo {
    fn definition(&self) -> &Definition {
        &self.0
    }

    fn files(&self, _: &Definition) -> Vec<(String, String)> {
        vec![("demo.conf".to_owned(), "level = 1\n".to_owned())]
    }
}

fn definition(platform: Platform) -> Definition {
    let folders = Folders::of(platform, "demo");
    let (program, separator) = match platform {
        Platform::Windows => (r"C:\Program Files\Demo\demo.exe", '\\'),
        Platform::Macos => ("/usr/local/bin/demo", '/'),
        _ => ("/usr/local/bin/demo", '/'),
    };
    let mut definition = Definition::new("demo", program);
    definition.platform = platform;
    definition.identifier = "com.example.demo".into();
    definition.title = "Demo".into();
    definition.arguments = vec!["run".into()];
    definition.account = Account::Own("demo".into());
    definition.ready = Ready::Notify;
    definition.environment_file =
        (platform == Platform::Linux).then(|| format!("{}/environment", folders.configuration));
    definition.credentials.insert(
        "api-token".into(),
        format!("{}{separator}credentials{separator}api-token", folders.configuration),
    );
    definition.folders = folders;
    let mut add = |name: &str, kind, required, default: Option<String>| {
        let environment = format!("DEMO_{}", name.to_uppercase().replace('-', "_"));
        let setting = Setting { title: name.to_owned(), kind, required, default, environment };
        definition.settings.insert(name.to_owned(), setting);
    };
    let watch = format!("{}{separator}watch", Folders::of(platform, "demo").state);
    add("server-url", SettingType::Url, true, None);
    add("api-token", SettingType::Secret, false, None);
    add("watch-folder", SettingType::Directory, false, Some(watch));
    definition
}

/// Runs when this test is started by itself; else there is nothing to do.
#[test]
fn program() {
    let (Ok(words), Ok(platform)) = (std::env::var(WORDS), std::env::var(PLATFORM)) else { return };
    let platform = serde_json::from_str(&format!("{platform:?}")).unwrap();
    let demo = Demo(definition(platform));
    let command = clap::Command::new("demo").subcommands(install::commands(demo.definition()));
    let exit = match command.try_get_matches_from(std::iter::once("demo").chain(words.split('\n'))) {
        Ok(matches) => {
            let (name, matches) = matches.subcommand().unwrap();
            install::run(&demo, name, matches)
        }
        Err(_) => Exit::Usage,
    };
    std::process::exit(exit.code().into());
}

/// Exit code and standard output of the program.
fn demo(platform: &str, root: &Path, words: &[&str]) -> (u8, String) {
    let root = root.to_str().unwrap();
    let words = [words, &["--root", root]].concat().join("\n");
    let output = Command::new(std::env::current_exe().unwrap())
        // With one thread the harness would name the test first.
        .args(["--exact", "program", "--nocapture", "--test-threads=2"])
        .env(WORDS, words)
        .env(PLATFORM, platform)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // Before it stands what the test harness says.
    let text = text.split_once("running 1 test\n").map_or(text.as_str(), |(_, text)| text);
    (output.status.code().unwrap().try_into().unwrap(), text.to_owned())
}

const SILENT: &[&str] = &["install-service", "--silent", "--server-url", "https://x.example"];

fn golden(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, text).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, expected, "{} differs; UPDATE_GOLDEN=1 writes it anew", file.display());
}

/// The plan with no more than the first lines of each file.
fn shortened(text: &str) -> String {
    let mut shown = 0;
    let mut lines = String::new();
    for line in text.lines() {
        shown = if line.starts_with("    | ") || line == "    |" { shown + 1 } else { 0 };
        match shown {
            0..=3 => lines += &format!("{line}\n"),
            4 => lines += "    | ...\n",
            _ => {}
        }
    }
    lines
}

fn machine(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    root
}

const SYSTEMD: &[&str] = &["usr/lib/systemd/systemd"];
const OPENRC: &[&str] = &["sbin/openrc-run"];
const SYSV: &[&str] = &["etc/init.d/README", "sbin/start-stop-daemon", "usr/sbin/update-rc.d"];

#[test]
fn plans_are_as_expected() {
    for (platform, files, name) in [
        ("linux", SYSTEMD, "systemd.txt"),
        ("linux", OPENRC, "openrc.txt"),
        ("linux", SYSV, "sysv.txt"),
        ("macos", &[][..], "launchd.txt"),
        ("windows", &[][..], "windows.txt"),
    ] {
        let root = machine(files);
        let (code, text) = demo(platform, root.path(), &[SILENT, &["--dry-run"]].concat());
        assert_eq!(code, 0, "{text}");
        // Scripts and units have golden files of their own, where they are made.
        golden(name, &if platform == "linux" { shortened(&text) } else { text });
    }
}

#[test]
fn a_plan_touches_nothing() {
    let root = machine(SYSTEMD);
    let count = || walk(root.path()).len();
    let before = count();
    demo("linux", root.path(), &[SILENT, &["--dry-run"]].concat());
    demo("linux", root.path(), &["preflight"]);
    assert_eq!(count(), before);
}

fn walk(folder: &Path) -> Vec<String> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.display().to_string());
        if path.is_dir() && !path.is_symlink() {
            found.extend(walk(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn files_are_laid_out_below_another_root_and_go_again() {
    for (files, definition) in
        [(SYSTEMD, "etc/systemd/system/demo.service"), (OPENRC, "etc/init.d/demo"), (SYSV, "etc/init.d/demo")]
    {
        let root = machine(files);
        let before = walk(root.path());
        let path = |name: &str| root.path().join(name);
        let (code, text) = demo("linux", root.path(), SILENT);
        assert_eq!(code, 0, "{text}");
        assert!(fs::read_to_string(path(definition)).unwrap().contains("Installed by demo install-service"));
        assert_eq!(
            fs::read_to_string(path("etc/demo/environment")).unwrap(),
            "DEMO_SERVER_URL=https://x.example\n"
        );
        assert_eq!(fs::read_to_string(path("etc/demo/demo.conf")).unwrap(), "level = 1\n");
        assert!(path("var/lib/demo/watch").is_dir());

        // An upgrade keeps what somebody has changed.
        fs::write(path("etc/demo/demo.conf"), "level = 2\n").unwrap();
        fs::write(path("var/lib/demo/note"), "kept").unwrap();
        assert_eq!(demo("linux", root.path(), &["install-service", "--silent"]).0, 0);
        assert_eq!(fs::read_to_string(path("etc/demo/demo.conf")).unwrap(), "level = 2\n");
        assert_eq!(demo("linux", root.path(), &["install-service", "--silent", "--no-upgrade"]).0, 4);

        assert_eq!(demo("linux", root.path(), &["uninstall-service", "--silent"]).0, 0);
        assert!(!path(definition).exists());
        assert!(path("var/lib/demo/note").exists() && path("etc/demo/environment").exists());
        assert_eq!(demo("linux", root.path(), &["uninstall-service", "--silent"]).0, 11);
        assert_eq!(demo("linux", root.path(), &["uninstall-service", "--silent", "--purge"]).0, 0);
        let folders = [
            "/etc",
            "/etc/systemd",
            "/multi-user.target.wants",
            "/system",
            "/runlevels",
            "/default",
            "/init.d",
        ];
        let empty = |path: &&String| {
            folders.iter().any(|f| path.ends_with(f)) || path.contains("/var") && !path.contains("demo")
        };
        let left: Vec<String> = walk(root.path());
        let left: Vec<&String> = left.iter().filter(|path| !before.contains(path) && !empty(path)).collect();
        assert_eq!(left, Vec::<&String>::new());
    }
}

#[test]
fn an_instance_has_everything_of_its_own() {
    let root = machine(SYSTEMD);
    let words = [SILENT, &["--instance", "two", "--watch-folder", "/srv/two", "--json"]].concat();
    let (code, text) = demo("linux", root.path(), &words);
    assert_eq!(code, 0, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["service"], "demo@two");
    assert_eq!(answer["outcome"], "installed");
    let unit = fs::read_to_string(root.path().join("etc/systemd/system/demo@two.service")).unwrap();
    assert!(unit.contains("ReadWritePaths=-/srv/two"), "{unit}");
    assert!(root.path().join("etc/demo@two/environment").exists() && !root.path().join("etc/demo").exists());
}

#[test]
fn wrong_orders_have_their_codes() {
    let root = machine(SYSTEMD);
    for (words, code) in [
        (&["install-service", "--sielnt"][..], 64),
        (&["install-service", "--silent", "--skip-preflight=weather", "--server-url", "https://x"], 64),
        (&["install-service", "--silent", "--user", "--account", "anna", "--server-url", "https://x"], 64),
        (&["install-service", "--silent"], 3),
        (&["install-service", "--silent", "--server-url", "company"], 3),
        (&["install-service", "--silent", "--answers", "/nowhere", "--server-url", "https://x"], 3),
        (&["install-service", "--silent", "--instance", "a/b", "--server-url", "https://x"], 3),
        (&["uninstall-service", "--silent"], 11),
    ] {
        let (found, text) = demo("linux", root.path(), words);
        assert_eq!(found, code, "{words:?}: {text}");
    }
    assert_eq!(demo("container", root.path(), SILENT).0, 2);
    let (code, text) = demo("windows", root.path(), SILENT);
    assert_eq!(code, 2, "{text}");
}
