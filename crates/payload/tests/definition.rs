//! From manifest to definition: what a program embeds and what every renderer is tested with.
//!
//! `UPDATE_GOLDEN=1 cargo test` writes the files anew; the difference is for a reviewer to judge.

use std::fs;
use std::path::{Path, PathBuf};

use landfall_manifest::{Loaded, load, parse};
use landfall_payload::Target;
use landfall_payload::service::{Definition, definition};
use landfall_service_definition::{Account, Platform, SettingType};

const PLATFORMS: [(Platform, &str, &str); 4] = [
    (Platform::Linux, "linux", "x86_64-unknown-linux-gnu"),
    (Platform::Macos, "macos", "aarch64-apple-darwin"),
    (Platform::Windows, "windows", "x86_64-pc-windows-msvc"),
    (Platform::Container, "container", "x86_64-unknown-linux-musl"),
];

fn minimal() -> Loaded {
    let text = r#"
        [product]
        name = "tick"
        version = "1.0.0"
        maintainer = "Example <tick@example.com>"
        license = "MIT"
        summary = "Writes the time to its log"
        [programs.tick]
        [service]
        program = "tick"
        network = "none"
    "#;
    parse(Path::new("landfall.toml"), text.to_owned()).unwrap()
}

fn wats_client() -> Loaded {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../landfall.toml")).unwrap()
}

fn made(loaded: &Loaded, platform: Platform, target: &str) -> Definition {
    let target: Target = target.parse().unwrap();
    definition(&loaded.manifest, &target, "1.0.0", platform).expect("a service")
}

#[test]
fn definitions_are_as_the_renderers_are_tested_with() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../service-definition/tests/golden");
    for (name, loaded) in [("minimal", minimal()), ("wats-client", wats_client())] {
        for (platform, word, target) in PLATFORMS {
            let definition = made(&loaded, platform, target);
            let text = serde_json::to_string_pretty(&definition).unwrap() + "\n";
            compare(&golden.join(name).join(format!("definition.{word}.json")), &text);
            assert_eq!(serde_json::from_str::<Definition>(&text).unwrap(), definition, "{text}");
        }
    }
}

fn compare(path: &PathBuf, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let golden = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(golden, text, "{} differs; UPDATE_GOLDEN=1 writes it anew", path.display());
}

#[test]
fn every_platform_has_its_own_places() {
    let loaded = parse(
        Path::new("landfall.toml"),
        r#"
        [product]
        name = "demo"
        version = "1.0.0"
        maintainer = "Example <demo@example.com>"
        license = "MIT"
        summary = "Demonstrates"
        [programs.demo]
        destination = "{lib}/demo"
        [service]
        program = "demo"
        account = "demo"
        arguments = ["--config={config}/demo.toml", "--url=http://example.com/{name}"]
        writable = ["{state}/inbox", "/srv/reports"]
        [settings.token]
        type = "secret"
        [settings.inbox]
        type = "directory"
        default = "{state}/inbox"
        "#
        .to_owned(),
    )
    .unwrap();
    let of = |platform, target| made(&loaded, platform, target);

    let windows = of(Platform::Windows, "x86_64-pc-windows-msvc");
    assert_eq!(windows.program, r"C:\Program Files\demo\lib\demo.exe");
    assert_eq!(
        windows.arguments,
        [r"--config=C:\ProgramData\demo\demo.toml", "--url=http://example.com/demo"]
    );
    assert_eq!(windows.writable, [r"C:\ProgramData\demo\state\inbox"], "a path of Linux is none of Windows");
    assert_eq!(windows.credentials["token"], r"C:\ProgramData\demo\credentials\token");
    assert_eq!(windows.settings["inbox"].default.as_deref(), Some(r"C:\ProgramData\demo\state\inbox"));
    assert_eq!(windows.environment_file, None);

    let macos = of(Platform::Macos, "aarch64-apple-darwin");
    assert_eq!(macos.program, "/usr/local/lib/demo/demo");
    assert_eq!(macos.folders.logs, "/Library/Logs/demo");
    assert_eq!(macos.writable, ["/Library/Application Support/demo/state/inbox", "/srv/reports"]);

    let linux = of(Platform::Linux, "x86_64-unknown-linux-gnu");
    assert_eq!(
        (linux.program.as_str(), &linux.account),
        ("/usr/lib/demo/demo", &Account::Own("demo".into()))
    );
    assert_eq!(linux.environment_file.as_deref(), Some("/etc/demo/environment"));
    assert_eq!(linux.settings["token"].kind, SettingType::Secret);

    let container = of(Platform::Container, "x86_64-unknown-linux-musl");
    assert_eq!(container.credentials["token"], "/run/secrets/token");
}

#[test]
fn a_container_answers_whoever_is_outside() {
    let loaded = wats_client();
    let container = made(&loaded, Platform::Container, "x86_64-unknown-linux-musl");
    assert_eq!(container.environment["WATS_CLIENT_HEALTH_LISTEN"], "0.0.0.0:8080");
    assert!(!container.listener().unwrap().is_loopback());
    let linux = made(&loaded, Platform::Linux, "x86_64-unknown-linux-gnu");
    assert!(linux.environment.is_empty() && linux.listener().unwrap().is_loopback());
}

#[test]
fn a_product_without_a_service_has_no_definition() {
    let mut loaded = minimal();
    loaded.manifest.service = None;
    let target = "x86_64-unknown-linux-gnu".parse().unwrap();
    assert!(definition(&loaded.manifest, &target, "1.0.0", Platform::Linux).is_none());
}
