//! `wats-client send`, beside a running service and in its place.

use crate::support::{SAMPLE, Station, program, report};
use serde_json::Value;
use std::fs;
use std::process::{Command, Output};
use std::time::Duration;
use wats_simulator::{Fault, Settings};

/// Sends files of this station, which lie in no watched folder.
fn command(station: &Station, files: &[&str], more: &[&str]) -> Command {
    let mut command = program();
    command.env("RUNTIME_DIRECTORY", station.runtime_folder());
    command.current_dir(station.folder.path()).arg("send").args(files).args(more);
    command.arg("--config").arg(station.config());
    command
}

fn send(station: &Station, files: &[&str], more: &[&str]) -> Output {
    command(station, files, more).output().unwrap()
}

/// What it says where all goes well.
fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*error), (Some(0), ""), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it says on standard output and on standard error where it ends with this code.
fn fails(output: &Output, code: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{error}");
    (out, error)
}

fn write(station: &Station, name: &str, text: impl AsRef<[u8]>) {
    fs::write(station.path(name), text).unwrap();
}

#[test]
fn without_a_service_it_delivers_itself() {
    let station = Station::new();
    write(&station, "a.json", SAMPLE);
    let id = "0c5d6a0e-3a55-4d5b-8a51-1f6e0c1d0001";
    let text = said(&send(&station, &["a.json"], &[]));
    assert_eq!(text, format!("a.json: report {id} of SN-0001: delivered\n"));
    assert_eq!(station.arrived("SN-0001")["machineName"], "FCT-01");
    // The file stays, and is the same report under another name too.
    assert!(station.path("a.json").exists());
    fs::copy(station.path("a.json"), station.path("b.json")).unwrap();
    let text = said(&send(&station, &["a.json", "b.json"], &[]));
    assert_eq!(text.matches(": delivered before\n").count(), 2, "{text}");
    assert_eq!(station.server.summary().requests, 1);
}

#[test]
fn beside_a_service_that_service_delivers() {
    let station = Station::new();
    let _client = station.start();
    station.wait("the service", |station| station.details()["server"]["state"] == "connected");
    write(&station, "a.json", report("BESIDE"));
    let output = send(&station, &["a.json"], &["--json", "--priority", "1"]);
    let answer: Value = serde_json::from_str(&said(&output)).unwrap();
    let id = station.arrived("BESIDE")["id"].as_str().unwrap().to_owned();
    let expected = serde_json::json!([{"file": "a.json", "refused": null, "reports":
        [{"id": id, "serialNumber": "BESIDE", "state": "delivered", "message": null}]}]);
    assert_eq!(answer, expected);
    assert_eq!(station.details()["queue"]["delivered"], 1);
    // The same file in a watched folder is the same report.
    station.put("BESIDE");
    station.wait("the file to be taken", |station| station.path("done/BESIDE.json").exists());
    assert_eq!(station.server.summary().requests, 1);
}

#[test]
fn a_refused_report_is_told_with_the_servers_words() {
    let station = Station::new();
    let message = r#"{"Message":"Process 100 is unknown"}"#.to_owned();
    for running in [true, false] {
        let _client = running.then(|| station.start());
        if running {
            station.wait("the service", |station| station.details()["server"]["state"] == "connected");
        }
        station.server.misbehave(Fault { body: Some(message.clone()), ..Fault::status(1, 400) });
        let serial_number = format!("REFUSED-{running}");
        write(&station, "a.json", report(&serial_number));
        let (out, error) = fails(&send(&station, &["a.json"], &[]), 1);
        assert!(out.ends_with("refused: status 400: Process 100 is unknown\n"), "{out}");
        assert!(
            error.starts_with("wats-client: the server refused 1 of 1 report(s); they are kept"),
            "{error}"
        );
        // Sent once more, it is tried once more.
        assert!(said(&send(&station, &["a.json"], &[])).ends_with(": delivered\n"));
        station.arrived(&serial_number);
    }
}

#[test]
fn what_is_not_delivered_in_time_is_kept_and_sent_later() {
    let station = Station::new();
    station.server.go_down();
    write(&station, "alone.json", report("ALONE"));
    let (out, error) = fails(&send(&station, &["alone.json"], &["--timeout", "1"]), 14);
    assert!(out.contains("of ALONE: waits"), "{out}");
    assert!(
        error.contains("1 of 1 report(s) were not delivered within 1 s, the server does not answer: "),
        "{error}"
    );
    assert!(error.ends_with("they stay in the queue, and the service sends them\n"), "{error}");
    let _client = station.start();
    station.wait("the service to notice", |station| station.details()["server"]["state"] == "offline");
    write(&station, "beside.json", report("BESIDE"));
    let (_, error) = fails(&send(&station, &["beside.json"], &["--timeout", "1"]), 14);
    assert!(error.contains("within 1 s, the server does not answer: "), "{error}");
    write(&station, "later.json", report("LATER"));
    assert!(said(&send(&station, &["later.json"], &["--no-wait"])).ends_with("of LATER: waits\n"));
    station.server.come_back();
    station.wait_for(3);
    assert_eq!(station.server.summary().stored, 3);
}

#[test]
fn with_no_wait_and_no_service_the_queue_keeps_it() {
    let station = Station::new();
    write(&station, "a.json", report("KEPT"));
    assert!(said(&send(&station, &["a.json"], &["--no-wait"])).ends_with("of KEPT: waits\n"));
    assert_eq!(station.server.summary().requests, 0);
    let _client = station.start();
    station.wait_for(1);
}

#[test]
fn files_that_are_refused_keep_no_other_from_being_sent() {
    let station = Station::new();
    write(&station, "notes.txt", "milk and bread");
    write(&station, "good.json", report("GOOD"));
    let (out, error) = fails(&send(&station, &["notes.txt", "good.json", "none.json"], &[]), 1);
    assert!(out.starts_with("good.json: ") && out.ends_with("of GOOD: delivered\n"), "{out}");
    assert!(error.starts_with("wats-client: notes.txt: no converter knows this file\n"), "{error}");
    assert!(error.contains("\nwats-client: none.json: cannot be read: "), "{error}");
    // With nothing to send, no queue is made.
    let empty = Station::new();
    write(&empty, "notes.txt", "milk and bread");
    fails(&send(&empty, &["notes.txt"], &[]), 1);
    assert!(!empty.path("queue").exists());
    assert_eq!(send(&empty, &[], &[]).status.code(), Some(64));
}

#[test]
fn what_keeps_reports_from_being_sent_is_said_at_once() {
    let mut station = Station::new();
    write(&station, "a.json", report("A"));
    fs::remove_file(station.path("token")).unwrap();
    station.set("server", "token-file", "");
    for running in [false, true] {
        let _client = running.then(|| station.start());
        if running {
            station.wait("the service", |station| station.details()["server"]["state"] == "unconfigured");
        }
        let (_, error) = fails(&send(&station, &["a.json"], &["--timeout", "600"]), 3);
        assert!(error.contains("1 of 1 report(s) are not sent: no API token is set"), "{error}");
    }
    station.server.set(Settings { token: Some("cmlnaHQ=".to_owned()), ..Settings::default() });
    let mut wrong = command(&station, &["a.json"], &["--timeout", "2"]);
    let (_, error) = fails(&wrong.env("WATS_CLIENT_API_TOKEN", "d3Jvbmc=").output().unwrap(), 14);
    assert!(error.contains("within 2 s, the server refuses: "), "{error}");
    assert!(!error.contains("d3Jvbmc="), "{error}");
}

/// A service that ends while a report of this command waits leaves it to this command, and so does another `send`.
#[test]
fn when_the_service_ends_it_goes_on_in_its_place() {
    let station = Station::new();
    let mut client = station.start();
    station.wait("the service", |station| station.details()["server"]["state"] == "connected");
    station.server.go_down();
    station.put("FIRST");
    station.wait("the service to notice", |station| station.details()["server"]["state"] == "offline");
    write(&station, "a.json", report("SECOND"));
    let waiting = command(&station, &["a.json"], &[]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    station.wait("the report", |station| station.details()["queue"]["pending"] == 2);
    client.kill();
    std::thread::sleep(Duration::from_millis(200));
    station.server.come_back();
    assert!(said(&waiting.wait_with_output().unwrap()).ends_with("of SECOND: delivered\n"));
    station.wait_for(1);
}

/// Nor does a service that starts have to wait until such a report is delivered.
#[test]
fn a_service_that_starts_takes_over() {
    let station = Station::new();
    station.server.go_down();
    write(&station, "a.json", report("WAITS"));
    let waiting = command(&station, &["a.json"], &[]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    station.wait("the report", |station| {
        String::from_utf8_lossy(&station.command(&["queue", "list"]).stdout).contains("WAITS")
    });
    let _client = station.start();
    station.wait("the service", |station| station.ask("/health").is_some());
    station.wait("the report", |station| station.details()["queue"]["pending"] == 1);
    station.server.come_back();
    assert!(said(&waiting.wait_with_output().unwrap()).ends_with("of WAITS: delivered\n"));
    assert_eq!(station.server.summary().stored, 1);
}

/// Whoever has the queue: the service waits for a while, and can be stopped meanwhile.
#[cfg(unix)]
#[test]
fn a_service_waits_for_its_queue() {
    let station = Station::new();
    fs::create_dir(station.path("queue")).unwrap();
    let lock = fs::File::create(station.path("queue").join("lock")).unwrap();
    lock.lock().unwrap();
    let log = || fs::read_to_string(station.path("log")).unwrap_or_default();
    let mut client = station.start();
    station.wait("it to wait", |_| log().contains("is using the queue in"));
    client.terminate();
    assert_eq!(client.wait().0.code(), Some(0));
    let _client = station.start();
    station.wait("it to wait", |_| log().matches("is using the queue in").count() == 2);
    assert!(station.ask("/health").is_none());
    drop(lock);
    station.wait("its health", |station| station.ask("/health").is_some());
}

#[cfg(unix)]
#[test]
fn a_queue_of_another_account_is_left_alone() {
    use std::os::unix::fs::chown;
    let station = Station::new();
    fs::create_dir(station.path("queue")).unwrap();
    if chown(station.path("queue"), Some(65534), Some(65534)).is_err() {
        eprintln!("SKIPPED: needs root");
        return;
    }
    write(&station, "a.json", report("A"));
    let (_, error) = fails(&send(&station, &["a.json"], &[]), 2);
    assert!(error.contains("start the service, or run this command as its account"), "{error}");
    assert_eq!(fs::read_dir(station.path("queue")).unwrap().count(), 0);
}
