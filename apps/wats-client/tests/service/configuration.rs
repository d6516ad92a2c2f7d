//! Changing the configuration of a running service, and of one that does not run.

use crate::support::{Station, names, program, report};
use std::fs;
use std::process::Output;
use wats_simulator::Settings;

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs `config` with these arguments; gives what it says, and fails unless it ends so.
fn config(station: &Station, code: i32, arguments: &[&str]) -> String {
    let mut all = vec!["config"];
    all.extend(arguments);
    let output = station.command_beside(&all);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}\n{}", words(&output), station.log());
    words(&output)
}

#[test]
fn a_running_service_applies_what_is_changed() {
    let station = Station::new();
    let _client = station.start();
    station.put("FIRST");
    station.wait_for(1);

    let second = station.path("second").display().to_string();
    let said = config(&station, 0, &["add-watch", &second, "settle=100ms", "arguments.part-number=PSU"]);
    assert!(said.contains("watch[1].folder: (not set) -> "), "{said}");
    assert!(said.contains("The running service has applied it."), "{said}");
    station.wait("the new folder", |station| station.path("second").is_dir());
    fs::write(station.path("second/b.json"), report("SECOND")).unwrap();
    station.wait_for(2);

    config(&station, 0, &["set", "station.name", "FCT-99"]);
    config(&station, 0, &["set", "log.level", "debug"]);
    station.wait("the new name", |station| station.details()["station"] == "FCT-99");
    station.put_text("c.json", report("THIRD").replace("\"machineName\"", "\"other\""));
    station.wait_for(3);
    assert_eq!(station.arrived("THIRD")["machineName"], "FCT-99");

    config(&station, 0, &["remove-watch", "1"]);
    station.wait("one folder", |station| {
        station.details()["watch"].as_array().is_some_and(|all| all.len() == 1)
    });
    fs::write(station.path("second/d.json"), report("LEFT")).unwrap();
    station.put("FOURTH");
    station.wait_for(4);
    assert_eq!(names(&station.path("second")), ["d.json"]);
}

#[test]
fn another_server_gets_what_the_first_did_not_take() {
    let station = Station::new();
    station.server.go_down();
    let _client = station.start();
    for number in 0..20 {
        station.put(&format!("SN{number}"));
    }
    station.wait("all to be in the queue", |station| station.details()["queue"]["pending"] == 20);
    let other = wats_simulator::Simulator::start().unwrap();
    config(&station, 0, &["set", "server.url", &other.url()]);
    station.wait("the reports at the other server", |_| other.summary().distinct == 20);
    assert_eq!(other.summary().stored, 20);
}

#[test]
fn a_file_that_does_not_hold_is_told_and_the_one_before_stays() {
    let station = Station::new();
    let _client = station.start();
    station.put("ONE");
    station.wait_for(1);
    let good = fs::read_to_string(station.path("config.toml")).unwrap();
    fs::write(station.path("config.toml"), good.replace("name = \"FCT-01\"", "name = FCT-02")).unwrap();
    station.wait("the alarm", |station| station.details()["alarm"].is_string());
    let alarm = station.details()["alarm"].to_string();
    assert!(alarm.contains("config.toml:") && alarm.contains("the configuration is not used"), "{alarm}");
    assert_eq!(station.ask("/health/ready").unwrap().0, 200);
    station.put("TWO");
    station.wait_for(2);
    assert_eq!(station.arrived("TWO")["machineName"], station.arrived("ONE")["machineName"]);
    fs::write(station.path("config.toml"), good.replace("FCT-01", "FCT-02")).unwrap();
    station.wait("the end of the alarm", |station| {
        let details = station.details();
        details["alarm"].is_null() && details["station"] == "FCT-02"
    });
}

#[test]
fn a_change_while_reports_flow_loses_none() {
    let station = Station::new();
    let _client = station.start();
    for number in 0..150 {
        station.put(&format!("SN{number}"));
        if number % 50 == 25 {
            config(&station, 0, &["set", "upload.concurrency", &(number / 25).to_string()]);
            config(&station, 0, &["set", "watch[0].priority", &(number / 25).to_string()]);
        }
    }
    station.wait_for(150);
    station.wait("all to be put away", |station| names(&station.path("done")).len() == 150);
    assert_eq!(station.server.summary().stored, 150);
}

#[test]
fn reports_on_their_way_are_not_sent_again_by_a_change() {
    let station = Station::new();
    station.server.set(Settings { delay_milliseconds: 900, ..Settings::default() });
    let _client = station.start();
    for number in 0..5 {
        station.put(&format!("SN{number}"));
    }
    station.wait("the server to have heard of all", |station| station.server.summary().requests == 5);
    config(&station, 0, &["set", "upload.retry-first", "3s"]);
    station.put("LAST");
    station.wait_for(6);
    station.wait("all to be delivered", |station| station.details()["queue"]["pending"] == 0);
    assert_eq!(station.server.summary().stored, 6);
}

#[test]
fn values_can_be_asked_for_and_faults_are_told() {
    let station = Station::new();
    station.config();
    assert_eq!(config(&station, 0, &["get", "station.name"]), "FCT-01\n");
    assert_eq!(config(&station, 0, &["get", "upload.concurrency"]), "5\n");
    let all: serde_json::Value = serde_json::from_str(&config(&station, 0, &["get", "--json"])).unwrap();
    assert_eq!(all["watch[0].settle"], "100ms");
    assert!(config(&station, 3, &["get", "station.nam"]).contains("did you mean station.name?"));
    let said = config(&station, 3, &["set", "upload.concurrency", "0"]);
    assert!(
        said.contains("upload.concurrency: the number of uploads at a time must be between 1 and 100"),
        "{said}"
    );
    assert!(
        config(&station, 64, &["set", "server.token", "hush"]).contains("is not given on the command line")
    );
    assert!(config(&station, 1, &["unset", "log.level"]).contains("is not set"));
    assert_eq!(config(&station, 0, &["set", "station.name", "FCT-01"]), "Nothing is different.\n");
    assert!(config(&station, 0, &["check"]).contains("The configuration is valid."));
}

/// Runs a command with this text on its standard input.
fn fed(station: &Station, text: &str, arguments: &[&str]) -> Output {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = program();
    command.args(arguments).arg("--config").arg(station.path("config.toml"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_token_is_stored_where_only_the_service_can_read_it() {
    let mut station = Station::new();
    station.set("server", "token-file", "");
    station.server.set(wats_simulator::Settings { token: Some("dG9rZW4=".into()), ..Default::default() });
    let _client = station.start();
    station.put("ONE");
    station.wait("the want of a token", |station| station.details()["server"]["state"] == "unconfigured");
    let said = fed(&station, "dG9rZW4=\n", &["config", "set", "server.token"]);
    assert_eq!(said.status.code(), Some(0), "{}", words(&said));
    station.wait_for(1);
    assert!(!words(&said).contains("dG9rZW4="));
    for file in [station.path("config.toml"), station.path("log")] {
        assert!(!fs::read_to_string(file).unwrap().contains("dG9rZW4="));
    }
    let origin = config(&station, 0, &["get", "server.token"]);
    assert!(origin.starts_with("set, from ") && origin.contains("secrets"), "{origin}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = station.path("secrets/api-token");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let told = station.command_beside(&["diagnose"]);
    assert!(
        !words(&told).contains("dG9rZW4=") && words(&told).contains("server.token: set, from"),
        "{}",
        words(&told)
    );
    config(&station, 0, &["unset", "server.token"]);
    assert_eq!(config(&station, 0, &["get", "server.token"]), "not set\n");
}

#[test]
fn the_connection_is_tested_step_by_step() {
    let mut station = Station::new();
    station.server.set(wats_simulator::Settings { token: Some("dG9rZW4=".into()), ..Default::default() });
    let output = station.command(&["test-connection", "--json"]);
    let steps: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> =
        steps.as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, ["address", "name", "tcp", "tls", "version", "token"]);
    assert_eq!(output.status.code(), Some(0));
    let ends = |station: &Station| {
        let output = station.command(&["test-connection"]);
        (output.status.code(), words(&output))
    };
    fs::write(station.path("token"), "d3Jvbmc=").unwrap();
    let (code, said) = ends(&station);
    assert_eq!(code, Some(16), "{said}");
    assert!(
        said.contains("token    FAILED") && said.contains("wats-client config set server.token"),
        "{said}"
    );
    assert!(!said.contains("d3Jvbmc="));
    station.server.go_down();
    let (code, said) = ends(&station);
    assert_eq!(code, Some(15), "{said}");
    assert!(said.contains("tcp      FAILED"), "{said}");
    station.set("server", "url", "\"https://no-such-host.invalid\"");
    let (code, said) = ends(&station);
    assert_eq!(code, Some(15), "{said}");
    assert!(said.contains("name     FAILED"), "{said}");
    station.set("server", "url", "");
    assert_eq!(ends(&station).0, Some(3));
}

#[test]
fn the_log_can_be_kept_in_a_file_and_shown() {
    let station = Station::new();
    let log = station.path("own.log");
    let _client = station.start_with(|command| command.env("WATS_CLIENT_LOG_FILE", &log));
    station.put("ONE");
    station.wait_for(1);
    fs::write(&log, fs::read_to_string(&log).unwrap() + "2026-01-15T10:00:00.000Z ERROR something\n")
        .unwrap();
    let mut command = program();
    command.args(["logs", "--level", "error", "--config"]).arg(station.path("config.toml"));
    let output = command.env("WATS_CLIENT_LOG_FILE", &log).output().unwrap();
    assert_eq!(words(&output), "2026-01-15T10:00:00.000Z ERROR something\n");
    assert!(fs::read_to_string(&log).unwrap().contains("wats-client starts"));
}

/// Service managers that send standard error into a file, such as launchd, let it grow for ever.
#[cfg(unix)]
#[test]
fn the_file_of_a_service_manager_does_not_grow_for_ever() {
    let station = Station::new();
    let folder = station.path("logs");
    fs::create_dir(&folder).unwrap();
    let log = folder.join(format!("wats-client@{}.log", station.instance()));
    let file = fs::File::create(&log).unwrap();
    file.set_len(10_000_000).unwrap();
    let file = fs::File::options().append(true).open(&log).unwrap();
    let _client = station.start_with(|command| command.env("LOGS_DIRECTORY", &folder).stderr(file));
    station.put("ONE");
    station.wait_for(1);
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains("wats-client starts"), "{text}");
    let full = fs::metadata(log.with_extension("log.1")).unwrap();
    assert_eq!(full.len(), 10_000_000);
}

#[test]
fn the_python_clients_configuration_is_taken_over() {
    let station = Station::new();
    let theirs = serde_json::json!({
        "schema_version": "2.0", "service_address": station.server.url(), "api_token": "dG9rZW4=",
        "station_name": "OLD-1", "location": "L", "purpose": "P",
        "converters": [{"name": "W", "module_path": "x.WsjfConverter", "watch_folder": "in", "file_patterns": ["*.json"],
            "done_folder": "done", "error_folder": "error"}],
    });
    fs::write(station.path("theirs.json"), theirs.to_string()).unwrap();
    let own = station.path("config.toml");
    let import = |more: &[&str]| {
        let mut command = program();
        command.arg("import").arg(station.path("theirs.json")).args(more).arg("--config").arg(&own);
        command.output().unwrap()
    };
    let output = import(&["--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(!own.exists() && words(&output).contains("station.name: (not set) -> OLD-1"));
    let output = import(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(!words(&output).contains("dG9rZW4=") && !fs::read_to_string(&own).unwrap().contains("dG9rZW4="));
    let output = import(&[]);
    assert!(words(&output).contains("is watched already"), "{}", words(&output));

    station.server.set(wats_simulator::Settings { token: Some("dG9rZW4=".into()), ..Default::default() });
    let text = fs::read_to_string(&own).unwrap();
    let queue = station.path("queue").display().to_string();
    fs::write(&own, format!("{text}\n[queue]\nfolder = {queue:?}\nmin-free-disk = 0\n[health]\nlisten = \"\"\n[web]\nlisten = \"\"\n")).unwrap();
    let mut client = program();
    let mut child =
        client.arg("run").arg("--config").arg(&own).stderr(std::process::Stdio::null()).spawn().unwrap();
    fs::create_dir_all(station.path("in")).unwrap();
    fs::write(station.path("in/a.json"), report("IMPORTED")).unwrap();
    station.wait_for(1);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Several instances share a machine: each has its own folders, and commands find them by its name.
#[cfg(target_os = "linux")]
#[test]
fn an_instance_is_named_by_commands() {
    let mut command = program();
    let output = command.args(["config", "get", "queue.folder", "--instance", "line2"]).output().unwrap();
    assert_eq!(words(&output), "/var/lib/wats-client@line2/queue\n");
    let mut command = program();
    let output = command.args(["check", "--instance", "line2"]).output().unwrap();
    assert!(
        words(&output).contains("/etc/wats-client@line2/config.toml does not exist"),
        "{}",
        words(&output)
    );
    let mut command = program();
    let output = command.args(["check", "--instance", "no/name"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
}
