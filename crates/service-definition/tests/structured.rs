//! Property lists and YAML, read by readers that are not ours.

mod common;

use std::fs;
use std::process::Command;

use common::{SERVICES, definition, full, has, succeed};
use landfall_service_definition::*;
use serde_json::{Value, json};

/// A document, read by Python and given back as JSON.
fn read_by_python(program: &str, text: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document");
    fs::write(&file, text).unwrap();
    let json = succeed(Command::new("python3").args(["-c", program]).arg(&file));
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}\n{text}"))
}

fn property_list(text: &str) -> Value {
    let python = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    read_by_python(python, text)
}

/// Every document of a YAML stream. A key that comes twice is an error, which the reader alone would not see.
fn yaml(text: &str) -> Vec<Value> {
    let python = "
import json, sys, yaml
class Strict(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f'twice: {keys}'
        return super().construct_mapping(node, deep)
print(json.dumps(list(yaml.load_all(open(sys.argv[1]), Loader=Strict))))
";
    read_by_python(python, text).as_array().unwrap().clone()
}

fn has_yaml() -> bool {
    has("python3", "python3") && {
        let found = Command::new("python3").args(["-c", "import yaml"]).status().unwrap().success();
        found || has("python3-yaml", "python3-yaml")
    }
}

#[test]
fn property_lists_are_read_as_meant() {
    if !has("python3", "python3") {
        return;
    }
    let service = definition("wats-client", "macos");
    let list = property_list(&launchd::plist(&service));
    assert_eq!(list["Label"], "io.github.landfall.wats-client");
    assert_eq!(list["ProgramArguments"], json!(["/usr/local/bin/wats-client", "run"]));
    assert_eq!((&list["UserName"], &list["GroupName"]), (&json!("wats-client"), &json!("wats-client")));
    assert_eq!((&list["RunAtLoad"], &list["KeepAlive"]), (&json!(true), &json!(true)));
    assert_eq!((&list["Umask"], &list["ThrottleInterval"]), (&json!(0o027), &json!(10)));
    let state = "/Library/Application Support/wats-client/state";
    assert_eq!(list["EnvironmentVariables"]["STATE_DIRECTORY"], state);

    for (start, restart, run, keep) in [
        (Start::Boot, RestartPolicy::OnFailure, true, json!({ "SuccessfulExit": false })),
        (Start::Delayed, RestartPolicy::Never, true, Value::Null),
        // Anything else would start it with the machine.
        (Start::Manual, RestartPolicy::Always, false, json!({ "Crashed": true })),
        (Start::Manual, RestartPolicy::Never, false, Value::Null),
    ] {
        let list = property_list(&launchd::plist(&Definition { start, restart, ..service.clone() }));
        assert_eq!((&list["RunAtLoad"], &list["KeepAlive"]), (&json!(run), &keep));
    }

    let arguments: Vec<String> = ["", "<a & b>", "it's \"x\"", "]]>", "é\n\tü"].map(String::from).into();
    let list = property_list(&launchd::plist(&Definition { arguments: arguments.clone(), ..service }));
    assert_eq!(list["ProgramArguments"].as_array().unwrap()[1..], arguments[..]);
}

#[test]
fn property_lists_are_read_by_another_reader() {
    if !has("plistutil", "libplist-utils") || !has("python3", "python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for service in SERVICES {
        let (file, binary) = (folder.path().join(service), folder.path().join("binary"));
        let text = launchd::plist(&definition(service, "macos"));
        fs::write(&file, &text).unwrap();
        succeed(Command::new("plistutil").args(["-f", "bin", "-i"]).arg(&file).arg("-o").arg(&binary));
        let python = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
        let again = succeed(Command::new("python3").args(["-c", python]).arg(&binary));
        assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), property_list(&text));
    }
}

/// The keys of a service that the Compose Specification knows, as far as they are used here.
const COMPOSE: &[&str] = &[
    "image",
    "entrypoint",
    "command",
    "user",
    "environment",
    "restart",
    "stop_signal",
    "stop_grace_period",
    "volumes",
    "read_only",
    "cap_drop",
    "security_opt",
    "tmpfs",
    "ports",
    "healthcheck",
    "secrets",
];

#[test]
fn compose_files_are_read_as_meant() {
    if !has_yaml() {
        return;
    }
    for name in SERVICES {
        let service = definition(name, "container");
        let file = &yaml(&compose::file(&service, "registry.example.com/demo:1.0.0"))[0];
        let one = &file["services"][&service.name];
        for key in one.as_object().unwrap().keys() {
            assert!(COMPOSE.contains(&key.as_str()), "{key}");
        }
        assert_eq!(one["entrypoint"], json!([service.program]));
        assert_eq!((&one["read_only"], &one["cap_drop"]), (&json!(true), &json!(["ALL"])));
        // What is mounted or used is declared, and the other way round.
        assert_eq!(file["volumes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["state"]);
        let used: Vec<&str> =
            one["secrets"].as_array().into_iter().flatten().map(|s| s["source"].as_str().unwrap()).collect();
        let declared: Vec<&str> =
            file["secrets"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(used, declared);
        assert_eq!(used, service.credentials.keys().collect::<Vec<_>>());
    }
    let client = definition("wats-client", "container");
    let file = &yaml(&compose::file(&client, "x"))[0];
    let one = &file["services"]["wats-client"];
    assert_eq!(one["ports"], json!(["127.0.0.1:8080:8080"]));
    assert_eq!((&one["stop_signal"], &one["stop_grace_period"]), (&json!("SIGTERM"), &json!("10s")));
    let url = &one["environment"]["WATS_CLIENT_SERVER_URL"];
    assert_eq!(url, "${WATS_CLIENT_SERVER_URL:?WATS server address is needed}");

    let awkward = Definition {
        arguments: ["", "no", "1.0", "a: b", "$HOME", "\"q\" \\", "# x", "é\n"].map(String::from).into(),
        health: Some(Health { command: Some(vec!["health".into()]), ..Health::at("http://127.0.0.1:1/") }),
        ..client
    };
    let file = &yaml(&compose::file(&awkward, "x"))[0];
    let one = &file["services"]["wats-client"];
    let unescaped: Vec<String> =
        one["command"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().replace("$$", "$")).collect();
    assert_eq!(unescaped, awkward.arguments);
    assert_eq!(one["healthcheck"]["test"], json!(["CMD", "/usr/bin/wats-client", "health"]));
}

#[test]
fn kubernetes_objects_fit_together() {
    if !has_yaml() {
        return;
    }
    let service = definition("wats-client", "container");
    let objects = yaml(&kubernetes::manifest(&service, "registry.example.com/demo:1.0.0"));
    let kinds: Vec<&str> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ConfigMap", "Service", "StatefulSet"]);
    let [settings, network, set] = &objects[..] else { panic!("three") };
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&set["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&network["spec"]["selector"], labels);
    assert_eq!(set["spec"]["serviceName"], network["metadata"]["name"]);
    assert!(settings["data"].as_object().unwrap().values().all(Value::is_string));

    let pod = &set["spec"]["template"]["spec"];
    assert_eq!(
        (&pod["securityContext"]["runAsNonRoot"], &pod["securityContext"]["runAsUser"]),
        (&json!(true), &json!(65532))
    );
    let one = &pod["containers"][0];
    assert_eq!(one["envFrom"][0]["configMapRef"]["name"], settings["metadata"]["name"]);
    assert_eq!(one["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(one["securityContext"]["allowPrivilegeEscalation"], false);
    for (probe, path) in [("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")] {
        assert_eq!(one[probe]["httpGet"], json!({ "path": path, "port": "health" }));
    }
    assert_eq!(one["ports"][0], json!({ "name": "health", "containerPort": 8080 }));
    let volumes: Vec<&Value> = pod["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|volume| &volume["name"])
        .chain(
            set["spec"]["volumeClaimTemplates"]
                .as_array()
                .unwrap()
                .iter()
                .map(|claim| &claim["metadata"]["name"]),
        )
        .collect();
    for mount in one["volumeMounts"].as_array().unwrap() {
        assert!(volumes.contains(&&mount["name"]), "{mount}");
    }
    let secret = &pod["volumes"][1]["secret"];
    assert_eq!(
        (&secret["secretName"], &secret["defaultMode"]),
        (&json!("wats-client-credentials"), &json!(0o440))
    );

    // Nobody outside reaches the loopback interface: only a command of the program's own can ask.
    let inside = Definition { health: Some(Health::at("http://127.0.0.1:1/")), ..service };
    let asked = |service: &Definition| {
        yaml(&kubernetes::manifest(service, "x"))[2]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"].clone()
    };
    assert_eq!(asked(&inside), Value::Null);
    let mut health = Health::at("http://127.0.0.1:1/");
    health.command = Some(vec!["health".into()]);
    let command = asked(&Definition { health: Some(health), ..inside });
    assert_eq!(command["exec"]["command"], json!(["/usr/bin/wats-client", "health"]));
}

#[test]
fn a_root_service_is_root_in_its_container_too() {
    let service = Definition { platform: Platform::Container, account: Account::System, ..full() };
    assert_eq!(container::container(&service).user, "0:0");
    let text = kubernetes::manifest(&service, "x");
    assert!(!text.contains("runAsNonRoot"), "{text}");
}
