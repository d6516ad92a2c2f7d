//! Sequences and custom actions.

use super::properties::{OLDER, memory};
use crate::compound::Content;
use crate::installer::sequence::Actions;
use crate::installer::{
    ActionKind, CustomAction, Identifier, Package, Position, RemoveOld, Sequence, Timing,
};
use crate::{Database, Error, Value, row};

// Kinds of custom actions.
const RUN_FILE: i32 = 18;
const FAIL: i32 = 19;
const RUN_PROGRAM: i32 = 34;
const SCRIPT: i32 = 5;
const SET_PROPERTY: i32 = 51;

// Their options.
const CONTINUE: i32 = 0x0040;
const ROLLBACK: i32 = 0x0100;
const COMMIT: i32 = 0x0200;
const IN_SCRIPT: i32 = 0x0400;
const NO_IMPERSONATION: i32 = 0x0800;
const HIDE_TARGET: i32 = 0x2000;

/// Adds actions at their usual numbers where a table has rows; an empty name stands for a table that always has.
type Add<'a> = dyn FnMut(&str, &[(&str, i32)]) + 'a;

impl Package {
    pub(super) fn add_sequences(&self, database: &mut Database) -> Result<(), Error> {
        let mut sequences = Sequence::ALL.map(|sequence| self.standard(sequence, database));
        for actions in &mut sequences[..2] {
            self.insert_searches(actions, database)?;
        }
        for action in &self.actions {
            add_action(action, database)?;
            for step in &action.steps {
                let actions = &mut sequences[step.sequence as usize];
                actions.insert(action.id.as_str(), &step.position, step.condition.clone())?;
            }
        }
        if let Some(interface) = &self.interface {
            interface.insert_dialogs(&mut sequences)?;
        }
        sequences.into_iter().try_for_each(|actions| actions.write(database))
    }

    /// The standard actions of a sequence that have something to do.
    fn standard(&self, sequence: Sequence, database: &Database) -> Actions {
        let mut actions = Actions::new(sequence);
        let mut add = |table: &str, names: &[(&str, i32)]| {
            if table.is_empty() || database.table(table).is_some_and(|table| !table.rows.is_empty()) {
                names.iter().for_each(|(name, number)| actions.standard(name, *number));
            }
        };
        match sequence {
            Sequence::UserInterface | Sequence::Execute => {
                add("Upgrade", &[("FindRelatedProducts", 25), ("MigrateFeatureStates", 1200)]);
                add("AppSearch", &[("AppSearch", 50)]);
                add("LaunchCondition", &[("LaunchConditions", 100)]);
                add("", &[("ValidateProductID", 700)]);
                add("", &[("CostInitialize", 800), ("FileCost", 900), ("CostFinalize", 1000)]);
                if sequence == Sequence::UserInterface {
                    add("", &[("ExecuteAction", 1300)]);
                }
            }
            Sequence::AdminUserInterface => {
                add("", &[("CostInitialize", 800), ("FileCost", 900), ("CostFinalize", 1000)]);
                add("", &[("ExecuteAction", 1300)]);
            }
            Sequence::AdminExecute => {
                add("", &[("CostInitialize", 800), ("FileCost", 900), ("CostFinalize", 1000)]);
                add("", &[("InstallValidate", 1400), ("InstallInitialize", 1500)]);
                add("", &[("InstallAdminPackage", 3900), ("InstallFiles", 4000), ("InstallFinalize", 6600)]);
            }
            Sequence::Advertise => {
                add("", &[("CostInitialize", 800), ("CostFinalize", 1000), ("InstallValidate", 1400)]);
                add("", &[("InstallInitialize", 1500)]);
                add("Shortcut", &[("CreateShortcuts", 4500)]);
                add("", &[("PublishFeatures", 6300), ("PublishProduct", 6400), ("InstallFinalize", 6600)]);
            }
        }
        if sequence == Sequence::Execute {
            self.execute(&mut add);
            self.service_actions(&mut actions, database);
        }
        actions
    }

    fn execute(&self, add: &mut Add<'_>) {
        match self.upgrade.as_ref().map(|upgrade| upgrade.schedule) {
            Some(RemoveOld::First) => add("", &[("RemoveExistingProducts", 1501)]),
            Some(RemoveOld::Last) => add("", &[("InstallExecute", 6500), ("RemoveExistingProducts", 6550)]),
            None => {}
        }
        add("", &[("InstallValidate", 1400), ("InstallInitialize", 1500), ("ProcessComponents", 1600)]);
        add("", &[("UnpublishFeatures", 1800)]);
        add("Registry", &[("RemoveRegistryValues", 2600), ("WriteRegistryValues", 5000)]);
        add("Shortcut", &[("RemoveShortcuts", 3200), ("CreateShortcuts", 4500)]);
        add("IniFile", &[("RemoveIniValues", 3100), ("WriteIniValues", 5100)]);
        add("Environment", &[("RemoveEnvironmentStrings", 3300), ("WriteEnvironmentStrings", 5200)]);
        add("", &[("RemoveFiles", 3500), ("InstallFiles", 4000)]);
        add("MoveFile", &[("MoveFiles", 3800)]);
        add("CreateFolder", &[("RemoveFolders", 3600), ("CreateFolders", 3700)]);
        add("", &[("RegisterUser", 6000), ("RegisterProduct", 6100)]);
        add("", &[("PublishFeatures", 6300), ("PublishProduct", 6400), ("InstallFinalize", 6600)]);
    }

    fn service_actions(&self, actions: &mut Actions, database: &Database) {
        if self.services().next().is_none() {
            return;
        }
        let has = |table| database.table(table).is_some();
        let conditions = self.service_conditions();
        let with = |condition: Option<String>| match condition {
            Some(condition) => Some(format!("VersionNT AND ({condition})")),
            None => Some("VersionNT".to_owned()),
        };
        actions.standard_if("StopServices", 1900, with(None));
        // An upgrade takes the service over; deleted, it would lose its account and its settings.
        let keeps = self.kept_services().next().is_some();
        actions.standard_if(
            "DeleteServices",
            2000,
            with(keeps.then(|| "NOT UPGRADINGPRODUCTCODE".to_owned())),
        );
        actions.standard_if("InstallServices", 5800, with(conditions.register.clone()));
        if has("MsiServiceConfig") || has("MsiServiceConfigFailureActions") {
            actions.standard_if("MsiConfigureServices", 5850, with(conditions.register));
        }
        actions.standard_if("StartServices", 5900, with(conditions.start));
    }

    /// Takes up remembered values and defaults once the registry has been searched, and what identifies services.
    fn insert_searches(&self, actions: &mut Actions, database: &mut Database) -> Result<(), Error> {
        let searched = Position::After("AppSearch".to_owned());
        for property in self.properties.iter().filter(|property| property.remembered.is_some()) {
            let (name, memory) = (&property.name, memory(&property.name));
            let id = format!("Remember.{name}");
            add_setting(&id, name, &format!("[{memory}]"), database)?;
            actions.insert(&id, &searched, Some(format!("{memory} AND NOT {name}")))?;
            if let Some(value) = &property.value {
                let id = format!("Default.{name}");
                add_setting(&id, name, value, database)?;
                actions.insert(&id, &searched, Some(format!("NOT {name}")))?;
            }
        }
        if self.upgrade.as_ref().is_some_and(|upgrade| upgrade.schedule == RemoveOld::Last) {
            // Every file is replaced, also where the old one seems to be as new or to have been edited: what a
            // version is made of must not depend on the one before it.
            let found = Position::After("FindRelatedProducts".to_owned());
            add_setting("Set.REINSTALLMODE", "REINSTALLMODE", "amus", database)?;
            let condition = format!("{OLDER} AND NOT REINSTALLMODE");
            actions.insert("Set.REINSTALLMODE", &found, Some(condition))?;
        }
        let costed = Position::After("CostFinalize".to_owned());
        for (service, component) in self.services() {
            let program = self.components.iter().find(|c| c.id == *component);
            let Some(crate::installer::KeyPath::File(file)) = program.map(|c| &c.key) else { continue };
            let mut settings = vec![(service.program(), format!("[#{file}]"))];
            settings.extend(service.arguments.clone().map(|a| (service.arguments_property(), a)));
            for (property, value) in settings {
                let id = format!("Set.{property}");
                add_setting(&id, &property, &value, database)?;
                actions.insert(&id, &costed, None)?;
            }
        }
        Ok(())
    }
}

/// Adds an action that sets a property, if it is not there yet.
fn add_setting(id: &str, property: &str, value: &str, database: &mut Database) -> Result<(), Error> {
    let table = database.standard_table("CustomAction")?;
    if table.rows.iter().any(|row| row[0].text() == id) {
        return Ok(());
    }
    database.insert("CustomAction", row![id, SET_PROPERTY, property, value, Value::Null])
}

/// Adds a script, which several actions may share.
fn add_script(id: &Identifier, text: &str, database: &mut Database) -> Result<(), Error> {
    if database.row("Binary", id.as_str()).is_none() {
        database.insert("Binary", row![id, Value::Stream])?;
        database.add_stream(format!("Binary.{id}"), Content::Bytes(text.as_bytes().to_vec()));
    }
    Ok(())
}

fn add_action(action: &CustomAction, database: &mut Database) -> Result<(), Error> {
    let script;
    let (kind, source, target) = match &action.kind {
        ActionKind::SetProperty { property, value } => (SET_PROPERTY, property.as_str(), value),
        ActionKind::RunFile { file, arguments } => (RUN_FILE, file.as_str(), arguments),
        ActionKind::RunProgram { directory, command } => (RUN_PROGRAM, directory.as_str(), command),
        ActionKind::Script { text, function } => {
            script = Identifier::derived("script", text);
            add_script(&script, text, database)?;
            (SCRIPT, script.as_str(), function)
        }
        ActionKind::Fail { message } => (FAIL, "", message),
    };
    let timing = match action.timing {
        Timing::Immediate => 0,
        Timing::Deferred => IN_SCRIPT | NO_IMPERSONATION,
        Timing::Rollback => IN_SCRIPT | ROLLBACK | NO_IMPERSONATION,
        Timing::Commit => IN_SCRIPT | COMMIT | NO_IMPERSONATION,
    };
    let runs = matches!(kind, RUN_FILE | RUN_PROGRAM | SCRIPT);
    if timing != 0 && !runs {
        return Err(Error::Invalid(format!(
            "the action {} changes nothing on the machine; make it immediate",
            action.id
        )));
    }
    let options =
        if action.ignore_failure { CONTINUE } else { 0 } | if action.hidden { HIDE_TARGET } else { 0 };
    database.insert("CustomAction", row![&action.id, kind | timing | options, source, target, Value::Null])
}
