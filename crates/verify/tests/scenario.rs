//! The scenario judged: a sound product passes every step, and each step finds what it is there to find.
//!
//! Every test takes a sound product, breaks one thing in its packages, and expects the step that is meant for it to
//! fail.

#[path = "scenario/windows.rs"]
mod windows;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use landfall_packages::{Level, Options, packager};
use landfall_payload::{Content, Entry, EntryKind, Format, Payload, Target};
use landfall_verify::campaign::{Campaign, count};
use landfall_verify::evidence::{SpeaksFor, Step, Verdict};
use landfall_verify::lab::{
    self, Blueprint, DPKG, LabError, Laboratory, Manager, available, catalogue, timed,
};
use landfall_verify::scenario::{Act, Subject};

/// What breaks a package.
type Fault<'a> = &'a dyn Fn(&mut Payload);

const NOTHING: Fault<'static> = &|_| {};

/// The sound product in one version, and what it is packaged from.
fn sound(version: &str, format: Format) -> Payload {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/beacon");
    if format == Format::Msi {
        return windows::sound(version, &folder);
    }
    let text = fs::read_to_string(folder.join("landfall.toml")).unwrap();
    let text = text.replace("1.0.0", version);
    let loaded = landfall_manifest::parse(&folder.join("landfall.toml"), text).unwrap();
    let version = landfall_payload::version(&loaded, &|_| None).unwrap();
    let target = match format {
        Format::Deb | Format::Rpm | Format::Arch => "x86_64-unknown-linux-gnu",
        _ => "x86_64-unknown-linux-musl",
    };
    let target = target.parse().unwrap();
    let mut payload = landfall_payload::build(&loaded, &target, &version, 1_700_000_000).unwrap().payload;
    payload.all_entries.push(Entry { path: "/usr/share/beacon".to_owned(), ..Entry::directory("") });
    payload.all_entries.push(Entry { path: "/usr/share/beacon/noise".to_owned(), ..noise() });
    if version.to_string() == "1.0.0" {
        // The defaults of the two releases differ, so that an edited file is in both's way.
        let entry = payload.all_entries.iter_mut().find(|e| e.path == "/etc/beacon/beacon.conf").unwrap();
        entry.kind = EntryKind::File(Content::Bytes(b"# Nothing to configure yet.\n".as_slice().into()));
    }
    payload.all_entries.sort_by(|a, b| a.path.cmp(&b.path));
    payload
}

/// A file that is large enough to fill a small disk, and to take a moment.
fn noise() -> Entry {
    let bytes: Vec<u8> = (0..2u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Entry { kind: EntryKind::File(Content::Bytes(bytes.into())), mode: 0o644, ..Entry::directory("") }
}

fn write(payload: &Payload, format: Format, folder: &Path) -> PathBuf {
    let path = folder.join(packager(format).file_name(payload).unwrap());
    let options = Options {
        level: Level::Fast,
        compression: None,
        threads: 1,
        scratch: folder.to_owned(),
        progress: &|_| {},
    };
    packager(format).write(payload, &options, &mut File::create(&path).unwrap()).unwrap();
    path
}

/// A product whose packages are broken in one way.
struct Trial {
    format: Format,
    laboratory: &'static str,
    /// Breaks the release under test.
    new: Fault<'static>,
    /// Breaks the release before it.
    old: Option<Fault<'static>>,
}

const DEB: Trial =
    Trial { format: Format::Deb, laboratory: "debian-12-systemd", new: NOTHING, old: Some(NOTHING) };
const RPM: Trial = Trial { format: Format::Rpm, laboratory: "rpm-systemd", new: NOTHING, old: Some(NOTHING) };

impl Trial {
    /// Plays the act that has the step; `None`, said aloud, where the machine has no such laboratory.
    fn play(&self, act: Act) -> Option<Vec<Step>> {
        let blueprint: Box<dyn Blueprint> =
            catalogue::all().into_iter().find(|blueprint| blueprint.id() == self.laboratory).unwrap();
        available(blueprint.check().and_then(|()| blueprint.prepare()))?;
        let scratch = tempfile::tempdir().unwrap();
        let [old_folder, new_folder] = ["old", "new"].map(|name| scratch.path().join(name));
        fs::create_dir(&old_folder).unwrap();
        fs::create_dir(&new_folder).unwrap();
        let mut broken = sound("1.1.0", self.format);
        (self.new)(&mut broken);
        let previous = self.old.map(|fault| {
            let mut payload = sound("1.0.0", self.format);
            fault(&mut payload);
            write(&payload, self.format, &old_folder)
        });
        // Further releases are made from what is declared, and those are as broken. What a script does is declared
        // nowhere.
        let payload = Payload {
            hooks: broken.hooks.clone(),
            all_entries: broken.all_entries.clone(),
            ..sound("1.1.0", self.format)
        };
        let subject = Subject {
            artifact: format!("{:?}", self.format),
            file: write(&broken, self.format, &new_folder),
            sha256: String::new(),
            format: self.format,
            payload,
            previous,
            scratch: scratch.path().to_owned(),
        };
        Some(timed(&format!("{} {act:?}", self.laboratory), || act.play(&subject, blueprint.as_ref())))
    }

    /// The first step that fails is this one.
    fn is_caught_by(&self, id: &str, words: &str) {
        let act = Act::ALL.into_iter().find(|act| act.steps().contains(&id)).unwrap();
        let Some(steps) = self.play(act) else { return };
        let Some(first) = steps.iter().find(|step| step.verdict == Verdict::Failed) else {
            panic!("nothing failed: {steps:#?}");
        };
        assert_eq!(first.id, id, "{}", first.reason);
        assert!(first.reason.contains(words), "{}", first.reason);
    }
}

/// A script that runs before the files of a package are unpacked.
macro_rules! before {
    ($text:expr) => {
        &|payload: &mut Payload| payload.hooks.before_install = Some($text.to_owned())
    };
}

/// A script that runs when everything of a package is in place.
macro_rules! after {
    ($text:expr) => {
        &|payload: &mut Payload| payload.hooks.after_install = Some($text.to_owned())
    };
}

/// Another text of the program.
macro_rules! program {
    ($from:expr, $to:expr) => {
        &|payload: &mut Payload| program(payload, $from, $to)
    };
}

fn program(payload: &mut Payload, from: &str, to: &str) {
    let entry = payload.all_entries.iter_mut().find(|entry| entry.path == "/usr/bin/beacon").unwrap();
    let EntryKind::File(content) = &mut entry.kind else { panic!("no file") };
    let text = std::io::read_to_string(content.open().unwrap()).unwrap();
    assert!(text.contains(from));
    *content = Content::Bytes(text.replace(from, to).into_bytes().into());
}

#[test]
fn a_sound_product_passes_everything() {
    for trial in [DEB, RPM, Trial { format: Format::Arch, laboratory: "arch-systemd", ..DEB }] {
        for act in Act::ALL {
            let Some(steps) = trial.play(act) else { continue };
            for step in steps {
                let fine = matches!(step.verdict, Verdict::Passed | Verdict::NotApplicable)
                    // RHEL's policy is not to be had.
                    || (step.id == "selinux" && trial.format == Format::Rpm);
                assert!(fine, "{} {}: {:?}: {}", trial.laboratory, step.id, step.verdict, step.reason);
            }
        }
    }
}

/// A laboratory whose tools are missing here.
struct Missing;

impl Blueprint for Missing {
    fn id(&self) -> &'static str {
        "missing"
    }

    fn title(&self) -> String {
        "A laboratory that this machine cannot have".to_owned()
    }

    fn identity(&self) -> String {
        "nothing".to_owned()
    }

    fn speaks_for(&self) -> Vec<SpeaksFor> {
        Vec::new()
    }

    fn takes(&self, _: Format, _: &Target) -> bool {
        true
    }

    fn manager(&self) -> &'static dyn Manager {
        DPKG
    }

    fn steps(&self) -> Option<&'static [&'static str]> {
        Some(&["install", "reboot"])
    }

    fn check(&self) -> lab::Result<()> {
        Err(LabError::Missing("a thing (apt-get install thing)".to_owned()))
    }

    fn prepare(&self) -> lab::Result<()> {
        self.check()
    }

    fn open(&self) -> lab::Result<Box<dyn Laboratory>> {
        self.check().map(|()| unreachable!())
    }
}

#[test]
fn a_missing_laboratory_is_no_silent_pass() {
    let scratch = tempfile::tempdir().unwrap();
    let payload = sound("1.1.0", Format::Deb);
    let campaign = Campaign {
        subjects: vec![Subject {
            artifact: "beacon.deb".to_owned(),
            file: write(&payload, Format::Deb, scratch.path()),
            sha256: String::new(),
            format: Format::Deb,
            payload,
            previous: None,
            scratch: scratch.path().to_owned(),
        }],
        blueprints: vec![Box::new(Missing)],
        structure: Vec::new(),
        steps: Vec::new(),
        jobs: 1,
    };
    let (runs, laboratories) = campaign.run(&|_| {});
    assert_eq!(laboratories[0].id, "missing");
    let step = |id: &str| runs[0].steps.iter().find(|step| step.id == id).unwrap();
    for id in ["install", "reboot"] {
        assert_eq!(step(id).verdict, Verdict::NotRun);
        assert_eq!(step(id).reason, "needs a thing (apt-get install thing)");
    }
    assert_eq!(step("purge").verdict, Verdict::NotRun);
    assert_eq!(step("purge").reason, "this laboratory is slow and leaves it to others");
    assert_eq!(count(&runs, Verdict::Passed), 0);
}

#[test]
fn install() {
    Trial { new: after!("[ \"$1\" != install ] || { echo sorry; exit 1; }"), ..DEB }
        .is_caught_by("install", "sorry");
}

#[test]
fn files_with_another_mode() {
    Trial { new: after!("chmod 0777 /usr/bin/beacon"), ..DEB }
        .is_caught_by("files", "/usr/bin/beacon is file 0777 root:root, declared is file 0755 root:root");
}

#[test]
fn files_with_another_owner() {
    Trial { new: after!("chown nobody /etc/beacon/beacon.conf"), ..RPM }
        .is_caught_by("files", "declared is file 0644 root:root");
}

#[test]
fn files_with_another_content() {
    Trial { new: after!("echo '# x' >>/usr/bin/beacon"), ..DEB }.is_caught_by("files", "another content");
}

#[test]
fn service_that_never_becomes_ready() {
    Trial { new: program!("socket(my $server", "exit 1; socket(my $server"), ..DEB }
        .is_caught_by("service", "the service runs and is ready: not within");
}

#[test]
fn health() {
    Trial { new: program!("HTTP/1.0 200 OK", "HTTP/1.0 500 Sorry"), ..DEB }
        .is_caught_by("health", "http://127.0.0.1:8089/health answers: not within");
}

#[test]
fn check() {
    Trial { new: program!("rename($file", "-e $file or rename($file"), ..DEB }
        .is_caught_by("check", "checked was not moved");
}

#[test]
fn restart_that_loses_work() {
    Trial { new: program!("socket(my $server", "unlink(glob(\"$state/in/*\")); socket(my $server"), ..DEB }
        .is_caught_by("restart", "queued was not moved");
}

#[test]
fn upgrade() {
    Trial { new: before!("[ \"$1\" != upgrade ] || { echo sorry; exit 1; }"), ..DEB }
        .is_caught_by("upgrade", "sorry");
}

#[test]
fn upgrade_that_overwrites_configuration() {
    Trial { new: after!("[ \"$1\" != upgrade ] || echo new >/etc/beacon/beacon.conf"), ..DEB }
        .is_caught_by("upgrade-configuration", "/etc/beacon/beacon.conf, which an administrator had edited");
}

#[test]
fn upgrade_that_stops_the_service() {
    // The classic: the old package's script stops the service without looking at its argument.
    let stop: Fault<'static> = &|payload: &mut Payload| {
        payload.native_scripts.insert((Format::Rpm, "postun".to_owned()), "systemctl stop beacon".to_owned());
    };
    Trial { old: Some(stop), ..RPM }.is_caught_by("upgrade-service", "runs after: not within");
}

#[test]
fn upgrade_that_loses_work() {
    Trial { new: before!("[ \"$1\" != upgrade ] || rm -rf /var/lib/beacon/*"), ..DEB }
        .is_caught_by("upgrade-work", "work in the product's state directory, is gone");
}

#[test]
fn reinstall() {
    Trial { new: after!("[ \"$1\" != upgrade ] || rm /etc/beacon/beacon.conf"), old: None, ..DEB }
        .is_caught_by("reinstall", "/etc/beacon/beacon.conf, which an administrator had edited, is gone");
}

#[test]
fn downgrade() {
    Trial { old: Some(after!("[ \"$1\" != upgrade ] || rm -f /etc/beacon/beacon.conf")), ..DEB }
        .is_caught_by("downgrade", "/etc/beacon/beacon.conf, which an administrator had edited, is gone");
}

#[test]
fn remove() {
    let fault: Fault<'static> =
        &|payload: &mut Payload| payload.hooks.before_remove = Some("exit 1".to_owned());
    Trial { new: fault, old: None, ..DEB }.is_caught_by("remove", "the package manager failed");
}

#[test]
fn remove_that_takes_configuration() {
    let fault: Fault<'static> =
        &|payload: &mut Payload| payload.hooks.after_remove = Some("rm -rf /etc/beacon".to_owned());
    Trial { new: fault, old: None, ..DEB }.is_caught_by("remove-keeps", "is gone");
}

#[test]
fn remove_that_leaves_a_file() {
    Trial { new: after!("touch /usr/lib/forgotten"), old: None, ..DEB }
        .is_caught_by("remove-leaves", "+ /usr/lib/forgotten file 0644 root:root");
}

#[test]
fn return_that_fails() {
    Trial { new: before!("[ \"$1\" != install ] || [ ! -e /var/lib/beacon/out ]"), old: None, ..DEB }
        .is_caught_by("return", "the package manager failed");
}

#[test]
fn purge_that_leaves_a_file() {
    let fault: Fault<'static> = &|payload: &mut Payload| {
        let text = "[ \"$1\" != purge ] || { mkdir -p /var/lib/beacon; touch /var/lib/beacon/forgotten; }";
        payload.native_scripts.insert((Format::Deb, "postrm".to_owned()), text.to_owned());
    };
    Trial { new: fault, old: None, ..DEB }.is_caught_by("purge", "+ /var/lib/beacon/forgotten file");
}

/// Puts the configuration aside while the package is unpacked: gone if anything happens in between.
const ASIDE: Fault<'static> = &|payload: &mut Payload| {
    payload.hooks.before_install =
        Some("[ ! -e /etc/beacon/beacon.conf ] || mv /etc/beacon/beacon.conf /tmp/aside".to_owned());
    payload.hooks.after_install =
        Some("[ ! -e /tmp/aside ] || mv /tmp/aside /etc/beacon/beacon.conf".to_owned());
};

#[test]
fn script_fails() {
    Trial { new: ASIDE, ..DEB }
        .is_caught_by("script-fails", "/etc/beacon/beacon.conf, which an administrator");
}

#[test]
fn disk_full() {
    Trial { new: ASIDE, ..DEB }.is_caught_by("disk-full", "/etc/beacon/beacon.conf, which an administrator");
}

#[test]
fn killed() {
    // Slow enough to be killed in the middle.
    let fault: Fault<'static> = &|payload: &mut Payload| {
        ASIDE(payload);
        let aside = payload.hooks.before_install.take().unwrap();
        payload.hooks.before_install = Some(format!("{aside}\nsleep 1"));
    };
    Trial { new: fault, ..DEB }.is_caught_by("killed", "/etc/beacon/beacon.conf, which an administrator");
}

#[test]
fn not_ready() {
    let fault: Fault<'static> = &|payload: &mut Payload| {
        let path = "/usr/lib/systemd/system/beacon.service";
        let entry = payload.all_entries.iter_mut().find(|entry| entry.path == path).unwrap();
        let text = "[Unit]\nDescription=Beacon\n[Service]\nUser=beacon\nStateDirectory=beacon\n\
                    EnvironmentFile=-/etc/beacon/environment\nExecStart=-/usr/bin/beacon 8089\n\
                    RemainAfterExit=yes\n[Install]\nWantedBy=multi-user.target\n";
        entry.kind = EntryKind::File(Content::Bytes(text.as_bytes().into()));
    };
    Trial { new: fault, ..DEB }.is_caught_by("not-ready", "the service is said to be running");
}

#[test]
fn reboot() {
    let text = "mkdir -p /etc/systemd/system/beacon.service.d\n\
                echo '[Unit]\nConditionPathExists=/run/once' >/etc/systemd/system/beacon.service.d/once.conf\n\
                touch /run/once";
    let fault: Fault<'static> = Box::leak(Box::new(move |payload: &mut Payload| {
        payload.hooks.after_install = Some(text.to_owned());
    }));
    Trial { new: fault, ..DEB }.is_caught_by("reboot", "runs after: not within");
}

/// Keeps its queue in memory and writes it down when it is stopped in good order.
#[test]
fn power_cut() {
    let fault: Fault<'static> = &|payload: &mut Payload| {
        program(
            payload,
            "next if -e \"$state/hold\";",
            "if (-e \"$state/hold\") { for (glob(\"$state/in/*\")) { unlink; push @held, $_; system('sync') } next }\n\
             for (splice @held) { open(my $file, '>', s{/in/}{/out/}r) or die \"open: $!\" }",
        );
        program(
            payload,
            "$SIG{TERM} = sub {",
            "my @held; $SIG{TERM} = sub { for (@held) { open(my $file, '>', $_) or die }",
        );
    };
    Trial { laboratory: "debian-12-vm", new: fault, old: None, ..DEB }
        .is_caught_by("power-cut", "queued was not moved");
}

#[test]
fn selinux() {
    let fault = after!(
        "[ ! -e /sys/fs/selinux/enforce ] || systemd-run --quiet --wait \
         --property=SELinuxContext=system_u:system_r:ntpd_t:s0 cat /etc/shadow || :"
    );
    Trial { laboratory: "debian-12-selinux", new: fault, old: None, ..DEB }
        .is_caught_by("selinux", "SELinux denied something since the package came");
}
