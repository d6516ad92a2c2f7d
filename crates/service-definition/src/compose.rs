//! A service for Docker Compose and its like (the Compose Specification).

use std::fmt::Write;

use crate::container::{container, restart};
use crate::yaml::{list, text};
use crate::{Definition, Hardening};

/// A complete `compose.yaml` that runs `image`.
///
/// Secrets are read from files beside it, `secrets/NAME`. Settings are taken from the environment of whoever runs
/// Compose, or from the file `.env`; one that the product needs stops Compose with its name where it is missing.
pub fn file(service: &Definition, image: &str) -> String {
    let container = container(service);
    let id = service.id().replace('@', "-");
    let mut out = format!("services:\n  {}:\n", key(&id));
    let mut line = |level: usize, text: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:1$}{text}", "", level * 2);
    };
    line(2, &format!("image: {}", text(image)));
    line(2, &format!("entrypoint: {}", escaped_list(&container.entrypoint)));
    line(2, &format!("command: {}", escaped_list(&container.command)));
    line(2, &format!("user: {}", text(&container.user)));
    line(2, "environment:");
    for (name, value) in &container.environment {
        line(3, &format!("{}: {}", key(name), escaped(value)));
    }
    for setting in service.settings_beside_secrets() {
        let variable = &setting.environment;
        let value = match (&setting.default, setting.required) {
            (Some(default), _) => format!("${{{variable}:-{default}}}"),
            (None, true) => format!("${{{variable}:?{} is needed}}", plain(&setting.title)),
            (None, false) => format!("${{{variable}:-}}"),
        };
        line(3, &format!("{}: {}", key(variable), text(&value)));
    }
    line(2, &format!("restart: {}", text(restart(service))));
    line(2, &format!("stop_signal: {}", container.stop_signal));
    line(2, &format!("stop_grace_period: {}s", container.stop_timeout));
    line(2, "volumes:");
    for path in &container.volumes {
        line(3, "- type: volume");
        line(4, "source: state");
        line(4, &format!("target: {}", escaped(path)));
    }
    if service.hardening != Hardening::None {
        line(2, "read_only: true");
        line(2, "cap_drop: [ALL]");
        line(2, "security_opt: [\"no-new-privileges:true\"]");
        line(2, "tmpfs:");
        for path in &container.temporary {
            let owner = container.user.replacen(':', ",gid=", 1);
            let mode = if path == "/tmp" { "mode=1777".to_owned() } else { format!("mode=0750,uid={owner}") };
            line(3, &format!("- {}", escaped(&format!("{path}:{mode}"))));
        }
    }
    if let Some(port) = container.ports.first().and_then(|port| port.split('/').next()) {
        line(2, "ports:");
        line(3, &format!("- \"127.0.0.1:{port}:{port}\""));
    }
    if let Some(health) = &container.health
        && let Some(command) = &health.command
    {
        line(2, "healthcheck:");
        let test: Vec<String> = std::iter::once("CMD".to_owned()).chain(command.clone()).collect();
        line(3, &format!("test: {}", escaped_list(&test)));
        line(3, &format!("interval: {}s", health.interval));
        line(3, &format!("timeout: {}s", health.timeout));
        line(3, &format!("retries: {}", health.retries));
    }
    if !service.credentials.is_empty() {
        line(2, "secrets:");
        for (name, file) in &service.credentials {
            line(3, &format!("- source: {}", text(name)));
            line(4, &format!("target: {}", escaped(file)));
        }
        line(0, "secrets:");
        for name in service.credentials.keys() {
            line(1, &format!("{}:", key(name)));
            line(2, &format!("file: {}", text(&format!("./secrets/{name}"))));
        }
    }
    line(0, "volumes:");
    line(1, "state: {}");
    out
}

/// The key of a mapping.
fn key(name: &str) -> String {
    text(name)
}

/// A string in which Compose replaces nothing.
fn escaped(value: &str) -> String {
    text(&value.replace('$', "$$"))
}

fn escaped_list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| value.replace('$', "$$")).collect();
    list(values.iter().map(String::as_str))
}

/// Text for the message of a variable that is missing: without what would end or begin one.
fn plain(title: &str) -> String {
    title.chars().filter(|c| !"${}".contains(*c) && !c.is_control()).collect()
}
