//! A service of Windows that an installer brought, given settings by the program's own command.
#![cfg(windows)]

use std::io::Write as _;
use std::process::Command;

use landfall_service::install::{self, Program};
use landfall_service_definition::{Definition, Folders, Health, Platform, Setting, SettingType};

const NAME: &str = "landfall-demo";
const SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\landfall-demo";
const REMEMBERED: &str = r"HKLM\Software\Landfall\demo";
/// Set by whoever can do without what is on the machine: the test registers a service.
const PERMISSION: &str = "WATS_CLIENT_TEST_SERVICES";
/// The program under test is this test itself, started once more with the words of a command line.
const WORDS: &str = "LANDFALL_TEST_WORDS";

struct Demo(Definition);

impl Program for Demo {
    fn definition(&self) -> &Definition {
        &self.0
    }
}

fn definition() -> Definition {
    let mut definition = Definition::new(NAME, r"C:\Program Files\landfall-demo\landfall-demo.exe");
    definition.platform = Platform::Windows;
    definition.folders = Folders::of(Platform::Windows, NAME);
    let address = "http://127.0.0.1:9/health".to_owned();
    definition.health = Some(Health {
        address: address.clone(),
        live: address.clone(),
        ready: address,
        listen: Some("DEMO_HEALTH_LISTEN".into()),
        command: None,
    });
    let setting = Setting {
        title: "Station".into(),
        kind: SettingType::String,
        required: false,
        default: None,
        environment: "DEMO_STATION_NAME".into(),
    };
    definition.settings.insert("station-name".into(), setting);
    definition
}

/// Runs when this test is started by itself; else there is nothing to do.
#[test]
fn program() {
    let Ok(words) = std::env::var(WORDS) else { return };
    let demo = Demo(definition());
    let command = clap::Command::new(NAME).subcommands(install::commands(demo.definition()));
    let matches = command.get_matches_from(std::iter::once(NAME).chain(words.split('\n')));
    let (name, matches) = matches.subcommand().unwrap();
    std::process::exit(install::run(&demo, name, matches).code().into());
}

/// Exit code of a command, and what it said.
fn run(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

#[track_caller]
fn ours(code: i32, words: &[&str]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let (found, text) = run(command.args(["--exact", "program", "--nocapture"]).env(WORDS, words.join("\n")));
    assert_eq!(found, code, "{text}");
    text
}

#[track_caller]
fn system(program: &str, words: &[&str]) -> String {
    let (code, text) = run(Command::new(program).args(words));
    assert_eq!(code, 0, "{program} {words:?}: {text}");
    text
}

#[test]
fn an_installer_s_service_gets_settings() {
    if std::env::var_os(PERMISSION).is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {PERMISSION}=1: it registers a service here");
        return;
    }
    let program = std::env::current_exe().unwrap().display().to_string();
    system("sc", &["create", NAME, "binPath=", &program]);
    for (name, value) in [("InstalledBy", "Demo of Landfall"), ("Settings", r"Software\Landfall\demo")] {
        system("reg", &["add", &format!(r"{SERVICE}\Parameters"), "/v", name, "/d", value, "/f"]);
    }
    let lines = r"STATE_DIRECTORY=C:\State\0demo_station_name=Line 1";
    system("reg", &["add", SERVICE, "/v", "Environment", "/t", "REG_MULTI_SZ", "/d", lines, "/f"]);

    let install = ["install-service", "--silent", "--skip-preflight"];
    ours(0, &[&install[..], &["--station-name", "Line 2"]].concat());
    let text = system("reg", &["query", SERVICE, "/v", "Environment"]);
    assert!(text.contains(r"STATE_DIRECTORY=C:\State\0DEMO_STATION_NAME=Line 2"), "{text}");
    // There its next version finds it.
    let text = system("reg", &["query", REMEMBERED, "/v", "STATION_NAME"]);
    assert!(text.contains("Line 2"), "{text}");

    let text = ours(3, &[&install[..], &["--health-listen", "127.0.0.1:8081"]].concat());
    assert!(text.contains("does not know health-listen"), "{text}");
    let text = ours(3, &[&install[..], &["--station-name", "Line \"2\""]].concat());
    assert!(text.contains("neither quotation marks nor |"), "{text}");
    let text = ours(4, &install);
    assert!(text.contains("belongs to the package Demo of Landfall"), "{text}");
    let text = ours(1, &["uninstall-service", "--silent"]);
    assert!(text.contains("in the list of installed programs"), "{text}");

    system("sc", &["delete", NAME]);
    system("reg", &["delete", REMEMBERED, "/f"]);
}
