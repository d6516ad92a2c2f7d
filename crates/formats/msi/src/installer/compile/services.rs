//! Services: how they are registered, configured, stopped, started and deleted.

use crate::installer::{ExistingService, Identifier, Package, Service, ServiceSid, ServiceStart};
use crate::{Database, Error, Value, row};

// ServiceInstall: a process of its own; failures are logged.
const OWN_PROCESS: i32 = 0x10;
const ERROR_NORMAL: i32 = 1;
/// The installation fails where the service cannot be registered.
const VITAL: i32 = 0x8000;

// Bits of ServiceControl.Event.
const START: i32 = 0x01;
const STOP: i32 = 0x02;
const STOP_AT_REMOVAL: i32 = 0x20;
const DELETE_AT_REMOVAL: i32 = 0x80;

// Kinds of configuration in MsiServiceConfig.
const DELAYED_START: i32 = 3;
const FAILURE_FLAG: i32 = 4;
const SID: i32 = 5;
const PRIVILEGES: i32 = 6;
const PRESHUTDOWN: i32 = 7;
/// Configured when the component is installed or repaired.
const AT_INSTALLATION: i32 = 1 | 4;

/// An action of the service manager on failure.
const RESTART: &str = "1";

/// The conditions of the actions for services.
pub(super) struct Conditions {
    /// Of `InstallServices` and `MsiConfigureServices`.
    pub(super) register: Option<String>,
    /// Of `StartServices`.
    pub(super) start: Option<String>,
}

impl Service {
    /// Property that holds the command line of an existing service, where one that exists is kept.
    pub fn found(&self) -> String {
        format!("SERVICE_FOUND_{}", public(&self.id))
    }

    /// Property that holds its start type.
    pub(super) fn found_start(&self) -> String {
        format!("SERVICE_START_{}", public(&self.id))
    }

    /// Property that holds the path of the program that the package installs.
    pub(super) fn program(&self) -> String {
        format!("SERVICE_PROGRAM_{}", public(&self.id))
    }

    /// Property that holds its arguments.
    pub(super) fn arguments_property(&self) -> String {
        format!("SERVICE_ARGUMENTS_{}", public(&self.id))
    }

    /// Where the service manager keeps it, below `HKEY_LOCAL_MACHINE`.
    pub(super) fn registry_key(&self) -> String {
        format!(r"SYSTEM\CurrentControlSet\Services\{}", self.name)
    }
}

/// An identifier as part of the name of a public property.
fn public(id: &Identifier) -> String {
    id.as_str().to_ascii_uppercase().replace('.', "_")
}

impl Package {
    /// The services with the key of their component.
    pub(super) fn services(&self) -> impl Iterator<Item = (&Service, &Identifier)> {
        self.components.iter().flat_map(|component| component.services.iter().map(|s| (s, &component.id)))
    }

    /// The services that stay as they are where they exist.
    pub(super) fn kept_services(&self) -> impl Iterator<Item = &Service> {
        self.services().map(|(service, _)| service).filter(|s| s.existing == ExistingService::Keep)
    }

    pub(super) fn add_services(&self, database: &mut Database) -> Result<(), Error> {
        for (service, component) in self.services() {
            check(service)?;
            add_service(service, component, database)?;
            add_configuration(service, component, database)?;
        }
        Ok(())
    }

    /// When services are registered and started.
    pub(super) fn service_conditions(&self) -> Conditions {
        if self.kept_services().count() != self.services().count() {
            return Conditions { register: None, start: None };
        }
        // One action registers all services, so that one that is missing or changed has all of them registered.
        let known: Vec<String> = self
            .kept_services()
            .map(|service| {
                let arguments = match service.arguments {
                    Some(_) => format!(" AND {} ~>> {}", service.found(), service.arguments_property()),
                    None => String::new(),
                };
                format!("({} ~>< {}{arguments})", service.found(), service.program())
            })
            .collect();
        // Whoever set a service to manual or disabled starts it when it suits.
        let automatic = self.kept_services().map(|service| {
            let start = service.found_start();
            let known = if service.start_existing { format!(" OR {start} = \"#2\"") } else { String::new() };
            format!("(NOT {start}{known})")
        });
        let automatic: Vec<String> = automatic.collect();
        Conditions {
            register: (!known.is_empty()).then(|| format!("NOT ({})", known.join(" AND "))),
            start: (!automatic.is_empty()).then(|| automatic.join(" AND ")),
        }
    }
}

fn check(service: &Service) -> Result<(), Error> {
    let name = &service.name;
    if name.is_empty() || name.chars().count() > 80 || name.contains(['/', '\\']) {
        return Err(Error::Invalid(format!(
            "the service name {name:?} must have 1 to 80 characters and no slash"
        )));
    }
    if service.password.is_some() && service.account.is_none() {
        return Err(Error::Invalid(format!("the service {name} has a password but no account")));
    }
    Ok(())
}

fn add_service(service: &Service, component: &Identifier, database: &mut Database) -> Result<(), Error> {
    let start = match service.start {
        ServiceStart::Automatic | ServiceStart::Delayed => 2,
        ServiceStart::Manual => 3,
        ServiceStart::Disabled => 4,
    };
    let dependencies: String = service.dependencies.iter().map(|name| format!("{name}[~]")).collect();
    let dependencies = if dependencies.is_empty() { dependencies } else { format!("{dependencies}[~]") };
    database.insert(
        "ServiceInstall",
        row![
            &service.id,
            &service.name,
            &service.display_name,
            OWN_PROCESS,
            start,
            ERROR_NORMAL | if service.vital { VITAL } else { 0 },
            Value::Null,
            dependencies,
            service.account.as_ref(),
            service.password.as_ref(),
            service.arguments.as_ref(),
            component,
            service.description.as_ref()
        ],
    )?;
    // Stopping and deleting wait for the service to end, so that its files are free.
    let stop = STOP | STOP_AT_REMOVAL | DELETE_AT_REMOVAL;
    database.insert("ServiceControl", row![&service.id, &service.name, stop, Value::Null, 1, component])?;
    if service.start_on_install {
        // Starting does not wait: a service that is not configured yet may end at once, and that must not keep the
        // product from being installed.
        let id = Identifier::derived("start", service.id.as_str());
        database.insert("ServiceControl", row![&id, &service.name, START, Value::Null, 0, component])?;
    }
    Ok(())
}

fn add_configuration(
    service: &Service,
    component: &Identifier,
    database: &mut Database,
) -> Result<(), Error> {
    let sid = service.sid.map(|sid| match sid {
        ServiceSid::Unrestricted => 1,
        ServiceSid::Restricted => 3,
    });
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let privileges = &service.required_privileges;
    let settings = [
        (DELAYED_START, number((service.start == ServiceStart::Delayed).then_some(1))),
        (FAILURE_FLAG, number(service.failures_without_crash.then_some(1))),
        (SID, number(sid)),
        (PRIVILEGES, (!privileges.is_empty()).then(|| privileges.join("[~]"))),
        (PRESHUTDOWN, number(service.preshutdown_timeout)),
    ];
    for (kind, value) in settings {
        let Some(value) = value else { continue };
        let id = Identifier::derived("config", &format!("{} {kind}", service.id));
        database
            .insert("MsiServiceConfig", row![&id, &service.name, AT_INSTALLATION, kind, value, component])?;
    }
    if let Some(actions) = &service.failure_actions {
        let restarts = vec![RESTART; actions.restart_delays.len()].join("[~]");
        let delays: Vec<String> = actions.restart_delays.iter().map(u32::to_string).collect();
        database.insert(
            "MsiServiceConfigFailureActions",
            row![
                &service.id,
                &service.name,
                AT_INSTALLATION,
                actions.reset_after as i32,
                Value::Null,
                Value::Null,
                restarts,
                delays.join("[~]"),
                component
            ],
        )?;
    }
    Ok(())
}
