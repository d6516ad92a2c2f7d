//! What changes from one package to another, and what of it bites.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use landfall_lint::diff::{Change, Difference, Line, ReleaseError, diff, diff_releases, hazard_rules};
use support::deb::{Deb, POSTINST};
use support::rpm::Rpm;
use support::tarred::Apk;
use support::{UNIT, elf, read};

/// The sound package as version 1.1, spoilt.
fn newer(spoil: impl Fn(&mut Deb)) -> Deb {
    let mut deb = Deb::sound();
    deb.field("1.0-1", "1.1-1");
    spoil(&mut deb);
    deb
}

fn between(old: &Deb, new: &Deb) -> Difference {
    diff(&read(old.build(), "demo_1.0-1_amd64.deb"), &read(new.build(), "demo_1.1-1_amd64.deb")).unwrap()
}

fn from_sound(spoil: impl Fn(&mut Deb)) -> Difference {
    between(&Deb::sound(), &newer(spoil))
}

fn ids(difference: &Difference) -> Vec<&'static str> {
    difference.hazards.iter().map(|hazard| hazard.rule.id).collect()
}

const SERVICE: &str = "/usr/lib/systemd/system/demo.service";

/// A way to spoil the next version.
type Spoil = fn(&mut Deb);

/// Every hazard with a change that has it.
const CASES: &[(&str, Spoil)] = &[
    ("upgrade-version-not-higher", |d| d.field("1.1-1", "1.0~rc1-1")),
    ("upgrade-version-not-higher", |d| d.field("1.1-1", "1.0-1")),
    ("upgrade-package-renamed", |d| d.field("Package: demo\n", "Package: demo2\n")),
    ("upgrade-architecture-changed", |d| d.field("amd64", "arm64")),
    ("upgrade-platform-lost", |d| d.is_zstd = true),
    ("upgrade-platform-lost", |d| d.field("2.31", "2.35")),
    ("upgrade-setting-moved", |d| {
        d.tree.header("/etc/demo/demo.toml").path = "/etc/demo.d/demo.toml".into();
        d.conffiles = "/etc/demo.d/demo.toml\n".into();
    }),
    ("upgrade-setting-dropped", |d| {
        d.tree.remove("/etc/demo/demo.toml");
        d.conffiles.clear();
    }),
    ("upgrade-setting-unprotected", |d| d.conffiles.clear()),
    ("upgrade-directory-replaced", |d| {
        d.tree.remove("/usr/share/demo/data");
        d.tree.link("/usr/share/demo", "demo-1.1");
    }),
    ("upgrade-directory-replaced", |d| d.tree.folder("/usr/bin/demo-link", 0o755)),
    ("upgrade-service-gone", |d| {
        d.tree.remove(SERVICE);
        d.tree.file("/usr/lib/systemd/system/demod.service", 0o644, UNIT.as_bytes());
        d.script("postinst", &POSTINST.replace("demo.service", "demod.service"));
        d.script("prerm", "#!/bin/sh\nset -e\n");
    }),
    ("upgrade-service-account-changed", |d| d.tree.unit("User=demo", "User=daemon")),
    ("upgrade-service-type-changed", |d| d.tree.unit("Type=notify", "Type=exec")),
    ("upgrade-service-enablement-changed", |d| d.tree.unit("multi-user.target", "graphical.target")),
    ("upgrade-owner-changed", |d| d.tree.header("/etc/demo/demo.toml").gname = "adm".into()),
    ("upgrade-dependency-new", |d| d.field("Depends: ", "Depends: ca-certificates, ")),
    ("upgrade-program-moved", |d| d.tree.header("/usr/bin/demo-tool").path = "/usr/sbin/demo-tool".into()),
    ("upgrade-program-moved", |d| d.tree.remove("/usr/bin/demo-tool")),
];

#[test]
fn every_hazard_is_found() {
    assert_eq!(ids(&from_sound(|_| {})), [""; 0]);
    let mut seen = BTreeSet::from(["upgrade-artifact-gone"]);
    for (id, spoil) in CASES {
        let found = from_sound(spoil);
        assert!(ids(&found).contains(id), "{id} is not among {:?}", ids(&found));
        seen.insert(id);
    }
    // A folder of the service needs an old one.
    let mut old = Deb::sound();
    old.tree.unit("User=demo", "User=demo\nStateDirectory=demo");
    let new = newer(|d| d.tree.unit("User=demo", "User=demo\nStateDirectory=demo2"));
    assert_eq!(ids(&between(&old, &new)), ["upgrade-service-directory-changed"]);
    seen.insert("upgrade-service-directory-changed");
    let all: BTreeSet<&str> = hazard_rules().map(|rule| rule.id).collect();
    assert_eq!(all, seen);
}

#[test]
fn what_is_taken_care_of_is_no_hazard() {
    let handled = from_sound(|d| {
        d.tree.remove("/etc/demo/demo.toml");
        d.conffiles = "remove-on-upgrade /etc/demo/demo.toml\n".into();
    });
    assert_eq!(ids(&handled), [""; 0]);
    let moved = from_sound(|d| {
        d.tree.header("/etc/demo/demo.toml").path = "/etc/demo.d/demo.toml".into();
        d.conffiles = "/etc/demo.d/demo.toml\n".into();
        let helper =
            "dpkg-maintscript-helper mv_conffile /etc/demo/demo.toml /etc/demo.d/demo.toml -- \"$@\"\n";
        d.script("preinst", &format!("#!/bin/sh\nset -e\n{helper}"));
    });
    assert_eq!(ids(&moved), [""; 0]);
    let renamed = from_sound(|d| {
        d.field("Package: demo\n", "Package: demo2\nReplaces: other, demo (<< 1.1)\n");
        for name in ["copyright", "changelog.Debian.gz"] {
            d.tree.header(&format!("/usr/share/doc/demo/{name}")).path =
                format!("/usr/share/doc/demo2/{name}");
        }
    });
    assert_eq!(ids(&renamed), [""; 0]);
    let alias = from_sound(|d| {
        d.tree.remove(SERVICE);
        let unit = format!("{UNIT}Alias=demo.service\n");
        d.tree.file("/usr/lib/systemd/system/demod.service", 0o644, unit.as_bytes());
    });
    assert!(!ids(&alias).contains(&"upgrade-service-gone"), "{:?}", ids(&alias));
}

#[test]
fn every_kind_of_change_is_shown() {
    let d = from_sound(|d| {
        d.tree.file("/usr/bin/demo", 0o750, &elf::program(elf::X86_64, true, &[]));
        d.tree.file("/usr/share/demo/more", 0o644, b"more\n");
        d.tree.remove("/usr/share/demo/data");
        d.tree.file("/etc/demo/demo.toml", 0o644, b"url = 'x'\n");
        d.tree.unit("Restart=on-failure", "Restart=always");
        d.script("postinst", &POSTINST.replace("restart", "try-restart"));
        d.field("libc6 (>= 2.31)", "libc6 (>= 2.30)");
        d.field("Jo Doe", "Jo Roe");
    });
    let change = |path: &str| {
        let file = d.files.iter().find(|f| f.path == path).unwrap_or_else(|| panic!("{path}: {:?}", d.files));
        let names: Vec<&str> = file.attributes.iter().map(|a| a.name.as_str()).collect();
        (file.change, names.join(" "))
    };
    assert_eq!(change("/usr/bin/demo"), (Change::Changed, "mode content".into()));
    assert_eq!(change("/usr/share/demo/more").0, Change::Added);
    assert_eq!(change("/usr/share/demo/data").0, Change::Removed);
    assert!(!d.files.iter().any(|f| f.path == "/usr/bin/demo-tool"));
    let gone = |text: &str| Line::Removed(text.into());
    let come = |text: &str| Line::Added(text.into());
    assert_eq!(d.units[0].name, SERVICE);
    assert_eq!(d.units[0].lines, [gone("[Service] Restart=on-failure"), come("[Service] Restart=always")]);
    assert_eq!(d.settings[0].lines, [gone("url = ''"), come("url = 'x'")]);
    assert_eq!((d.scripts.len(), d.scripts[0].name.as_str(), d.scripts[0].lines.len()), (1, "postinst", 2));
    assert_eq!(
        (&d.relations[0].added[..], &d.relations[0].removed[..]),
        (&["libc6 (>= 2.30)".into()][..], &["libc6 (>= 2.31)".into()][..])
    );
    assert_eq!((d.fields.len(), d.fields[0].name.as_str()), (1, "Maintainer"));
    assert!(!d.is_empty() && from_sound(|_| {}).is_empty());
}

#[test]
fn other_formats_have_their_hazards_too() {
    let rpm = |version: &str, spoil: fn(&mut Rpm)| {
        let mut rpm = Rpm::sound();
        rpm.set(1001, version);
        spoil(&mut rpm);
        read(rpm.build(), "demo.rpm")
    };
    let found = diff(&rpm("1.0", |_| {}), &rpm("1.1~rc1", |r| r.requires.push("jq".into()))).unwrap();
    assert_eq!(ids(&found), ["upgrade-dependency-new"]);
    let found = diff(&rpm("1.0", |_| {}), &rpm("1.0~rc1", |r| r.flags.clear())).unwrap();
    assert_eq!(ids(&found), ["upgrade-version-not-higher", "upgrade-setting-unprotected"]);
    let apk = |version: &str| {
        let mut apk = Apk::sound();
        apk.info("1.0-r0", version);
        read(apk.build(), "demo.apk")
    };
    assert_eq!(ids(&diff(&apk("1.0-r0"), &apk("1.0_rc1-r0")).unwrap()), ["upgrade-version-not-higher"]);
    let error = diff(&apk("1.0-r0"), &rpm("1.0", |_| {})).unwrap_err().to_string();
    assert!(error.contains("one format"), "{error}");
}

/// Writes a release with these artifacts: path, target and package.
fn release(folder: &Path, version: &str, artifacts: &[(&str, &str, &Deb)]) {
    std::fs::create_dir_all(folder).unwrap();
    let list: Vec<serde_json::Value> = artifacts
        .iter()
        .map(|(path, target, deb)| {
            let bytes = deb.build();
            std::fs::write(folder.join(path), &bytes).unwrap();
            serde_json::json!({"path": path, "format": "deb", "target": target, "size": bytes.len(), "sha256": "", "contains": ""})
        })
        .collect();
    let text = serde_json::json!({
        "schema": 1, "product": "demo", "title": "Demo", "identifier": "example.demo", "version": version, "epoch": 0,
        "artifacts": list
    });
    std::fs::write(folder.join("release.json"), text.to_string()).unwrap();
}

#[test]
fn releases_are_paired_by_format_and_target() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let (first, second) = (Deb::sound(), newer(|d| d.conffiles.clear()));
    release(
        &old,
        "1.0.0",
        &[("a.deb", "x86_64-unknown-linux-gnu", &first), ("b.deb", "aarch64-unknown-linux-gnu", &first)],
    );
    release(
        &new,
        "1.1.0",
        &[("c.deb", "x86_64-unknown-linux-gnu", &second), ("d.deb", "riscv64gc-unknown-linux-gnu", &second)],
    );
    let found = diff_releases(&old, &new).unwrap();
    assert_eq!((found.old.as_str(), found.new.as_str(), found.artifacts.len()), ("1.0.0", "1.1.0", 1));
    assert_eq!(
        (found.artifacts[0].old.file.as_str(), found.artifacts[0].new.file.as_str()),
        ("a.deb", "c.deb")
    );
    assert_eq!(found.added, ["d.deb"]);
    assert_eq!(
        (found.hazards[0].rule.id, found.hazards[0].place.as_str()),
        ("upgrade-artifact-gone", "b.deb")
    );
    assert_eq!(found.errors(), 2);
    assert!(matches!(diff_releases(folder.path(), &new), Err(ReleaseError::None(_))));
    let text = std::fs::read_to_string(new.join("release.json")).unwrap().replace("c.deb", "../old/a.deb");
    std::fs::write(new.join("release.json"), text).unwrap();
    assert!(matches!(diff_releases(&old, &new), Err(ReleaseError::Outside { .. })));
}
