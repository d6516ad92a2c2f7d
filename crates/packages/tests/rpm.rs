//! RPM packages, checked with rpm's own tools.

#[allow(unreachable_pub, reason = "shared by several tests")]
mod common;
#[path = "rpm/lifecycle.rs"]
mod lifecycle;

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{EPOCH, demo, file};
use landfall_packages::{Kind, Level, Options, Package, RpmPackage};
use landfall_payload::*;

/// Says that a tool is missing, so that the test cannot run here.
macro_rules! needs {
    ($($tool:literal from $package:literal),+) => {
        $(if !has($tool) {
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs {} (apt-get install {})", $tool, $package);
            return;
        })+
    };
}

fn has(tool: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

fn build_with(payload: &Payload, level: Level, compression: Option<Compression>, threads: usize) -> Vec<u8> {
    let options = Options { level, compression, threads, scratch: std::env::temp_dir(), progress: &|_| {} };
    let mut output = Cursor::new(Vec::new());
    RpmPackage.write(payload, &options, &mut output).unwrap();
    output.into_inner()
}

fn build(payload: &Payload) -> Vec<u8> {
    build_with(payload, Level::Fast, None, 1)
}

/// Writes a package into a folder under the name that it gives itself.
fn save(payload: &Payload, bytes: &[u8], folder: &Path) -> PathBuf {
    let path = folder.join(RpmPackage.file_name(payload).unwrap());
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Runs a command that must succeed and returns its output.
fn run(command: &mut Command) -> String {
    let out = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(out.status.success(), "{command:?}: {}{}", text(&out.stdout), text(&out.stderr));
    text(&out.stdout)
}

/// Asks rpm about a package file.
fn query(package: &Path, arguments: &[&str]) -> String {
    run(Command::new("rpm").arg("-qp").args(arguments).arg(package))
}

#[test]
fn rpm_accepts_the_digests_of_every_compression() {
    needs!("rpm" from "rpm", "rpm2cpio" from "rpm2cpio", "bsdtar" from "libarchive-tools");
    let folder = tempfile::tempdir().unwrap();
    let payload = demo("1.2.0");
    for (compression, name, level) in [
        (Compression::Zstd, "zstd", "3"),
        (Compression::Gzip, "gzip", "4"),
        (Compression::Xz, "xz", "2"),
        (Compression::None, "(none)", "(none)"),
    ] {
        let package =
            save(&payload, &build_with(&payload, Level::Default, Some(compression), 2), folder.path());
        let verdict = run(Command::new("rpm").args(["-Kv", "--nosignature"]).arg(&package));
        for digest in ["Header SHA256", "Header SHA1", "Payload SHA256"] {
            assert!(verdict.contains(&format!("{digest} digest: OK")), "{compression:?}: {verdict}");
        }
        let asked = query(&package, &["--qf", "%{PAYLOADFORMAT} %{PAYLOADCOMPRESSOR} %{PAYLOADFLAGS}"]);
        assert_eq!(asked, format!("cpio {name} {level}"));

        let cpio = Command::new("rpm2cpio").arg(&package).output().unwrap();
        assert!(cpio.status.success());
        let mut list =
            Command::new("bsdtar").arg("-tf-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        list.stdin.take().unwrap().write_all(&cpio.stdout).unwrap();
        let listed = String::from_utf8(list.wait_with_output().unwrap().stdout).unwrap();
        let mut expected: Vec<String> = payload
            .entries(Format::Rpm)
            .filter(|e| !matches!(e.kind, EntryKind::Ghost))
            .map(|e| format!(".{}", e.path))
            .collect();
        let mut listed: Vec<&str> = listed.lines().collect();
        if compression == Compression::Gzip {
            assert_ne!(listed, expected, "files of a kind are side by side");
            listed.sort_unstable();
            expected.sort_unstable();
        }
        assert_eq!(listed, expected, "{compression:?}");
        installs_intact(&package);
    }
}

/// Unpacks the package by rpm into an empty root and lets rpm compare every file with what its header says.
fn installs_intact(package: &Path) {
    let root = tempfile::tempdir().unwrap();
    let rpm = |arguments: &[&str]| {
        let mut command = Command::new("rpm");
        command.arg("--root").arg(root.path()).args(["--dbpath", "/var/lib/rpm", "--nodeps", "--noscripts"]);
        run(command.args(arguments))
    };
    rpm(&["-i", "--nosignature", "--ignorearch", &package.to_string_lossy()]);
    rpm(&["-Va", "--nouser", "--nogroup"]);
}

#[test]
fn rpm_reads_what_the_product_is() {
    needs!("rpm" from "rpm");
    let folder = tempfile::tempdir().unwrap();
    let mut payload = demo("1.2.0");
    payload.product.version = Version::new("1.2.0-rc.1", 3, Some(2)).unwrap();
    payload.product.description.push("word ".repeat(30));
    payload.changelog = vec![
        ChangelogEntry {
            version: "1.2.0-rc.1".into(),
            time: EPOCH,
            items: vec!["Two.".into(), "Three.".into()],
        },
        ChangelogEntry { version: "1.1.0".into(), time: EPOCH - 86_400, items: vec!["One.".into()] },
    ];
    let package = save(&payload, &build(&payload), folder.path());
    assert_eq!(package.file_name().unwrap(), "demo-1.2.0~rc.1-3.x86_64.rpm");
    for (tag, value) in [
        ("NAME", "demo"),
        ("EPOCH", "2"),
        ("VERSION", "1.2.0~rc.1"),
        ("RELEASE", "3"),
        ("ARCH", "x86_64"),
        ("OS", "linux"),
        ("SUMMARY", "Shows how packages are made"),
        ("LICENSE", "MIT"),
        ("GROUP", "Unspecified"),
        ("URL", "https://example.com/demo"),
        ("VENDOR", "Example"),
        ("PACKAGER", "Example Maintainers <packages@example.com>"),
        ("BUILDHOST", "localhost"),
        ("BUILDTIME", "1700000000"),
        ("SOURCERPM", "demo-1.2.0~rc.1-3.src.rpm"),
        ("PLATFORM", "x86_64-linux"),
        ("ENCODING", "utf-8"),
        ("RPMVERSION", "4.14.0"),
        ("SIZE", "70"),
        ("FILEDIGESTALGO", "8"),
        ("PAYLOADDIGESTALGO", "8"),
        ("HEADERI18NTABLE", "C"),
    ] {
        assert_eq!(query(&package, &["--qf", &format!("%{{{tag}}}")]), value, "{tag}");
    }
    let description = query(&package, &["--qf", "%{DESCRIPTION}"]);
    assert!(description.starts_with("A demonstration that does nothing of use.\n\nword word"));
    assert!(description.lines().all(|line| line.len() < 80), "{description}");
    // 2023-11-14 and the day before, at noon.
    let log = query(&package, &["--qf", "[%{CHANGELOGTIME}|%{CHANGELOGNAME}|%{CHANGELOGTEXT}\n]"]);
    assert_eq!(
        log,
        "1699963200|Example Maintainers <packages@example.com> - 2:1.2.0~rc.1-3|- Two.\n- Three.\n\
         1699876800|Example Maintainers <packages@example.com> - 1.1.0|- One.\n"
    );
}

#[test]
fn rpm_reads_the_files() {
    needs!("rpm" from "rpm");
    let folder = tempfile::tempdir().unwrap();
    let mut payload = demo("1.2.0");
    payload.all_entries.push(file("/usr/share/licenses/demo/LICENSE", Role::License, 0o644, "MIT\n"));
    payload.all_entries.push(file("/usr/share/man/de/man1/demo.1", Role::ManualPage, 0o644, "demo\n"));
    payload.all_entries.sort_by(|a, b| a.path.cmp(&b.path));
    let config = payload.all_entries.iter_mut().find(|e| e.role == Role::Config).unwrap();
    (config.mode, config.owner, config.group) = (0o640, "root".into(), "demo".into());
    payload.needs.push(needs_of("/usr/bin/demo"));
    let package = save(&payload, &build(&payload), folder.path());
    let format = "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILESIZES} %{FILEFLAGS:fflags} \
                  %{FILECOLORS} %{FILENLINKS} %{FILEMTIMES} %{FILENAMES} %{FILELINKTOS} %{FILELANGS}\n]";
    let listed = query(&package, &["--qf", format]);
    let listed: Vec<String> =
        listed.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        listed,
        [
            "drwxr-xr-x root root 0 0 1 1700000000 /etc/demo",
            "-rw-r----- root demo 9 cn 0 1 1700000000 /etc/demo/config.toml",
            "-rwxr-xr-x root root 20 2 1 1700000000 /usr/bin/demo",
            "lrwxrwxrwx root root 4 0 1 1700000000 /usr/bin/demo-link demo",
            "-rw-r--r-- root root 34 0 1 1700000000 /usr/lib/systemd/system/demo.service",
            "drwxr-x--- root root 0 0 1 1700000000 /usr/share/demo/empty",
            "drwxr-xr-x root root 0 0 1 1700000000 /usr/share/doc/demo",
            "-rw-r--r-- root root 7 d 0 1 1700000000 /usr/share/doc/demo/README.md",
            "-rw-r--r-- root root 4 l 0 1 1700000000 /usr/share/licenses/demo/LICENSE",
            "-rw-r--r-- root root 5 d 0 1 1700000000 /usr/share/man/de/man1/demo.1 de",
            "-rw-r--r-- root root 0 g 0 1 1700000000 /var/lib/demo/cache.db",
        ]
    );
    assert_eq!(query(&package, &["-l"]).lines().count(), 11);
    assert_eq!(query(&package, &["-c"]), "/etc/demo/config.toml\n");
}

/// A 64-bit program that is linked with glibc.
fn needs_of(path: &str) -> ElfNeeds {
    ElfNeeds {
        path: path.into(),
        is_64bit: true,
        interpreter: Some("/lib64/ld-linux-x86-64.so.2".into()),
        libraries: [("libc.so.6".to_owned(), vec!["GLIBC_2.2.5".to_owned(), "GLIBC_2.34".to_owned()])].into(),
        soname: None,
    }
}

#[test]
fn dependencies_are_derived_and_taken_from_the_manifest() {
    needs!("rpm" from "rpm");
    let folder = tempfile::tempdir().unwrap();
    let mut payload = demo("1.2.0-beta.1");
    payload.all_entries.push(file("/usr/lib/sysusers.d/demo.conf", Role::Data, 0o644, "u demo\n"));
    payload.all_entries.sort_by(|a, b| a.path.cmp(&b.path));
    payload.needs.push(needs_of("/usr/bin/demo"));
    let rpm = &mut payload.options.rpm;
    rpm.requires = vec!["curl >= 7.76".into(), "(selinux-policy if policycoreutils)".into()];
    rpm.recommends = vec!["jq".into()];
    rpm.suggests = vec!["vim".into()];
    rpm.conflicts = vec!["other < 2".into()];
    rpm.obsoletes = vec!["old-demo <= 0.9".into()];
    rpm.provides = vec!["demo-api = 3".into()];
    let package = save(&payload, &build(&payload), folder.path());
    assert_eq!(
        query(&package, &["--requires"]).lines().collect::<Vec<_>>(),
        [
            "(selinux-policy if policycoreutils)",
            "(shadow-utils or shadow)",
            "/bin/sh",
            "/bin/sh",
            "/bin/sh",
            "/bin/sh",
            "config(demo) = 1.2.0~beta.1-1",
            "curl >= 7.76",
            "ld-linux-x86-64.so.2()(64bit)",
            "libc.so.6()(64bit)",
            "libc.so.6(GLIBC_2.2.5)(64bit)",
            "libc.so.6(GLIBC_2.34)(64bit)",
            "rpmlib(CompressedFileNames) <= 3.0.4-1",
            "rpmlib(FileDigests) <= 4.6.0-1",
            "rpmlib(PayloadFilesHavePrefix) <= 4.0-1",
            "rpmlib(PayloadIsZstd) <= 5.4.18-1",
            "rpmlib(RichDependencies) <= 4.12.0-1",
            "rpmlib(TildeInVersions) <= 4.10.0-1",
            "rtld(GNU_HASH)",
            "systemd",
        ]
    );
    let kinds = query(&package, &["--qf", "[%{REQUIRENAME} %{REQUIREFLAGS:deptype}\n]"]);
    for line in [
        "(shadow-utils or shadow) pre",
        "/bin/sh pre,interp",
        "/bin/sh postun,interp",
        "systemd post,preun,postun",
        "config(demo) config",
        "libc.so.6()(64bit) auto",
        "rpmlib(FileDigests) rpmlib",
    ] {
        assert!(kinds.lines().any(|l| l == line), "{line} in {kinds}");
    }
    assert_eq!(
        query(&package, &["--provides"]).lines().collect::<Vec<_>>(),
        [
            "config(demo) = 1.2.0~beta.1-1",
            "demo = 1.2.0~beta.1-1",
            "demo(x86-64) = 1.2.0~beta.1-1",
            "demo-api = 3",
            "group(demo)",
            "user(demo)",
        ]
    );
    for (option, value) in [
        ("--recommends", "jq\n"),
        ("--suggests", "vim\n"),
        ("--conflicts", "other < 2\n"),
        ("--obsoletes", "old-demo <= 0.9\n"),
    ] {
        assert_eq!(query(&package, &[option]), value, "{option}");
    }
}

#[test]
fn a_static_tool_requires_nothing_but_rpm() {
    needs!("rpm" from "rpm");
    let folder = tempfile::tempdir().unwrap();
    let mut payload = demo("1.2.0");
    payload.service = None;
    payload.accounts.clear();
    payload.writable.clear();
    payload.all_entries.retain(|e| e.path == "/usr/bin/demo");
    payload.needs =
        vec![ElfNeeds { interpreter: None, libraries: Default::default(), ..needs_of("/usr/bin/demo") }];
    let package = save(&payload, &build(&payload), folder.path());
    let requires = query(&package, &["--requires"]);
    assert!(requires.lines().all(|l| l.starts_with("rpmlib(")), "{requires}");
    assert_eq!(query(&package, &["--scripts"]), "");
}

#[test]
fn a_wrong_dependency_is_explained() {
    let mut payload = demo("1.2.0");
    payload.options.rpm.requires = vec!["curl>=7".into()];
    let options = Options {
        level: Level::Fast,
        compression: None,
        threads: 1,
        scratch: std::env::temp_dir(),
        progress: &|_| {},
    };
    let error = RpmPackage.write(&payload, &options, &mut Cursor::new(Vec::new())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rpm cannot express \"curl>=7\" in [package.rpm] requires: write spaces around the operator, and one \
         dependency an item"
    );
    payload.target = "x86_64-pc-windows-gnu".parse().unwrap();
    assert!(RpmPackage.file_name(&payload).is_err());
}

#[test]
fn bytes_depend_on_the_payload_alone() {
    let mut payload = demo("1.2.0");
    let noise: Vec<u8> = (0u32..2_000_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
    payload.all_entries.push(Entry {
        kind: EntryKind::File(Content::Bytes(noise.into())),
        ..file("/usr/share/noise", Role::Data, 0o644, "")
    });
    for compression in [Compression::Zstd, Compression::Gzip, Compression::Xz, Compression::None] {
        let one = build_with(&payload, Level::Fast, Some(compression), 1);
        let two = build_with(&payload, Level::Fast, Some(compression), 2);
        assert!(one == two, "{compression:?}");
    }
}

#[test]
fn what_is_written_is_read() {
    let mut payload = demo("1.2.0");
    payload.options.rpm.requires = vec!["curl >= 7.76".into()];
    let read = RpmPackage.read(&mut Cursor::new(build(&payload))).unwrap();
    assert_eq!((read.name.as_str(), read.version.as_str()), ("demo", "1.2.0-1"));
    assert_eq!((read.architecture.as_str(), read.compression.as_str()), ("x86_64", "zstd"));
    let field = |name: &str, value: &str| read.fields.iter().any(|(n, v)| n == name && v == value);
    assert!(field("License", "MIT"));
    assert!(field("Requires", "curl >= 7.76"));
    assert!(field("Requires(post,preun,postun)", "systemd"));
    assert!(field("Provides", "demo(x86-64) = 1.2.0-1"));
    let scripts: Vec<&str> = read.scripts.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(scripts, ["%pre", "%post", "%preun", "%postun"]);
    assert!(read.scripts.iter().all(|s| s.interpreter == "/bin/sh" && !s.text.is_empty()));
    assert_eq!(read.files.len(), payload.all_entries.len());
    for (record, entry) in read.files.iter().zip(payload.entries(Format::Rpm)) {
        assert_eq!((&record.path, record.time), (&entry.path, EPOCH));
        let kind = match entry.kind {
            EntryKind::File(_) | EntryKind::Ghost => Kind::File,
            EntryKind::Directory => Kind::Directory,
            EntryKind::Symlink(_) => Kind::Symlink,
        };
        assert_eq!(record.kind, kind);
    }
    let config = read.files.iter().find(|f| f.path == "/etc/demo/config.toml").unwrap();
    assert_eq!(config.flags, ["config", "noreplace"]);
    assert!(config.digest.as_ref().unwrap().starts_with("sha256:"));
    let link = read.files.iter().find(|f| f.path == "/usr/bin/demo-link").unwrap();
    assert_eq!(link.target.as_deref(), Some("demo"));
}

#[test]
fn scriptlets_are_valid_in_every_shell() {
    needs!("dash" from "dash", "bash" from "bash");
    let mut payload = demo("1.2.0");
    payload.accounts[0].title = "Demo's account: it".into();
    payload.hooks.after_install = Some("cat <<END\n$1\nEND".into());
    payload.native_scripts.insert((Format::Rpm, "posttrans".into()), "true # done".into());
    for start in [Start::Boot, Start::Delayed, Start::Manual] {
        payload.service.as_mut().unwrap().start = start;
        let read = RpmPackage.read(&mut Cursor::new(build(&payload))).unwrap();
        assert_eq!(read.scripts.len(), 5);
        for script in read.scripts {
            for shell in ["dash", "bash"] {
                run(Command::new(shell).args(["-n", "-c", &script.text]));
            }
            assert_eq!(script.text.contains("preset"), script.name == "%post" && start != Start::Manual);
        }
    }
}

#[test]
fn rpm_orders_versions_as_semantic_versioning_does() {
    needs!("rpm" from "rpm");
    // In ascending order (semver.org §11); of identifiers of one kind, as mixed ones have no rpm equivalent.
    let prereleases =
        ["-alpha", "-alpha.1", "-alpha.1.1", "-beta", "-beta.1", "-beta.2", "-beta.10", "-rc.1", ""];
    let mut ascending = Vec::new();
    for core in ["0.9.9", "0.10.0", "1.0.0", "1.2.0", "1.2.1", "1.2.9", "1.2.10", "1.10.0", "2.0.0", "10.0.0"]
    {
        ascending.extend(prereleases.iter().map(|pre| format!("{core}{pre}")));
    }
    let versions: Vec<String> =
        ascending.iter().map(|text| format!("\"{}\"", Version::new(text, 1, None).unwrap().rpm())).collect();
    let wrong = run(Command::new("rpm").arg("--eval").arg(format!(
        "%{{lua: v = {{ {} }}; for i = 1, #v do for j = 1, #v do
           want = i < j and -1 or i > j and 1 or 0
           if rpm.vercmp(v[i], v[j]) ~= want then print(v[i] .. \" \" .. v[j]) end
         end end; print(#v)}}",
        versions.join(", ")
    )));
    assert_eq!(wrong.trim(), versions.len().to_string());
}

#[test]
fn damaged_packages_are_refused_without_panic() {
    let package = build(&demo("1.2.0"));
    let header_end = package.len() - 400;
    // Without its digest in the signature header (tag 273), damage reaches the parser.
    let mut naked = package.clone();
    let at = naked[..400].windows(4).position(|w| w == 273u32.to_be_bytes()).unwrap();
    naked[at..at + 4].copy_from_slice(&274u32.to_be_bytes());
    assert!(RpmPackage.read(&mut Cursor::new(&naked)).is_ok());

    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for round in 0..30_000 {
        let mut bytes = if round % 8 == 0 { package.clone() } else { naked.clone() };
        for _ in 0..=random(6) {
            // Half of the damage hits the first part of an index, where the structure is.
            let at = if random(2) == 0 { random(header_end) } else { random(1600.min(header_end)) };
            bytes[at] = [0, 1, 0x7f, 0x80, 0xff, random(256) as u8][random(6)];
        }
        if random(4) == 0 {
            bytes.truncate(random(bytes.len()));
        }
        let _ = RpmPackage.read(&mut Cursor::new(&bytes));
    }
}

#[test]
fn damage_to_the_header_is_noticed() {
    let mut package = build(&demo("1.2.0"));
    let at = package.windows(5).position(|w| w == b"Shows").unwrap();
    package[at] = b'K';
    let error = RpmPackage.read(&mut Cursor::new(&package)).unwrap_err();
    assert!(error.to_string().contains("does not match the SHA-256"), "{error}");
    package.truncate(at);
    let error = RpmPackage.read(&mut Cursor::new(&package)).unwrap_err();
    assert_eq!(error.to_string(), "not a readable rpm package: it ends too early");
    assert!(!RpmPackage.recognises(b"!<arch>\n", "demo.rpm"));
    assert!(RpmPackage.recognises(&package[..96], "demo"));
}

/// Packages of another builder: with a hard link, a trigger, bzip2, and a source package.
#[test]
fn packages_of_rpmbuild_are_read() {
    needs!("rpmbuild" from "rpm");
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("other.spec");
    std::fs::write(
        &spec,
        "Name: other\nEpoch: 4\nVersion: 1\nRelease: 2\nSummary: Other\nLicense: MIT\nBuildArch: noarch\n\
         Requires(pre): coreutils >= 8\n%description\nOther.\n%install\nmkdir -p %{buildroot}/opt/other\n\
         echo a >%{buildroot}/opt/other/a\nln %{buildroot}/opt/other/a %{buildroot}/opt/other/b\n\
         ln -s a %{buildroot}/opt/other/c\n%pretrans -p <lua>\nprint(1)\n%triggerin -- bash, dash\necho t\n\
         %files\n%config /opt/other/a\n/opt/other/b\n/opt/other/c\n%ghost %attr(600,root,mail) /opt/other/g\n",
    )
    .unwrap();
    let top = format!("_topdir {}", folder.path().display());
    run(Command::new("rpmbuild")
        .args(["-ba", "--quiet", "--define", &top, "--define", "_binary_payload w9.bzdio"])
        .args(["--define", "_source_payload w.ufdio", "--define", "_build_id_links none"])
        .arg(&spec));

    let read = |path: &str| {
        let mut file = std::fs::File::open(folder.path().join(path)).unwrap();
        RpmPackage.read(&mut file).unwrap()
    };
    let binary = read("RPMS/noarch/other-1-2.noarch.rpm");
    assert_eq!((binary.version.as_str(), binary.architecture.as_str()), ("4:1-2", "noarch"));
    assert_eq!(binary.compression, "bzip2");
    assert!(binary.fields.contains(&("Requires(pre)".into(), "coreutils >= 8".into())));
    let scripts: Vec<_> = binary.scripts.iter().map(|s| (s.name.as_str(), s.interpreter.as_str())).collect();
    assert_eq!(scripts, [("%pretrans", "<lua>"), ("%triggerin -- bash dash", "/bin/sh")]);
    let files: Vec<_> = binary.files.iter().map(|f| (f.path.as_str(), f.kind, f.flags.join(","))).collect();
    let expected = [
        ("/opt/other/a", Kind::File, "config"),
        ("/opt/other/b", Kind::Hardlink, ""),
        ("/opt/other/c", Kind::Symlink, ""),
        ("/opt/other/g", Kind::File, "ghost"),
    ];
    assert_eq!(files, expected.map(|(path, kind, flags)| (path, kind, flags.to_owned())));

    let source = read("SRPMS/other-1-2.src.rpm");
    assert_eq!((source.architecture.as_str(), source.compression.as_str()), ("src", "none"));
    assert_eq!(
        (source.files[0].path.as_str(), source.files[0].flags.join(",")),
        ("other.spec", "specfile".into())
    );
}
