//! The configuration of a container image (OCI Image Format Specification 1.1, «Image Configuration»), with the
//! health check that Docker's format adds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Definition, RestartPolicy};

/// Number of the account and group in containers: images without a user database have no names, and Kubernetes
/// wants a number to see that it is not root's. 65532 is what minimal base images call `nonroot`.
pub const USER: u32 = 65532;

/// What a container image says of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Container {
    /// The program (`Entrypoint`).
    pub entrypoint: Vec<String>,
    /// Its arguments (`Cmd`), which whoever starts the container may replace.
    pub command: Vec<String>,
    /// `UID:GID` (`User`).
    pub user: String,
    /// Environment variables (`Env`).
    pub environment: BTreeMap<String, String>,
    /// Folders whose content outlives the container (`Volumes`).
    pub volumes: Vec<String>,
    /// Folders that are written to and forgotten, for an image whose files are read-only.
    pub temporary: Vec<String>,
    /// `PORT/tcp` that others connect to (`ExposedPorts`).
    pub ports: Vec<String>,
    /// Signal that asks it to end (`StopSignal`).
    pub stop_signal: String,
    /// How long it may take to end, in seconds.
    pub stop_timeout: u64,
    /// How its health is asked for.
    pub health: Option<HealthCheck>,
}

/// How the health of a container is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HealthCheck {
    /// Command inside the container, where the program has one; ends with 0 while it is healthy.
    pub command: Option<Vec<String>>,
    /// Address that answers 200 while it is healthy, asked inside the container.
    pub address: String,
    /// Seconds between two questions.
    pub interval: u64,
    /// Seconds until no answer counts as a bad one.
    pub timeout: u64,
    /// Bad answers in a row that make it unhealthy.
    pub retries: u64,
}

/// What a container image says of the service.
///
/// The state is the only volume: logs go to standard output, and what can be made again is forgotten with the
/// container.
pub fn container(service: &Definition) -> Container {
    let folders = &service.folders;
    let mut environment = service.environment.clone();
    for (name, path) in service.folder_variables() {
        environment.insert(name.to_owned(), path.to_owned());
    }
    if let Some(folder) = service.credentials_folder() {
        environment.insert("CREDENTIALS_DIRECTORY".to_owned(), folder.to_owned());
    }
    Container {
        entrypoint: vec![service.program.clone()],
        command: service.arguments.clone(),
        user: if service.account.is_privileged() { "0:0".to_owned() } else { format!("{USER}:{USER}") },
        environment,
        volumes: vec![folders.state.clone()],
        temporary: vec![
            folders.cache.clone(),
            folders.logs.clone(),
            folders.runtime.clone(),
            "/tmp".to_owned(),
        ],
        ports: service
            .listener()
            .filter(|listener| !listener.is_loopback())
            .map(|listener| format!("{}/tcp", listener.port))
            .into_iter()
            .collect(),
        stop_signal: "SIGTERM".to_owned(),
        stop_timeout: service.stop_timeout,
        health: service.health.as_ref().map(|health| HealthCheck {
            command: health
                .command
                .as_ref()
                .map(|arguments| std::iter::once(&service.program).chain(arguments).cloned().collect()),
            address: health.address.clone(),
            interval: 30,
            timeout: 5,
            retries: 3,
        }),
    }
}

/// Whether a container that ended is started again, in Compose's words.
pub(crate) fn restart(service: &Definition) -> &'static str {
    match service.restart {
        // `always` would start it again after somebody has stopped it and the machine was restarted.
        RestartPolicy::Always => "unless-stopped",
        RestartPolicy::OnFailure => "on-failure",
        RestartPolicy::Never => "no",
    }
}
