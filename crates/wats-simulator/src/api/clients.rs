//! Clients that are registered, and what they tell.

use super::{Asked, Outcome, Refusal, done, reply};
use crate::web::{Shared, VERSION, locked};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is known of a registered client.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RegisteredClient {
    /// What kind of client it is.
    pub kind: String,
    /// Name of its station.
    pub name: String,
    /// What it signs in with.
    pub passcode: String,
}

/// The clients, and what was told by anyone.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    pub(crate) registered: BTreeMap<String, RegisteredClient>,
    /// How many passcodes were given out.
    passcodes: u64,
    pub(crate) pings: u64,
    /// All that was told, the last at the end.
    pub(crate) told: Vec<Value>,
    /// Ids of those that said good-bye.
    pub(crate) gone: Vec<String>,
}

impl Clients {
    /// Whether a registered client signs in with this token.
    pub(crate) fn may_enter(&self, token: &str) -> bool {
        self.registered.iter().any(|(id, client)| token == base64(&format!("{id}:{}", client.passcode)))
    }
}

pub(super) fn answer(shared: &Shared, asked: &Asked, internal: bool, rest: &[&str]) -> Outcome {
    let clients = &mut locked(&shared.world).clients;
    match (asked.method(), internal, rest) {
        ("POST", false, ["Client", "Register"]) => {
            asked.only(&["id", "type", "name", "location", "purpose"])?;
            let (id, kind, name) = (asked.need("id")?, asked.need("type")?, asked.need("name")?);
            let taken = clients
                .registered
                .iter()
                .any(|(own, client)| (own == id || client.name == name) && client.kind != kind);
            if taken {
                return Err(Refusal::conflict("A client of another type has this name."));
            }
            clients.passcodes += 1;
            let passcode = format!("passcode-{id}-{}", clients.passcodes);
            let client =
                RegisteredClient { kind: kind.into(), name: name.into(), passcode: passcode.clone() };
            clients.registered.insert(id.to_owned(), client);
            reply(passcode)
        }
        ("GET", true, ["Client", "ServerInfo"]) => {
            reply(json!({"siteCode": "NO-1", "Name": "WATS simulator", "version": VERSION}))
        }
        ("GET", true, ["Client", "Ping"]) => {
            asked.only(&[])?;
            clients.pings += 1;
            done()
        }
        ("PUT", false, ["Client", "Update"]) => {
            let status = asked.json()?;
            if !matches!(status["status"].as_str(), Some("Online" | "Offline")) {
                return Err(Refusal::bad("The status must be Online or Offline."));
            }
            let version = status["version"].as_str().unwrap_or_default();
            if version.is_empty() || version.split('.').any(|part| part.parse::<u32>().is_err()) {
                return Err(Refusal::bad("The version must be made of numbers."));
            }
            let texts_only = |list: &Value, names: &[&str]| {
                list.as_array()
                    .is_some_and(|all| all.iter().all(|one| names.iter().all(|name| one[*name].is_string())))
            };
            if !texts_only(
                &status["computer"]["disks"],
                &["totalSize", "availableFreeSpace", "totalFreeSpace"],
            ) || !texts_only(&status["converters"], &["total", "error", "state"])
            {
                return Err(Refusal::bad("Sizes and counts must be texts."));
            }
            clients.told.push(status);
            done()
        }
        ("POST", true, ["Client", "Update"]) => {
            let status = asked.json()?;
            let xml = status["miscinfo"].as_str().unwrap_or_default();
            if !xml.starts_with("<miscinfo>") || !xml.ends_with("</miscinfo>") {
                return Err(Refusal::bad("The member miscinfo must be XML."));
            }
            clients.told.push(status);
            done()
        }
        ("GET", true, ["Auth", "Disconnect"]) => {
            let id = asked.need("id")?.to_owned();
            clients.gone.push(id);
            Ok(().into_response())
        }
        _ => Err(Refusal::missing("The endpoint")),
    }
}

/// Base64 (RFC 4648 §4).
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bytes = [chunk[0], *chunk.get(1).unwrap_or(&0), *chunk.get(2).unwrap_or(&0)];
        let group = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        for place in 0..4 {
            let letter = LETTERS[(group >> (18 - 6 * place)) as usize & 63];
            encoded.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    encoded
}
