//! Properties, and what is read into them before anything else.

use std::collections::BTreeMap;

use crate::installer::{Package, RegistryPlace};
use crate::{Database, Error, Value, row};

/// Property that an older version of the product is found in.
pub(super) const OLDER: &str = "OLDER_VERSION_FOUND";
/// Property that a newer version is found in.
pub(super) const NEWER: &str = "NEWER_VERSION_FOUND";

// Bits of Upgrade.Attributes.
const MIGRATE_FEATURES: i32 = 0x001;
const ONLY_DETECT: i32 = 0x002;
const INCLUDES_LOWEST: i32 = 0x100;
const INCLUDES_HIGHEST: i32 = 0x200;

/// `HKEY_LOCAL_MACHINE` of `RegLocator`.
const LOCAL_MACHINE: i32 = 2;
/// A raw value, of the 64-bit registry.
const RAW_64_BIT: i32 = 2 | 16;

impl Package {
    pub(super) fn add_properties(&self, database: &mut Database) -> Result<(), Error> {
        let mut values: BTreeMap<&str, String> = BTreeMap::from([
            ("ProductName", self.name.clone()),
            ("Manufacturer", self.manufacturer.clone()),
            ("ProductVersion", self.version.to_string()),
            ("ProductLanguage", self.language.to_string()),
            ("UpgradeCode", self.upgrade_code.to_string()),
            // For all users of the machine.
            ("ALLUSERS", "1".to_owned()),
        ]);
        let mut secure: Vec<String> = Vec::new();
        let mut hidden: Vec<String> = Vec::new();
        for property in &self.properties {
            check_name(&property.name, property.secure || property.remembered.is_some())?;
            if property.secure {
                secure.push(property.name.clone());
            }
            if property.hidden {
                hidden.push(property.name.clone());
            }
            match (&property.remembered, &property.value) {
                (Some(place), _) => {
                    let memory = memory(&property.name);
                    if property.hidden {
                        hidden.push(memory.clone());
                    }
                    add_search(&memory, place, database)?;
                }
                (None, Some(value)) if values.insert(&property.name, value.clone()).is_some() => {
                    return Err(Error::Invalid(format!("the property {} has two values", property.name)));
                }
                _ => {}
            }
        }
        for search in &self.searches {
            check_name(&search.property, true)?;
            if search.hidden {
                hidden.push(search.property.clone());
            }
            secure.push(search.property.clone());
            add_search(&search.property, &search.place, database)?;
        }
        for service in self.kept_services() {
            for (property, name) in [(service.found(), "ImagePath"), (service.found_start(), "Start")] {
                let place = RegistryPlace { key: service.registry_key(), name: Some(name.to_owned()) };
                add_search(&property, &place, database)?;
                secure.push(property);
            }
        }
        self.add_upgrade(&mut secure, database)?;
        for (name, mut list) in [("SecureCustomProperties", secure), ("MsiHiddenProperties", hidden)] {
            list.sort();
            list.dedup();
            if !list.is_empty() {
                values.insert(name, list.join(";"));
            }
        }
        for (name, value) in values {
            database.insert("Property", row![name, value])?;
        }
        Ok(())
    }

    fn add_upgrade(&self, secure: &mut Vec<String>, database: &mut Database) -> Result<(), Error> {
        for condition in &self.launch_conditions {
            database.insert("LaunchCondition", row![&condition.condition, &condition.message])?;
        }
        let Some(upgrade) = &self.upgrade else { return Ok(()) };
        let (code, version) = (self.upgrade_code.to_string(), self.version.to_string());
        let highest = if upgrade.same_version { INCLUDES_HIGHEST } else { 0 };
        let older = MIGRATE_FEATURES | INCLUDES_LOWEST | highest;
        let null = Value::Null;
        database
            .insert("Upgrade", row![&code, "0.0.0", &version, null.clone(), older, null.clone(), OLDER])?;
        database
            .insert("Upgrade", row![&code, &version, null.clone(), null.clone(), ONLY_DETECT, null, NEWER])?;
        secure.extend([OLDER, NEWER, "REINSTALLMODE"].map(str::to_owned));
        // Whoever removes the old version beside a newer one is not kept from it.
        let condition = format!("Installed OR NOT {NEWER}");
        database.insert("LaunchCondition", row![condition, &upgrade.downgrade_message])
    }
}

/// Property that holds the remembered value of another one.
pub(super) fn memory(property: &str) -> String {
    format!("REMEMBERED_{property}")
}

fn add_search(property: &str, place: &RegistryPlace, database: &mut Database) -> Result<(), Error> {
    // The search is named after its property: one each.
    database.insert("AppSearch", row![property, property])?;
    database.insert("RegLocator", row![property, LOCAL_MACHINE, &place.key, place.name.as_ref(), RAW_64_BIT])
}

fn check_name(name: &str, public: bool) -> Result<(), Error> {
    super::super::Identifier::new(name)?;
    if public && name.chars().any(|c| c.is_ascii_lowercase()) {
        return Err(Error::Invalid(format!(
            "the property {name} must be in upper case: only such ones reach the part of an installation that runs \
             as LocalSystem"
        )));
    }
    Ok(())
}
