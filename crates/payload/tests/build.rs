//! From manifest to payload, on real folders.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use landfall_manifest::{Loaded, Report};
use landfall_payload::*;

const PRODUCT: &str = r#"
[product]
name = "demo"
version = "1.2.3"
maintainer = "Jo Doe <jo@example.com>"
license = "MIT"
homepage = "https://example.com/demo"
summary = "Shows things"
"#;

/// A project folder for one test.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(files: &[&str]) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        for file in files {
            let path = project.path(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("content of {file}\n")).unwrap();
        }
        project
    }

    fn path(&self, relative: &str) -> std::path::PathBuf {
        self.folder.path().join(relative)
    }

    fn load(&self, manifest: &str) -> Loaded {
        let text = format!("{PRODUCT}{manifest}");
        landfall_manifest::parse(&self.path("landfall.toml"), text).unwrap_or_else(|r| panic!("{r}"))
    }

    fn try_build(&self, manifest: &str) -> Result<Built, Report> {
        let loaded = self.load(manifest);
        let version = version(&loaded, &|_| None)?;
        build(&loaded, &linux(), &version, 1_700_000_000)
    }

    fn build(&self, manifest: &str) -> Payload {
        self.try_build(manifest).unwrap_or_else(|r| panic!("{r}")).payload
    }

    fn wrong(&self, manifest: &str) -> String {
        self.try_build(manifest).expect_err("this must be refused").render(false)
    }
}

fn linux() -> Target {
    "x86_64-unknown-linux-gnu".parse().unwrap()
}

fn paths(payload: &Payload, format: Format) -> Vec<&str> {
    payload.entries(format).map(|e| e.path.as_str()).collect()
}

fn entry<'a>(payload: &'a Payload, path: &str) -> &'a Entry {
    payload.all_entries.iter().find(|e| e.path == path).unwrap_or_else(|| panic!("no {path}"))
}

fn text(payload: &Payload, path: &str) -> String {
    let EntryKind::File(content) = &entry(payload, path).kind else { panic!("{path} is no file") };
    let mut text = String::new();
    std::io::Read::read_to_string(&mut content.open().unwrap(), &mut text).unwrap();
    text
}

#[test]
fn files_folders_and_globs_land_where_they_should() {
    let p = Project::new(&[
        "a.txt",
        "tree/one.txt",
        "tree/deep/two.txt",
        "glob/x.conf",
        "glob/sub/y.conf",
        "glob/z.md",
    ]);
    fs::set_permissions(p.path("tree/deep/two.txt"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("one.txt", p.path("tree/link")).unwrap();
    let payload = p.build(
        r#"
        [[files]]
        source = "a.txt"
        destination = "{data}/"
        [[files]]
        source = "a.txt"
        destination = "{data}/renamed.txt"
        mode = "0600"
        owner = "daemon"
        group = "daemon"
        [[files]]
        source = "tree"
        destination = "{lib}/tree"
        [[files]]
        source = "glob/**/*.conf"
        destination = "{config}/conf.d"
        role = "config"
        "#,
    );
    assert_eq!(
        paths(&payload, Format::Deb),
        [
            "/etc/demo",
            "/etc/demo/conf.d",
            "/etc/demo/conf.d/sub",
            "/etc/demo/conf.d/sub/y.conf",
            "/etc/demo/conf.d/x.conf",
            "/usr/lib/demo",
            "/usr/lib/demo/tree",
            "/usr/lib/demo/tree/deep",
            "/usr/lib/demo/tree/deep/two.txt",
            "/usr/lib/demo/tree/link",
            "/usr/lib/demo/tree/one.txt",
            "/usr/share/demo",
            "/usr/share/demo/a.txt",
            "/usr/share/demo/renamed.txt",
        ]
    );
    assert_eq!(entry(&payload, "/usr/lib/demo/tree/deep/two.txt").mode, 0o755);
    assert_eq!(entry(&payload, "/usr/lib/demo/tree/one.txt").mode, 0o644);
    let renamed = entry(&payload, "/usr/share/demo/renamed.txt");
    assert_eq!((renamed.mode, renamed.owner.as_str()), (0o600, "daemon"));
    assert_eq!(entry(&payload, "/etc/demo/conf.d/x.conf").role, Role::Config);
    assert!(
        matches!(&entry(&payload, "/usr/lib/demo/tree/link").kind, EntryKind::Symlink(t) if t == "one.txt")
    );
}

#[test]
fn links_ghosts_directories_and_content_are_entries() {
    let p = Project::new(&[]);
    let payload = p.build(
        r#"
        [[files]]
        symlink = "{bin}/demo"
        destination = "{bin}/d"
        [[files]]
        ghost = true
        destination = "/var/lib/demo.db"
        [[files]]
        content = "x = 1\n"
        destination = "/etc/demo.conf"
        role = "config"
        [[directories]]
        path = "/srv/demo/in"
        mode = "1777"
        "#,
    );
    assert!(matches!(&entry(&payload, "/usr/bin/d").kind, EntryKind::Symlink(t) if t == "/usr/bin/demo"));
    assert!(matches!(entry(&payload, "/var/lib/demo.db").kind, EntryKind::Ghost));
    assert_eq!(text(&payload, "/etc/demo.conf"), "x = 1\n");
    assert_eq!(entry(&payload, "/srv/demo/in").mode, 0o1777);
}

#[test]
fn selectors_choose_formats_and_targets() {
    let p = Project::new(&[]);
    let manifest = r#"
        [[files]]
        content = "deb"
        destination = "/usr/share/x"
        only = ["deb"]
        [[files]]
        content = "others"
        destination = "/usr/share/x"
        except = ["deb", "archive"]
        [[files]]
        content = "arm"
        destination = "/usr/share/arm"
        only = ["aarch64", "rpm"]
        [[files]]
        content = "never"
        destination = "/usr/share/windows"
        only = ["windows"]
        "#;
    let payload = p.build(manifest);
    assert_eq!(paths(&payload, Format::Deb), ["/usr/share/x"]);
    assert_eq!(paths(&payload, Format::Rpm), ["/usr/share/x"]);
    assert_eq!(paths(&payload, Format::TarGz), Vec::<&str>::new());
    let loaded = p.load(manifest);
    let arm = "aarch64-unknown-linux-musl".parse().unwrap();
    let version = version(&loaded, &|_| None).unwrap();
    let payload = build(&loaded, &arm, &version, 0).unwrap().payload;
    assert_eq!(paths(&payload, Format::Rpm), ["/usr/share/arm", "/usr/share/x"]);
    let text = p.wrong("[[files]]\ncontent = \"\"\ndestination = \"/x\"\nonly = [\"debian\"]\n");
    assert!(text.contains("unknown selector \"debian\""), "{text}");
}

#[test]
fn a_service_brings_its_unit_account_directories_and_scripts() {
    let p = Project::new(&[]);
    fs::write(p.path("run.sh"), "#!/bin/sh\n").unwrap();
    let payload = p.build(
        r#"
        [programs.demo]
        path = "run.sh"
        [service]
        program = "demo"
        arguments = ["--state", "{state}"]
        account = "demo"
        [settings.token]
        type = "secret"
        [settings.inbox]
        type = "directory"
        default = "{state}/inbox"
        [[directories]]
        path = "{state}/private"
        mode = "0700"
        owner = "demo"
        "#,
    );
    let deb = paths(&payload, Format::Deb);
    for path in [
        "/usr/bin/demo",
        "/usr/lib/systemd/system/demo.service",
        "/usr/lib/sysusers.d/demo.conf",
        "/usr/lib/tmpfiles.d/demo.conf",
        "/etc/init.d/demo",
    ] {
        assert!(deb.contains(&path), "{path} not in {deb:?}");
    }
    assert!(paths(&payload, Format::Rpm).contains(&"/usr/lib/systemd/system-preset/90-demo.preset"));
    assert!(!paths(&payload, Format::Rpm).contains(&"/etc/init.d/demo"));
    assert_eq!(
        paths(&payload, Format::Apk),
        ["/etc/init.d/demo", "/usr/bin/demo"],
        "Alpine has OpenRC, not systemd"
    );
    assert!(text(&payload, "/usr/lib/systemd/system/demo.service").contains("--state /var/lib/demo"));
    assert!(text(&payload, "/usr/lib/tmpfiles.d/demo.conf").contains("/etc/demo/credentials/token"));
    let writable: Vec<(&str, u32)> = payload.writable.iter().map(|w| (w.path.as_str(), w.mode)).collect();
    assert_eq!(
        writable,
        [
            ("/var/cache/demo", 0o750),
            ("/var/lib/demo", 0o750),
            ("/var/lib/demo/inbox", 0o2770),
            ("/var/lib/demo/private", 0o700),
            ("/var/log/demo", 0o750),
        ]
    );
    assert_eq!(payload.accounts[0].name, "demo");
    assert_eq!(payload.settings["token"].environment, "DEMO_TOKEN");
}

#[test]
fn versions_come_from_cargo_and_from_the_environment() {
    let p = Project::new(&[]);
    let parse = |value: &str| {
        let text = PRODUCT.replace("\"1.2.3\"", value);
        landfall_manifest::parse(&p.path("landfall.toml"), text).unwrap()
    };
    fs::write(p.path("Cargo.toml"), "[workspace.package]\nversion = \"4.5.6\"\n").unwrap();
    let environment = |name: &str| (name == "RELEASE").then(|| "v7.8.9-rc.1".to_owned());
    let read = |value: &str| version(&parse(value), &environment).map(|v| v.to_string());
    assert_eq!(read("{ from = \"Cargo.toml\" }").unwrap(), "4.5.6");
    assert_eq!(read("{ env = \"RELEASE\" }").unwrap(), "7.8.9-rc.1");
    assert!(read("{ env = \"NOTHING\" }").unwrap_err().to_string().contains("NOTHING is not set"));
    assert!(read("{ from = \"nowhere.toml\" }").unwrap_err().to_string().contains("cannot read"));
    fs::write(p.path("Cargo.toml"), "[workspace]\n").unwrap();
    assert!(read("{ from = \"Cargo.toml\" }").unwrap_err().to_string().contains("has neither"));
}

#[test]
fn bad_input_is_refused_with_its_line() {
    let p = Project::new(&["here.txt", "folder/x.txt"]);
    let outside = tempfile::NamedTempFile::new().unwrap();
    symlink(outside.path(), p.path("escape")).unwrap();
    let file = |source: &str| format!("[[files]]\nsource = \"{source}\"\ndestination = \"/usr/share/x\"\n");
    for (source, message) in [
        ("missing.txt", "there is no file \"missing.txt\""),
        ("../x", "leaves the manifest's folder"),
        ("/etc/passwd", "leaves the manifest's folder"),
        ("escape", "is a link that leaves"),
        ("*.nothing", "matches no file"),
        ("[", "is not a glob"),
    ] {
        let text = p.wrong(&file(source));
        assert!(text.contains(message) && text.contains("landfall.toml:10:"), "{source}:\n{text}");
    }
    let both = format!("{}{}", file("here.txt"), file("here.txt"));
    let text = p.wrong(&both);
    assert!(text.contains("two files have the destination /usr/share/x"), "{text}");
    assert!(text.contains("the other is at line 9"), "{text}");
}

#[test]
fn programs_are_missing_or_of_another_machine() {
    let p = Project::new(&["folder/x"]);
    let program = |path: &str| format!("[programs.demo]\npath = \"{path}\"\n");
    let text = p.wrong(&program("target/demo"));
    assert!(text.contains("there is no file \"target/demo\"") && text.contains("build it first"), "{text}");
    assert!(p.wrong(&program("folder")).contains("is not one file"));
    let built = p.try_build(&format!("{}build = \"make {{target}}\"\n", program("target/demo"))).unwrap();
    assert_eq!(built.missing[0].command, "make x86_64-unknown-linux-gnu");
    // The machine field (bytes 18 and 19) of an ELF header says AArch64.
    let mut elf = fs::read("/bin/true").unwrap();
    elf[18..20].copy_from_slice(&183_u16.to_le_bytes());
    fs::write(p.path("foreign"), elf).unwrap();
    let text = p.wrong(&program("foreign"));
    assert!(text.contains("aarch64") && text.contains("x86_64"), "{text}");
}

#[test]
fn scripts_are_shell() {
    let p = Project::new(&["plain.sh"]);
    fs::write(p.path("sh.sh"), "#!/bin/sh\necho hi\n").unwrap();
    fs::write(p.path("py.sh"), "#!/usr/bin/python3\nprint()\n").unwrap();
    let payload =
        p.build("[scripts]\nafter-install = \"sh.sh\"\n[package.rpm.scripts]\npost = \"plain.sh\"\n");
    assert_eq!(payload.hooks.after_install.as_deref(), Some("echo hi\n"));
    assert_eq!(payload.native_script(Format::Rpm, "post"), Some("content of plain.sh\n"));
    assert!(p.wrong("[scripts]\nafter-install = \"py.sh\"\n").contains("interpreter /usr/bin/python3"));
}

#[test]
fn a_text_that_is_too_long_is_refused_and_not_cut() {
    let project = Project::new(&["after.sh"]);
    let manifest = "[scripts]\nafter-install = \"after.sh\"\n";
    let lines = |bytes: usize| "echo\n".repeat(bytes.div_ceil(5));
    fs::write(project.path("after.sh"), lines(15 << 20)).unwrap();
    assert!(project.build(manifest).hooks.after_install.is_some_and(|text| text.ends_with("echo\n")));
    fs::write(project.path("after.sh"), lines((16 << 20) + 1)).unwrap();
    let error = project.wrong(manifest);
    assert!(
        error.contains("after.sh\" is longer than 16 MiB") && error.contains("landfall.toml:10"),
        "{error}"
    );
}

#[test]
fn the_changelog_has_this_version_first_and_nothing_from_the_future() {
    let p = Project::new(&[]);
    fs::write(
        p.path("CHANGELOG.md"),
        "## [2.0.0] - 2099-01-01\n- future\n\n## [1.0.0] - 2020-01-01\n- past\n",
    )
    .unwrap();
    let payload = p.build("");
    let all: Vec<(&str, i64)> = payload.changelog.iter().map(|c| (c.version.as_str(), c.time)).collect();
    assert_eq!(all, [("1.2.3", 1_700_000_000), ("2.0.0", 1_700_000_000), ("1.0.0", 1_577_880_000)]);
}

#[test]
fn manual_pages_are_compressed() {
    let p = Project::new(&["demo.1"]);
    let payload =
        p.build("[[files]]\nsource = \"demo.1\"\ndestination = \"{man}/man1/\"\nrole = \"manual-page\"\n");
    assert!(paths(&payload, Format::Deb).contains(&"/usr/share/man/man1/demo.1.gz"));
}

#[test]
fn the_examples_are_good() {
    for example in ["smallest", "every-key"] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example).join("landfall.toml");
        let loaded = landfall_manifest::load(&path).unwrap_or_else(|r| panic!("{r}"));
        let version = version(&loaded, &|_| None).unwrap();
        build(&loaded, &linux(), &version, 1_800_000_000).unwrap_or_else(|r| panic!("{r}"));
    }
}
