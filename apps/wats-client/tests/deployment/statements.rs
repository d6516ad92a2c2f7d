//! What the pages say, compared with the program and the definition of its service.

use crate::package;
use crate::page::{Page, pages, repository, words};
use clap::Command;
use landfall_payload::Target;
use landfall_service::{Exit, install, preflight};
use landfall_service_definition::{Definition, Platform, launchd, windows};
use std::collections::BTreeSet;
use std::fs;

/// Flags of other programs that are named alone.
const FOREIGN: &[&str] = &["--force-confold", "--allow-downgrades", "--nogpgcheck"];

fn platform(page: &Page) -> Platform {
    match page.name() {
        name if name.starts_with("windows") => Platform::Windows,
        "macos.md" => Platform::Macos,
        _ => Platform::Linux,
    }
}

fn definition(platform: Platform) -> Definition {
    let loaded = landfall_manifest::load(&repository().join("landfall.toml")).unwrap();
    landfall_payload::service::definition(&loaded.manifest, &Target::host(), "0.1.0", platform).unwrap()
}

fn commands(page: &Page) -> [Command; 3] {
    install::commands(&definition(platform(page)))
}

fn has_flag(command: &Command, flag: &str) -> bool {
    let name = flag.trim_start_matches('-').split('=').next().unwrap();
    command.get_arguments().any(|argument| argument.get_long() == Some(name))
}

#[test]
fn commands_that_install_are_understood() {
    let mut seen = 0;
    for page in pages() {
        let commands = commands(&page);
        for line in page.commands() {
            let words = words(&line);
            let at = words.iter().position(|word| commands.iter().any(|known| known.get_name() == word));
            if let Some(at) = at {
                let command = commands.iter().find(|known| known.get_name() == words[at]).unwrap().clone();
                // In a sentence it may lack what it needs, but must not have what it does not know.
                if at > 0 || words.len() > 1 {
                    let result = command.try_get_matches_from(&words[at..]);
                    assert!(result.is_ok(), "{}: {line}\n{}", page.name(), result.unwrap_err());
                }
                seen += 1;
            } else if line.starts_with("--") && !FOREIGN.contains(&line.as_str()) {
                let flag = line.split(' ').next().unwrap();
                assert!(commands.iter().any(|command| has_flag(command, flag)), "{}: {line}", page.name());
                seen += 1;
            }
            if let Some(check) =
                line.split("--skip-preflight=").nth(1).and_then(|rest| rest.split(' ').next())
            {
                assert!(preflight::names().any(|name| name == check), "{}: {line}", page.name());
            }
        }
    }
    assert!(seen > 40, "only {seen}");
}

#[test]
fn other_commands_exist() {
    let mut known = BTreeSet::new();
    for page in pages() {
        for line in page.commands() {
            let words = words(&line);
            let programs =
                ["wats-client", "wats-client.exe", "/usr/bin/wats-client", "/usr/local/bin/wats-client"];
            let Some(at) = words.iter().position(|word| {
                programs.contains(&word.as_str()) || word.ends_with(r"wats-client\wats-client.exe")
            }) else {
                continue;
            };
            let plain =
                |word: &&String| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let arguments: Vec<String> = words[at + 1..].iter().take_while(plain).cloned().collect();
            // Otherwise it is the name of the service, or of a file, in a command of somebody else.
            if ["run", "check", "queue", "demo", "convert"]
                .contains(&arguments.first().map_or("", String::as_str))
            {
                known.insert(arguments);
            }
        }
    }
    for arguments in &known {
        let (options, commands): (Vec<&String>, Vec<&String>) =
            arguments.iter().partition(|word| word.starts_with('-'));
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_wats-client"))
            .args(commands)
            .arg("--help")
            .output()
            .unwrap();
        let help = String::from_utf8_lossy(&output.stdout);
        let known = output.status.success() && options.iter().all(|option| help.contains(option.as_str()));
        assert!(known, "wats-client {}", arguments.join(" "));
    }
    assert!(known.len() >= 2, "{known:?}");
}

#[test]
fn variables_are_those_of_the_program() {
    let mut commands = install::commands(&definition(Platform::Linux));
    let help = commands[0].render_long_help().to_string();
    for page in pages() {
        for rest in page.text.split("WATS_CLIENT_").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            assert!(help.contains(&format!("WATS_CLIENT_{name} ")), "{}: WATS_CLIENT_{name}", page.name());
        }
    }
}

#[test]
fn exit_codes_are_those_of_the_table() {
    let mut seen = 0;
    for page in pages() {
        for line in page.text.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let Some((code, name)) = cells.get(1).and_then(|cell| cell.parse::<u8>().ok()).zip(cells.get(2))
            else {
                continue;
            };
            let known =
                Exit::ALL.iter().any(|exit| exit.code() == code && format!("`{}`", exit.name()) == *name);
            assert!(known, "{}: {line}", page.name());
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen}");
}

#[test]
fn files_are_where_packages_and_service_managers_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let payload = package::payload(folder.path(), "0.1.0");
    let service = payload.service.as_ref().unwrap();
    let folders = &service.folders;
    let own = [&folders.state, &folders.logs, &folders.cache, &folders.runtime, &folders.configuration];
    let unit = service.unit();
    for page in pages().iter().filter(|page| platform(page) == Platform::Linux) {
        let separators = |c: char| c.is_whitespace() || "`'\"|(),;=:<>".contains(c);
        for path in page.commands().iter().flat_map(|line| line.split(separators)) {
            if !path.starts_with('/') || !path.contains("wats-client") {
                continue;
            }
            let known = payload.all_entries.iter().any(|entry| entry.path == path)
                || own.iter().any(|own| {
                    let rest = path
                        .strip_prefix(own.as_str())
                        .map(|rest| rest.strip_prefix("@line2").unwrap_or(rest));
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
                || path.starts_with(&format!("/etc/systemd/system/{unit}.d"))
                || path == "/usr/local/bin/wats-client";
            assert!(known, "{}: {path}", page.name());
        }
    }
}

#[test]
fn windows_and_macos_are_told_what_their_pages_say() {
    let service = definition(Platform::Windows);
    let told = windows::service(&service);
    let page = Page::named("windows-server.md");
    assert_eq!(told.recovery.unwrap().restart_after, [5000, 5000, 30000]);
    let pauses = "5 s, 5 s, then 30 s";
    let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{}", told.name);
    for known in [
        &service.program,
        &service.folders.configuration,
        &service.folders.state,
        &service.credentials["api-token"],
        &told.account.name,
        &key,
        pauses,
    ] {
        assert!(page.text.contains(known), "{known}");
    }
    for page in pages() {
        for (place, own) in [
            (r"C:\ProgramData\", "wats-client"),
            (r"C:\Program Files\", "wats-client"),
            ("/Library/Application Support/", "wats-client"),
            ("/Library/Logs/", "wats-client/"),
        ] {
            for rest in page.text.split(place).skip(1) {
                assert!(rest.starts_with(own), "{}: {place}{}", page.name(), rest.lines().next().unwrap());
            }
        }
    }
    let service = definition(Platform::Macos);
    let page = Page::named("macos.md");
    let log = format!("{}/wats-client.log", service.folders.logs);
    for known in [
        &service.program,
        &service.folders.state,
        &service.credentials["api-token"],
        &launchd::path(&service, ""),
        &format!("system/{}", launchd::label(&service)),
        &launchd::label(&service.for_instance("line2").unwrap()),
        &log,
    ] {
        assert!(page.text.contains(known.as_str()), "{known}");
    }
    assert!(launchd::plist(&service).contains(&log));
}

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        for link in page.links().iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap().join(file) };
            let text = fs::read_to_string(&target)
                .unwrap_or_else(|error| panic!("{}: {link}: {error}", page.name()));
            // GitHub's rule: lower case, words joined by hyphens, everything else left out.
            let slug = |title: &str| -> String {
                let kept = title.trim().to_lowercase();
                kept.chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                    .collect::<String>()
                    .replace(' ', "-")
            };
            let mut titles = text.lines().filter(|line| line.starts_with('#'));
            let found =
                anchor.is_empty() || titles.any(|title| slug(title.trim_start_matches('#')) == anchor);
            assert!(found, "{}: {link}", page.name());
        }
    }
}

#[test]
fn every_page_has_every_chapter() {
    for page in pages().iter().filter(|page| page.name() != "README.md") {
        let titles: String = page.text.lines().filter(|line| line.starts_with("## ")).collect();
        let titles = titles.to_lowercase();
        for chapter in [
            "install",
            "silently",
            "verify",
            "where things are",
            "upgrade",
            "remove",
            "purge",
            "exit codes",
            "troubleshoot",
        ] {
            assert!(titles.contains(chapter), "{}: {chapter}", page.name());
        }
    }
}
