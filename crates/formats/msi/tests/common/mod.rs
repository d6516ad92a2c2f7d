//! A small product to install.

#![allow(dead_code, reason = "each test uses a part")]

use std::io::Write;
use std::path::Path;
use std::process::Command;

use landfall_msi::installer::*;
use landfall_msi::{Error, Field, Guid, Interface};

pub(crate) fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

/// The tests' only place for «this cannot run here».
pub(crate) fn skip(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: needs {what}");
}

pub(crate) fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// A product with everything that the crate can describe; its program is `program`.
pub(crate) fn product(version: &str, program: FileContent) -> Package {
    let main = id("Main");
    let key = r"Software\Kestrel\Demo";
    let place = |name: &str| Some(RegistryPlace { key: key.into(), name: Some(name.into()) });
    let value = |id: &str, name: &str, data: &str| RegistryValue {
        id: self::id(id),
        root: RegistryRoot::LocalMachine,
        key: key.into(),
        name: Some(name.into()),
        data: RegistryData::Text(data.into()),
        permissions: None,
    };
    let installdir = id(INSTALLDIR);

    let mut service = Service::new(id("Demo"), "kestrel-demo", "Kestrel Demo");
    service.description = Some("Shows that services are installed".into());
    service.arguments = Some("run".into());
    service.start = ServiceStart::Delayed;
    service.sid = Some(ServiceSid::Unrestricted);
    service.preshutdown_timeout = Some(20_000);

    let mut main_component = Component::for_file(
        installdir.clone(),
        main.clone(),
        File::new(id("demo.exe"), "kestrel-demo.exe", program),
    );
    main_component.services.push(service);
    main_component.environment.push(EnvironmentVariable {
        id: id("Path"),
        name: "PATH".into(),
        value: "[INSTALLDIR]".into(),
        append: true,
    });
    let readme = File::new(id("readme"), "Read me first.txt", FileContent::bytes(*b"Grusswort\r\n"));
    let empty = File::new(id("empty"), "empty", FileContent::bytes(*b""));

    let mut settings = Component::for_registry(
        installdir.clone(),
        main.clone(),
        value("ServerUrl", "ServerUrl", "[SERVER_URL]"),
    );
    settings.registry.push(value("InstallDir", "InstallDir", "[INSTALLDIR]"));
    settings.registry.push(value("Token", "Token", "[API_TOKEN]"));

    let mut menu_key = value("MenuKey", "Menu", "1");
    menu_key.root = RegistryRoot::CurrentUser;
    let mut menu = Component::for_registry(id("Menu"), main.clone(), menu_key);
    menu.shortcuts.push(Shortcut {
        id: id("Open"),
        directory: id("Menu"),
        name: "Kestrel Demo".into(),
        target: "[#demo.exe]".into(),
        arguments: None,
        description: Some("Opens the demo".into()),
        icon: None,
        working_directory: Some(installdir.clone()),
    });
    menu.removals.push(Removal {
        id: id("MenuFolder"),
        directory: id("Menu"),
        name: None,
        on: RemoveOn::Uninstall,
    });

    Package {
        name: "Kestrel Demo".into(),
        manufacturer: "Kestrel".into(),
        version: version.parse().unwrap(),
        language: 1033,
        architecture: Architecture::X64,
        codepage: None,
        upgrade_code: "{6F1B2C3D-1111-4222-8333-444455556666}".parse::<Guid>().unwrap(),
        product_code: None,
        comments: "Installs the demo".into(),
        epoch: 1_700_000_000,
        directories: vec![
            Directory {
                id: installdir.clone(),
                parent: id("ProgramFiles64Folder"),
                name: "Kestrel Demo".into(),
            },
            Directory { id: id("State"), parent: id("CommonAppDataFolder"), name: "Kestrel Demo".into() },
            Directory { id: id("Menu"), parent: id("ProgramMenuFolder"), name: "Kestrel".into() },
        ],
        features: vec![Feature {
            id: main.clone(),
            parent: None,
            title: "Kestrel Demo".into(),
            description: "The program and its service".into(),
            optional: false,
            on_by_default: true,
        }],
        components: vec![
            main_component,
            Component::for_file(installdir.clone(), main.clone(), readme),
            Component::for_file(installdir, main.clone(), empty),
            settings,
            menu,
            Component::for_folder(
                main,
                Folder {
                    directory: id("State"),
                    permissions: Some("D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)".into()),
                },
            ),
        ],
        properties: vec![
            Property {
                name: "SERVER_URL".into(),
                value: Some("https://default.test".into()),
                secure: true,
                hidden: false,
                remembered: place("ServerUrl"),
            },
            Property {
                name: "API_TOKEN".into(),
                value: None,
                secure: true,
                hidden: true,
                remembered: place("Token"),
            },
            Property {
                name: INSTALLDIR.into(),
                value: None,
                secure: true,
                hidden: false,
                remembered: place("InstallDir"),
            },
            Property::fixed("ARPNOMODIFY", "1"),
        ],
        searches: Vec::new(),
        actions: Vec::new(),
        launch_conditions: Vec::new(),
        upgrade: Some(MajorUpgrade {
            schedule: RemoveOld::Last,
            downgrade_message: "A newer version of [ProductName] is installed.".into(),
            same_version: true,
        }),
        icons: Vec::new(),
        interface: Some(Interface {
            license: Some("Do as you like {here}.\n".into()),
            fields: vec![
                Field {
                    property: "SERVER_URL".into(),
                    label: "Server & port".into(),
                    secret: false,
                    rules: Vec::new(),
                },
                Field {
                    property: "API_TOKEN".into(),
                    label: "Token".into(),
                    secret: true,
                    rules: Vec::new(),
                },
            ],
        }),
    }
}

/// The package's bytes.
pub(crate) fn write(package: &Package) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let options = Options {
        compression: Compression::Mszip { level: 6 },
        threads: 2,
        scratch: std::env::temp_dir(),
        application: "tests".into(),
        progress: &|_| {},
    };
    package.write(&options, &mut bytes)?;
    Ok(bytes)
}

/// The output of a program that must succeed.
pub(crate) fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
