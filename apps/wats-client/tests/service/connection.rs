//! The ways to a server: encryption, certificates, proxies.

use crate::proxy::Proxy;
use crate::support::Station;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use wats_simulator::{Authority, Fault, Simulator, TlsSettings};

/// A server with a certificate of this authority.
fn encrypted(authority: &Authority) -> Simulator {
    let settings = TlsSettings { authority, names: &["127.0.0.1"], clients: None };
    Simulator::start_encrypted(settings).unwrap()
}

/// A station that trusts the authority of its server, and no proxy.
fn trusting(authority: &Authority) -> Station {
    let mut station = Station::with(encrypted(authority));
    fs::write(station.path("ca.pem"), authority.certificate()).unwrap();
    station.set("server", "ca-file", &quoted(&station.path("ca.pem")));
    station.set("proxy", "mode", "\"none\"");
    station
}

fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

#[test]
fn a_factory_server_is_reached_with_its_own_authority_and_a_client_certificate() {
    let (authority, clients) = (Authority::new("Factory CA").unwrap(), Authority::new("Client CA").unwrap());
    let settings = TlsSettings { authority: &authority, names: &["127.0.0.1"], clients: Some(&clients) };
    let mut station = Station::with(Simulator::start_encrypted(settings).unwrap());
    station.set("proxy", "mode", "\"none\"");
    station.set("server", "ca-file", &quoted(&station.path("ca.pem")));
    station.set("server", "client-certificate", &quoted(&station.path("client.pem")));
    fs::write(station.path("ca.pem"), Authority::new("Other CA").unwrap().certificate()).unwrap();
    let shown = clients.certify(&["fct-01"]).unwrap();
    fs::write(station.path("client.pem"), format!("{}{}", shown.certificate, shown.key)).unwrap();
    let _client = station.start();
    station.put("SN-1");
    station.wait("the refusal", |station| station.log().contains("an authority that is not trusted"));
    assert_eq!(station.server.summary().requests, 0);
    // Renewed while the service runs.
    fs::write(station.path("ca.pem"), authority.certificate()).unwrap();
    station.wait_for(1);
    assert!(station.log().contains("a certificate or the proxy has changed"));
    assert_eq!(station.server.http_versions(), ["HTTP/2.0"]);
    // One of a stranger, with its key in a file of its own.
    let strange = authority.certify(&["fct-01"]).unwrap();
    fs::write(station.path("client.pem"), strange.certificate).unwrap();
    fs::write(station.path("client.key"), strange.key).unwrap();
    station.set("server", "client-key", &quoted(&station.path("client.key")));
    station.config();
    station.wait("the stranger to be refused", |station| station.details()["server"]["state"] == "offline");
    station.put("SN-2");
    station.wait("the report in the queue", |station| station.details()["queue"]["pending"] == 1);
    assert_eq!(station.server.summary().distinct, 1);
}

#[test]
fn the_systems_authorities_are_trusted_unless_those_of_the_program_are_asked_for() {
    let authority = Authority::new("Company CA").unwrap();
    let mut station = Station::with(encrypted(&authority));
    station.set("proxy", "mode", "\"none\"");
    let list = station.path("system.pem");
    fs::write(&list, authority.certificate()).unwrap();
    let mut client = station.start_with(|command| command.env("SSL_CERT_FILE", &list));
    station.put("SN-1");
    // Where the system keeps its list is told by a variable only where it keeps it in a file.
    if cfg!(any(windows, target_os = "macos")) {
        return;
    }
    station.wait_for(1);
    client.kill();
    station.set("server", "roots", "\"bundled\"");
    let _client = station.start_with(|command| command.env("SSL_CERT_FILE", &list));
    station.put("SN-2");
    station.wait("the refusal", |station| station.log().contains("an authority that is not trusted"));
    assert_eq!(station.server.summary().distinct, 1);
}

#[test]
fn a_certificate_of_another_host_is_never_believed() {
    let authority = Authority::new("Factory CA").unwrap();
    let settings = TlsSettings { authority: &authority, names: &["wats.example"], clients: None };
    let mut station = Station::with(Simulator::start_encrypted(settings).unwrap());
    fs::write(station.path("ca.pem"), authority.certificate()).unwrap();
    station.set("server", "ca-file", &quoted(&station.path("ca.pem")));
    station.set("proxy", "mode", "\"none\"");
    let _client = station.start();
    station.put("SN-1");
    station.wait("the refusal", |station| station.log().contains("belongs to another host name"));
    station.wait("the report in the queue", |station| station.details()["queue"]["pending"] == 1);
    assert_eq!(station.server.summary().requests, 0);
}

#[test]
fn unusable_certificates_are_named_by_check_and_keep_the_reports() {
    let mut station = Station::new();
    station.set("server", "ca-file", &quoted(&station.path("ca.pem")));
    fs::write(station.path("ca.pem"), "not a certificate").unwrap();
    let output = station.command(&["check"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("server.ca-file") && text.contains("no certificate in PEM form"), "{text}");
    let _client = station.start();
    station.put("SN-1");
    station.wait("the reason", |station| station.log().contains("no certificate in PEM form"));
    station.wait("the report in the queue", |station| station.details()["queue"]["pending"] == 1);
    assert_eq!(station.server.summary().requests, 0);
    fs::remove_file(station.path("ca.pem")).unwrap();
    station.set("server", "ca-file", "");
    station.config();
    station.wait_for(1);
}

#[test]
fn a_proxy_is_asked_with_name_and_password() {
    let authority = Authority::new("Factory CA").unwrap();
    let mut station = trusting(&authority);
    // "user:geheim", as RFC 7617 has it.
    let proxy = Proxy::start(Some("dXNlcjpnZWhlaW0="));
    station.set("proxy", "mode", "\"manual\"");
    station.set("proxy", "url", &format!("\"http://{}\"", proxy.address));
    station.set("proxy", "user", "\"user\"");
    station.set("proxy", "password-file", &quoted(&station.path("password")));
    fs::write(station.path("password"), "wrong\n").unwrap();
    let _client = station.start();
    station.put("SN-1");
    station.wait("the refusal", |station| {
        station.log().contains("the proxy demands a user name and password, or refuses those it was given")
    });
    assert!(proxy.tunnels().is_empty());
    fs::write(station.path("password"), "geheim\n").unwrap();
    station.wait_for(1);
    assert_eq!(proxy.tunnels()[0], station.server.address().to_string());
    assert!(!station.log().contains("geheim"));
}

#[test]
fn hosts_of_the_bypass_list_are_reached_without_the_proxy() {
    let authority = Authority::new("Factory CA").unwrap();
    let mut station = trusting(&authority);
    let proxy = Proxy::start(None);
    station.set("proxy", "mode", "\"manual\"");
    station.set("proxy", "url", &format!("\"http://{}\"", proxy.address));
    station.set("proxy", "bypass", "[\"intranet.example\", \"127.0.0.0/8\"]");
    let _client = station.start();
    station.put("SN-1");
    station.wait_for(1);
    assert!(proxy.tunnels().is_empty());
    // Without its network in the list, the same server is behind the proxy.
    station.set("proxy", "bypass", "[\"intranet.example\"]");
    station.config();
    station.wait("the proxy to be used", |_| !proxy.tunnels().is_empty());
    station.put("SN-2");
    station.wait_for(2);
}

#[test]
fn the_environment_names_the_proxy_unless_the_configuration_says_otherwise() {
    let authority = Authority::new("Factory CA").unwrap();
    let mut station = trusting(&authority);
    station.set("proxy", "mode", "\"system\"");
    let proxy = Proxy::start(None);
    let address = format!("http://{}", proxy.address);
    let mut client = station.start_with(|command| command.env("HTTPS_PROXY", &address));
    station.put("SN-1");
    station.wait_for(1);
    assert_eq!(proxy.tunnels()[0], station.server.address().to_string());
    client.kill();

    let unused = Proxy::start(None);
    let address = format!("http://{}", unused.address);
    let mut client =
        station.start_with(|command| command.env("HTTPS_PROXY", &address).env("NO_PROXY", "127.0.0.1"));
    station.put("SN-2");
    station.wait_for(2);
    client.kill();

    station.set("proxy", "mode", "\"none\"");
    let _client = station.start_with(|command| command.env("HTTPS_PROXY", &address));
    station.put("SN-3");
    station.wait_for(3);
    assert!(unused.tunnels().is_empty());
}

#[test]
fn a_server_that_hangs_is_noticed_while_nothing_is_sent() {
    let mut station = Station::new();
    station.set("upload", "probe", "\"1s\"");
    let _client = station.start();
    station.wait("a connection", |station| station.details()["server"]["state"] == "connected");
    // It takes the question and never answers.
    station.server.misbehave(Fault {
        path: Some("/api/App/Version".into()),
        delay_milliseconds: 120_000,
        ..Fault::default()
    });
    station.wait("the outage to be known", |station| station.details()["server"]["state"] == "offline");
    assert!(station.log().contains("no answer within 8 s"), "{}", station.log());
    station.put("SN-1");
    station.wait_for(1);
}

/// Behind a gateway, a server that is away answers with 503 itself.
#[test]
fn the_end_of_an_outage_behind_a_gateway_is_found_at_once() {
    let mut station = Station::new();
    // Longer than this test waits: only questions can find it, and then no report waits for its own time.
    station.set("upload", "retry-first", "\"10m\"");
    let _client = station.start();
    station.wait("a connection", |station| station.details()["server"]["state"] == "connected");
    let away = Fault { path: Some("/api/".into()), ..Fault::status(u32::MAX, 503) };
    station.server.misbehave(away);
    (0..5).for_each(|number| station.put(&format!("SN-{number}")));
    station.wait("the outage to be known", |station| station.details()["server"]["state"] == "degraded");
    station.wait("the queue to have them", |station| station.details()["queue"]["pending"] == 5);
    // Time for a question, which is not answered either.
    std::thread::sleep(Duration::from_secs(6));
    station.server.behave();
    let back = Instant::now();
    station.wait_for(5);
    println!("5 reports {:?} after the server was back", back.elapsed());
}

/// Questions are answered, reports are not taken: no reason to send them every few seconds.
#[test]
fn a_server_that_only_answers_questions_is_left_alone_for_longer() {
    let mut station = Station::new();
    station.set("upload", "retry-first", "\"10m\"");
    station.set("upload", "concurrency", "1");
    station.server.misbehave(Fault::status(u32::MAX, 503));
    let _client = station.start();
    (0..5).for_each(|number| station.put(&format!("SN-{number}")));
    station.wait("the refusal", |station| station.details()["server"]["state"] == "degraded");
    // Time for two questions.
    std::thread::sleep(Duration::from_secs(8));
    assert_eq!(station.server.summary().requests, 1);
    assert_eq!(station.details()["queue"]["pending"], 5);
}

#[test]
fn requests_are_spread_over_the_minute() {
    let mut station = Station::new();
    station.set("upload", "rate-per-minute", "120");
    let _client = station.start();
    station.wait("a connection", |station| station.details()["server"]["state"] == "connected");
    let start = Instant::now();
    (0..6).for_each(|number| station.put(&format!("SN-{number}")));
    station.wait_for(6);
    // Two at once at most, and then two a second.
    assert!(start.elapsed() > Duration::from_millis(1900), "{:?}", start.elapsed());
}

#[test]
fn more_time_that_the_server_asks_for_is_given_whatever_the_form() {
    let station = Station::new();
    let now = time::OffsetDateTime::now_utc() + Duration::from_secs(4);
    // RFC 9110 §5.6.7.
    let form = "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT";
    let form = time::format_description::parse_borrowed::<2>(form).unwrap();
    let date = now.format(&form).unwrap();
    station.server.misbehave(Fault { retry_after: Some(date), ..Fault::status(1, 503) });
    let start = Instant::now();
    let _client = station.start();
    station.put("LATER");
    station.wait("the first try", |station| station.server.summary().requests == 1);
    station.wait_for(1);
    // A date has no parts of a second.
    assert!(start.elapsed() > Duration::from_millis(2900), "{:?}", start.elapsed());
}
