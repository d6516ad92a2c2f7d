//! Objects for Kubernetes: a `StatefulSet` with a claim for its state, its settings, and its name in the network.

use std::fmt::Write;

use crate::container::{USER, container};
use crate::yaml::{list, text};
use crate::{Definition, Hardening};

/// A manifest for `kubectl apply` that runs `image` once.
///
/// It is a `StatefulSet`, because a `Deployment` starts the new one before the old one has ended, and both would
/// write to the same state. The secret `NAME-credentials` is named and not made: secrets are in no file. The
/// process is asked for its health only where it listens beyond the container's own interface, or by its own
/// command. Kubernetes always starts what ended again.
pub fn manifest(service: &Definition, image: &str) -> String {
    let mut y = Yaml(String::new());
    let id = object_name(&service.id());
    settings(&mut y, service, &id);
    network_name(&mut y, service, &id);
    stateful_set(&mut y, service, image, &id);
    y.0
}

/// A name as objects may have it (RFC 1123 label): lower case, letters, digits and `-`, at most 52 characters,
/// since a `StatefulSet` puts its revision behind it.
fn object_name(id: &str) -> String {
    let lower: String =
        id.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let short: String = lower.trim_matches('-').chars().take(52).collect();
    short.trim_end_matches('-').to_owned()
}

fn head(y: &mut Yaml, version: &str, kind: &str, name: &str, id: &str) {
    if !y.0.is_empty() {
        y.line(0, "---");
    }
    y.line(0, &format!("apiVersion: {version}"));
    y.line(0, &format!("kind: {kind}"));
    y.line(0, "metadata:");
    y.line(1, &format!("name: {}", text(name)));
    y.line(1, "labels:");
    y.line(2, &format!("app.kubernetes.io/name: {}", text(id)));
}

fn settings(y: &mut Yaml, service: &Definition, id: &str) {
    if service.settings_beside_secrets().next().is_none() {
        return;
    }
    head(y, "v1", "ConfigMap", &format!("{id}-settings"), id);
    y.line(0, "data:");
    let mut any = false;
    for setting in service.settings_beside_secrets() {
        let title = setting.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let needed = if setting.required { " (needed)" } else { "" };
        y.line(1, &format!("# {title}{needed}"));
        match &setting.default {
            // An empty variable would go before the program's own default.
            None if !setting.required => y.line(1, &format!("# {}: \"\"", setting.environment)),
            default => {
                any = true;
                let value = default.as_deref().unwrap_or_default();
                // A value is a string even where it looks like a number.
                y.line(1, &format!("{}: {}", setting.environment, text(value)));
            }
        }
    }
    if !any {
        y.line(1, "{}");
    }
}

fn network_name(y: &mut Yaml, service: &Definition, id: &str) {
    head(y, "v1", "Service", id, id);
    y.line(0, "spec:");
    y.line(1, "clusterIP: None");
    y.line(1, "selector:");
    y.line(2, &format!("app.kubernetes.io/name: {}", text(id)));
    if let Some(port) = outside_port(service) {
        y.line(1, "ports:");
        y.line(2, "- name: health");
        y.line(3, &format!("port: {port}"));
        y.line(3, "targetPort: health");
    }
}

fn stateful_set(y: &mut Yaml, service: &Definition, image: &str, id: &str) {
    let container = container(service);
    head(y, "apps/v1", "StatefulSet", id, id);
    y.line(0, "spec:");
    y.line(1, "replicas: 1");
    y.line(1, &format!("serviceName: {}", text(id)));
    y.line(1, "selector:");
    y.line(2, "matchLabels:");
    y.line(3, &format!("app.kubernetes.io/name: {}", text(id)));
    y.line(1, "template:");
    y.line(2, "metadata:");
    y.line(3, "labels:");
    y.line(4, &format!("app.kubernetes.io/name: {}", text(id)));
    y.line(2, "spec:");
    y.line(3, "automountServiceAccountToken: false");
    y.line(3, &format!("terminationGracePeriodSeconds: {}", container.stop_timeout));
    let privileged = service.account.is_privileged();
    y.line(3, "securityContext:");
    if !privileged {
        y.line(4, "runAsNonRoot: true");
        y.line(4, &format!("runAsUser: {USER}"));
        y.line(4, &format!("runAsGroup: {USER}"));
        // The claim and the secret are opened to the group.
        y.line(4, &format!("fsGroup: {USER}"));
    }
    y.line(4, "seccompProfile:");
    let seccomp = if service.hardening == Hardening::None { "Unconfined" } else { "RuntimeDefault" };
    y.line(5, &format!("type: {seccomp}"));
    y.line(3, "containers:");
    y.line(4, &format!("- name: {}", text(id)));
    y.line(5, &format!("image: {}", text(image)));
    y.line(5, &format!("command: {}", list(container.entrypoint.iter().map(String::as_str))));
    // `$(NAME)` would be replaced.
    let arguments: Vec<String> = container.command.iter().map(|text| text.replace("$(", "$$(")).collect();
    y.line(5, &format!("args: {}", list(arguments.iter().map(String::as_str))));
    y.line(5, "env:");
    for (name, value) in &container.environment {
        y.line(6, &format!("- name: {}", text(name)));
        y.line(7, &format!("value: {}", text(&value.replace("$(", "$$("))));
    }
    if service.settings_beside_secrets().next().is_some() {
        y.line(5, "envFrom:");
        y.line(6, "- configMapRef:");
        y.line(8, &format!("name: {}", text(&format!("{id}-settings"))));
    }
    if let Some(port) = outside_port(service) {
        y.line(5, "ports:");
        y.line(6, "- name: health");
        y.line(7, &format!("containerPort: {port}"));
    }
    probes(y, service);
    if service.hardening != Hardening::None {
        y.line(5, "securityContext:");
        y.line(6, "allowPrivilegeEscalation: false");
        y.line(6, "readOnlyRootFilesystem: true");
        y.line(6, "capabilities:");
        y.line(7, "drop: [ALL]");
    }
    mounts(y, service, id);
}

/// `livenessProbe` and `readinessProbe`: by HTTP from outside where that reaches it, else by its own command.
fn probes(y: &mut Yaml, service: &Definition) {
    let Some(health) = &service.health else { return };
    let outside = outside_port(service).is_some();
    for (kind, address, period) in
        [("livenessProbe", &health.live, 20), ("readinessProbe", &health.ready, 10)]
    {
        if outside {
            let path = address.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
            y.line(5, &format!("{kind}:"));
            y.line(6, "httpGet:");
            y.line(7, &format!("path: {}", text(path.unwrap_or("/"))));
            y.line(7, "port: health");
        } else if let Some(command) = &health.command {
            let words = std::iter::once(&service.program).chain(command).map(String::as_str);
            y.line(5, &format!("{kind}:"));
            y.line(6, "exec:");
            y.line(7, &format!("command: {}", list(words)));
        } else {
            return;
        }
        y.line(6, &format!("periodSeconds: {period}"));
        y.line(6, "timeoutSeconds: 5");
        y.line(6, "failureThreshold: 3");
    }
}

fn mounts(y: &mut Yaml, service: &Definition, id: &str) {
    let container = container(service);
    y.line(5, "volumeMounts:");
    for path in &container.volumes {
        y.line(6, "- name: state");
        y.line(7, &format!("mountPath: {}", text(path)));
    }
    for (index, path) in container.temporary.iter().enumerate() {
        y.line(6, "- name: temporary");
        y.line(7, &format!("mountPath: {}", text(path)));
        y.line(7, &format!("subPath: \"{index}\""));
    }
    if let Some(folder) = service.credentials_folder() {
        y.line(6, "- name: credentials");
        y.line(7, &format!("mountPath: {}", text(folder)));
        y.line(7, "readOnly: true");
    }
    y.line(3, "volumes:");
    y.line(4, "- name: temporary");
    y.line(5, "emptyDir: {}");
    if !service.credentials.is_empty() {
        y.line(4, "- name: credentials");
        y.line(5, "secret:");
        y.line(6, &format!("secretName: {}", text(&format!("{id}-credentials"))));
        // 0440; readers of YAML 1.1 and 1.2 do not agree on octal numbers.
        y.line(6, "defaultMode: 288");
        y.line(6, "items:");
        for name in service.credentials.keys() {
            y.line(7, &format!("- key: {}", text(name)));
            y.line(8, &format!("path: {}", text(name)));
        }
    }
    y.line(1, "volumeClaimTemplates:");
    y.line(2, "- metadata:");
    y.line(4, "name: state");
    y.line(3, "spec:");
    y.line(4, "accessModes: [ReadWriteOnce]");
    y.line(4, "resources:");
    y.line(5, "requests:");
    y.line(6, "storage: 1Gi");
}

/// The port of its health, where it can be reached from outside the container.
fn outside_port(service: &Definition) -> Option<u16> {
    service.listener().filter(|listener| !listener.is_loopback()).map(|listener| listener.port)
}

/// A document being written.
struct Yaml(String);

impl Yaml {
    fn line(&mut self, level: usize, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{:1$}{text}", "", level * 2);
    }
}
