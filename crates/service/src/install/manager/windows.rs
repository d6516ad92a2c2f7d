//! The Service Control Manager.

use super::super::failure::{Failure, Result};
use super::super::settings::Settings;
use super::super::step::{Command, Step};
use super::super::windows::{Change, Remembered, registered};
use super::{Found, Owner, Site, mark};
use crate::exit::Exit;
use landfall_service_definition::windows::{self, FirewallRule};

/// Everything for SYSTEM and administrators; the service reads and writes; nobody else anything (MS-DTYP §2.5.1).
/// Not inherited from above, handed down to files and folders.
const WRITABLE: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;{service})";
/// The service reads, and so may whoever works at the machine.
const READABLE: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;{service})(A;OICI;FRFX;;;BU)";
/// The service reads; nobody else anything.
const SECRET: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;{service})";

pub(super) fn examine(site: &Site<'_>) -> Result<Found> {
    let name = windows::service_name(site.definition);
    let Some(registered) = registered(&name)?.filter(|_| site.host.is_live()) else {
        return Ok(Found::NOTHING);
    };
    let owner = match registered.installer.as_deref() {
        Some(installer) if installer == mark(site.definition) => Owner::Us,
        Some(installer) => Owner::Package(Some(installer.to_owned())),
        None => Owner::Somebody(registered.command),
    };
    Ok(Found { owner, active: registered.active })
}

fn change(steps: &mut Vec<Step>, change: Change) {
    steps.push(Step::Windows(change));
}

pub(super) fn prepare(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let mut steps = Vec::new();
    if found.active {
        change(&mut steps, Change::Stop { service: windows::service_name(site.definition) });
    }
    steps
}

pub(super) fn register(site: &Site<'_>) -> Vec<Step> {
    let definition = site.definition;
    let description = windows::service(definition);
    let service = description.name.clone();
    let mut steps = Vec::new();
    if description.account.needs_logon_right {
        change(&mut steps, Change::LogonRight { account: description.account.name.clone() });
    }
    let register =
        Change::Register { service: Box::new(description.clone()), password: site.password.clone() };
    change(&mut steps, register);
    change(&mut steps, Change::Mark { service: service.clone(), installer: mark(definition) });
    let source = description.event_source;
    change(&mut steps, Change::EventSource { source: source.name, message_file: source.message_file });
    // What is handed down from the outer folder is replaced in the inner ones, which come later.
    let mut folders: Vec<(&str, &str)> = description
        .folders
        .iter()
        .map(|folder| (folder.path.as_str(), if folder.writable { WRITABLE } else { READABLE }))
        .collect();
    folders.extend(definition.credentials_folder().map(|folder| (folder, SECRET)));
    for (path, rights) in folders {
        let (path, rights) = (path.to_owned(), rights.to_owned());
        change(&mut steps, Change::FolderAccess { path, rights, service: service.clone() });
    }
    steps
}

pub(super) fn install(site: &Site<'_>, found: &Found, run: bool) -> Vec<Step> {
    let description = windows::service(site.definition);
    let (service, variables) = (description.name, description.environment);
    let mut steps = Vec::new();
    change(&mut steps, Change::Environment { service: service.clone(), variables });
    steps.extend(grants(site, &description.account.name));
    if found.owner == Owner::Nobody {
        steps.extend(description.firewall.iter().map(open_firewall));
    }
    if run {
        change(&mut steps, Change::Start { service });
    }
    steps
}

/// Folders of others: their rights stay, and the service gets its own beside them.
fn grants(site: &Site<'_>, account: &str) -> Vec<Step> {
    let right = format!("{account}:(OI)(CI)M");
    let grant = |path: &String| {
        let grant = Command::new(&["icacls", path, "/grant", &right]);
        Step::Run(grant.undone_by(&["icacls", path, "/remove:g", account]).may_fail())
    };
    site.definition.writable.iter().map(grant).collect()
}

/// Windows Installer remembers settings as properties, which it hands on at an upgrade in a list behind quotation marks.
pub(super) fn adapt(site: &Site<'_>, settings: &Settings, run: bool) -> Result<Vec<Step>> {
    let definition = site.definition;
    let description = windows::service(definition);
    let mut remembered = Vec::new();
    let new = settings
        .0
        .iter()
        .filter(|(name, value)| value.is_new() && !definition.credentials.contains_key(*name));
    for (name, value) in new {
        if value.text.contains(['"', '|']) {
            return Err(Failure::new(
                Exit::Configuration,
                format!(
                    "the value of {name} must contain neither quotation marks nor |: the installer of this service could \
                     not hand it on at an upgrade"
                ),
            ));
        }
        remembered.push(Remembered {
            property: windows::property(name),
            variable: definition.settings[name].environment.clone(),
            value: value.text.clone(),
        });
    }
    let service = description.name;
    let mut steps = Vec::new();
    if !remembered.is_empty() {
        change(&mut steps, Change::Settings { service: service.clone(), settings: remembered });
    }
    steps.extend(grants(site, &description.account.name));
    if run {
        change(&mut steps, Change::Start { service });
    }
    Ok(steps)
}

fn open_firewall(rule: &FirewallRule) -> Step {
    let (name, program, port) = (
        format!("name={}", rule.name),
        format!("program={}", rule.program),
        format!("localport={}", rule.port),
    );
    let begin = ["netsh", "advfirewall", "firewall"];
    let add = ["add", "rule", &name, "dir=in", "action=allow", "protocol=TCP", &port, &program];
    let delete = ["delete", "rule", &name, &program];
    Step::Run(Command::new(&[&begin[..], &add].concat()).undone_by(&[&begin[..], &delete].concat()))
}

pub(super) fn uninstall(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let description = windows::service(site.definition);
    let mut steps = prepare(site, found);
    for rule in &description.firewall {
        let (name, program) = (format!("name={}", rule.name), format!("program={}", rule.program));
        let words = ["netsh", "advfirewall", "firewall", "delete", "rule", &name, &program];
        steps.push(Step::Run(Command::new(&words).may_fail()));
    }
    change(&mut steps, Change::Delete { service: description.name });
    change(&mut steps, Change::RemoveEventSource { source: description.event_source.name });
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::{Host, Manager, Source, Value};
    use landfall_service_definition::{Definition, Platform, Setting, SettingType};

    fn adapted(text: &str) -> Result<Vec<Step>> {
        let mut definition = Definition::new("demo", r"C:\Program Files\demo\demo.exe");
        definition.platform = Platform::Windows;
        definition
            .credentials
            .insert("api-token".into(), r"C:\ProgramData\demo\credentials\api-token".into());
        let mut settings = Settings::default();
        for (name, kind, text, source) in [
            ("station-name", SettingType::String, text, Source::Flag),
            ("server-url", SettingType::Url, "https://before.example", Source::Present),
            ("api-token", SettingType::Secret, "s3cr3t", Source::Flag),
        ] {
            let environment = format!("DEMO_{}", windows::property(name));
            let (title, required, default, secret) = (name.into(), false, None, kind == SettingType::Secret);
            definition.settings.insert(name.into(), Setting { title, kind, required, default, environment });
            settings.0.insert(name.into(), Value { text: text.into(), source, secret });
        }
        let host = Host::live();
        let site = Site { host: &host, definition: &definition, manager: Manager::Windows, password: None };
        adapt(&site, &settings, true)
    }

    #[test]
    fn settings_go_where_the_installer_remembers_them() {
        let steps = adapted("Line 2").unwrap();
        let setting = Remembered {
            property: "STATION_NAME".into(),
            variable: "DEMO_STATION_NAME".into(),
            value: "Line 2".into(),
        };
        let service = || "demo".to_owned();
        assert_eq!(
            steps,
            [
                Step::Windows(Change::Settings { service: service(), settings: vec![setting] }),
                Step::Windows(Change::Start { service: service() }),
            ]
        );
    }

    #[test]
    fn what_an_upgrade_could_not_hand_on_is_refused() {
        let failure = adapted("Line \"2\"").unwrap_err();
        assert_eq!(failure.exit, Exit::Configuration);
        assert!(failure.to_string().contains("the value of station-name must contain neither"), "{failure}");
    }
}
