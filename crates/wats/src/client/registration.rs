//! How a client makes itself known to a server, and tells it how it is.

use super::{Call, Client, authorization};
use crate::escape::escaped;
use crate::{Failure, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// What a client is registered as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registration {
    /// Id of the client, chosen by it, for example the host name.
    pub id: String,
    /// Kind of client: a word that the server knows, such as `python` or `dotnet`.
    pub kind: String,
    /// Name of the station.
    pub name: String,
    /// Where it stands.
    pub location: String,
    /// What it is used for.
    pub purpose: String,
}

/// A client that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its id.
    pub id: String,
    /// What it signs in with from now on; see [`Registered::token`]. Registering again makes it invalid.
    pub passcode: Secret,
}

impl Registered {
    /// The API token of the registered client.
    pub fn token(&self) -> Secret {
        Secret::new(STANDARD.encode(format!("{}:{}", self.id, self.passcode.expose())))
    }

    /// The first half of a token: the id of a registered client, or a user's name.
    pub fn id_in(token: &Secret) -> Option<String> {
        let text = String::from_utf8(STANDARD.decode(token.expose()).ok()?).ok()?;
        text.split_once(':').map(|(id, _)| id.to_owned()).filter(|id| !id.is_empty())
    }
}

/// What a server says of itself to a registered client. What it does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerInfo {
    /// Code of the site.
    pub site_code: String,
    /// Name of the server.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How a client is, as it tells the server at its start and now and then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientStatus {
    /// Name of the station.
    pub name: String,
    /// Where it stands.
    pub location: String,
    /// What it is used for.
    pub purpose: String,
    /// Version of the client: numbers with dots between them, as in `1.2.0`.
    pub version: String,
    /// Whether it works.
    pub online: bool,
    /// Reports that wait to be sent.
    pub pending: u64,
    /// The machine.
    pub computer: Computer,
    /// What it takes files with.
    pub converters: Vec<ConverterState>,
}

/// A machine. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Computer {
    /// Operating system and its version.
    pub os_version: String,
    /// What the program was made with. The server has a place only for the version of Python.
    pub runtime_version: String,
    /// For example `x86_64`.
    pub architecture: String,
    /// Host name.
    pub name: String,
    /// Domain of the network.
    pub domain: String,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Its disks.
    pub disks: Vec<Disk>,
}

/// A disk, or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disk {
    /// Where it is in the file system, for example `C:\` or `/`.
    pub name: String,
    /// `Fixed`, `Removable`, `CDRom` or `Network`.
    pub kind: String,
    /// Whether the operating system is on it.
    pub system: bool,
    /// Its label.
    pub label: String,
    /// File system.
    pub format: String,
    /// Bytes in all.
    pub total: u64,
    /// Bytes that this program may still use.
    pub available: u64,
    /// Bytes not used by anybody.
    pub free: u64,
}

/// A converter, or a watched folder with one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConverterState {
    /// Its name.
    pub name: String,
    /// Whether it takes files.
    pub running: bool,
    /// Its version.
    pub version: String,
    /// Files it took.
    pub total: u64,
    /// Files it could not take.
    pub failed: u64,
    /// What it is made of, for example `wsjf`.
    pub class: String,
    /// Names of files it takes, for example `*.json`.
    pub filter: String,
    /// The watched folder.
    pub path: String,
    /// What happens to a file afterwards.
    pub post_action: String,
}

impl Client {
    /// Registers a client with the token of a user who may do that. A client of this id that is registered already
    /// gets a new passcode; its old one does not work any more.
    pub async fn register(&self, token: &Secret, registration: &Registration) -> Result<Registered, Failure> {
        let authorization =
            authorization(token).map_err(|error| Failure::Argument { message: error.to_string() })?;
        let call = Call::post("/api/Client/Register")
            .query("id", &registration.id)
            .query("type", &registration.kind)
            .query("name", &registration.name)
            .query("location", &registration.location)
            .query("purpose", &registration.purpose)
            .authorization(authorization)
            .head_only();
        let answer = self.call(call).await?;
        if answer.status() == 409 {
            let message = format!(
                "a client with the id {:?} or the name {:?} is registered as another kind of client: {}",
                registration.id,
                registration.name,
                answer.message()
            );
            return Err(Failure::Permanent { status: 409, message });
        }
        let answer = answer.success()?;
        let passcode = Secret::new(answer.message());
        if passcode.expose().is_empty() {
            return Err(answer.not_understood("there is no passcode in it"));
        }
        Ok(Registered { id: registration.id.clone(), passcode })
    }

    /// Asks the server for its name, site and version.
    pub async fn server_info(&self) -> Result<ServerInfo, Failure> {
        let answer = self.done(Call::get("/api/internal/Client/ServerInfo").head_only()).await?;
        let text = answer.text();
        let members: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| answer.not_understood(&error.to_string()))?;
        // Servers differ in the case of the names.
        let find = |name: &str| {
            let found = members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
            found.and_then(|(_, value)| value.as_str()).unwrap_or_default().to_owned()
        };
        Ok(ServerInfo { site_code: find("SiteCode"), name: find("Name"), version: find("Version") })
    }

    /// Says that the client is there; every five minutes is usual.
    pub async fn ping(&self) -> Result<(), Failure> {
        self.done(Call::get("/api/internal/Client/Ping").head_only()).await.map(drop)
    }

    /// Tells how the client is; at the start and every hour is usual.
    pub async fn update_status(&self, status: &ClientStatus) -> Result<(), Failure> {
        self.done(Call::put("/api/Client/Update").json(&status.to_json()).head_only()).await.map(drop)
    }

    /// As [`Client::update_status`], in the way that older servers understand.
    pub async fn update_status_legacy(&self, status: &ClientStatus) -> Result<(), Failure> {
        let body = json!({
            "name": status.name,
            "location": status.location,
            "purpose": status.purpose,
            "miscinfo": status.to_xml(),
        });
        let call = Call::post("/api/internal/Client/Update").json(&body).head_only();
        self.done(call.repeatable(true)).await.map(drop)
    }

    /// Says good-bye. Best done with a short time limit of the caller's: nothing depends on it.
    pub async fn disconnect(&self, id: &str) -> Result<(), Failure> {
        self.done(Call::get("/api/internal/Auth/Disconnect").query("id", id).head_only()).await.map(drop)
    }
}

impl ClientStatus {
    fn to_json(&self) -> Value {
        let disks: Vec<Value> = self.computer.disks.iter().map(Disk::to_json).collect();
        let converters: Vec<Value> = self.converters.iter().map(ConverterState::to_json).collect();
        let computer = &self.computer;
        json!({
            "name": self.name,
            "location": self.location,
            "purpose": self.purpose,
            "version": self.version,
            "status": if self.online { "Online" } else { "Offline" },
            "pendingTotal": self.pending,
            "computer": {
                "osVersion": computer.os_version,
                "pythonVersion": computer.runtime_version,
                "osArchitecture": computer.architecture,
                "computerName": computer.name,
                "domain": computer.domain,
                "totalPhysicalMemory": computer.memory.map_or_else(String::new, |bytes| bytes.to_string()),
                "disks": disks,
            },
            "converters": converters,
        })
    }

    /// The same facts as XML. The module with the number 7 is the client itself.
    fn to_xml(&self) -> String {
        let computer = &self.computer;
        let mut xml = String::from("<miscinfo><Modules>");
        element(
            &mut xml,
            "version",
            &[("ModuleID", "7"), ("ModuleName", "Client"), ("Version", &self.version)],
        );
        xml.push_str("</Modules><computer>");
        let memory = computer.memory.map_or_else(String::new, |bytes| bytes.to_string());
        for (name, text) in [
            ("OSVersion", &computer.os_version),
            ("CLRVersion", &computer.runtime_version),
            ("CSName", &computer.name),
            ("OSArchitecture", &computer.architecture),
            ("Domain", &computer.domain),
            ("TotalPhysicalMemory", &memory),
        ] {
            if !text.is_empty() {
                let _ = write!(xml, "<{name}>{}</{name}>", escaped(text));
            }
        }
        for disk in &computer.disks {
            let (total, available) = (disk.total.to_string(), disk.available.to_string());
            element(
                &mut xml,
                "disk",
                &[
                    ("name", &disk.name),
                    ("driveType", &disk.kind),
                    ("systemDrive", if disk.system { "true" } else { "false" }),
                    ("volumeLabel", &disk.label),
                    ("driveFormat", &disk.format),
                    ("totalSize", &total),
                    ("availableFreeSpace", &available),
                ],
            );
        }
        xml.push_str("</computer>");
        for converter in &self.converters {
            let (total, failed) = (converter.total.to_string(), converter.failed.to_string());
            element(
                &mut xml,
                "converter",
                &[
                    ("name", &converter.name),
                    ("state", converter.state()),
                    ("version", &converter.version),
                    ("total", &total),
                    ("error", &failed),
                    ("class", &converter.class),
                    ("Filter", &converter.filter),
                    ("Path", &converter.path),
                    ("PostProcessAction", &converter.post_action),
                ],
            );
        }
        let pending = self.pending.to_string();
        element(&mut xml, "pending", &[("total", &pending)]);
        let state = if self.online { "Online" } else { "Offline" };
        let _ = write!(xml, "<ClientStatus>{state}</ClientStatus></miscinfo>");
        xml
    }
}

impl Disk {
    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "driveType": self.kind,
            "systemDrive": self.system,
            "volumeLabel": self.label,
            "driveFormat": self.format,
            "totalSize": self.total.to_string(),
            "availableFreeSpace": self.available.to_string(),
            "totalFreeSpace": self.free.to_string(),
        })
    }
}

impl ConverterState {
    fn state(&self) -> &'static str {
        if self.running { "Running" } else { "Disabled" }
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "state": self.state(),
            "version": self.version,
            "total": self.total.to_string(),
            "error": self.failed.to_string(),
            "class": self.class,
            "filter": self.filter,
            "path": self.path,
            "postProcessAction": self.post_action,
        })
    }
}

/// Adds an empty element.
fn element(xml: &mut String, name: &str, attributes: &[(&str, &str)]) {
    let _ = write!(xml, "<{name}");
    for (attribute, value) in attributes {
        let _ = write!(xml, " {attribute}=\"{}\"", escaped(value));
    }
    xml.push_str("/>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_made_of_id_and_passcode() {
        let registered = Registered { id: "FCT-01".into(), passcode: Secret::new("pass") };
        assert_eq!(registered.token().expose(), "RkNULTAxOnBhc3M=");
        assert_eq!(Registered::id_in(&registered.token()).as_deref(), Some("FCT-01"));
        assert_eq!(Registered::id_in(&Secret::new("?")), None);
        assert!(!format!("{registered:?}").contains("pass\""));
    }

    #[test]
    fn the_older_form_is_well_formed() {
        let disk = Disk { name: "C:\\ \"a\" & <b>".into(), system: true, total: 5, ..Disk::default() };
        let computer =
            Computer { os_version: "Debian & co".into(), disks: vec![disk], ..Computer::default() };
        let status = ClientStatus { version: "1.2".into(), pending: 3, computer, ..ClientStatus::default() };
        let xml = status.to_xml();
        assert!(xml.contains("<OSVersion>Debian &amp; co</OSVersion>"), "{xml}");
        assert!(xml.contains(r#"name="C:\ &quot;a&quot; &amp; &lt;b&gt;""#), "{xml}");
        assert!(xml.contains(r#"<pending total="3"/><ClientStatus>Offline</ClientStatus>"#), "{xml}");
    }
}
