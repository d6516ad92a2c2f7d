//! One tiny product through its whole life in the laboratories: install, upgrade with an edited configuration,
//! install again, downgrade, remove, purge, and nothing left.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use landfall_packages::{Level, Options, packager};
use landfall_payload::{Format, Target};
use landfall_verify::lab::{
    Action, Blueprint, Difference, Laboratory, Outcome, Package, ServiceCommand, ServiceState, Snapshot,
    Verb, available, catalogue, timed,
};

const X64: &str = "x86_64-unknown-linux-gnu";
const CONFIG: &str = "/etc/demo/demo.conf";

/// The account of a service stays, locked: files of its number may lie anywhere.
const ACCOUNTS: &[&str] = &["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"];

/// A service that runs until it is told to stop and writes down what it was given.
const PROGRAM: &str = "#!/bin/sh
[ \"$1\" = run ] || { cat /usr/share/demo/version; exit; }
trap 'exit 0' TERM
echo \"$2 $LEVEL\" >/var/lib/demo/seen
while :; do sleep 0.1; done
";

/// Two versions of the product in one format.
struct Product {
    _folder: tempfile::TempDir,
    format: Format,
    old: PathBuf,
    new: PathBuf,
}

impl Product {
    /// `more` is the rest of the manifest, where `VERSION` is replaced.
    fn build(format: Format, target: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("demo.sh", PROGRAM),
            ("note.sh", "echo \"${0##*/} $*\" >>/tmp/notes\n"),
            ("fail.sh", "exit 7\n"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let [old, new] = ["1.0.0", "1.1.0"].map(|version| {
            let text = manifest(target, more).replace("VERSION", version);
            write(folder.path(), text, format, target)
        });
        Self { _folder: folder, format, old, new }
    }

    /// The packages, the older first.
    fn packages<'a>(&'a self, blueprint: &dyn Blueprint) -> [Package<'a>; 2] {
        [&self.old, &self.new].map(|file| Package { file, name: "demo", manager: blueprint.manager() })
    }
}

fn manifest(target: &str, more: &str) -> String {
    format!(
        r#"
[product]
name = "demo"
version = "VERSION"
maintainer = "Demo <demo@example.com>"
license = "MIT"
summary = "Shows how packages live"

[programs.demo]
path = "demo.sh"
targets = ["{target}"]

[[files]]
content = "VERSION\n"
destination = "{{data}}/version"

[[files]]
source = "demo.sh"
destination = "{{data}}/only-VERSION"
{more}"#
    )
}

/// Configuration whose packaged text changes with the version.
const CHANGING: &str = r#"
[[files]]
content = "of VERSION\n"
destination = "{config}/demo.conf"
role = "config"
"#;

const SERVICE: &str = r#"
[service]
program = "demo"
arguments = ["run", "a b"]
account = "demo"
hardening = "none"
environment = { LEVEL = "high" }
"#;

fn write(folder: &Path, manifest: String, format: Format, target: &str) -> PathBuf {
    let loaded = landfall_manifest::parse(&folder.join("landfall.toml"), manifest).unwrap();
    let version = landfall_payload::version(&loaded, &|_| None).unwrap();
    let target: Target = target.parse().unwrap();
    let payload = landfall_payload::build(&loaded, &target, &version, 1_700_000_000).unwrap().payload;
    let path = folder.join(packager(format).file_name(&payload).unwrap());
    let options = Options {
        level: Level::Fast,
        compression: None,
        threads: 1,
        scratch: folder.to_owned(),
        progress: &|_| {},
    };
    packager(format).write(&payload, &options, &mut File::create(&path).unwrap()).unwrap();
    path
}

fn blueprint(id: &str) -> Box<dyn Blueprint> {
    catalogue::all().into_iter().find(|blueprint| blueprint.id() == id).expect("in the catalogue")
}

/// An open laboratory and the words of the story.
struct Story {
    id: &'static str,
    lab: Box<dyn Laboratory>,
    before: Snapshot,
}

impl Story {
    fn open(blueprint: &dyn Blueprint) -> Option<Self> {
        let id = blueprint.id();
        available(blueprint.check())?;
        let lab = available(timed(&format!("{id}: open"), || blueprint.open()))?;
        let before = lab.snapshot().unwrap();
        Some(Self { id, lab, before })
    }

    /// Lets the package manager do something that must succeed.
    #[track_caller]
    fn does(&self, action: Action, package: &Package<'_>) -> Outcome {
        let outcome =
            timed(&format!("{}: {action:?}", self.id), || self.lab.manage(action, package)).unwrap();
        assert!(outcome.success(), "{outcome}");
        outcome
    }

    /// Puts a package that is on the machine already over another version while the disk is full.
    fn on_a_full_disk(&self, package: &Package<'_>) -> Outcome {
        let there = format!("/opt/laboratory/{}", package.file.file_name().unwrap().to_string_lossy());
        let command = package.manager.command(Action::Downgrade, &there, package.name).unwrap();
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        self.lab.limit_disk(Some(4096)).unwrap();
        let outcome = self.lab.run(&command).unwrap();
        self.lab.limit_disk(None).unwrap();
        outcome
    }

    fn read(&self, path: &str) -> Option<String> {
        self.lab.read(path).unwrap()
    }

    fn difference(&self) -> Difference {
        self.lab.snapshot().unwrap().since(&self.before)
    }

    fn service(&self) -> ServiceState {
        self.lab.services().state(&*self.lab, "demo").unwrap()
    }

    #[track_caller]
    fn sh(&self, text: &str) -> String {
        self.lab.script(text).and_then(Outcome::ok).unwrap_or_else(|error| panic!("{error}"))
    }
}

fn rhel(id: &str) {
    let blueprint = blueprint(id);
    let product = Product::build(Format::Rpm, X64, &format!("{CHANGING}{SERVICE}"));
    let [old, new] = product.packages(&*blueprint);
    assert!(blueprint.takes(product.format, &X64.parse().unwrap()));
    let Some(story) = Story::open(&*blueprint) else { return };

    story.does(Action::Install, &old);
    assert_eq!(story.read("/usr/share/demo/version").as_deref(), Some("1.0.0\n"));
    assert!(story.difference().without(ACCOUNTS).changed.is_empty(), "{}", story.difference());
    assert_eq!(story.service().to_string(), "running, starts with the machine");
    assert_eq!(story.read("/var/lib/demo/seen").as_deref(), Some("a b high\n"));
    story.lab.write(CONFIG, "edited\n").unwrap();
    story.does(Action::Upgrade, &new);
    assert_eq!(story.sh("demo"), "1.1.0");
    assert_eq!(story.read(CONFIG).as_deref(), Some("edited\n"));
    assert_eq!(story.read("/etc/demo/demo.conf.rpmnew").as_deref(), Some("of 1.1.0\n"));
    assert_eq!(story.read("/usr/share/demo/only-1.0.0"), None);
    story.does(Action::Reinstall, &new);
    assert_eq!(story.read(CONFIG).as_deref(), Some("edited\n"));
    story.does(Action::Downgrade, &old);
    assert_eq!(story.sh("demo"), "1.0.0");
    assert_eq!(story.read(CONFIG).as_deref(), Some("edited\n"));

    // An upgrade that was killed leaves both versions in the database, and half a file beside its place.
    story.lab.write("/usr/bin/demo;6b0147f2", "half").unwrap();
    story.sh("rpm --install --force --justdb --nodeps --noscripts /opt/laboratory/demo-1.1.0*.rpm");
    assert_eq!(story.sh("rpm --query demo | wc -l"), "2");
    story.lab.run(blueprint.manager().repair().unwrap()).unwrap().ok().unwrap();
    assert_eq!(story.sh("rpm --query --queryformat '%{VERSION} ' demo"), "1.0.0 ");
    assert_eq!(story.read("/usr/bin/demo;6b0147f2"), None);
    story.does(Action::Upgrade, &new);
    assert_eq!(story.sh("demo"), "1.1.0");

    story.does(Action::Remove, &new);
    assert!(!story.service().active);
    // RPM keeps edited configuration beside its place, and knows no purge.
    assert_eq!(story.read("/etc/demo/demo.conf.rpmsave").as_deref(), Some("edited\n"));
    let kept = ["/etc/demo", "/var/cache/demo", "/var/lib/demo", "/var/log/demo"];
    let left = story.difference().without(ACCOUNTS).without(&kept);
    assert!(left.is_empty(), "{left}");
    assert!(story.sh("rpm --query --all").starts_with("fake-base-"));
}

#[test]
fn rpm_with_the_resolver_of_rhel_9() {
    rhel("rpm-dnf-el9");
}

#[test]
fn rpm_with_the_resolver_of_rhel_8() {
    rhel("rpm-dnf-el8");
}

fn archive(format: Format) {
    let blueprint = blueprint("archive-bare");
    let product = Product::build(format, X64, &format!("{CHANGING}{SERVICE}"));
    let [old, new] = product.packages(&*blueprint);
    assert!(blueprint.takes(product.format, &X64.parse().unwrap()));
    let Some(story) = Story::open(&*blueprint) else { return };
    let config = "/opt/demo/etc/demo/demo.conf";
    story
        .lab
        .declare_service(&ServiceCommand {
            name: "demo",
            program: "/opt/demo/usr/bin/demo",
            arguments: &["run", "a b"].map(str::to_owned),
            environment: &BTreeMap::from([("LEVEL".to_owned(), "low".to_owned())]),
            environment_file: "/etc/demo/environment",
        })
        .unwrap();
    // Where the program writes.
    story.sh("mkdir -p /var/lib/demo");
    let act = |verb| story.lab.services().act(&*story.lab, verb, "demo").unwrap();

    assert!(!act(Verb::Start).success(), "there is no program yet");
    story.does(Action::Install, &old);
    assert_eq!(story.read("/opt/demo/usr/share/demo/version").as_deref(), Some("1.0.0\n"));
    assert!(
        story.difference().added.iter().all(|l| l.starts_with("/opt/demo") || l.starts_with("/var/lib/demo"))
    );
    assert!(!story.service().active);
    act(Verb::Start).ok().unwrap();
    assert_eq!(story.service().to_string(), "running, does not start with the machine");
    // Started is what has a process: what it does first comes a moment later.
    let seen = story.sh("for i in $(seq 100); do [ ! -s /var/lib/demo/seen ] || break; sleep 0.1; done; cat /var/lib/demo/seen");
    assert_eq!(seen, "a b low");

    story.lab.write(config, "edited\n").unwrap();
    story.lab.write("/opt/demo/mine", "the user's\n").unwrap();
    story.does(Action::Upgrade, &new);
    assert!(story.service().active, "it ran before");
    let version = || story.read("/opt/demo/usr/share/demo/version");
    assert_eq!(version().as_deref(), Some("1.1.0\n"));
    assert_eq!(story.read("/opt/demo/usr/share/demo/only-1.0.0"), None);
    assert_eq!(story.read(config).as_deref(), Some("edited\n"));
    assert_eq!(story.read(&format!("{config}.new")).as_deref(), Some("of 1.1.0\n"));
    act(Verb::Stop).ok().unwrap();
    story.does(Action::Reinstall, &new);
    assert!(!story.service().active, "it did not run before");
    assert_eq!(story.read(config).as_deref(), Some("edited\n"));

    // A disk that is full harms nothing.
    let full = story.on_a_full_disk(&old);
    let says = if format == Format::Zip { "disk full" } else { "space left on device" };
    assert!(!full.success() && full.text().contains(says), "{full}");
    assert_eq!(version().as_deref(), Some("1.1.0\n"));

    story.does(Action::Downgrade, &old);
    assert_eq!(version().as_deref(), Some("1.0.0\n"));
    assert_eq!(story.read("/opt/demo/usr/share/demo/only-1.1.0"), None);
    act(Verb::Restart).ok().unwrap();
    story.does(Action::Remove, &old);
    assert!(!story.service().active);
    assert_eq!(story.sh("find /opt/demo ! -type d | sort"), format!("{config}\n/opt/demo/mine"));
    story.does(Action::Purge, &old);
    let left = story.difference().without(&["/var/lib/demo"]);
    assert!(left.is_empty(), "{left}");
}

#[test]
fn tar_gz_by_hand() {
    archive(Format::TarGz);
}

#[test]
fn tar_zst_by_hand() {
    archive(Format::TarZst);
}

#[test]
fn zip_by_hand() {
    archive(Format::Zip);
}

/// Instructions of another processor: maintainer scripts, dpkg and the program itself run under qemu.
#[test]
fn deb_on_arm64() {
    let blueprint = blueprint("debian-12-arm64-chroot");
    let target = "aarch64-unknown-linux-gnu";
    let fixed = CHANGING.replace("VERSION", "every version");
    let product = Product::build(Format::Deb, target, &format!("{fixed}{SERVICE}"));
    let [old, new] = product.packages(&*blueprint);
    assert!(blueprint.takes(product.format, &target.parse().unwrap()));
    assert!(!blueprint.takes(product.format, &X64.parse().unwrap()));
    let Some(story) = Story::open(&*blueprint) else { return };
    assert_eq!(story.sh("uname -m; dpkg --print-architecture"), "aarch64\narm64");

    story.does(Action::Install, &old);
    assert_eq!(story.sh("demo"), "1.0.0");
    assert_eq!(story.sh("dpkg --verify demo"), "");
    story.lab.write(CONFIG, "edited\n").unwrap();
    story.does(Action::Upgrade, &new);
    assert_eq!(story.sh("demo"), "1.1.0");
    assert_eq!(story.read("/usr/share/demo/only-1.0.0"), None);
    story.does(Action::Reinstall, &new);
    story.does(Action::Downgrade, &old);
    assert_eq!(story.sh("demo"), "1.0.0");
    story.does(Action::Remove, &old);
    assert_eq!(story.read(CONFIG).as_deref(), Some("edited\n"));
    assert_eq!(story.read("/usr/bin/demo"), None);
    story.does(Action::Purge, &old);
    let left = story.difference().without(ACCOUNTS);
    assert!(left.is_empty(), "{left}");
}

#[test]
fn apk_under_openrc() {
    let blueprint = blueprint("alpine-openrc");
    let hooks = r#"
[package.apk.scripts]
pre-install = "note.sh"
post-install = "note.sh"
pre-upgrade = "note.sh"
post-upgrade = "note.sh"
pre-deinstall = "note.sh"
post-deinstall = "note.sh"
"#;
    let product = Product::build(Format::Apk, X64, &format!("{CHANGING}{SERVICE}{hooks}"));
    let [old, new] = product.packages(&*blueprint);
    assert!(blueprint.takes(product.format, &X64.parse().unwrap()));
    let Some(story) = Story::open(&*blueprint) else { return };
    let act = |verb| story.lab.services().act(&*story.lab, verb, "demo").unwrap().ok().unwrap();
    let notes = |story: &Story| {
        let notes = story.sh("cat /tmp/notes");
        story.sh("rm /tmp/notes");
        notes
    };

    story.does(Action::Install, &old);
    let own = |slot: &str, rest: &str| format!("{slot} {rest}");
    assert_eq!(notes(&story), [own(".pre-install", "1.0.0-r0"), own(".post-install", "1.0.0-r0")].join("\n"));
    assert_eq!(story.service().to_string(), "not running, does not start with the machine");
    assert_eq!(story.sh("stat -c '%U %a' /var/lib/demo"), "demo 750");
    assert_eq!(story.sh("getent passwd demo | cut -d : -f 5-"), "demo:/var/lib/demo:/sbin/nologin");
    act(Verb::Enable);
    act(Verb::Start);
    story.sh("sleep 0.5");
    assert_eq!(story.service().to_string(), "running, starts with the machine");
    assert_eq!(story.read("/var/lib/demo/seen").as_deref(), Some("a b high\n"));

    story.lab.write(CONFIG, "edited\n").unwrap();
    story.does(Action::Upgrade, &new);
    assert_eq!(
        notes(&story),
        [own(".pre-upgrade", "1.1.0-r0 1.0.0-r0"), own(".post-upgrade", "1.1.0-r0 1.0.0-r0")].join("\n")
    );
    assert_eq!(story.sh("demo"), "1.1.0");
    assert_eq!(story.read(CONFIG).as_deref(), Some("edited\n"));
    assert_eq!(story.read("/etc/demo/demo.conf.apk-new").as_deref(), Some("of 1.1.0\n"));
    assert_eq!(story.read("/usr/share/demo/only-1.0.0"), None);
    assert_eq!(story.service().to_string(), "running, starts with the machine");
    act(Verb::Stop);
    story.does(Action::Reinstall, &new);
    assert!(!story.service().active, "a stopped service stays stopped");
    let full = story.on_a_full_disk(&old);
    assert!(!full.success() && full.text().contains("space left on device"), "{full}");
    assert_eq!(story.sh("demo"), "1.1.0");
    story.does(Action::Downgrade, &old);
    assert_eq!(story.sh("demo"), "1.0.0");
    assert_eq!(story.read(CONFIG).as_deref(), Some("edited\n"));
    notes(&story);

    story.does(Action::Remove, &old);
    assert_eq!(
        notes(&story),
        [own(".pre-deinstall", "1.0.0-r0"), own(".post-deinstall", "1.0.0-r0")].join("\n")
    );
    assert!(!story.service().enabled);
    let written = ["/var/cache/demo", "/var/lib/demo", "/var/log/demo"];
    assert_eq!(
        story.difference().without(ACCOUNTS).without(&written).to_string(),
        "+ /etc/demo directory 0755 root:root\n+ /etc/demo/demo.conf file 0644 root:root\n"
    );
    story.does(Action::Install, &new);
    assert_eq!(story.read(CONFIG).as_deref(), Some("edited\n"));
    story.does(Action::Purge, &new);
    // Alpine knows no step in which what the product wrote goes too.
    let left = story.difference().without(ACCOUNTS).without(&written);
    assert!(left.is_empty(), "{left}");
}

/// A package whose content is not what its metadata says is refused, and one whose script fails is reported.
#[test]
fn apk_refuses_damage_and_reports_a_failing_script() {
    let blueprint = blueprint("alpine-openrc");
    let hooks = "\n[package.apk.scripts]\npost-install = \"fail.sh\"\n";
    let product = Product::build(Format::Apk, X64, hooks);
    let [old, _] = product.packages(&*blueprint);
    let Some(story) = Story::open(&*blueprint) else { return };
    let mut bytes = fs::read(&product.old).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    let damaged = product.old.with_file_name("damaged.apk");
    fs::write(&damaged, bytes).unwrap();
    let outcome = story.lab.install(&Package { file: &damaged, ..old }).unwrap();
    assert!(!outcome.success() && outcome.text().contains("BAD archive"), "{outcome}");
    assert!(story.difference().is_empty(), "{}", story.difference());
    let outcome = story.lab.install(&old).unwrap();
    assert!(
        !outcome.success() && outcome.text().contains("post-install: script exited with error 7"),
        "{outcome}"
    );
    assert_eq!(story.sh("demo"), "1.0.0");
}

/// What a program needs is there in one release and missing in the other, and dnf itself says so.
#[test]
fn rhel_8_refuses_what_needs_the_library_of_rhel_9() {
    let needs = "\n[package.rpm]\nrequires = [\"libc.so.6(GLIBC_2.34)(64bit)\"]\n";
    let product = Product::build(Format::Rpm, X64, needs);
    for (id, fits) in [("rpm-dnf-el9", true), ("rpm-dnf-el8", false)] {
        let blueprint = blueprint(id);
        let Some(story) = Story::open(&*blueprint) else { return };
        let [package, _] = product.packages(&*blueprint);
        let outcome = story.lab.install(&package).unwrap();
        assert_eq!(outcome.success(), fits, "{id}: {outcome}");
        assert_eq!(
            outcome.text().contains("nothing provides libc.so.6(GLIBC_2.34)(64bit)"),
            !fits,
            "{outcome}"
        );
        assert_eq!(story.difference().is_empty(), !fits, "{}", story.difference());
    }
}
