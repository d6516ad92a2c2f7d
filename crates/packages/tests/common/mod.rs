//! A small payload for the formats' tests.

use std::collections::BTreeMap;

use landfall_payload::*;

/// 2023-11-14T22:13:20Z
pub const EPOCH: i64 = 1_700_000_000;

/// A file held in memory.
pub fn file(path: &str, role: Role, mode: u32, text: &str) -> Entry {
    Entry {
        path: path.into(),
        kind: EntryKind::File(Content::Bytes(text.as_bytes().into())),
        mode,
        owner: "root".into(),
        group: "root".into(),
        role,
        formats: None,
    }
}

/// What `install-service --instance` makes of the demo: a unit, or a script.
#[allow(dead_code, reason = "not every format has instances")]
pub const INSTANCE: &str =
    "# Installed by demo install-service; an upgrade writes it anew.\nExecStart=/usr/bin/demo run\n";

/// A small service `demo` with a configuration file, a link, a directory, a ghost and documentation.
pub fn demo(version: &str) -> Payload {
    let mut all_entries = vec![
        file("/usr/bin/demo", Role::Program, 0o755, "#!/bin/sh\necho demo\n"),
        file("/etc/demo/config.toml", Role::Config, 0o644, "url = \"\"\n"),
        file("/usr/share/doc/demo/README.md", Role::Documentation, 0o644, "# Demo\n"),
        file(
            "/usr/lib/systemd/system/demo.service",
            Role::Data,
            0o644,
            "[Service]\nExecStart=/usr/bin/demo\n",
        ),
        Entry {
            kind: EntryKind::Symlink("demo".into()),
            mode: 0o777,
            ..file("/usr/bin/demo-link", Role::Data, 0, "")
        },
        Entry { kind: EntryKind::Directory, ..file("/etc/demo", Role::Data, 0o755, "") },
        Entry { kind: EntryKind::Directory, ..file("/usr/share/doc/demo", Role::Data, 0o755, "") },
        Entry { kind: EntryKind::Directory, ..file("/usr/share/demo/empty", Role::Data, 0o750, "") },
        Entry { kind: EntryKind::Ghost, ..file("/var/lib/demo/cache.db", Role::Data, 0o644, "") },
    ];
    all_entries.sort_by(|a, b| a.path.cmp(&b.path));
    Payload {
        product: Product {
            name: "demo".into(),
            title: "Demo".into(),
            version: Version::new(version, 1, None).unwrap(),
            identifier: "example.demo".into(),
            vendor: "Example".into(),
            maintainer: "Example Maintainers <packages@example.com>".into(),
            license: "MIT".into(),
            copyright: "2026 Example".into(),
            homepage: Some("https://example.com/demo".into()),
            summary: "Shows how packages are made".into(),
            description: vec!["A demonstration that does nothing of use.".into()],
            windows_icon: None,
        },
        target: "x86_64-unknown-linux-gnu".parse().unwrap(),
        epoch: EPOCH,
        all_entries,
        accounts: vec![Account { name: "demo".into(), title: "Demo".into(), home: "/var/lib/demo".into() }],
        writable: vec![WritableDirectory {
            path: "/var/lib/demo".into(),
            mode: 0o750,
            owner: "demo".into(),
            group: "demo".into(),
        }],
        service: Some(Definition {
            title: "Demo".into(),
            account: landfall_service_definition::Account::Own("demo".into()),
            environment_file: Some("/etc/default/demo".into()),
            ..Definition::new("demo", "/usr/bin/demo")
        }),
        settings: BTreeMap::new(),
        needs: vec![],
        changelog: vec![ChangelogEntry {
            version: version.into(),
            time: EPOCH,
            items: vec!["First release.".into()],
        }],
        hooks: Hooks::default(),
        options: Packages::default(),
        native_scripts: BTreeMap::new(),
        verification: landfall_payload::Verification::default(),
    }
}
