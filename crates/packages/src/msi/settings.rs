//! Settings: public properties that are remembered, and reach the program as it expects them.
//!
//! A setting that is no secret is a variable of the service. A secret stands in a registry key that only administrators
//! and the system may read, and from there in the file in which the program looks for it: on no command line and in no
//! log.

use landfall_msi::installer::{
    Component, Folder, INSTALLDIR, LaunchCondition, Package, Property, RegistryData, RegistryPlace,
    RegistryRoot, RegistryValue, Timing,
};
use landfall_msi::{Field, Interface};
use landfall_payload::{Definition, Payload, Setting, SettingType};

use super::actions::{Run, literal, run};
use super::files::{FEATURE, Place, id};
use super::inexpressible;
use super::service::{Paths, permissions};
use crate::Error;

/// Administrators and the system, nobody else.
const PRIVATE_KEY: &str = "D:PAI(A;OICI;KA;;;SY)(A;OICI;KA;;;BA)";

/// The property that takes a setting.
pub(super) fn property(name: &str) -> String {
    name.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// The settings that reach the program as variables.
pub(super) fn of_environment(definition: &Definition) -> impl Iterator<Item = (&String, &Setting)> {
    definition.settings.iter().filter(|(_, setting)| setting.kind != SettingType::Secret)
}

/// The product's key in the registry, below its root.
pub(super) fn registry_key(payload: &Payload) -> String {
    let clean = |text: &str| text.replace('\\', " ");
    format!(r"Software\{}\{}", clean(&payload.product.vendor), clean(&payload.product.name))
}

/// Adds the settings, and the folder of the program as something to remember.
pub(super) fn add(payload: &Payload, package: &mut Package, interface: &mut Interface) -> Result<(), Error> {
    let key = registry_key(payload);
    remember(INSTALLDIR, None, &key, false, package)?;
    package.properties.push(Property {
        name: "PURGE".to_owned(),
        value: None,
        secure: true,
        hidden: false,
        remembered: None,
    });
    let Some(definition) = &payload.service else { return Ok(()) };
    for (name, setting) in &definition.settings {
        let property = property(name);
        let secret = setting.kind == SettingType::Secret;
        if let Some(condition) = condition(&property, setting.kind) {
            let message = format!("{property} ({}) {}", setting.title, condition.1);
            package.launch_conditions.push(LaunchCondition { condition: condition.0, message });
        }
        let key = if secret { format!(r"{key}\Secrets") } else { format!(r"{key}\Settings") };
        remember(&property, setting.default.as_deref(), &key, secret, package)?;
        if secret {
            hand_over(payload, definition, (name, &property), &key, package)?;
        }
        interface.fields.push(Field { property, label: setting.title.clone(), secret });
    }
    Ok(())
}

/// What a value must be like, and how that is said.
fn condition(property: &str, kind: SettingType) -> Option<(String, &'static str)> {
    let (allowed, said) = match kind {
        SettingType::Url => (
            format!("{property} ~<< \"http://\" OR {property} ~<< \"https://\""),
            "must begin with http:// or https://.",
        ),
        SettingType::Boolean => {
            (format!("{property} = \"true\" OR {property} = \"false\""), "must be true or false.")
        }
        _ => return None,
    };
    Some((format!("Installed OR NOT {property} OR {allowed}"), said))
}

/// A property that upgrades and repairs keep.
fn remember(
    property: &str,
    default: Option<&str>,
    key: &str,
    secret: bool,
    package: &mut Package,
) -> Result<(), Error> {
    let place = RegistryPlace { key: key.to_owned(), name: Some(property.to_owned()) };
    package.properties.push(Property {
        name: property.to_owned(),
        value: default.map(literal),
        secure: true,
        hidden: secret,
        remembered: Some(place),
    });
    let mut component = Component::for_registry(
        id(INSTALLDIR)?,
        id(FEATURE)?,
        RegistryValue {
            id: id(&format!("Setting.{property}"))?,
            root: RegistryRoot::LocalMachine,
            key: key.to_owned(),
            name: Some(property.to_owned()),
            data: RegistryData::Text(format!("[{property}]")),
            permissions: secret.then(|| PRIVATE_KEY.to_owned()),
        },
    );
    component.condition = Some(property.to_owned());
    // A removal keeps what was set, as it keeps edited files.
    component.permanent = property != INSTALLDIR;
    package.components.push(component);
    Ok(())
}

/// Brings a secret from the registry into the file in which the program looks for it, when it was given anew.
fn hand_over(
    payload: &Payload,
    definition: &Definition,
    (name, property): (&str, &str),
    key: &str,
    package: &mut Package,
) -> Result<(), Error> {
    let Some(file) = definition.credentials.get(name) else { return Ok(()) };
    let paths = Paths::new(payload);
    let folder = file.rsplit_once('\\').map_or("", |(folder, _)| folder);
    let names = paths.below_data(folder).ok_or_else(|| inexpressible(format!("the secret's file {file}")))?;
    let directory = Place::below_data(&names).directory(package)?;
    if !package.components.iter().flat_map(|c| &c.folders).any(|folder| folder.directory == directory) {
        let permissions = Some(permissions(&definition.name, false));
        package.components.push(Component::for_folder(id(FEATURE)?, Folder { directory, permissions }));
    }
    let quote = |text: String| format!("'{}'", text.replace('\'', "''"));
    let command = format!(
        "\"[System64Folder]WindowsPowerShell\\v1.0\\powershell.exe\" -NoProfile -NonInteractive -Command \
         \"Set-Content -NoNewline -LiteralPath {} -Value (Get-ItemProperty -LiteralPath {}).{property}\"",
        quote(paths.formatted(file)),
        quote(literal(&format!(r"HKLM:\{key}"))),
    );
    run(
        Run {
            name: &format!("Secret{property}"),
            command,
            after: "WriteRegistryValues",
            condition: Some(format!("{property} AND {property} <> REMEMBERED_{property} AND NOT REMOVE")),
            timing: Timing::Deferred,
            hidden: true,
        },
        package,
    )
}
