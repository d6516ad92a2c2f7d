//! Arch packages: what is in them, and what pacman makes of them.

#[allow(dead_code, unreachable_pub, reason = "several tests share it")]
mod common;
#[path = "common/versions.rs"]
mod versions;

use std::fs;
use std::io::Cursor;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{EPOCH, INSTANCE, demo, file};
use landfall_packages::*;
use landfall_payload::{ElfNeeds, Entry, EntryKind, Format, Payload, Role, Start, Version};

fn write(payload: &Payload, level: Level, threads: usize) -> Result<Vec<u8>, Error> {
    let mut output = Cursor::new(Vec::new());
    let scratch = std::env::temp_dir();
    let options = Options { level, compression: None, threads, scratch, progress: &|_| {} };
    ArchPackage.write(payload, &options, &mut output)?;
    Ok(output.into_inner())
}

fn inspect(payload: &Payload) -> Inspection {
    ArchPackage.read(&mut Cursor::new(write(payload, Level::Fast, 2).unwrap())).unwrap()
}

fn values<'a>(inspection: &'a Inspection, key: &str) -> Vec<&'a str> {
    inspection.fields.iter().filter(|(k, _)| k == key).map(|(_, v)| v.as_str()).collect()
}

fn needs(path: &str, soname: Option<&str>, libraries: &[(&str, &[&str])]) -> ElfNeeds {
    ElfNeeds {
        path: path.into(),
        is_64bit: true,
        interpreter: Some("/lib64/ld-linux-x86-64.so.2".into()),
        libraries: libraries
            .iter()
            .map(|(name, versions)| ((*name).into(), versions.iter().map(|v| (*v).into()).collect()))
            .collect(),
        soname: soname.map(Into::into),
    }
}

#[test]
fn metadata_and_files_are_read_back() {
    let mut payload = demo("1.0.0-beta.1");
    payload.options.arch.optdepends = vec!["openssl: for TLS".into()];
    payload.options.arch.depends = vec!["bash>=5".into()];
    let inspection = inspect(&payload);
    assert_eq!(
        (inspection.name.as_str(), inspection.version.as_str(), inspection.architecture.as_str()),
        ("demo", "1.0.0beta.1-1", "x86_64")
    );
    assert_eq!(inspection.compression, "zstd");
    for (key, value) in [
        ("pkgbase", "demo"),
        ("pkgdesc", "Shows how packages are made"),
        ("url", "https://example.com/demo"),
        ("builddate", "1700000000"),
        ("packager", "Example Maintainers <packages@example.com>"),
        ("license", "MIT"),
        ("backup", "etc/demo/config.toml"),
        ("depend", "bash>=5"),
        ("optdepend", "openssl: for TLS"),
    ] {
        assert_eq!(values(&inspection, key), [value], "{key}");
    }
    let find = |path: &str| inspection.files.iter().find(|f| f.path == path).unwrap();
    assert_eq!(find("/etc/demo/config.toml").flags, ["backup"]);
    let program = find("/usr/bin/demo");
    assert_eq!((program.mode, program.owner.as_str(), program.time), (0o755, "root", EPOCH));
    let digest = "sha256:a5a301c60af0fd8cd3d77a140c73dd78dc87848025d499d5afcc1f2f7327572f";
    assert_eq!(program.digest.as_deref(), Some(digest));
    assert_eq!(find("/usr/bin/demo-link").target.as_deref(), Some("demo"));
    assert!(!inspection.files.iter().any(|f| f.path.starts_with("/.") || f.path.contains("cache.db")));
    assert_eq!(inspection.scripts[0].name, ".INSTALL");
}

#[test]
fn file_names_are_those_of_makepkg() {
    let mut payload = demo("1.0.0");
    assert_eq!(ArchPackage.file_name(&payload).unwrap(), "demo-1.0.0-1-x86_64.pkg.tar.zst");
    payload.product.version = Version::new("1.0.0", 2, Some(3)).unwrap();
    assert_eq!(ArchPackage.file_name(&payload).unwrap(), "demo-3:1.0.0-2-x86_64.pkg.tar.zst");
    payload.target = "s390x-unknown-linux-gnu".parse().unwrap();
    assert!(matches!(ArchPackage.file_name(&payload), Err(Error::Inexpressible { .. })));
    payload.target = "x86_64-pc-windows-gnu".parse().unwrap();
    assert!(matches!(ArchPackage.file_name(&payload), Err(Error::Inexpressible { .. })));
}

#[test]
fn dependencies_have_arch_names() {
    let mut payload = demo("1.0.0");
    payload.all_entries.push(file("/usr/lib/libdemo.so.2", Role::Data, 0o755, ""));
    payload.needs = vec![
        needs(
            "/usr/bin/demo",
            None,
            &[
                ("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.9"]),
                ("libm.so.6", &["GLIBC_2.29"]),
                ("libgcc_s.so.1", &["GCC_3.0"]),
                ("libstdc++.so.6", &[]),
                ("libssl.so.3", &["OPENSSL_3.0.0"]),
                ("libodd.so.4", &[]),
                ("libdemo.so.2", &[]),
                ("ld-linux-x86-64.so.2", &["GLIBC_2.3"]),
            ],
        ),
        needs("/usr/lib/libdemo.so.2", Some("libdemo.so.2"), &[]),
        // Not in the package: its needs are not the package's.
        needs("/usr/bin/other", None, &[("libother.so.1", &[])]),
    ];
    let inspection = inspect(&payload);
    assert_eq!(values(&inspection, "depend"), ["gcc-libs", "glibc>=2.34", "libodd.so=4-64", "openssl"]);
    assert_eq!(values(&inspection, "provides"), ["libdemo.so=2-64"]);
    payload.options.arch.depends = vec!["glibc>=2.38".into()];
    let inspection = inspect(&payload);
    assert_eq!(values(&inspection, "depend"), ["gcc-libs", "libodd.so=4-64", "openssl", "glibc>=2.38"]);

    payload.needs = vec![needs("/usr/bin/demo", None, &[("libc.so", &[])])];
    payload.needs[0].interpreter = Some("/lib/ld-musl-x86_64.so.1".into());
    payload.options.arch.depends.clear();
    assert_eq!(values(&inspect(&payload), "depend"), ["musl"]);
}

#[test]
fn the_bytes_depend_on_the_payload_alone() {
    let payload = demo("1.0.0");
    let one = write(&payload, Level::Default, 1).unwrap();
    assert_eq!(one, write(&payload, Level::Default, 4).unwrap());
}

#[test]
fn a_plain_program_has_no_scripts() {
    let mut payload = demo("1.0.0");
    payload.service = None;
    payload.accounts.clear();
    payload.writable.clear();
    payload.all_entries.retain(|entry| !matches!(entry.kind, EntryKind::Ghost));
    assert!(inspect(&payload).scripts.is_empty());
}

#[test]
fn what_arch_has_as_links_is_refused() {
    for path in ["/bin/demo", "/lib/systemd/system/demo.service", "/usr/sbin/demo", "/var/run/demo"] {
        let mut payload = demo("1.0.0");
        payload.all_entries.push(file(path, Role::Data, 0o644, ""));
        let error = write(&payload, Level::Fast, 1).unwrap_err();
        assert!(error.to_string().contains("a link on Arch Linux"), "{error}");
    }
}

/// What a program prints, or `None` with a visible line where it or the right to use it is missing.
fn run(program: &str, package: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).env("LC_ALL", "C").output() else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {program} (apt-get install {package})");
        return None;
    };
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    Some(text)
}

/// A root with busybox, the few commands that scripts call, and tools of systemd that write down their calls.
struct System {
    folder: tempfile::TempDir,
}

const APPLETS: [&str; 8] = ["sh", "grep", "chown", "chmod", "mkdir", "rm", "cat", "unlink"];

/// Writes down its call.
const RECORDER: &str = "#!/bin/sh\necho \"${0##*/} $*\" >>/calls\n";
const GETENT: &str = "#!/bin/sh\ngrep \"^$2:\" \"/etc/$1\"\n";
/// Told `--system NAME`.
const GROUPADD: &str = "#!/bin/sh\necho \"$2:x:901:\" >>/etc/group\n";
/// Told `--system --gid G --no-create-home --home-dir H --shell S --comment C NAME`.
const USERADD: &str = "#!/bin/sh\necho \"${11}:x:901:901:${10}:$6:$8\" >>/etc/passwd\n";

impl System {
    fn new() -> Option<Self> {
        let busybox = Path::new("/usr/bin/busybox");
        if !busybox.exists() {
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs busybox (apt-get install busybox-static)");
            return None;
        }
        if run("id", "coreutils", &["-u"])?.trim() != "0" {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: needs root, because pacman installs into a root of its own"
            );
            return None;
        }
        run("pacman", "pacman-package-manager", &["--version"])?;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for directory in
            ["usr/bin", "etc", "dev", "tmp", "run/systemd/system", "var/lib/pacman", "var/cache", "hooks"]
        {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        symlink("usr/bin", root.join("bin")).unwrap();
        fs::copy(busybox, root.join("usr/bin/busybox")).unwrap();
        for applet in APPLETS {
            symlink("busybox", root.join("usr/bin").join(applet)).unwrap();
        }
        for (name, text) in [
            ("systemctl", RECORDER),
            ("systemd-sysusers", RECORDER),
            ("systemd-tmpfiles", RECORDER),
            ("getent", GETENT),
            ("groupadd", GROUPADD),
            ("useradd", USERADD),
        ] {
            let path = root.join("usr/bin").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
        fs::write(root.join("etc/group"), "root:x:0:\n").unwrap();
        run("mknod", "coreutils", &[root.join("dev/null").to_str().unwrap(), "c", "1", "3"])?;
        fs::write(root.join("pacman.conf"), "[options]\nArchitecture = x86_64\nSigLevel = Never\n").unwrap();
        Some(Self { folder })
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    fn pacman(&self, arguments: &[&str]) -> String {
        let root = self.folder.path().display().to_string();
        let at = |name: &str| format!("{root}/{name}");
        let (database, config, hooks, log, cache) =
            (at("var/lib/pacman"), at("pacman.conf"), at("hooks"), at("pacman.log"), at("var/cache"));
        let mut all = vec!["--root", &root, "--dbpath", &database, "--config", &config, "--hookdir", &hooks];
        all.extend(["--logfile", &log, "--cachedir", &cache, "--noconfirm"]);
        all.extend(arguments);
        run("pacman", "pacman-package-manager", &all).unwrap()
    }

    fn install(&self, payload: &Payload) -> String {
        let path = self.path("tmp").join(ArchPackage.file_name(payload).unwrap());
        fs::write(&path, write(payload, Level::Fast, 2).unwrap()).unwrap();
        self.pacman(&["-U", path.to_str().unwrap()])
    }

    /// The calls of those tools and of the fragments since the last time.
    fn calls(&self) -> Vec<String> {
        let path = self.path("calls");
        let calls = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        calls.lines().map(str::to_owned).collect()
    }
}

/// A version of the demonstration with hooks, own functions and a file that belongs to the service's account.
fn whole(version: &str) -> Payload {
    let mut payload = demo(version);
    let config = format!("version = \"{version}\"\n");
    payload.all_entries.retain(|entry| entry.path != "/etc/demo/config.toml");
    payload.all_entries.push(file("/etc/demo/config.toml", Role::Config, 0o644, &config));
    for folder in ["sysusers.d", "tmpfiles.d"] {
        payload.all_entries.push(file(&format!("/usr/lib/{folder}/demo.conf"), Role::Data, 0o644, ""));
    }
    payload.all_entries.push(file("/usr/share/demo/odd name #1", Role::Data, 0o600, "odd"));
    payload.all_entries.push(Entry {
        owner: "demo".into(),
        group: "demo".into(),
        ..file("/usr/lib/demo/helper", Role::Program, 0o4750, "#!/bin/sh\n")
    });
    payload.all_entries.sort_by(|a, b| a.path.cmp(&b.path));
    // An `exit` in a fragment must not end the functions around it.
    let fragment = |name: &str| Some(format!("echo \"{name} $1\" >>/calls\nexit 0\n"));
    payload.hooks.before_install = fragment("before_install");
    payload.hooks.after_install = fragment("after_install");
    payload.hooks.before_remove = fragment("before_remove");
    payload.hooks.after_remove = fragment("after_remove");
    for slot in ["pre-install", "post-install", "pre-upgrade", "post-upgrade", "pre-remove", "post-remove"] {
        let text = format!("# only comments and one command\necho \"{slot} $*\" >>/calls; exit 0\n");
        payload.native_scripts.insert((Format::Arch, slot.into()), text);
    }
    payload
}

#[test]
fn pacman_installs_upgrades_and_removes() {
    let Some(system) = System::new() else { return };
    let output = system.install(&whole("1.0.0-rc.1"));
    assert!(output.contains("systemctl enable --now demo.service"), "{output}");
    assert!(!output.contains("warning") && !output.contains("error"), "{output}");
    // Nothing is enabled or started.
    assert_eq!(
        system.calls(),
        [
            "before_install install",
            "pre-install 1.0.0rc.1-1",
            "systemd-sysusers demo.conf",
            "systemd-tmpfiles --create demo.conf",
            "after_install install",
            "post-install 1.0.0rc.1-1",
        ]
    );
    assert!(system.read("etc/passwd").contains("demo:x:901:901:Demo:/var/lib/demo:/usr/bin/nologin"));
    let state = fs::metadata(system.path("var/lib/demo")).unwrap();
    assert_eq!(state.mode() & 0o7777, 0o750);
    assert_ne!(state.uid(), 0);
    let helper = fs::metadata(system.path("usr/lib/demo/helper")).unwrap();
    assert_eq!((helper.mode() & 0o7777, helper.uid()), (0o4750, state.uid()));
    let info = system.pacman(&["-Qi", "demo"]);
    assert!(info.contains("1.0.0rc.1-1") && info.contains("Shows how packages are made"), "{info}");
    assert!(system.pacman(&["-Qc", "demo"]).contains("First release."));

    fs::write(system.path("etc/demo/config.toml"), "edited\n").unwrap();
    fs::write(system.path("var/lib/demo/cache.db"), "cache").unwrap();
    fs::write(system.path("var/lib/demo/queue.db"), "queue").unwrap();
    fs::create_dir_all(system.path("etc/systemd/system")).unwrap();
    fs::write(system.path("etc/systemd/system/demo@two.service"), INSTANCE).unwrap();
    fs::write(system.path("etc/systemd/system/demo@own.service"), "ExecStart=/usr/bin/demo").unwrap();
    system.install(&whole("1.0.0"));
    assert_eq!(
        system.calls(),
        [
            "before_install upgrade",
            "pre-upgrade 1.0.0-1 1.0.0rc.1-1",
            "systemd-sysusers demo.conf",
            "systemd-tmpfiles --create demo.conf",
            "after_install upgrade",
            "post-upgrade 1.0.0-1 1.0.0rc.1-1",
            "systemctl daemon-reload",
            "systemctl --quiet try-restart demo.service",
            "systemctl --quiet try-restart demo@two.service",
        ]
    );
    assert_eq!(system.read("etc/demo/config.toml"), "edited\n");
    assert_eq!(system.read("etc/demo/config.toml.pacnew"), "version = \"1.0.0\"\n");

    let output = system.pacman(&["-R", "demo"]);
    assert!(!output.contains("error"), "{output}");
    assert_eq!(
        system.calls(),
        [
            "systemctl --quiet disable --now demo.service",
            "before_remove remove",
            "pre-remove 1.0.0-1",
            "after_remove remove",
            "post-remove 1.0.0-1",
            "systemctl stop demo@two.service",
            "systemctl daemon-reload",
        ]
    );
    assert!(!system.path("etc/systemd/system/demo@two.service").exists());
    assert!(system.path("etc/systemd/system/demo@own.service").exists());
    assert_eq!(system.read("etc/demo/config.toml.pacsave"), "edited\n");
    assert_eq!(system.read("var/lib/demo/queue.db"), "queue");
    for gone in
        ["usr/bin/demo", "etc/demo/config.toml", "usr/share/demo", "usr/lib/demo", "var/lib/demo/cache.db"]
    {
        assert!(fs::symlink_metadata(system.path(gone)).is_err(), "{gone} is left");
    }
}

#[test]
fn pacman_finds_every_file_as_it_was_packed() {
    let Some(system) = System::new() else { return };
    let mut payload = whole("1.0.0");
    // pacman compares owners by number, and an account made at installation has none before.
    payload.all_entries.retain(|entry| entry.owner == "root");
    system.install(&payload);
    let output = system.pacman(&["-Qkk", "demo"]);
    assert!(output.contains(" 0 altered files"), "{output}");
    fs::write(system.path("usr/bin/demo"), "changed").unwrap();
    let output = Command::new("pacman")
        .args(["--root", system.folder.path().to_str().unwrap(), "--dbpath"])
        .arg(system.path("var/lib/pacman"))
        .args(["-Qkk", "demo"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains(" 1 altered file"), "{output:?}");
}

#[test]
fn a_service_started_by_hand_is_not_offered_at_boot() {
    let mut payload = demo("1.0.0");
    payload.service.as_mut().unwrap().start = Start::Manual;
    let script = &inspect(&payload).scripts[0].text;
    assert!(script.contains("systemctl start demo.service") && !script.contains("enable --now"), "{script}");
}

#[test]
fn scripts_are_sound_for_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("install");
    fs::write(&path, &inspect(&whole("1.0.0")).scripts[0].text).unwrap();
    let path = path.to_str().unwrap();
    run("sh", "dash", &["-n", path]);
    run("bash", "bash", &["-n", path]);
    run("busybox", "busybox-static", &["sh", "-n", path]);
    run("shellcheck", "shellcheck", &["-s", "sh", path]);
}

#[test]
fn versions_are_ordered_as_pacman_orders_them() {
    if run("vercmp", "pacman-package-manager", &["1", "2"]).is_none() {
        return;
    }
    let order = |a: &str, b: &str| -> i32 {
        let output = Command::new("vercmp").args([a, b]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
    };
    let ours = |sample: &versions::Sample| sample.version().arch();
    for (smaller, larger) in versions::neighbours() {
        let (a, b) = (ours(&smaller), ours(&larger));
        assert_eq!(order(&a, &b), -1, "{smaller:?} {larger:?}: {a} {b}");
    }
    for (a, b) in versions::pairs(400) {
        assert_eq!(order(&ours(&a), &ours(&b)), a.cmp(&b) as i32, "{a:?} {b:?}: {} {}", ours(&a), ours(&b));
    }
}

#[test]
fn damaged_packages_are_errors() {
    let bytes = write(&demo("1.0.0"), Level::Fast, 1).unwrap();
    for cut in [0, 10, bytes.len() / 2, bytes.len() - 5] {
        let error = ArchPackage.read(&mut Cursor::new(&bytes[..cut])).unwrap_err();
        assert!(matches!(error, Error::Malformed { format: Format::Arch, .. }), "{error}");
    }
    for at in (0..bytes.len()).step_by(5) {
        let mut bad = bytes.clone();
        bad[at] ^= 0x41;
        let _ = ArchPackage.read(&mut Cursor::new(bad));
    }
}
