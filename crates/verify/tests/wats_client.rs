//! The WATS Client's packages through their whole life under a running systemd: install, deliver a report, upgrade
//! with an edited configuration and a queued report, remove, install again, purge.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use landfall_packages::{Level, Options, packager};
use landfall_payload::{Compression, Format};
use landfall_verify::lab::{
    Booted, DPKG, LabError, Laboratory, Outcome, PACMAN, Package, RPM, Root, available, timed,
};

const NAME: &str = "wats-client";
const SERVER: &str = "http://127.0.0.1:9000";
const QUEUE: &str = "/var/lib/wats-client/queue";

/// Two versions of the packages, in a folder that lives as long as the test program.
struct Versions {
    _folder: tempfile::TempDir,
    files: Vec<(Format, PathBuf, PathBuf)>,
}

/// Builds both versions once; `None`, said aloud, where the program has not been built.
fn versions() -> Option<&'static Versions> {
    static VERSIONS: OnceLock<Option<Versions>> = OnceLock::new();
    VERSIONS.get_or_init(|| timed("build both versions", build_versions)).as_ref()
}

fn build_versions() -> Option<Versions> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Built by `cargo test --workspace`, which builds every program before it runs the first test.
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../debug").join(NAME);
    if !program.exists() {
        let what = "target/debug/wats-client (cargo build -p wats-client)".to_owned();
        return available(Err(LabError::Missing(what)));
    }
    let folder = tempfile::tempdir().unwrap();
    let target = "x86_64-unknown-linux-gnu";
    let copy = |from: &Path, to: &str| {
        let to = folder.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    copy(&program, &format!("target/{target}/release/{NAME}"));
    for file in ["LICENSE-MIT", "apps/wats-client/README.md"] {
        copy(&repository.join(file), file);
    }
    for file in ["config.toml", "wats-client.1"] {
        let path = format!("apps/wats-client/packaging/{file}");
        copy(&repository.join(&path), &path);
    }
    let text = fs::read_to_string(repository.join("landfall.toml")).unwrap();
    let mut files = Vec::new();
    for format in [Format::Deb, Format::Rpm, Format::Arch] {
        let [old, new] = ["1.0.0", "1.1.0"].map(|number| {
            let text = text.replace("{ from = \"Cargo.toml\" }", &format!("\"{number}\""));
            let loaded = landfall_manifest::parse(&folder.path().join("landfall.toml"), text).unwrap();
            let version = landfall_payload::version(&loaded, &|_| None).unwrap();
            let target = target.parse().unwrap();
            let payload = landfall_payload::build(&loaded, &target, &version, 1_700_000_000).unwrap().payload;
            let path = folder.path().join(packager(format).file_name(&payload).unwrap());
            let options = Options {
                level: Level::Fast,
                compression: (format != Format::Arch).then_some(Compression::Gzip),
                threads: 2,
                scratch: folder.path().to_owned(),
                progress: &|_| {},
            };
            packager(format).write(&payload, &options, &mut File::create(&path).unwrap()).unwrap();
            path
        });
        files.push((format, old, new));
    }
    Some(Versions { _folder: folder, files })
}

/// One laboratory with the words of the story.
struct Story {
    lab: Booted,
    format: Format,
}

impl Story {
    fn sh(&self, text: &str) -> String {
        self.lab.script(text).and_then(Outcome::ok).unwrap_or_else(|e| panic!("{e}\n{}", self.journal()))
    }

    fn holds(&self, test: &str) -> bool {
        self.lab.script(test).unwrap().success()
    }

    fn journal(&self) -> String {
        self.lab
            .script("journalctl --no-pager -n 40 -u wats-client -u demo-server")
            .map_or_else(|e| e.to_string(), |o| o.stdout)
    }

    /// Waits up to 20 seconds for something to hold.
    fn wait(&self, what: &str, test: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.holds(test) {
            assert!(Instant::now() < end, "{what}: not within 20 seconds\n{}", self.journal());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn state(&self) -> String {
        let of = |word: &str| self.lab.run(&["systemctl", word, NAME]).unwrap().stdout.trim().to_owned();
        format!("{} {}", of("is-active"), of("is-enabled"))
    }

    fn main_pid(&self) -> String {
        self.sh("systemctl show --value --property=MainPID wats-client")
    }

    fn start_server(&self) {
        self.sh(
            "systemd-run --quiet --unit=demo-server wats-client demo --server-only --listen 127.0.0.1:9000",
        );
        self.wait("the server answers", &format!("curl -fs {SERVER}/api/health"));
    }

    /// Puts a report into the watch folder as a tester does: whole, by a rename.
    fn drop_report(&self, number: u32) {
        let report = format!(
            r#"{{"type":"T","id":"{}","pn":"PSU-100","sn":"SN-{number}","rev":"A","processCode":100,"result":"P",
            "machineName":"FCT-01","location":"Line 1","purpose":"Production",
            "start":"2026-01-15T10:00:00.000+01:00","uut":{{"execTime":1.5}},
            "root":{{"id":0,"group":"M","stepType":"SequenceCall","name":"Main","status":"P","steps":[]}}}}"#,
            id(number)
        );
        self.lab.write("/tmp/report", &report).unwrap();
        self.sh(&format!("mv /tmp/report /var/lib/wats-client/watch/report-{number}.json"));
    }

    /// A dropped report is safe in the queue: its file has been put away.
    fn taken(&self, number: u32) {
        let test = format!("ls /var/lib/wats-client/done | grep -q report-{number}");
        self.wait(&format!("report {number} is taken"), &test);
    }

    /// The server, since its start, has received exactly this report, exactly once.
    fn delivered(&self, number: u32) {
        self.taken(number);
        let expected = format!(r#""requests":1,"ids":{{"{}":1}}"#, id(number));
        let test = format!("curl -fs {SERVER}/simulator/reports | grep -qF '{expected}'");
        self.wait(&format!("report {number} arrives once and alone"), &test);
    }

    fn put(&self, what: &str, package: &Package<'_>) {
        timed(&format!("{}: {what}", self.format), || self.lab.upgrade(package))
            .and_then(Outcome::ok)
            .unwrap_or_else(|e| panic!("{e}"));
    }
}

fn id(number: u32) -> String {
    format!("6f0d8a52-0d3e-4d1a-9b7a-{number:012}")
}

fn life(suite: &str, format: Format) {
    let Some(versions) = versions() else { return };
    let (_, old, new) = versions.files.iter().find(|(f, ..)| *f == format).unwrap();
    let manager = match format {
        Format::Rpm => RPM,
        Format::Arch => PACMAN,
        _ => DPKG,
    };
    let package = |file| Package { file, name: NAME, manager };
    let (old, new) = (package(old), package(new));
    let root = Root::bootable(suite).with(match format {
        Format::Rpm => &["rpm"],
        Format::Arch => &["pacman-package-manager"],
        _ => &[],
    });
    let Some(lab) = available(timed(&format!("{format}: boot {suite}"), || Booted::boot(&root))) else {
        return;
    };
    let s = Story { lab, format };
    let before = s.lab.snapshot().unwrap();

    // An administrator may lay out settings and the secret before the package comes.
    s.lab.write("/etc/wats-client/environment", &format!("WATS_CLIENT_SERVER_URL={SERVER}\n")).unwrap();
    s.sh("install -D -m 0600 /dev/null /etc/wats-client/credentials/api-token; echo dG9rZW46dG9rZW4= >/etc/wats-client/credentials/api-token");
    timed(&format!("{format}: install"), || s.lab.install(&old))
        .and_then(Outcome::ok)
        .unwrap_or_else(|e| panic!("{e}"));
    if format == Format::Arch {
        assert_eq!(s.state(), "inactive disabled", "Arch leaves both to the administrator");
        s.sh("systemctl enable --now wats-client");
    }
    assert_eq!(s.state(), "active enabled");
    s.wait("health answers", "curl -fs http://127.0.0.1:8080/health/live");
    assert_eq!(
        s.sh("stat -c '%U:%G %a' /var/lib/wats-client /var/lib/wats-client/watch | tr '\\n' ' '"),
        "wats-client:wats-client 750 wats-client:wats-client 2770 "
    );
    assert_eq!(s.sh("systemctl show --value --property=User wats-client"), "wats-client");

    // A report travels.
    s.start_server();
    s.drop_report(1);
    s.delivered(1);
    s.wait("the client is ready", "curl -fs http://127.0.0.1:8080/health/ready");

    // The server goes; a report waits; an upgrade comes.
    s.sh("systemctl stop demo-server");
    s.drop_report(2);
    s.taken(2);
    s.sh("echo '# edited by an administrator' >>/etc/wats-client/config.toml");
    let pid = s.main_pid();
    s.put("upgrade", &new);
    assert_eq!(s.state(), "active enabled");
    assert_ne!(s.main_pid(), pid, "the new version runs");
    assert!(s.holds("grep -q 'edited by an administrator' /etc/wats-client/config.toml"));
    s.start_server();
    s.delivered(2);

    // It runs after an upgrade if and only if it ran before.
    s.sh("systemctl stop wats-client");
    s.put("reinstall of a stopped service", &new);
    assert_eq!(s.state(), "inactive enabled");
    s.sh("systemctl start wats-client; systemctl disable wats-client");
    s.put("reinstall of a disabled service", &new);
    assert_eq!(s.state(), "active disabled");
    s.sh("systemctl enable wats-client");

    // Removal keeps what people made: the configuration, the token, the queue.
    s.sh("systemctl stop demo-server");
    s.drop_report(3);
    s.taken(3);
    timed(&format!("{format}: remove"), || s.lab.remove(&new))
        .and_then(Outcome::ok)
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(!s.holds("systemctl is-active wats-client"));
    assert!(!s.holds("test -e /usr/bin/wats-client -o -e /usr/lib/systemd/system/wats-client.service"));
    assert!(s.holds("grep -q 'edited by an administrator' /etc/wats-client/config.toml*"));
    assert!(s.holds(&format!("test -s /etc/wats-client/credentials/api-token && test -n \"$(ls {QUEUE})\"")));

    // Installed again, it goes on where it was.
    if format == Format::Rpm {
        s.sh("mv /etc/wats-client/config.toml.rpmsave /etc/wats-client/config.toml");
    }
    timed(&format!("{format}: install again"), || s.lab.install(&new))
        .and_then(Outcome::ok)
        .unwrap_or_else(|e| panic!("{e}"));
    if format == Format::Arch {
        s.sh("systemctl enable --now wats-client");
    }
    assert_eq!(s.state(), "active enabled");
    s.start_server();
    s.delivered(3);
    s.sh("systemctl stop demo-server");

    if format == Format::Deb {
        timed("deb: purge", || s.lab.purge(&new)).and_then(Outcome::ok).unwrap_or_else(|e| panic!("{e}"));
        let left = s.lab.snapshot().unwrap().since(&before).to_string();
        let left: Vec<&str> = left.lines().filter(|line| !is_allowed(line)).collect();
        assert!(left.is_empty(), "left behind:\n{}", left.join("\n"));
    }
}

/// What may stay after a purge, each with its reason.
fn is_allowed(line: &str) -> bool {
    const ALLOWED: &[&str] = &[
        // The locked account stays: files of its number may lie anywhere, and the number must not be used again.
        "/etc/passwd",
        "/etc/shadow",
        "/etc/group",
        "/etc/gshadow",
        "/etc/.pwd.lock",
        // systemd's own: clock, journal, notes of runs.
        "/var/lib/systemd/",
        "/var/log/journal",
        "/var/tmp/systemd-private",
        "/etc/machine-id",
        // dpkg's own.
        "/var/lib/dpkg/",
        "/var/log/",
        "/var/cache/debconf",
    ];
    let path = line.split_whitespace().nth(1).unwrap_or_default();
    ALLOWED.iter().any(|allowed| path.starts_with(allowed)) || path == "/var/lib/dpkg"
}

#[test]
fn deb_on_debian_12() {
    life("bookworm", Format::Deb);
}

#[test]
fn deb_on_debian_13() {
    life("trixie", Format::Deb);
}

/// The RPM in a Debian system: its scriptlets, systemd and the service are real, RHEL's libraries are not.
#[test]
fn rpm_under_systemd() {
    life("bookworm", Format::Rpm);
}

/// The Arch package in a Debian system, with Arch's package manager.
#[test]
fn arch_under_systemd() {
    life("bookworm", Format::Arch);
}
