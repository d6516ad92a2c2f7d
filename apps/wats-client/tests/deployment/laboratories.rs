//! The blocks marked `sh run`, in their order, on one machine.

use crate::package;
use crate::page::Page;
use landfall_payload::Format;
use landfall_service_definition::selinux;
use landfall_verify::lab::{Booted, Laboratory, Outcome, Root, available, catalogue, timed, vm};
use std::fs::File;
use std::time::Duration;

/// The server that the pages name, and the one of the demonstration, which takes its place.
const SERVERS: (&str, &str) = ("https://example.wats.com", "http://127.0.0.1:9000");
/// Where somebody has put packages and token.
const FOLDER: &str = "/root/deploy";

/// What RHEL knows of itself and Debian's dnf must be told.
const DNF: &str =
    "dnf() { command dnf --noplugins --releasever=9 --setopt=module_platform_id=platform:el9 \"$@\"; }";

/// Puts two releases and a token there, and starts the server of the demonstration.
fn prepare(lab: &dyn Laboratory, format: Format) {
    for version in ["0.1.0", "0.2.0"] {
        let folder = tempfile::tempdir().unwrap();
        let payload = package::payload(folder.path(), version);
        let package = timed("package", || package::write(folder.path(), &payload, format));
        let name = package.file_name().unwrap().to_str().unwrap();
        lab.pour(&format!("{FOLDER}/{name}"), &mut File::open(&package).unwrap()).unwrap();
    }
    lab.write(&format!("{FOLDER}/token.txt"), "dG9rZW46dG9rZW4=\n").unwrap();
    // The server is no part of what is installed.
    let mut program = File::open(env!("CARGO_BIN_EXE_wats-client")).unwrap();
    lab.pour(&format!("{FOLDER}/server"), &mut program).unwrap();
    sh(
        lab,
        &format!(
            "cd {FOLDER}; chmod 0755 server
            setsid ./server demo --server-only --listen 127.0.0.1:9000 >server.log 2>&1 </dev/null &
            curl --retry 20 --retry-connrefused --retry-delay 1 -fs {}/api/health",
            SERVERS.1
        ),
    );
}

fn sh(lab: &dyn Laboratory, text: &str) -> String {
    lab.script(text).and_then(Outcome::ok).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs the page and sees that it leaves nothing but what it says. `first` stands before every block.
fn follow(lab: &dyn Laboratory, page: &str, first: &str, stays: &[&str]) {
    let before = lab.snapshot().unwrap();
    let page = Page::named(page);
    let blocks = page.blocks();
    let mut taken = 0;
    for block in blocks.iter().filter(|block| block.kind == "sh run") {
        let text = block.text.replace(SERVERS.0, SERVERS.1);
        let place = format!("{}:{}", page.name(), block.line);
        let outcome = timed(&place, || lab.script(&format!("cd {FOLDER}\n{first}\n{text}"))).unwrap();
        let journal = || lab.script("journalctl --no-pager --lines=40").unwrap().stdout;
        assert!(outcome.success(), "{place}: {outcome}{}", journal());
        if text.contains("/health/details") && !text.contains("apt-get") {
            connected(lab);
        }
        taken += 1;
    }
    assert!(taken > 5, "{} has lost its marks", page.name());
    let others = blocks.iter().filter(|block| block.kind == "sh").count();
    assert_eq!(others, usize::from(page.name() == "rhel.md"), "{}: a block that is not run", page.name());
    // The locked account stays; so does what packages and their managers keep of themselves.
    let now = lab.snapshot().unwrap().since(&before).to_string();
    let left: Vec<&str> = now
        .lines()
        .filter(|line| {
            !["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid"]
                .iter()
                .chain(stays)
                .any(|known| line.contains(known))
        })
        .collect();
    assert_eq!(left, Vec::<&str>::new());
}

/// The pages promise that address and token were right.
fn connected(lab: &dyn Laboratory) {
    let question = "curl -fs http://127.0.0.1:8080/health/details | grep '\"state\":\"connected\"'";
    let told = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(200));
        lab.script(question).unwrap().success()
    });
    assert!(told, "{}", sh(lab, "curl -fs http://127.0.0.1:8080/health/details"));
}

fn the_page_for_debian_is_true(suite: &str) {
    let Some(lab) = available(Booted::boot(&Root::bootable(suite))) else { return };
    prepare(&lab, Format::Deb);
    follow(
        &lab,
        "debian-ubuntu.md",
        "",
        &[FOLDER, " /srv/", "/var/lib/apt/", "/var/log/apt", "/var/cache/apt"],
    );
}

#[test]
fn the_page_for_debian_is_true_on_debian_12() {
    the_page_for_debian_is_true("bookworm");
}

#[test]
fn the_page_for_debian_is_true_on_debian_13() {
    the_page_for_debian_is_true("trixie");
}

#[test]
fn the_page_for_rhel_is_true_of_its_stand_in() {
    let all = catalogue::all();
    let blueprint = all.iter().find(|blueprint| blueprint.id() == "rpm-dnf-el9").unwrap();
    let Some(lab) = available(blueprint.check().and_then(|()| blueprint.open())) else { return };
    prepare(&*lab, Format::Rpm);
    follow(
        &*lab,
        "rhel.md",
        DNF,
        &[FOLDER, "/var/lib/dnf", "/var/lib/rpm", "/var/log/dnf", "/var/cache/dnf", "/var/log/hawkey"],
    );
}

/// The module of the page, loaded where SELinux enforces the policy from which RHEL's comes too.
#[test]
fn the_selinux_module_confines_the_service_and_lets_it_work() {
    let all = catalogue::all();
    let blueprint = all.iter().find(|blueprint| blueprint.id() == "debian-12-selinux").unwrap();
    let Some(lab) = available(blueprint.check().and_then(|()| blueprint.open())) else { return };
    let lab = &*lab;
    prepare(lab, Format::Deb);
    let debian = Page::named("debian-ubuntu.md").blocks();
    let install = debian.iter().find(|block| block.text.contains("apt-get install")).unwrap();
    sh(lab, &format!("cd {FOLDER}\n{}", install.text.replace(SERVERS.0, SERVERS.1)));
    connected(lab);
    let folder = tempfile::tempdir().unwrap();
    let service = package::payload(folder.path(), "0.1.0").service.unwrap();
    lab.write(&format!("{FOLDER}/wats_client.cil"), &selinux::policy(&service)).unwrap();
    let before = vm::denials(lab).unwrap();

    let page = Page::named("rhel.md").blocks();
    let load = page.iter().find(|block| block.text.starts_with("semodule --install")).unwrap();
    let shown = timed("load the module", || sh(lab, &format!("cd {FOLDER}\n{}", load.text)));
    assert!(shown.contains(":wats_client_t:"), "{shown}");
    assert_eq!(sh(lab, "getenforce"), "Enforcing");
    connected(lab);
    sh(lab, "wats-client queue list; systemctl is-active wats-client");
    let own = |line: &&String| line.contains("wats_client") && !before.contains(line);
    let refused: Vec<String> = vm::denials(lab).unwrap().iter().filter(own).cloned().collect();
    assert_eq!(refused, Vec::<String>::new());
}
