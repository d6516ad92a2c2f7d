//! Settings: public properties that are remembered, and reach the program as it expects them.
//!
//! A setting that is no secret is a variable of the service, and the registry remembers it. A secret goes into the file
//! in which the program looks for it, which stays through upgrades and removals: it stands on no command line, in no
//! registry value and in no log.

use landfall_msi::installer::{
    ActionKind, Component, CustomAction, Folder, INSTALLDIR, LaunchCondition, Package, Position, Property,
    RegistryData, RegistryPlace, RegistryRoot, RegistryValue, Sequence, Step, Timing,
};
use landfall_msi::{Field, Interface};
use landfall_payload::{Definition, Payload, Setting, SettingType};

use super::actions::set;
use super::files::{FEATURE, Place, id};
use super::inexpressible;
use super::service::{Paths, permissions};
use crate::Error;

/// Writes what stands behind the bar to the file whose path stands before it. Windows keeps its data out of the log,
/// because the action is among the hidden properties.
const WRITE_SECRET: &str = "var d = Session.Property(\"CustomActionData\"), i = d.indexOf(\"|\"); var f = new \
    ActiveXObject(\"Scripting.FileSystemObject\").CreateTextFile(d.substr(0, i), true); f.Write(d.substr(i + 1)); \
    f.Close();";

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
    remember(INSTALLDIR, None, &key, package)?;
    package.properties.push(Property {
        name: "PURGE".to_owned(),
        value: None,
        secure: true,
        hidden: false,
        remembered: None,
    });
    let Some(definition) = &payload.service else { return Ok(()) };
    let paths = Paths::new(payload);
    for (name, setting) in &definition.settings {
        let property = property(name);
        let secret = setting.kind == SettingType::Secret;
        if let Some(condition) = condition(&property, setting.kind) {
            let message = format!("{property} ({}) {}", setting.title, condition.1);
            package.launch_conditions.push(LaunchCondition { condition: condition.0, message });
        }
        if secret {
            hand_over(payload, definition, (name, &property), package)?;
        } else {
            let default = setting.default.as_deref().map(|text| paths.formatted(text));
            remember(&property, default, &format!(r"{key}\Settings"), package)?;
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
fn remember(property: &str, default: Option<String>, key: &str, package: &mut Package) -> Result<(), Error> {
    let place = RegistryPlace { key: key.to_owned(), name: Some(property.to_owned()) };
    package.properties.push(Property {
        name: property.to_owned(),
        value: default,
        secure: true,
        hidden: false,
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
            permissions: None,
        },
    );
    component.condition = Some(property.to_owned());
    // A removal keeps what was set, as it keeps edited files.
    component.permanent = property != INSTALLDIR;
    package.components.push(component);
    Ok(())
}

/// Writes a secret that was given into the file in which the program looks for it.
fn hand_over(
    payload: &Payload,
    definition: &Definition,
    (name, property): (&str, &str),
    package: &mut Package,
) -> Result<(), Error> {
    let Some(file) = definition.credentials.get(name) else { return Ok(()) };
    let action = format!("Secret.{property}");
    for (name, secure) in [(property, true), (action.as_str(), false)] {
        let name = name.to_owned();
        package.properties.push(Property { name, value: None, secure, hidden: true, remembered: None });
    }

    let paths = Paths::new(payload);
    let folder = file.rsplit_once('\\').map_or("", |(folder, _)| folder);
    let names = paths.below_data(folder).ok_or_else(|| inexpressible(format!("the secret's file {file}")))?;
    let directory = Place::below_data(&names).directory(package)?;
    if !package.components.iter().flat_map(|c| &c.folders).any(|folder| folder.directory == directory) {
        let permissions = Some(permissions(&definition.name, false));
        package.components.push(Component::for_folder(id(FEATURE)?, Folder { directory, permissions }));
    }

    let condition = Some(format!("{property} AND NOT REMOVE"));
    let data = format!("{}|[{property}]", paths.formatted(file));
    set(&format!("Set.{action}"), &action, data, condition.clone(), package)?;
    package.actions.push(CustomAction {
        id: id(&action)?,
        kind: ActionKind::Script { text: WRITE_SECRET.to_owned() },
        timing: Timing::Deferred,
        // A service without its secret is worse than none.
        ignore_failure: false,
        hidden: true,
        steps: vec![Step {
            sequence: Sequence::Execute,
            position: Position::After("InstallFiles".to_owned()),
            condition,
        }],
    });
    Ok(())
}
