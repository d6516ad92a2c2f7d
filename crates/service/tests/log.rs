//! What log messages look like where they arrive.

use landfall_service::log::{JsonLines, Prefixed, Sink, Text, layer};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::layer::SubscriberExt;

/// A writer that remembers.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Runs something of which the messages go to this destination.
fn logged(sink: impl Sink, work: impl FnOnce()) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer(sink)), work);
}

/// A warning with all kinds of fields, in a span.
fn warn() {
    let span = tracing::info_span!("delivery", station = "FCT-01", attempt = tracing::field::Empty);
    let _entered = span.enter();
    span.record("attempt", 2);
    tracing::warn!(event_id = 1001, size = 7_u64, ratio = 0.5, done = false, path = ?"a\nb", "the server \"x\" is away");
}

#[test]
fn lines_for_people_stay_lines() {
    let memory = Memory::default();
    logged(Text::new(memory.clone()), || {
        warn();
        tracing::info!("two\nlines\x1b[31m");
    });
    let text = memory.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    let (time, rest) = lines[0].split_once(' ').unwrap();
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    assert_eq!(
        rest,
        " WARN the server \"x\" is away size=7 ratio=0.5 done=false path=\"a\\nb\" station=FCT-01 attempt=2"
    );
    assert!(lines[1].ends_with("  INFO two lines [31m"), "{}", lines[1]);
}

#[test]
fn lines_with_a_priority_begin_with_it() {
    let memory = Memory::default();
    logged(Prefixed::new(memory.clone()), || {
        tracing::error!("e");
        tracing::warn!("w");
        tracing::info!("i");
        tracing::debug!("d");
    });
    assert_eq!(memory.text(), "<3>e\n<4>w\n<6>i\n<7>d\n");
}

#[test]
fn json_lines_are_json() {
    let memory = Memory::default();
    logged(JsonLines::new(memory.clone()), || {
        warn();
        tracing::info!(ratio = f64::NAN, "plain");
    });
    let text = memory.text();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert_eq!(lines[0]["level"], "warn");
    assert_eq!(lines[0]["target"], "log");
    assert_eq!(lines[0]["message"], "the server \"x\" is away");
    assert_eq!(lines[0]["event"], 1001);
    let fields = serde_json::json!({
        "size": 7, "ratio": 0.5, "done": false, "path": "\"a\\nb\"", "station": "FCT-01", "attempt": 2
    });
    assert_eq!(lines[0]["fields"], fields);
    assert_eq!(lines[1]["fields"], serde_json::json!({ "ratio": null }));
    assert!(lines[1]["event"].is_null());
}

/// A destination that fails when told to.
struct Shaky(Memory, Arc<Mutex<bool>>);

impl Sink for Shaky {
    fn write(&self, record: &landfall_service::log::Record<'_>) -> io::Result<()> {
        if *self.1.lock().unwrap() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        writeln!(self.0.clone(), "{}", record.line())
    }
}

#[test]
fn what_was_lost_is_counted() {
    let (memory, broken) = (Memory::default(), Arc::new(Mutex::new(true)));
    logged(Shaky(memory.clone(), broken.clone()), || {
        tracing::info!("one");
        tracing::info!("two");
        *broken.lock().unwrap() = false;
        tracing::info!("three");
        tracing::info!("four");
    });
    assert_eq!(memory.text(), "three\n2 log messages before this one were lost\nfour\n");
}

#[cfg(unix)]
mod sockets {
    use super::{logged, warn};
    use landfall_service::log::Syslog;
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

    fn receive(socket: &UnixDatagram) -> Vec<u8> {
        let mut buffer = vec![0; 1 << 20];
        let length = socket.recv(&mut buffer).unwrap();
        buffer.truncate(length);
        buffer
    }

    fn listen() -> (tempfile::TempDir, std::path::PathBuf, UnixDatagram) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        (folder, path, socket)
    }

    #[test]
    fn syslog_gets_priority_name_and_process() {
        let (_folder, path, socket) = listen();
        logged(Syslog::at(&path, "greeter").unwrap(), || {
            warn();
            tracing::info!("{}", "ä".repeat(10_000));
            // The daemon starts anew.
            std::fs::remove_file(&path).unwrap();
            let anew = UnixDatagram::bind(&path).unwrap();
            anew.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            tracing::error!("still there");
            assert!(receive(&anew).ends_with(b": still there"));
        });
        let text = String::from_utf8(receive(&socket)).unwrap();
        let start = format!("<28>greeter[{}]: the server \"x\" is away size=7", std::process::id());
        assert!(text.starts_with(&start), "{text}");
        let long = String::from_utf8(receive(&socket)).unwrap();
        assert!(long.len() <= 8192 && long.ends_with("ä…"), "{}", long.len());
    }

    #[cfg(target_os = "linux")]
    mod journal {
        use super::{listen, logged, receive, warn};
        use landfall_service::log::Journal;
        use std::collections::BTreeMap;
        use std::io::Read;

        /// Takes a message apart by the rules of the protocol.
        fn fields(mut message: &[u8]) -> BTreeMap<String, String> {
            let mut found = BTreeMap::new();
            while !message.is_empty() {
                let end = message.iter().position(|byte| *byte == b'\n').unwrap();
                let line = &message[..end];
                message = &message[end + 1..];
                let (name, value) = match line.iter().position(|byte| *byte == b'=') {
                    Some(equals) => (&line[..equals], line[equals + 1..].to_vec()),
                    None => {
                        let length = u64::from_le_bytes(message[..8].try_into().unwrap());
                        let length = usize::try_from(length).unwrap();
                        let value = message[8..8 + length].to_vec();
                        assert_eq!(message[8 + length], b'\n');
                        message = &message[9 + length..];
                        (line, value)
                    }
                };
                found.insert(String::from_utf8(name.to_vec()).unwrap(), String::from_utf8(value).unwrap());
            }
            found
        }

        #[test]
        fn the_journal_gets_fields() {
            let (_folder, path, socket) = listen();
            logged(Journal::at(&path, "greeter").unwrap(), || {
                warn();
                tracing::info!(text = "two\nlines", message_id = "x", "hello");
            });
            let first = fields(&receive(&socket));
            for (name, value) in [
                ("PRIORITY", "4"),
                ("SYSLOG_IDENTIFIER", "greeter"),
                ("TARGET", "log"),
                ("EVENT_ID", "1001"),
                ("SIZE", "7"),
                ("DONE", "false"),
                ("STATION", "FCT-01"),
                ("ATTEMPT", "2"),
            ] {
                assert_eq!(first.get(name).map(String::as_str), Some(value), "{name}");
            }
            assert!(first["MESSAGE"].starts_with("the server \"x\" is away size=7"));
            assert!(first["CODE_FILE"].ends_with("log.rs") && first["CODE_LINE"].parse::<u32>().is_ok());
            let second = fields(&receive(&socket));
            assert_eq!(second["TEXT"], "two\nlines");
            assert_eq!(second["F_MESSAGE_ID"], "x");
            assert_eq!(second["MESSAGE"], "hello text=two lines message_id=x");
        }

        #[test]
        fn a_message_too_long_for_a_datagram_comes_as_a_sealed_file() {
            let (_folder, path, socket) = listen();
            let long = "x".repeat(2_000_000);
            logged(Journal::at(&path, "greeter").unwrap(), || tracing::info!("{long}"));
            let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut ancillary = rustix::net::RecvAncillaryBuffer::new(&mut space);
            let mut buffer = [0; 16];
            let received = rustix::net::recvmsg(
                &socket,
                &mut [std::io::IoSliceMut::new(&mut buffer)],
                &mut ancillary,
                rustix::net::RecvFlags::empty(),
            )
            .unwrap();
            assert_eq!(received.bytes, 0);
            let descriptor = ancillary
                .drain()
                .find_map(|message| match message {
                    rustix::net::RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
                    _ => None,
                })
                .unwrap();
            let seals = rustix::fs::fcntl_get_seals(&descriptor).unwrap();
            assert!(seals.contains(rustix::fs::SealFlags::WRITE | rustix::fs::SealFlags::SEAL));
            let mut file = std::fs::File::from(descriptor);
            std::io::Seek::rewind(&mut file).unwrap();
            let mut message = Vec::new();
            file.read_to_end(&mut message).unwrap();
            assert_eq!(fields(&message)["MESSAGE"], long);
        }

        #[test]
        fn a_journal_that_does_not_read_holds_nobody_up() {
            let (_folder, path, _socket) = listen();
            let start = std::time::Instant::now();
            logged(Journal::at(&path, "greeter").unwrap(), || {
                // The queue of a datagram socket is short: net.unix.max_dgram_qlen, and its memory is limited.
                for number in 0..10_000 {
                    tracing::info!(number, "hello");
                }
            });
            // Every message waiting in vain would be 500 s.
            assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
        }
    }
}
