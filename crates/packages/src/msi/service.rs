//! The service: by tables, and by the system's own programs where Windows does not honour the tables.

use landfall_msi::installer::{
    Component, ExistingService, Folder, INSTALLDIR, Identifier, IniEntry, Package, Position, RegistryData,
    RegistryRoot, RegistryValue, Removal, RemoveOn, Service, ServiceSid, ServiceStart, Timing,
};
use landfall_payload::{Definition, Format, Payload};
use landfall_service_definition::windows::{self, ServiceFolder, StartType};
use sha1::{Digest, Sha1};

use super::actions::{Run, literal, run, run_at, set};
use super::files::{FEATURE, Place, file_id, id};
use super::inexpressible;
use crate::Error;

/// Key of the service.
const SERVICE: &str = "Service";
/// Property that collects the variables of the service.
const ENVIRONMENT: &str = "ServiceEnvironment";
/// Separates the variables on the command line of `reg.exe`. Its own choice, `\0`, begins names of folders.
pub(super) const SEPARATOR: &str = "|";

/// Adds the service with its folders, its source of events, its firewall rules and its place in the Start menu.
pub(super) fn add(payload: &Payload, definition: &Definition, package: &mut Package) -> Result<(), Error> {
    let service = windows::service(definition);
    let paths = Paths::new(payload);
    let program = paths.formatted(&definition.program);
    let relative = program.strip_prefix("[INSTALLDIR]").map(|path| format!("/{}", path.replace('\\', "/")));
    let entry = payload
        .entries(Format::Msi)
        .find(|entry| relative.as_deref().is_some_and(|path| entry.path.eq_ignore_ascii_case(path)))
        .ok_or_else(|| {
            inexpressible(format!("a service whose program {} is not in the package", definition.program))
        })?;
    let file = file_id(&entry.path);

    let registered = registered(&service, definition, &paths)?;
    let found = registered.found();
    let component = package
        .components
        .iter_mut()
        .find(|component| component.files.iter().any(|f| f.id == file))
        .ok_or_else(|| inexpressible("a service without its program"))?;
    component.services.push(registered);
    component.registry.extend(event_source(&service, &file)?);
    component.registry.extend(origin(payload, &service)?);

    for folder in &service.folders {
        add_folder(folder, &service.name, &paths, package)?;
    }
    keep_running(&service.name, &found, package)?;
    recovery(&service, &found, package)?;
    environment(&service, definition, &paths, package)?;
    firewall(&service, &file, package)?;
    if let Some(page) = &definition.page {
        start_menu(payload, &page.address, &file, package)?;
    }
    Ok(())
}

fn registered(service: &windows::Service, definition: &Definition, paths: &Paths) -> Result<Service, Error> {
    let quoted = format!("\"{}\"", definition.program);
    let arguments = service.command_line.strip_prefix(&quoted).unwrap_or_default().trim();
    let mut registered = Service::new(id(SERVICE)?, &service.name, &service.display_name);
    registered.description = Some(service.description.clone());
    registered.arguments = (!arguments.is_empty()).then(|| paths.formatted(arguments));
    registered.start = match service.start {
        StartType::AutomaticDelayed => ServiceStart::Delayed,
        StartType::Demand => ServiceStart::Manual,
    };
    registered.account = (service.account.name != "LocalSystem").then(|| service.account.name.clone());
    registered.dependencies.clone_from(&service.dependencies);
    registered.existing = ExistingService::Keep;
    registered.start_on_install = service.start != StartType::Demand;
    registered.start_existing = false;
    registered.sid = Some(ServiceSid::Unrestricted);
    registered.required_privileges = service.required_privileges.clone().unwrap_or_default();
    registered.preshutdown_timeout = u32::try_from(service.preshutdown_timeout).ok();
    Ok(registered)
}

/// A service that is there already runs afterwards if and only if it ran before, whatever its start type. The tables
/// cannot say so: whether it runs is noted beside it before it is stopped.
fn keep_running(service: &str, found: &str, package: &mut Package) -> Result<(), Error> {
    const NOTE: &str = "RanBeforeUpgrade";
    let name = literal(service);
    let value = format!(r#""HKLM\SYSTEM\CurrentControlSet\Services\{name}" /v {NOTE}"#);
    // By `errorlevel`, because Wine's shell goes on behind `&&` whatever came before.
    let note = format!(
        r#"sc query "{name}" | find "RUNNING" & if errorlevel 1 (reg delete {value} /f) else reg add {value} /t REG_DWORD /d 1 /f"#
    );
    let resume =
        format!(r#"reg query {value} & if not errorlevel 1 (reg delete {value} /f & sc start "{name}")"#);
    let there = format!("{found} AND NOT REMOVE");
    for (action, line, position) in [
        ("NoteService", note, Position::Before("StopServices".to_owned())),
        ("ResumeService", resume, Position::After("StartServices".to_owned())),
    ] {
        let command = format!("\"[System64Folder]cmd.exe\" /d /s /c \"{line}\"");
        run_at(
            Run {
                name: action,
                command,
                after: "",
                condition: Some(there.clone()),
                timing: Timing::Deferred,
                hidden: false,
            },
            position,
            package,
        )?;
    }
    Ok(())
}

/// Recovery, once, when the service is registered first: what an administrator makes of it afterwards stays.
fn recovery(service: &windows::Service, found: &str, package: &mut Package) -> Result<(), Error> {
    let Some(recovery) = &service.recovery else { return Ok(()) };
    let actions: Vec<String> =
        recovery.restart_after.iter().map(|pause| format!("restart/{pause}")).collect();
    let name = literal(&service.name);
    let condition = format!("NOT {found} AND NOT REMOVE");
    let mut commands = vec![(
        "Recovery",
        format!("failure \"{name}\" reset= {} actions= {}", recovery.reset_after, actions.join("/")),
    )];
    if recovery.also_without_crash {
        commands.push(("RecoveryFlag", format!("failureflag \"{name}\" 1")));
    }
    for (action, arguments) in commands {
        let command = format!("\"[System64Folder]sc.exe\" {arguments}");
        let (after, condition) = ("InstallServices", Some(condition.clone()));
        run(
            Run { name: action, command, after, condition, timing: Timing::Deferred, hidden: false },
            package,
        )?;
    }
    Ok(())
}

/// The variables of the service: those of the manifest, and settings that were given. They stand in a list of the
/// service's key, for which there is no table that runs after the service is registered.
fn environment(
    service: &windows::Service,
    definition: &Definition,
    paths: &Paths,
    package: &mut Package,
) -> Result<(), Error> {
    for (name, setting) in super::settings::of_environment(definition) {
        let property = windows::property(name);
        let value = format!("[{ENVIRONMENT}]{}=[{property}]{SEPARATOR}", setting.environment);
        set(&format!("{ENVIRONMENT}.{property}"), ENVIRONMENT, value, Some(property), package)?;
    }
    // The last ones are fixed and end with no backslash, which would escape the quotation mark behind them.
    let mut fixed = service.environment.iter().peekable();
    if fixed.peek().is_none() {
        return Ok(());
    }
    let mut number = 0;
    while let Some((name, value)) = fixed.next() {
        if value.contains(['"', '|']) {
            return Err(inexpressible(format!(
                "the variable {name} of the service with a quotation mark or |"
            )));
        }
        let end = if fixed.peek().is_some() { SEPARATOR } else { "" };
        let value = format!("[{ENVIRONMENT}]{}={}{end}", literal(name), paths.formatted(value));
        set(&format!("{ENVIRONMENT}.{number}"), ENVIRONMENT, value, None, package)?;
        number += 1;
    }
    let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{}", literal(&service.name));
    let command = format!(
        "\"[System64Folder]reg.exe\" add \"{key}\" /v Environment /t REG_MULTI_SZ /s {SEPARATOR} /d \"[{ENVIRONMENT}]\" /f"
    );
    let condition = Some("NOT REMOVE".to_owned());
    let after = "InstallServices";
    run(
        Run { name: "Environment", command, after, condition, timing: Timing::Deferred, hidden: false },
        package,
    )
}

/// Where events come from: Windows finds their sentences in the program.
fn event_source(service: &windows::Service, program: &Identifier) -> Result<[RegistryValue; 2], Error> {
    let key =
        format!(r"SYSTEM\CurrentControlSet\Services\EventLog\Application\{}", service.event_source.name);
    let value = |name: &str, data| -> Result<RegistryValue, Error> {
        Ok(RegistryValue {
            id: id(&format!("Event.{name}"))?,
            root: RegistryRoot::LocalMachine,
            key: key.clone(),
            name: Some(name.to_owned()),
            data,
            permissions: None,
        })
    };
    Ok([
        value("EventMessageFile", RegistryData::Expandable(format!("[#{program}]")))?,
        // Errors, warnings and information.
        value("TypesSupported", RegistryData::Number(7))?,
    ])
}

/// By what the program's own `install-service` knows that an installer brought the service, and where it remembers
/// settings.
fn origin(payload: &Payload, service: &windows::Service) -> Result<[RegistryValue; 2], Error> {
    let key = format!(r"SYSTEM\CurrentControlSet\Services\{}\Parameters", service.name);
    let value = |name: &str, text: &str| -> Result<RegistryValue, Error> {
        Ok(RegistryValue {
            id: id(&format!("Service.{name}"))?,
            root: RegistryRoot::LocalMachine,
            key: key.clone(),
            name: Some(name.to_owned()),
            data: RegistryData::Text(literal(text)),
            permissions: None,
        })
    };
    let settings = format!(r"{}\Settings", super::settings::registry_key(payload));
    Ok([value("InstalledBy", &payload.product.title)?, value("Settings", &settings)?])
}

fn add_folder(
    folder: &ServiceFolder,
    service: &str,
    paths: &Paths,
    package: &mut Package,
) -> Result<(), Error> {
    let Some(names) = paths.below_data(&folder.path) else {
        return Err(inexpressible(format!("the folder {} outside of {}", folder.path, paths.data)));
    };
    let directory = Place::below_data(&names).directory(package)?;
    let permissions = Some(permissions(service, folder.writable));
    let component = Component::for_folder(id(FEATURE)?, Folder { directory, permissions });
    package.components.push(component);
    Ok(())
}

/// Administrators and the system may do everything, the service what it needs, others nothing.
pub(super) fn permissions(service: &str, writable: bool) -> String {
    // Read and execute; with it write and delete.
    let rights = if writable { "0x1301bf" } else { "0x1200a9" };
    format!("D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;{rights};;;{})", security_identifier(service))
}

/// The service's own security identifier: it derives from the name, so that it is known before the service exists.
pub(super) fn security_identifier(service: &str) -> String {
    let name: Vec<u8> = service.to_uppercase().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digest = Sha1::digest(name);
    let parts = digest.chunks_exact(4).map(|part| u32::from_le_bytes([part[0], part[1], part[2], part[3]]));
    parts.fold("S-1-5-80".to_owned(), |sid, part| format!("{sid}-{part}"))
}

fn firewall(service: &windows::Service, program: &Identifier, package: &mut Package) -> Result<(), Error> {
    for (number, rule) in service.firewall.iter().enumerate() {
        let netsh = "\"[System64Folder]netsh.exe\" advfirewall firewall";
        let name = literal(&rule.name);
        let delete = format!("{netsh} delete rule name=\"{name}\" program=\"[#{program}]\"");
        let add = format!(
            "{netsh} add rule name=\"{name}\" dir=in action=allow program=\"[#{program}]\" protocol=TCP localport={}",
            rule.port
        );
        let first = Some("NOT Installed AND NOT OLDER_VERSION_FOUND".to_owned());
        let last = Some("REMOVE = \"ALL\" AND NOT UPGRADINGPRODUCTCODE".to_owned());
        for (action, command, after, condition, timing) in [
            ("FirewallUndo", &delete, "InstallFiles", first.clone(), Timing::Rollback),
            ("FirewallAdd", &add, "InstallFiles", first, Timing::Deferred),
            ("FirewallDelete", &delete, "StopServices", last, Timing::Deferred),
        ] {
            let name = &format!("{action}{number}");
            run(Run { name, command: command.clone(), after, condition, timing, hidden: false }, package)?;
        }
    }
    Ok(())
}

/// A shortcut to the service's page.
fn start_menu(
    payload: &Payload,
    page: &str,
    program: &Identifier,
    package: &mut Package,
) -> Result<(), Error> {
    let title = &payload.product.title;
    let menu = id("ProgramMenuFolder")?;
    let mut component = Component::for_registry(
        menu.clone(),
        id(FEATURE)?,
        RegistryValue {
            id: id("StartMenu")?,
            // What lies in the Start menu counts as a user's.
            root: RegistryRoot::CurrentUser,
            key: super::settings::registry_key(payload),
            name: Some("StartMenu".to_owned()),
            data: RegistryData::Number(1),
            permissions: None,
        },
    );
    let name = format!("{}.url", title.replace(['<', '>', ':', '"', '/', '\\', '|', '?', '*'], " "));
    for (key, value) in [
        ("URL", literal(page)),
        // The program has the product's icon.
        ("IconFile", format!("[#{program}]")),
        ("IconIndex", "0".to_owned()),
    ] {
        component.ini_entries.push(IniEntry {
            id: id(&format!("Page.{key}"))?,
            directory: menu.clone(),
            file: name.clone(),
            section: "InternetShortcut".to_owned(),
            name: key.to_owned(),
            value,
        });
    }
    // The file is Windows' own and would stay, empty.
    component.removals.push(Removal {
        id: id("Page")?,
        directory: menu,
        name: Some(name),
        on: RemoveOn::Uninstall,
    });
    package.components.push(component);
    Ok(())
}

/// The product's folders in the texts of a definition.
pub(super) struct Paths {
    program: String,
    data: String,
}

impl Paths {
    pub(super) fn new(payload: &Payload) -> Self {
        let name = &payload.product.name;
        Self { program: format!(r"C:\Program Files\{name}\"), data: format!(r"C:\ProgramData\{name}") }
    }

    /// Formatted text, with the folders where they are on the machine.
    pub(super) fn formatted(&self, text: &str) -> String {
        let data = format!("[CommonAppDataFolder]{}", &self.data[r"C:\ProgramData\".len()..]);
        literal(text).replace(&self.program, &format!("[{INSTALLDIR}]")).replace(&self.data, &data)
    }

    /// The names that lead from the product's folder below `ProgramData` to `path`.
    pub(super) fn below_data<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let rest = path.strip_prefix(&self.data)?;
        Some(rest.split('\\').filter(|name| !name.is_empty()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::security_identifier;

    #[test]
    fn security_identifiers_are_windows_own() {
        // As `sc.exe showsid TrustedInstaller` says.
        assert_eq!(
            security_identifier("TrustedInstaller"),
            "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
        );
    }
}
