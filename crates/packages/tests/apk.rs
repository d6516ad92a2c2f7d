//! Alpine packages: their members, their scripts, their versions.

#[allow(dead_code, unreachable_pub, reason = "several tests share it")]
mod common;
#[path = "apk/order.rs"]
mod order;
#[path = "common/versions.rs"]
mod versions;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{EPOCH, INSTANCE, demo, file};
use landfall_packages::*;
use landfall_payload::{ElfNeeds, Format, Payload, Role, Start, Version};
use order::ApkVersion;

fn write(payload: &Payload, level: Level, threads: usize) -> Result<Vec<u8>, Error> {
    let mut output = Cursor::new(Vec::new());
    let scratch = std::env::temp_dir();
    let options = Options { level, compression: None, threads, scratch, progress: &|_| {} };
    ApkPackage.write(payload, &options, &mut output)?;
    Ok(output.into_inner())
}

fn inspect(payload: &Payload) -> Inspection {
    ApkPackage.read(&mut Cursor::new(write(payload, Level::Fast, 2).unwrap())).unwrap()
}

fn values<'a>(inspection: &'a Inspection, key: &str) -> Vec<&'a str> {
    inspection.fields.iter().filter(|(k, _)| k == key).map(|(_, v)| v.as_str()).collect()
}

/// The demonstration with an OpenRC service.
fn alpine(version: &str) -> Payload {
    let mut payload = demo(version);
    payload.target = "x86_64-unknown-linux-musl".parse().unwrap();
    payload.all_entries.push(file("/etc/init.d/demo", Role::Data, 0o755, "#!/sbin/openrc-run\n"));
    payload.all_entries.sort_by(|a, b| a.path.cmp(&b.path));
    payload
}

#[test]
fn metadata_and_files_are_read_back() {
    let mut payload = alpine("1.0.0-beta.2");
    payload.options.apk.depends = vec!["ca-certificates".into()];
    payload.options.apk.provides = vec!["demo-virtual=1".into()];
    payload.options.apk.replaces = vec!["old-demo".into()];
    let inspection = inspect(&payload);
    assert_eq!(
        (inspection.name.as_str(), inspection.version.as_str(), inspection.architecture.as_str()),
        ("demo", "1.0.0_beta2-r0", "x86_64")
    );
    assert_eq!(inspection.compression, "gzip");
    let size: u64 = inspection.files.iter().map(|f| f.size).sum();
    for (key, value) in [
        ("pkgdesc", "Shows how packages are made"),
        ("url", "https://example.com/demo"),
        ("builddate", "1700000000"),
        ("packager", "Example Maintainers <packages@example.com>"),
        ("size", &size.to_string()),
        ("origin", "demo"),
        ("license", "MIT"),
        ("replaces", "old-demo"),
    ] {
        assert_eq!(values(&inspection, key), [value], "{key}");
    }
    assert_eq!(values(&inspection, "depend"), ["/bin/sh", "ca-certificates"]);
    assert_eq!(
        values(&inspection, "provides"),
        ["cmd:demo=1.0.0_beta2-r0", "cmd:demo-link=1.0.0_beta2-r0", "demo-virtual=1"]
    );
    let program = inspection.files.iter().find(|f| f.path == "/usr/bin/demo").unwrap();
    assert_eq!((program.mode, program.owner.as_str(), program.time), (0o755, "root", EPOCH));
    assert!(program.digest.as_ref().is_some_and(|d| d.starts_with("sha1:")));
    let names: Vec<&str> = inspection.scripts.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(
        names,
        [
            ".pre-install",
            ".post-install",
            ".pre-upgrade",
            ".post-upgrade",
            ".pre-deinstall",
            ".post-deinstall"
        ]
    );
    assert!(inspection.scripts.iter().all(|s| s.interpreter == "/bin/sh"));
}

#[test]
fn names_and_ports() {
    let mut payload = alpine("1.0.0");
    assert_eq!(ApkPackage.file_name(&payload).unwrap(), "demo-1.0.0-r0.x86_64.apk");
    payload.product.version = Version::new("1.0.0", 3, None).unwrap();
    payload.target = "armv7-unknown-linux-musleabihf".parse().unwrap();
    assert_eq!(ApkPackage.file_name(&payload).unwrap(), "demo-1.0.0-r2.armv7.apk");
    payload.target = "aarch64-apple-darwin".parse().unwrap();
    assert!(matches!(ApkPackage.file_name(&payload), Err(Error::Inexpressible { .. })));
    let payload = alpine("1.0.0-nightly.5");
    let error = write(&payload, Level::Fast, 1).unwrap_err();
    assert!(error.to_string().contains("nightly.5"), "{error}");
}

#[test]
fn dependencies_are_libraries_by_name() {
    let mut payload = alpine("1.0.0");
    let needs = |path: &str, interpreter: &str, soname: Option<&str>, libraries: &[&str]| ElfNeeds {
        path: path.into(),
        is_64bit: true,
        interpreter: Some(interpreter.into()),
        libraries: libraries.iter().map(|name| ((*name).to_owned(), vec![])).collect::<BTreeMap<_, _>>(),
        soname: soname.map(Into::into),
    };
    let musl = "/lib/ld-musl-x86_64.so.1";
    payload.all_entries.push(file("/usr/lib/libdemo.so.2", Role::Data, 0o755, ""));
    payload.needs = vec![
        needs("/usr/bin/demo", musl, None, &["libc.so", "libssl.so.3", "libdemo.so.2"]),
        needs("/usr/lib/libdemo.so.2", musl, Some("libdemo.so.2"), &["libc.musl-x86_64.so.1"]),
        // Not in the package.
        needs("/usr/bin/other", musl, None, &["libother.so.1"]),
    ];
    let inspection = inspect(&payload);
    assert_eq!(values(&inspection, "depend"), ["/bin/sh", "so:libc.musl-x86_64.so.1", "so:libssl.so.3"]);
    assert!(values(&inspection, "provides").contains(&"so:libdemo.so.2=2"));

    let glibc = "/lib64/ld-linux-x86-64.so.2";
    payload.needs = vec![needs("/usr/bin/demo", glibc, None, &["libc.so.6", "libm.so.6", "libgcc_s.so.1"])];
    assert_eq!(values(&inspect(&payload), "depend"), ["/bin/sh", "gcompat", "so:libgcc_s.so.1"]);
}

#[test]
fn the_bytes_depend_on_the_payload_alone() {
    let payload = alpine("1.0.0");
    let one = write(&payload, Level::Default, 1).unwrap();
    assert_eq!(one, write(&payload, Level::Default, 4).unwrap());
}

#[test]
fn configuration_outside_etc_is_protected() {
    let mut payload = alpine("1.0.0");
    assert!(!inspect(&payload).files.iter().any(|f| f.path.starts_with("/etc/apk")));
    payload.all_entries.push(file("/opt/demo/demo.conf", Role::Config, 0o644, "a"));
    let files = inspect(&payload).files;
    let list = files.iter().find(|f| f.path == "/etc/apk/protected_paths.d/demo.list").unwrap();
    assert_eq!(list.size, "+opt/demo/demo.conf\n".len() as u64);
    assert!(files.iter().any(|f| f.path == "/etc/apk/protected_paths.d" && f.kind == Kind::Directory));
}

#[test]
fn a_plain_program_has_no_scripts() {
    let mut payload = demo("1.0.0");
    payload.service = None;
    payload.accounts.clear();
    payload.writable.clear();
    payload.all_entries.retain(|entry| !entry.path.ends_with(".db"));
    let inspection = inspect(&payload);
    assert!(inspection.scripts.is_empty());
    assert!(values(&inspection, "depend").is_empty());
}

/// Takes a package apart with another implementation of every layer.
const VERIFY: &str = include_str!("apk/verify.py");

#[test]
fn another_reader_verifies_every_layer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.apk");
    fs::write(&path, write(&alpine("1.0.0"), Level::Default, 2).unwrap()).unwrap();
    let output = Command::new("python3").args(["-c", VERIFY]).arg(&path).output();
    let Ok(output) = output else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs python3 (apt-get install python3)");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "verified", "{output:?}");
}

#[test]
fn versions_are_ordered_as_apk_orders_them() {
    // The comparison itself, by examples of the manual's rules.
    for pair in [
        "1.0_alpha",
        "1.0_alpha2",
        "1.0_beta",
        "1.0_pre1",
        "1.0_rc",
        "1.0",
        "1.0-r1",
        "1.0_p1",
        "1.0a",
        "1.0.1",
        "1.2",
        "1.10",
        "2",
    ]
    .windows(2)
    {
        assert!(ApkVersion::parse(pair[0]) < ApkVersion::parse(pair[1]), "{pair:?}");
    }
    let ours = |sample: &versions::Sample| sample.version().apk().unwrap();
    for (smaller, larger) in versions::neighbours() {
        let (a, b) = (ours(&smaller), ours(&larger));
        let order = ApkVersion::parse(&a).cmp(&ApkVersion::parse(&b));
        // `beta` and `beta.0` are one version to Alpine, which has no difference to say.
        let same = a.replace("0-r", "-r") == b.replace("0-r", "-r");
        assert!(order == Ordering::Less || same && order == Ordering::Equal, "{a} {b}");
    }
    for (a, b) in versions::pairs(4000) {
        let (text_a, text_b) = (ours(&a), ours(&b));
        let order = ApkVersion::parse(&text_a).cmp(&ApkVersion::parse(&text_b));
        assert!(
            order == a.cmp(&b) || order == Ordering::Equal && text_a != text_b,
            "{a:?} {b:?}: {text_a} {text_b}"
        );
    }
}

/// A root with busybox, in which scripts run and OpenRC's commands write down their calls.
struct System {
    folder: tempfile::TempDir,
}

const APPLETS: [&str; 8] = ["sh", "grep", "chown", "chmod", "mkdir", "rm", "cat", "tar"];
/// Writes down its call.
const RECORDER: &str = "#!/bin/sh\necho \"${0##*/} $*\" >>/calls\n";
/// Told `-S NAME`.
const ADDGROUP: &str = "#!/bin/sh\necho \"$2:x:901:\" >>/etc/group\n";
/// Told `-S -D -H -h HOME -s SHELL -G GROUP -g TITLE NAME`.
const ADDUSER: &str = "#!/bin/sh\necho \"${12}:x:901:901:${11}:$5:$7\" >>/etc/passwd\n";

impl System {
    fn new() -> Option<Self> {
        let busybox = Path::new("/usr/bin/busybox");
        if !busybox.exists() {
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs busybox (apt-get install busybox-static)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        if fs::metadata(root).unwrap().uid() != 0 {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: needs root, because the scripts run in a root of their own"
            );
            return None;
        }
        for directory in ["bin", "sbin", "etc", "dev", "tmp", "var/lib"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        fs::copy(busybox, root.join("bin/busybox")).unwrap();
        for applet in APPLETS {
            symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        for (path, text) in [
            ("sbin/rc-service", RECORDER),
            ("sbin/rc-update", RECORDER),
            ("bin/addgroup", ADDGROUP),
            ("bin/adduser", ADDUSER),
        ] {
            fs::write(root.join(path), text).unwrap();
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
        fs::write(root.join("etc/group"), "root:x:0:\n").unwrap();
        assert!(
            Command::new("mknod")
                .arg(root.join("dev/null"))
                .args(["c", "1", "3"])
                .status()
                .unwrap()
                .success()
        );
        Some(Self { folder })
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// Runs a script of a package as apk does.
    fn script(&self, package: &Inspection, name: &str, arguments: &[&str]) -> Output {
        let script = package.scripts.iter().find(|s| s.name == name).unwrap();
        fs::write(self.path("tmp/script"), &script.text).unwrap();
        fs::set_permissions(self.path("tmp/script"), fs::Permissions::from_mode(0o755)).unwrap();
        Command::new("chroot")
            .arg(self.folder.path())
            .arg("/tmp/script")
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .output()
            .unwrap()
    }

    fn passes(&self, package: &Inspection, name: &str, arguments: &[&str]) -> String {
        let output = self.script(package, name, arguments);
        assert!(output.status.success(), "{name}: {output:?}");
        assert!(output.stderr.is_empty(), "{name}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn calls(&self) -> Vec<String> {
        let path = self.path("calls");
        let calls = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        calls.lines().map(str::to_owned).collect()
    }
}

fn with_fragments(version: &str) -> Payload {
    let mut payload = alpine(version);
    payload.service.as_mut().unwrap().credentials =
        [("token".into(), "/etc/demo/credentials/token".into())].into();
    // An `exit` in a fragment must not end the script around it.
    let fragment = |name: &str| Some(format!("echo \"{name} $1\" >>/calls\nexit 0\n"));
    payload.hooks.before_install = fragment("before_install");
    payload.hooks.after_install = fragment("after_install");
    payload.hooks.before_remove = fragment("before_remove");
    payload.hooks.after_remove = fragment("after_remove");
    for slot in
        ["pre-install", "post-install", "pre-upgrade", "post-upgrade", "pre-deinstall", "post-deinstall"]
    {
        payload
            .native_scripts
            .insert((Format::Apk, slot.into()), format!("echo \"{slot} $*\" >>/calls; exit 0\n"));
    }
    payload
}

#[test]
fn scripts_do_their_work_in_a_root_of_their_own() {
    let Some(system) = System::new() else { return };
    let package = inspect(&with_fragments("1.0.0"));

    // Twice: a script that failed half-way runs again.
    for _ in 0..2 {
        system.passes(&package, ".pre-install", &["1.0.0-r0"]);
        assert_eq!(system.calls(), ["before_install install", "pre-install 1.0.0-r0"]);
        assert_eq!(
            fs::read_to_string(system.path("etc/passwd")).unwrap().lines().nth(1),
            Some("demo:x:901:901:Demo:/var/lib/demo:/sbin/nologin")
        );
        assert_eq!(fs::read_to_string(system.path("etc/passwd")).unwrap().lines().count(), 2);
    }
    for _ in 0..2 {
        let said = system.passes(&package, ".post-install", &["1.0.0-r0"]);
        assert!(said.contains("rc-update add demo default && rc-service demo start"), "{said}");
        // Nothing is enabled or started.
        assert_eq!(system.calls(), ["after_install install", "post-install 1.0.0-r0"]);
        let state = fs::metadata(system.path("var/lib/demo")).unwrap();
        assert_eq!((state.mode() & 0o7777, state.uid(), state.gid()), (0o750, 901, 901));
        let secret = fs::metadata(system.path("etc/demo/credentials/token")).unwrap();
        assert_eq!((secret.mode() & 0o7777, secret.uid(), secret.len()), (0o600, 0, 0));
        assert_eq!(fs::metadata(system.path("etc/demo/credentials")).unwrap().mode() & 0o7777, 0o700);
    }

    fs::write(system.path("etc/demo/credentials/token"), "secret").unwrap();
    fs::set_permissions(system.path("var/lib/demo"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::create_dir_all(system.path("etc/init.d")).unwrap();
    fs::write(system.path("etc/init.d/demo@two"), INSTANCE).unwrap();
    system.passes(&package, ".pre-upgrade", &["1.1.0-r0", "1.0.0-r0"]);
    system.passes(&package, ".post-upgrade", &["1.1.0-r0", "1.0.0-r0"]);
    assert_eq!(
        system.calls(),
        [
            "before_install upgrade",
            "pre-upgrade 1.1.0-r0 1.0.0-r0",
            "after_install upgrade",
            "post-upgrade 1.1.0-r0 1.0.0-r0",
            "rc-service --quiet --ifstarted demo restart",
            "rc-service --quiet --ifstarted demo@two restart",
        ]
    );
    assert_eq!(fs::read_to_string(system.path("etc/demo/credentials/token")).unwrap(), "secret");
    let state = fs::metadata(system.path("var/lib/demo")).unwrap();
    assert_eq!(state.mode() & 0o7777, 0o700, "an administrator's choice stands");

    fs::write(system.path("var/lib/demo/cache.db"), "cache").unwrap();
    fs::write(system.path("var/lib/demo/queue.db"), "queue").unwrap();
    system.passes(&package, ".pre-deinstall", &["1.1.0-r0"]);
    system.passes(&package, ".post-deinstall", &["1.1.0-r0"]);
    assert_eq!(
        system.calls(),
        [
            "rc-service --quiet --ifstarted demo stop",
            "rc-update --quiet --all del demo",
            "rc-service --quiet --ifstarted demo@two stop",
            "rc-update --quiet --all del demo@two",
            "before_remove remove",
            "pre-deinstall 1.1.0-r0",
            "after_remove remove",
            "post-deinstall 1.1.0-r0",
        ]
    );
    assert!(!system.path("etc/init.d/demo@two").exists());
    assert!(!system.path("var/lib/demo/cache.db").exists());
    assert!(system.path("var/lib/demo/queue.db").exists());
}

#[test]
fn a_hook_that_fails_fails_the_script() {
    let Some(system) = System::new() else { return };
    let mut payload = alpine("1.0.0");
    payload.hooks.before_install = Some("exit 3".into());
    let output = system.script(&inspect(&payload), ".pre-install", &["1.0.0-r0"]);
    assert_eq!(output.status.code(), Some(3));
    payload.hooks.formats = Some(vec![Format::Deb]);
    system.passes(&inspect(&payload), ".pre-install", &["1.0.0-r0"]);
}

#[test]
fn a_service_started_by_hand_is_not_offered_at_boot() {
    let mut payload = alpine("1.0.0");
    payload.service.as_mut().unwrap().start = Start::Manual;
    let inspection = inspect(&payload);
    let script = inspection.scripts.iter().find(|s| s.name == ".post-install").unwrap();
    assert!(script.text.contains("rc-service demo start") && !script.text.contains("rc-update add"));
}

#[test]
fn scripts_are_sound() {
    let folder = tempfile::tempdir().unwrap();
    for script in inspect(&with_fragments("1.0.0")).scripts {
        let path = folder.path().join(&script.name);
        fs::write(&path, &script.text).unwrap();
        for (program, arguments, package) in [
            ("sh", &["-n"][..], "dash"),
            ("busybox", &["sh", "-n"][..], "busybox-static"),
            ("shellcheck", &["-s", "sh"][..], "shellcheck"),
        ] {
            match Command::new(program).args(arguments).arg(&path).output() {
                Ok(output) => assert!(output.status.success(), "{program} {}: {output:?}", script.name),
                Err(_) => {
                    let _ =
                        writeln!(std::io::stderr(), "SKIPPED: needs {program} (apt-get install {package})");
                }
            }
        }
    }
}

#[test]
fn packages_are_recognised_by_name_or_content() {
    let bytes = write(&alpine("1.0.0"), Level::Default, 1).unwrap();
    let head = &bytes[..512];
    assert!(ApkPackage.recognises(head, "demo.apk"));
    assert!(ApkPackage.recognises(head, "download"));
    assert!(!ApkPackage.recognises(head, "demo-1.0.0-1-x86_64.pkg.tar.gz"));
    assert!(!ApkPackage.recognises(b"PK\x03\x04", "demo.apk"));
    let other = write_archive(&alpine("1.0.0"));
    assert!(!ApkPackage.recognises(&other[..512.min(other.len())], "demo.tar.gz"));
}

fn write_archive(payload: &Payload) -> Vec<u8> {
    let mut output = Cursor::new(Vec::new());
    let scratch = std::env::temp_dir();
    let options = Options { level: Level::Fast, compression: None, threads: 1, scratch, progress: &|_| {} };
    TarGzPackage.write(payload, &options, &mut output).unwrap();
    output.into_inner()
}

#[test]
fn damaged_packages_are_errors() {
    let bytes = write(&alpine("1.0.0"), Level::Fast, 1).unwrap();
    for cut in [0, 10, bytes.len() / 2, bytes.len() - 9] {
        let error = ApkPackage.read(&mut Cursor::new(&bytes[..cut])).unwrap_err();
        assert!(matches!(error, Error::Malformed { format: Format::Apk, .. }), "{error}");
    }
    for at in (0..bytes.len()).step_by(5) {
        let mut bad = bytes.clone();
        bad[at] ^= 0x41;
        let _ = ApkPackage.read(&mut Cursor::new(bad));
    }
}
