//! Windows Installer packages: made from a manifest, checked, read back, and lived through under Wine.

#[path = "msi/signature.rs"]
mod signature;
#[path = "msi/transform.rs"]
mod transform;
#[path = "msi/windows.rs"]
mod windows;

use std::fs;
use std::io::{Cursor, Read, Write as _};
use std::path::Path;
use std::process::Command;

use landfall_msi::ice::{self, Severity};
use landfall_msi::{Database, Reader};
use landfall_packages::*;
use landfall_payload::{Content, Entry, EntryKind, Format, Payload};
use windows::Windows;

const MANIFEST: &str = r#"
[product]
name = "kestrel"
title = "Kestrel [demo]"
version = "VERSION"
identifier = "example.kestrel"
vendor = "Example"
maintainer = "Example Maintainers <packages@example.com>"
license = "MIT"
homepage = "https://example.com/kestrel"
summary = "Shows how a service is installed"

[programs.kestrel]
path = "kestrel"

[[files]]
source = "config.toml"
destination = "{config}/config.toml"
role = "config"

[[files]]
source = "LICENSE"
destination = "{doc}/"
role = "license"

[[files]]
source = "config.toml"
destination = "{man}/man1/kestrel.1"
role = "manual-page"

[service]
program = "kestrel"
arguments = ["run", "--state", "{state}"]
account = "kestrel"
restart = { policy = "always" }
health = "http://127.0.0.1:8080/health"
page.address = "http://127.0.0.1:8765/start"

[settings.server-url]
title = "Server address"
type = "url"
required = true

[settings.api-token]
title = "API token"
type = "secret"

[settings.workers]
type = "integer"

[settings.watch-folder]
title = "Watched folder"
type = "directory"
default = "{state}/watch"
"#;

fn payload(folder: &Path, version: &str, target: &str) -> Payload {
    fs::write(folder.join("landfall.toml"), MANIFEST.replace("VERSION", version)).unwrap();
    fs::write(folder.join("config.toml"), format!("# as shipped with {version}\n")).unwrap();
    fs::write(folder.join("LICENSE"), "Do as you like.\n").unwrap();
    if !folder.join("kestrel.exe").exists() {
        fs::write(folder.join("kestrel.exe"), "no program").unwrap();
    }
    let loaded = landfall_manifest::load(&folder.join("landfall.toml")).unwrap_or_else(|r| panic!("{r}"));
    let version = landfall_payload::version(&loaded, &|_| None).unwrap_or_else(|r| panic!("{r}"));
    let target = target.parse().unwrap();
    let built = landfall_payload::build(&loaded, &target, &version, 1_700_000_000);
    built.unwrap_or_else(|r| panic!("{r}")).payload
}

fn write(payload: &Payload) -> Result<Vec<u8>, Error> {
    let mut output = Cursor::new(Vec::new());
    let options = Options {
        level: Level::Default,
        compression: None,
        threads: 2,
        scratch: std::env::temp_dir(),
        progress: &|_| {},
    };
    packager(Format::Msi).write(payload, &options, &mut output)?;
    Ok(output.into_inner())
}

fn sample() -> Payload {
    // A folder for each test, which is named after its thread; the files are read when the package is written.
    let name = std::thread::current().name().unwrap_or("sample").to_owned();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("msi").join(name);
    fs::create_dir_all(&folder).unwrap();
    payload(&folder, "1.2.3", "x86_64-pc-windows-gnu")
}

fn database(payload: &Payload) -> Database {
    Reader::open(Cursor::new(write(payload).unwrap())).unwrap().database().unwrap()
}

/// The value in a column of the row with this first key.
fn cell(database: &Database, table: &str, key: &str, column: &str) -> String {
    let table = database.table(table).unwrap_or_else(|| panic!("no table {table}"));
    let row = table.rows.iter().find(|row| row[0].text() == key);
    let row = row.unwrap_or_else(|| panic!("no row {key} in {}", table.name));
    row[table.column(column).unwrap()].to_string()
}

#[test]
fn the_checks_have_nothing_to_say() {
    let findings = ice::check(&database(&sample()));
    let errors: Vec<String> =
        findings.iter().filter(|f| f.severity == Severity::Error).map(ToString::to_string).collect();
    assert_eq!(errors, [""; 0]);
    // Packages of one version replace each other, on purpose.
    assert!(findings.iter().all(|finding| finding.severity == Severity::Note), "{findings:#?}");
}

#[test]
fn the_same_payload_gives_the_same_bytes() {
    let payload = sample();
    assert_eq!(write(&payload).unwrap(), write(&payload).unwrap());
}

#[test]
fn the_service_is_told_by_tables() {
    let database = database(&sample());
    let service = |column: &str| cell(&database, "ServiceInstall", "Service", column);
    assert_eq!(service("Name"), "kestrel");
    assert_eq!(service("StartName"), r"NT SERVICE\kestrel");
    assert_eq!(service("Arguments"), r"run --state [CommonAppDataFolder]kestrel\state");
    let kinds: Vec<String> =
        database.table("MsiServiceConfig").unwrap().rows.iter().map(|row| row[3].to_string()).collect();
    // Delayed start, own identifier, privileges, time before shutdown.
    for kind in ["3", "5", "6", "7"] {
        assert!(kinds.contains(&kind.to_owned()), "{kinds:?}");
    }
    // Recovery, because Windows does not honour its table.
    assert!(database.table("MsiServiceConfigFailureActions").is_none());
    let recovery = cell(&database, "CustomAction", "Recovery", "Target");
    assert!(recovery.contains("failure \"kestrel\" reset= 86400 actions= restart/"), "{recovery}");
    // Where folders are is the machine's to say.
    let default = cell(&database, "CustomAction", "Default.WATCH_FOLDER", "Target");
    assert_eq!(default, r"[CommonAppDataFolder]kestrel\state\watch");
    let state = database.table("MsiLockPermissionsEx").unwrap();
    let sid = "S-1-5-80-";
    assert!(state.rows.iter().any(|row| row[3].text().contains(sid) && row[3].text().contains("0x1301bf")));
}

#[test]
fn secrets_stay_out_of_logs_and_command_lines() {
    let database = database(&sample());
    let hidden = cell(&database, "Property", "MsiHiddenProperties", "Value");
    for property in ["API_TOKEN", "Secret.API_TOKEN", "UndoSecret.API_TOKEN", "KeepSecret.API_TOKEN"] {
        assert!(hidden.split(';').any(|one| one == property), "{hidden}");
    }
    let secure = cell(&database, "Property", "SecureCustomProperties", "Value");
    for property in ["API_TOKEN", "API_TOKEN_FILE", "SERVER_URL", "WATCH_FOLDER", "INSTALLDIR", "PURGE"] {
        assert!(secure.split(';').any(|one| one == property), "{secure}");
    }
    // The one action that may know it hands it over inside the installer.
    for row in &database.table("CustomAction").unwrap().rows {
        let may = row[0].text() == "Set.Secret.API_TOKEN";
        assert!(may || !row[3].text().contains("[API_TOKEN]"), "{row:?}");
    }
    for row in &database.table("Registry").unwrap().rows {
        assert!(!row[4].text().contains("[API_TOKEN]"), "{row:?}");
    }
}

#[test]
fn the_wizard_says_what_is_wrong_with_a_setting() {
    let database = database(&sample());
    let events: Vec<(String, String, String)> = database
        .rows("ControlEvent")
        .filter(|row| row.text("Dialog_") == "SettingsDlg" && row.text("Control_") == "Next")
        .map(|row| (row.text("Event").into(), row.text("Argument").into(), row.text("Condition").into()))
        .collect();
    let wrong = |property: &str| {
        events.iter().any(|(event, said, condition)| {
            event == "[INVALID_SETTING]" && said.starts_with(property) && condition.starts_with("NOT (")
        })
    };
    assert!(wrong("SERVER_URL (Server address) must begin with"), "{events:#?}");
    assert!(wrong("WORKERS (workers) must be a whole number"), "{events:#?}");
    assert!(wrong("WATCH_FOLDER (Watched folder) must contain neither quotation marks nor |"), "{events:#?}");
    assert!(
        events.iter().any(|(event, _, condition)| event == "SpawnDialog" && condition == "INVALID_SETTING")
    );
    let on = events.iter().find(|(event, ..)| event == "NewDialog").unwrap();
    assert_eq!(on.2, "NOT INVALID_SETTING");
}

#[test]
fn the_path_is_the_manifest_s_to_say() {
    let mut payload = sample();
    assert!(database(&payload).table("Environment").is_none());
    payload.options.msi.path = Some(true);
    assert_eq!(cell(&database(&payload), "Environment", "Path", "Value"), "[~];[INSTALLDIR]");
}

#[test]
fn what_windows_does_not_take_is_said_before_anything_is_written() {
    let long = format!("/doc/{}", "n".repeat(231));
    for (paths, said) in [
        (vec!["/doc/nul.txt"], "nul is a device"),
        (vec!["/doc/COM1/a.txt"], "COM1 is a device"),
        (vec!["/doc/a:b"], "':' is not allowed"),
        (vec!["/doc/end."], "must not end with a period"),
        (vec!["/doc/space "], "must not end with a period or a space"),
        (vec!["/doc/Name", "/doc/NAME"], "does not tell names by case"),
        (vec!["/Doc/a", "/doc/A"], "does not tell names by case"),
        (vec![&long], "paths of at most 259"),
    ] {
        let mut payload = sample();
        for path in paths {
            let kind = EntryKind::File(Content::Bytes(b"x"[..].into()));
            payload.all_entries.push(Entry { path: path.into(), kind, ..Entry::directory("") });
        }
        let refused = packager(Format::Msi).check(&payload).unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn the_start_menu_opens_the_page() {
    assert_eq!(cell(&database(&sample()), "IniFile", "Page.URL", "Value"), "http://127.0.0.1:8765/start");
}

#[test]
fn administrative_images_and_group_policy() {
    let database = database(&sample());
    let actions = |table: &str| -> Vec<&str> {
        let mut rows: Vec<_> = database.rows(table).collect();
        rows.sort_by_key(|row| row.int("Sequence"));
        rows.iter().map(|row| row.text("Action")).collect()
    };
    // An image is unpacked, and nothing of the package's own runs.
    let costs = ["CostInitialize", "FileCost", "CostFinalize"];
    let image =
        ["InstallValidate", "InstallInitialize", "InstallAdminPackage", "InstallFiles", "InstallFinalize"];
    assert_eq!(actions("AdminExecuteSequence"), [&costs[..], &image].concat());
    // Group Policy advertises before it installs.
    let published = ["PublishFeatures", "PublishProduct", "InstallFinalize"];
    assert!(actions("AdvtExecuteSequence").ends_with(&published));
    assert_eq!(cell(&database, "Property", "ALLUSERS", "Value"), "1");
}

#[test]
fn the_list_of_programs_shows_the_icon() {
    let mut payload = sample();
    payload.product.windows_icon = Some(b"an icon"[..].into());
    let database = database(&payload);
    assert_eq!(cell(&database, "Property", "ARPPRODUCTICON", "Value"), "Product.ico");
    assert!(database.row("Icon", "Product.ico").is_some());
}

#[test]
fn the_best_level_is_lzx() {
    let payload = sample();
    let mut output = Cursor::new(Vec::new());
    let options = Options {
        level: Level::Best,
        compression: None,
        threads: 1,
        scratch: std::env::temp_dir(),
        progress: &|_| {},
    };
    let package = packager(Format::Msi);
    package.write(&payload, &options, &mut output).unwrap();
    assert_eq!(package.read(&mut output).unwrap().compression, "lzx");
}

#[test]
fn is_read_back() {
    let bytes = write(&sample()).unwrap();
    let package = packager(Format::Msi);
    assert!(package.recognises(&bytes[..512], "kestrel.msi"));

    struct Contents(Vec<(String, usize)>);
    impl Visitor for Contents {
        fn file(&mut self, file: &FileRecord, content: &mut dyn Read) -> std::io::Result<()> {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            self.0.push((file.path.clone(), bytes.len()));
            Ok(())
        }
    }
    let mut contents = Contents(Vec::new());
    let inspection = package.examine(&mut Cursor::new(bytes), &mut contents).unwrap();
    assert_eq!(inspection.name, "Kestrel [demo]");
    assert_eq!((inspection.version.as_str(), inspection.architecture.as_str()), ("1.2.3", "x64"));
    assert_eq!(inspection.compression, "mszip");
    let paths: Vec<&str> = inspection.files.iter().map(|file| file.path.as_str()).collect();
    for path in [
        r"C:\Program Files\kestrel\kestrel.exe",
        r"C:\Program Files\kestrel\doc\LICENSE",
        r"C:\ProgramData\kestrel\config.toml",
    ] {
        assert!(paths.contains(&path), "{paths:?}");
    }
    assert!(!paths.iter().any(|path| path.contains("man1")));
    for file in &inspection.files {
        let size = file.size as usize;
        assert!(contents.0.contains(&(file.path.clone(), size)), "{}", file.path);
    }
    assert!(
        inspection
            .fields
            .iter()
            .any(|(name, value)| name == "ServiceInstall" && value.contains("Name=kestrel"))
    );
    let configuration = inspection.files.iter().find(|file| file.path.ends_with("config.toml")).unwrap();
    assert_eq!(configuration.flags, ["permanent", "never-overwrite"]);
}

const FOREIGN: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="*" Name="Merlin" UpgradeCode="6F1B2C3D-1111-4222-8333-444455556666" Language="1033" Version="2.0.1"
      Manufacturer="Others">
    <Package InstallerVersion="200" Compressed="yes"/>
    <Media Id="1" Cabinet="product.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFilesFolder"><Directory Id="INSTALLDIR" Name="merlin">
      <Component Id="Merlin" Guid="6F1B2C3D-1111-4222-8333-444455556667">
        <File Id="Merlin" Source="merlin.exe" KeyPath="yes"/>
        <ServiceInstall Id="Merlin" Name="merlin" Start="auto" Type="ownProcess" ErrorControl="normal"/>
      </Component>
    </Directory></Directory></Directory>
    <Feature Id="Main" Level="1"><ComponentRef Id="Merlin"/></Feature>
  </Product>
</Wix>
"#;

#[test]
fn packages_of_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("merlin.exe"), "not really").unwrap();
    fs::write(folder.path().join("x.wxs"), FOREIGN).unwrap();
    let ran = Command::new("wixl").args(["-o", "x.msi", "x.wxs"]).current_dir(folder.path()).output();
    let Ok(ran) = ran else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs wixl (apt-get install wixl)");
        return;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut file = fs::File::open(folder.path().join("x.msi")).unwrap();
    let inspection = packager(Format::Msi).read(&mut file).unwrap();
    assert_eq!(
        (&*inspection.name, &*inspection.version, &*inspection.compression),
        ("Merlin", "2.0.1", "mszip")
    );
    let paths: Vec<&str> = inspection.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [r"[ProgramFilesFolder]\merlin\merlin.exe"]);
    let has =
        |name: &str, text: &str| inspection.fields.iter().any(|(n, value)| n == name && value.contains(text));
    assert!(
        has("ServiceInstall", "Name=merlin")
            && has("Tables", "Component (1)")
            && has("Manufacturer", "Others")
    );
    assert!(inspection.seals.is_empty());
}

#[test]
fn other_machines_and_versions() {
    let folder = tempfile::tempdir().unwrap();
    let arm = payload(folder.path(), "1.2.3-rc.1", "aarch64-pc-windows-gnullvm");
    let package = packager(Format::Msi);
    assert_eq!(package.file_name(&arm).unwrap(), "kestrel-1.2.3-rc.1-arm64.msi");
    let database = database(&arm);
    assert_eq!(database.summary.template, "Arm64;1033");
    assert_eq!(cell(&database, "Property", "ProductVersion", "Value"), "1.2.3");

    let said = write(&payload(folder.path(), "300.0.0", "x86_64-pc-windows-gnu")).unwrap_err().to_string();
    assert!(said.contains("exceeds 255"), "{said}");
    let mut linux = arm;
    linux.target = "x86_64-unknown-linux-gnu".parse().unwrap();
    let said = package.file_name(&linux);
    assert!(said.unwrap_err().to_string().contains("the target"));
}

#[test]
fn the_program_alone() {
    let mut payload = sample();
    let package = packager(Format::Exe);
    assert_eq!(package.file_name(&payload).unwrap(), "kestrel-1.2.3-x86_64-pc-windows-gnu.exe");
    let mut output = Cursor::new(Vec::new());
    let options = Options {
        level: Level::Default,
        compression: None,
        threads: 1,
        scratch: std::env::temp_dir(),
        progress: &|_| {},
    };
    package.write(&payload, &options, &mut output).unwrap();
    assert_eq!(output.get_ref(), b"no program");
    let said = package.read(&mut output).unwrap_err().to_string();
    assert!(said.contains("not a readable exe package"), "{said}");

    let program = payload.all_entries.iter().find(|entry| entry.path.ends_with(".exe")).unwrap().clone();
    payload.all_entries.push(Entry { path: "/second.exe".into(), ..program });
    assert!(package.check(&payload).unwrap_err().to_string().contains("2 programs"));
    payload.target = "x86_64-unknown-linux-gnu".parse().unwrap();
    assert!(package.check(&payload).unwrap_err().to_string().contains("the target"));
}

#[test]
fn the_upgrade_code_can_be_given() {
    let mut payload = sample();
    let derived = cell(&database(&payload), "Property", "UpgradeCode", "Value");
    assert!(derived.starts_with('{'));
    payload.options.msi.upgrade_code = Some("6f1b2c3d-1111-4222-8333-444455556666".into());
    let given = cell(&database(&payload), "Property", "UpgradeCode", "Value");
    assert_eq!(given, "{6F1B2C3D-1111-4222-8333-444455556666}");
    payload.options.msi.upgrade_code = Some("mine".into());
    let said = write(&payload).unwrap_err().to_string();
    assert!(said.contains("package.msi.upgrade-code"), "{said}");
}

#[test]
fn lives_and_goes_under_wine() {
    let Some(windows) = Windows::start("kestrel") else { return };
    for (version, name) in [("1.0.0", "one.msi"), ("1.1.0", "two.msi")] {
        let payload = payload(windows.folder(), version, "x86_64-pc-windows-gnu");
        // Windows never replaces a program that has a version by a file of which the package names none.
        let database = database(&payload);
        let program = database.rows("File").find(|row| row.text("FileName").ends_with(".exe")).unwrap();
        assert_eq!((program.text("Version"), program.text("Language")), (&*format!("{version}.0"), "1033"));
        let package = signature::signed(write(&payload).unwrap(), windows.folder());
        fs::write(windows.folder().join(name), package).unwrap();
    }
    let program = windows.drive("Own Folder/kestrel.exe");
    let configuration = windows.drive("ProgramData/kestrel/config.toml");
    let queued = windows.drive("ProgramData/kestrel/state/queued.json");

    // A setting that cannot be is refused before anything changes.
    for wrong in ["SERVER_URL=ftp://wrong.test", "WORKERS=some", "WATCH_FOLDER=C:\\a|b"] {
        let (code, _) = windows.msiexec(&["/i", "one.msi", wrong]);
        assert_eq!(code, 1603 & 0xFF, "{wrong}");
        assert!(!configuration.exists());
    }

    let settings =
        ["SERVER_URL=https://given.test", "API_TOKEN=s3cr3t", "WORKERS=-3", r"INSTALLDIR=C:\Own Folder\"];
    let (code, log) = windows.msiexec(&[&["/i", "one.msi"][..], &settings].concat());
    assert_eq!(code, 0, "{log}");
    // Wine lists hidden properties at the end of its log; Windows does not.
    let said: Vec<&str> = log.lines().filter(|line| line.contains("s3cr3t")).collect();
    assert!(said.iter().all(|line| line.starts_with("Property(S): ")), "{said:?}");
    let secret = windows.drive("ProgramData/kestrel/credentials/api-token");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "s3cr3t");
    let beside: Vec<_> =
        fs::read_dir(secret.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(beside, ["api-token"]);
    assert!(program.exists());
    let state = windows.service();
    assert!(state.contains("state=4 start=2") && state.contains("Own Folder"), "{state}");
    let environment = windows.registry(r"HKLM\SYSTEM\CurrentControlSet\Services\kestrel", "Environment");
    assert!(environment.contains("KESTREL_SERVER_URL=https://given.test"), "{environment}");
    assert!(environment.contains(r"STATE_DIRECTORY=C:\ProgramData\kestrel\state"), "{environment}");
    assert!(!environment.contains("s3cr3t"), "{environment}");
    assert_eq!(fs::read_to_string(&configuration).unwrap(), "# as shipped with 1.0.0\n");

    // People edit, the service works, an administrator has a will.
    fs::write(&configuration, "# edited\n").unwrap();
    fs::write(&queued, "{}").unwrap();
    windows.set_start_type(3);

    let (code, log) = windows.msiexec(&["/i", "one.msi", "REINSTALL=ALL", "REINSTALLMODE=amus"]);
    assert_eq!(code, 0, "{log}");
    assert_eq!(fs::read_to_string(&configuration).unwrap(), "# edited\n");

    // It runs after the repair because it ran before, although it no longer starts by itself.
    windows.wait_for("state=4");
    // One that an administrator stopped stays stopped.
    windows.stop();
    let (code, log) = windows.msiexec(&["/i", "two.msi"]);
    assert_eq!(code, 0, "{log}");
    assert!(windows.service().contains("state=1"), "{}", windows.service());
    assert!(program.exists());
    assert_eq!(fs::read_to_string(&configuration).unwrap(), "# edited\n");
    assert!(queued.exists());
    assert_eq!(fs::read_to_string(&secret).unwrap(), "s3cr3t");
    assert!(windows.service().contains("start=3"), "{}", windows.service());
    let environment = windows.registry(r"HKLM\SYSTEM\CurrentControlSet\Services\kestrel", "Environment");
    assert!(environment.contains("KESTREL_SERVER_URL=https://given.test"), "{environment}");

    // Removed: the program goes, what people and the service made stays.
    let (code, log) = windows.msiexec(&["/x", "two.msi"]);
    assert_eq!(code, 0, "{log}");
    assert!(!windows.drive("Own Folder").exists());
    assert_eq!(windows.service().trim(), "absent");
    assert_eq!(fs::read_to_string(&configuration).unwrap(), "# edited\n");
    assert!(queued.exists());

    // Installed again, it is as before, with what a transform of the site sets, and takes another secret from a file; not
    // downgraded; purged, nothing stays.
    let site = [("SERVER_URL", "https://site.test"), ("WORKERS", "12")];
    fs::write(windows.folder().join("site.mst"), transform::setting(&site)).unwrap();
    fs::write(windows.folder().join("token.txt"), "n3w").unwrap();
    let token =
        format!(r"API_TOKEN_FILE=Z:{}\token.txt", windows.folder().display().to_string().replace('/', "\\"));
    let (code, log) = windows.msiexec(&["/i", "two.msi", "TRANSFORMS=site.mst", &token]);
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("n3w"));
    let environment = windows.registry(r"HKLM\SYSTEM\CurrentControlSet\Services\kestrel", "Environment");
    assert!(environment.contains("KESTREL_SERVER_URL=https://site.test"), "{environment}");
    assert!(environment.contains("KESTREL_WORKERS=12"), "{environment}");
    // By this the program's own `install-service` knows where settings are remembered.
    let origin = r"HKLM\SYSTEM\CurrentControlSet\Services\kestrel\Parameters";
    assert_eq!(windows.registry(origin, "InstalledBy"), "Kestrel [demo]");
    assert_eq!(windows.registry(origin, "Settings"), r"Software\Example\kestrel\Settings");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "n3w");
    assert_eq!(fs::read_to_string(&configuration).unwrap(), "# edited\n");
    assert_eq!(windows.msiexec(&["/i", "one.msi"]).0, 1603 & 0xFF);
    let (code, log) = windows.msiexec(&["/x", "two.msi", "PURGE=1"]);
    assert_eq!(code, 0, "{log}");
    assert!(!windows.drive("ProgramData/kestrel").exists());
    assert_eq!(windows.registry(r"HKLM\Software\Example\kestrel\Settings", "SERVER_URL"), "");
}
