//! Settings: public properties that are remembered, and reach the program as it expects them.
//!
//! A setting that is no secret is a variable of the service, and the registry remembers it. A secret goes into the file
//! in which the program looks for it, which stays through upgrades and removals: it stands on no command line, in no
//! registry value and in no log.

use landfall_msi::installer::{
    ActionKind, Component, CustomAction, FileCopy, Folder, INSTALLDIR, Identifier, LaunchCondition, Package,
    Position, Property, RegistryData, RegistryPlace, RegistryRoot, RegistryValue, Sequence, Step, Timing,
};
use landfall_msi::{Field, Interface};
use landfall_payload::{Definition, Payload, Setting, SettingType};
use landfall_service_definition::windows::property;

use super::actions::{literal, set};
use super::files::{FEATURE, Place, id};
use super::inexpressible;
use super::service::{Paths, SEPARATOR, permissions};
use crate::Error;

/// Property that holds a quotation mark, for which the language of conditions has no text.
const QUOTE: &str = "QuotationMark";
/// Writes secrets. Windows keeps the data of these actions out of the log, because they are among the hidden properties.
const SECRETS: &str = include_str!("secrets.js");
/// The functions of [`SECRETS`] with the beginnings of their actions' names.
const SECRET_STEPS: [(&str, &str, Timing); 3] = [
    ("UndoSecret", "undo", Timing::Rollback),
    ("Secret", "write", Timing::Deferred),
    ("KeepSecret", "keep", Timing::Commit),
];

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
    package.properties.push(Property::fixed(QUOTE, "\""));
    let paths = Paths::new(payload);
    for (name, setting) in &definition.settings {
        let property = property(name);
        let secret = setting.kind == SettingType::Secret;
        let rules = rules(&property, setting);
        for LaunchCondition { condition, message } in &rules {
            let condition = format!("Installed OR {condition}");
            package.launch_conditions.push(LaunchCondition { condition, message: message.clone() });
        }
        if secret {
            hand_over(payload, definition, (name, &property), package)?;
        } else {
            let default = setting.default.as_deref().map(|text| paths.formatted(text));
            remember(&property, default, &format!(r"{key}\Settings"), package)?;
        }
        interface.fields.push(Field { property, label: setting.title.clone(), secret, rules });
    }
    Ok(())
}

/// What a value must be like where one is given, and how that is said.
fn rules(property: &str, setting: &Setting) -> Vec<LaunchCondition> {
    let mut rules = Vec::new();
    let mut add = |allowed: String, said: String| {
        rules.push(LaunchCondition {
            condition: format!("NOT {property} OR {allowed}"),
            message: format!("{property} ({}) {said}", literal(&setting.title)),
        });
    };
    match setting.kind {
        SettingType::Url => add(
            format!("{property} ~<< \"http://\" OR {property} ~<< \"https://\""),
            "must begin with http:// or https://.".to_owned(),
        ),
        SettingType::Boolean => {
            add(
                format!("{property} = \"true\" OR {property} = \"false\""),
                "must be true or false.".to_owned(),
            );
        }
        // Text that is no number is neither.
        SettingType::Integer => {
            add(format!("{property} >= 0 OR {property} < 0"), "must be a whole number.".to_owned());
        }
        SettingType::Secret => return rules,
        _ => {}
    }
    // They would end the value on the command line that hands it over, or the variable.
    add(
        format!("NOT ({property} >< {QUOTE} OR {property} >< \"{SEPARATOR}\")"),
        format!("must contain neither quotation marks nor {SEPARATOR}."),
    );
    rules
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
    let from_file = format!("{property}_FILE");
    let actions = SECRET_STEPS.map(|(action, ..)| format!("{action}.{property}"));
    let mut hide = |name: &str, secure, hidden| {
        let name = name.to_owned();
        package.properties.push(Property { name, value: None, secure, hidden, remembered: None });
    };
    hide(property, true, true);
    hide(&from_file, true, false);
    actions.iter().for_each(|action| hide(action, false, true));

    let paths = Paths::new(payload);
    let folder = file.rsplit_once('\\').map_or("", |(folder, _)| folder);
    let names = paths.below_data(folder).ok_or_else(|| inexpressible(format!("the secret's file {file}")))?;
    let directory = Place::below_data(&names).directory(package)?;
    if !package.components.iter().flat_map(|c| &c.folders).any(|folder| folder.directory == directory) {
        let permissions = Some(permissions(&definition.name, false));
        package
            .components
            .push(Component::for_folder(id(FEATURE)?, Folder { directory: directory.clone(), permissions }));
    }

    copy_from_file(payload, (name, &from_file), &directory, file, package)?;
    let condition = Some(format!("{property} AND NOT REMOVE"));
    for ((_, function, timing), action) in SECRET_STEPS.into_iter().zip(&actions) {
        let mut data = paths.formatted(file);
        if timing == Timing::Deferred {
            data.push_str(&format!("|[{property}]"));
        }
        set(&format!("Set.{action}"), action, data, condition.clone(), package)?;
        package.actions.push(CustomAction {
            id: id(action)?,
            kind: ActionKind::Script { text: SECRETS.to_owned(), function: function.to_owned() },
            timing,
            // A service without its secret is worse than none; what comes after it must not fail for it.
            ignore_failure: timing != Timing::Deferred,
            hidden: true,
            steps: vec![Step {
                sequence: Sequence::Execute,
                position: Position::After("InstallFiles".to_owned()),
                condition: condition.clone(),
            }],
        });
    }
    Ok(())
}

/// Copies a secret from the file that a property names, by tables alone: it is in no property and no process.
fn copy_from_file(
    payload: &Payload,
    (name, property): (&str, &str),
    directory: &Identifier,
    file: &str,
    package: &mut Package,
) -> Result<(), Error> {
    let mut component = Component::for_registry(
        directory.clone(),
        id(FEATURE)?,
        RegistryValue {
            id: id(&format!("Source.{property}"))?,
            root: RegistryRoot::LocalMachine,
            key: format!(r"{}\Settings", registry_key(payload)),
            name: Some(property.to_owned()),
            data: RegistryData::Text(format!("[{property}]")),
            permissions: None,
        },
    );
    component.condition = Some(property.to_owned());
    component.permanent = true;
    let copied = file.rsplit_once('\\').map_or(file, |(_, copied)| copied);
    component.copies.push(FileCopy {
        id: Identifier::derived("copy", name),
        source: property.to_owned(),
        directory: directory.clone(),
        name: copied.to_owned(),
    });
    package.components.push(component);
    Ok(())
}
