//! The server: whether it can be reached, whether it takes the token, and whether its clock agrees.

use super::{Answer, Subject};
use crate::exit::Exit;
use crate::install::{ServerAnswer, ServerOutcome, Source, address};
use landfall_service_definition::SettingType;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, SystemTime};

/// Longest wait for a connection and for each part of an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most of an answer that is read.
const ANSWER_LIMIT: u64 = 16 * 1024;
/// A clock that is so far off writes misleading times into what is sent.
const SKEW_WARNING: Duration = Duration::from_secs(120);
/// With a clock so far off, certificates look expired or not yet valid.
const SKEW_FAILURE: Duration = Duration::from_secs(24 * 3600);
/// 2026-01-01: no machine that runs this can be earlier.
const EARLIEST: Duration = Duration::from_secs(1_767_225_600);

/// Asks once for all checks that want to know.
fn ask(subject: &Subject<'_>) -> Option<ServerAnswer> {
    if !subject.host.is_live() {
        return None;
    }
    subject.program.ask_server(subject.definition, subject.settings).or_else(|| generic(subject))
}

/// Tries the first address among the settings, with no more than the address itself says.
fn generic(subject: &Subject<'_>) -> Option<ServerAnswer> {
    let mut settings = subject.definition.settings.iter();
    let url = settings.find_map(|(name, setting)| {
        (setting.kind == SettingType::Url).then(|| subject.settings.get(name)).flatten()
    })?;
    let (host, port, secure) = address(url)?;
    Some(match look(&host, port, secure) {
        Ok(date) => ServerAnswer {
            outcome: ServerOutcome::Reached,
            message: format!("{host} answers on port {port}"),
            date,
        },
        Err(error) => ServerAnswer {
            outcome: ServerOutcome::Unreachable,
            message: format!("{host}, port {port}: {error}"),
            date: None,
        },
    })
}

/// Connects, and where the line is not encrypted asks for the time.
fn look(host: &str, port: u16, secure: bool) -> std::io::Result<Option<SystemTime>> {
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
    for place in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&place, PATIENCE) {
            // Whatever it answers, it is there.
            Ok(stream) => return Ok((!secure).then(|| date(stream, host)).flatten()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The `Date` field of the answer to a HEAD request (RFC 9110 §6.6.1, §9.3.2).
fn date(mut stream: TcpStream, host: &str) -> Option<SystemTime> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    // In one piece: some servers take the first packet for the whole request.
    let request = format!("HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    // A line that breaks may break after the field.
    let _ = stream.take(ANSWER_LIMIT).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    lines.next().filter(|status| status.starts_with("HTTP/1."))?;
    lines.take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| httpdate::parse_http_date(value.trim()).ok()).flatten()
    })
}

pub(super) fn server(subject: &Subject<'_>) -> Option<Answer> {
    let ServerAnswer { outcome, message, .. } = subject.server.get_or_init(|| ask(subject)).clone()?;
    // A server that is away must not hold up the upgrade of a service that knows how to wait for it.
    let new = subject.settings.0.values().any(|value| value.source < Source::Present);
    let blocks = new || !subject.upgrade;
    let judge = |exit: Exit, advice: &str| match blocks {
        true => Answer::fail(exit, message.clone(), advice),
        false => Answer::warn(message.clone(), advice),
    };
    Some(match outcome {
        ServerOutcome::Accepted | ServerOutcome::Reached => Answer::pass(message),
        ServerOutcome::Refused => judge(
            Exit::AuthenticationFailed,
            "give a token that the server takes; --skip-preflight=server installs all the same",
        ),
        ServerOutcome::Unreachable => judge(
            Exit::ServerUnreachable,
            "check address, DNS, proxy and firewall; --skip-preflight=server installs all the same",
        ),
    })
}

pub(super) fn clock(subject: &Subject<'_>) -> Option<Answer> {
    let now = SystemTime::now();
    if now < SystemTime::UNIX_EPOCH + EARLIEST {
        return Some(Answer::fail(
            Exit::Requirement,
            "the clock of this machine is years behind",
            "set it, and keep it right with NTP; with a wrong clock no certificate is valid",
        ));
    }
    let date = subject.server.get_or_init(|| ask(subject)).as_ref()?.date?;
    Some(compare(now, date))
}

fn compare(now: SystemTime, server: SystemTime) -> Answer {
    let (skew, direction) = match now.duration_since(server) {
        Ok(skew) => (skew, "ahead of"),
        Err(error) => (error.duration(), "behind"),
    };
    let found = format!("{} s {direction} the server's", skew.as_secs());
    let advice = "set the clock, and keep it right with NTP";
    if skew > SKEW_FAILURE {
        Answer::fail(Exit::Requirement, found, advice)
    } else if skew > SKEW_WARNING {
        Answer::warn(found, advice)
    } else {
        Answer::pass(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_clock_that_is_off_is_noticed() {
        let now = SystemTime::now();
        let verdict = |seconds: i64| {
            let skew = Duration::from_secs(seconds.unsigned_abs());
            compare(now, if seconds < 0 { now - skew } else { now + skew }).verdict
        };
        assert_eq!(verdict(0), Verdict::Pass);
        assert_eq!(verdict(100), Verdict::Pass);
        assert_eq!(verdict(-300), Verdict::Warn);
        assert_eq!(verdict(300), Verdict::Warn);
        assert_eq!(verdict(200_000), Verdict::Fail);
    }

    #[test]
    fn a_server_is_asked_for_its_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let size = stream.read(&mut request).unwrap();
            stream
                .write_all(b"HTTP/1.1 404 Not Found\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
                .unwrap();
            String::from_utf8_lossy(&request[..size]).into_owned()
        });
        let date = look("127.0.0.1", port, false).unwrap().unwrap();
        assert_eq!(date, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
        assert!(server.join().unwrap().starts_with("HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n"));
        // Nobody listens there any more.
        assert!(look("127.0.0.1", port, false).is_err());
    }
}
