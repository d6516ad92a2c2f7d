//! The Service Control Manager.

use super::super::failure::Result;
use super::super::shim::windows;
use super::super::step::Step;
use super::super::windows::{Change, registered};
use super::{Found, Owner, Site, mark};
use landfall_service_definition::Account;

/// SYSTEM and administrators everything, the service what it needs to read and write, users nothing
/// (MS-DTYP §2.5.1): protected, handed down to files and folders.
const SERVICE_FOLDER: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;{service})";
/// The service may only read; users may look.
const CONFIGURATION_FOLDER: &str =
    "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;{service})(A;OICI;FRFX;;;BU)";
/// The service may only read, users nothing.
const SECRET_FOLDER: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;{service})";

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

pub(super) fn install(site: &Site<'_>, found: &Found, run: bool) -> Vec<Step> {
    let definition = site.definition;
    let description = windows::service(definition);
    let name = description.name.clone();
    let mut steps = Vec::new();
    if found.active {
        change(&mut steps, Change::Stop { service: name.clone() });
    }
    if let Account::Named(account) = &definition.account
        && !account.to_ascii_uppercase().starts_with(r"NT ")
    {
        change(&mut steps, Change::LogonRight { account: account.clone() });
    }
    // Registered first: the service's own SID is known to the system from then on.
    let event_source = description.event_source.clone();
    let register = Change::Register { service: Box::new(description), password: site.password.clone() };
    change(&mut steps, register);
    change(&mut steps, Change::Mark { service: name.clone(), installer: mark(definition) });
    let variables = definition.environment.clone();
    change(&mut steps, Change::Environment { service: name.clone(), variables });
    change(
        &mut steps,
        Change::EventSource { source: event_source, message_file: definition.program.clone() },
    );
    let folders = &definition.folders;
    let mut rights = vec![(folders.configuration.as_str(), CONFIGURATION_FOLDER)];
    rights.extend(
        [&folders.state, &folders.logs, &folders.cache, &folders.runtime]
            .map(|path| (path.as_str(), SERVICE_FOLDER)),
    );
    let secret = definition.credentials.values().next().and_then(|file| file.rsplit_once('\\'));
    rights.extend(secret.map(|(folder, _)| (folder, SECRET_FOLDER)));
    for (path, rights) in rights {
        let (path, rights) = (path.to_owned(), rights.to_owned());
        change(&mut steps, Change::FolderAccess { path, rights, service: name.clone() });
    }
    if run {
        change(&mut steps, Change::Start { service: name });
    }
    steps
}

pub(super) fn uninstall(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let description = windows::service(site.definition);
    let mut steps = Vec::new();
    if found.active {
        change(&mut steps, Change::Stop { service: description.name.clone() });
    }
    change(&mut steps, Change::Delete { service: description.name });
    change(&mut steps, Change::RemoveEventSource { source: description.event_source });
    steps
}
