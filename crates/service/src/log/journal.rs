//! systemd's journal, by its native protocol.

use super::{Record, Sink};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, sendmsg_addr};
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Where the journal listens.
const PATH: &str = "/run/systemd/journal/socket";
/// How long a journal that has too much to do is waited for.
const PATIENCE: Duration = Duration::from_millis(50);

/// Fields that have a meaning of their own, systemd.journal-fields(7). A program's field of such a name gets `F_` in
/// front.
const RESERVED: [&str; 12] = [
    "MESSAGE",
    "MESSAGE_ID",
    "PRIORITY",
    "ERRNO",
    "INVOCATION_ID",
    "DOCUMENTATION",
    "TID",
    "UNIT",
    "USER_UNIT",
    "TARGET",
    "EVENT_ID",
    "COREDUMP",
];

/// The journal of this machine. Each field of a message becomes one of the journal, in capitals:
/// `journalctl PART_NUMBER=PSU-100`.
#[derive(Debug)]
pub struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
    name: String,
    /// It was waited for in vain. Until it reads again it is not waited for.
    stalled: AtomicBool,
}

impl Journal {
    /// Messages of a program of this name. `None` where no journal is.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let path = Path::new(PATH);
        path.exists().then(|| Self::at(path, name).ok()).flatten()
    }

    /// The same by a socket elsewhere.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub fn at(path: &Path, name: &str) -> io::Result<Self> {
        // Not connected: a journal that starts anew is found again.
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path: path.to_owned(), name: name.to_owned(), stalled: AtomicBool::new(false) })
    }

    /// Sends a message, and when it is too long for a datagram, a file in memory with it.
    fn send(&self, message: &[u8]) -> io::Result<()> {
        let mut answer = self.socket.send_to(message, &self.path);
        if is_busy(&answer) && !self.stalled.swap(true, Ordering::Relaxed) {
            // A socket that is not connected cannot be waited for by poll().
            let end = Instant::now() + PATIENCE;
            while is_busy(&answer) && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(1));
                answer = self.socket.send_to(message, &self.path);
            }
        }
        match answer {
            Ok(_) => {
                self.stalled.store(false, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::MSGSIZE | Errno::NOBUFS) => self.send_file(message),
                _ => Err(error),
            },
        }
    }

    fn send_file(&self, message: &[u8]) -> io::Result<()> {
        let file = memfd_create("journal-message", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let mut file = File::from(file);
        file.write_all(message)?;
        // The journal takes only what nobody can change any more.
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
        let descriptors = [file.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let address = SocketAddrUnix::new(&self.path)?;
        sendmsg_addr(&self.socket, &address, &[IoSlice::new(&[])], &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}

fn is_busy(answer: &io::Result<usize>) -> bool {
    answer.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

impl Sink for Journal {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        let mut message = Vec::with_capacity(256);
        // What `journalctl` shows without asking for more.
        put(&mut message, "MESSAGE", &record.line());
        put(&mut message, "PRIORITY", &record.severity().to_string());
        put(&mut message, "SYSLOG_IDENTIFIER", &self.name);
        put(&mut message, "TARGET", record.metadata.target());
        if let Some(file) = record.metadata.file() {
            put(&mut message, "CODE_FILE", file);
        }
        if let Some(line) = record.metadata.line() {
            put(&mut message, "CODE_LINE", &line.to_string());
        }
        if let Some(event) = record.event_id {
            put(&mut message, "EVENT_ID", &event.to_string());
        }
        for (name, value) in &record.fields {
            put(&mut message, &field_name(name), &value.to_string());
        }
        self.send(&message)
    }
}

/// Adds a field: as a line, or where the value has line breaks of its own, with its length.
fn put(message: &mut Vec<u8>, name: &str, value: &str) {
    message.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        message.push(b'\n');
        message.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        message.push(b'=');
    }
    message.extend_from_slice(value.as_bytes());
    message.push(b'\n');
}

/// The journal allows capitals, digits and underscores, no digit or underscore in front, and 64 characters.
fn field_name(name: &str) -> String {
    let mut allowed: String = name
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' })
        .collect();
    let reserved = RESERVED.contains(&allowed.as_str())
        || ["CODE_", "SYSLOG_", "OBJECT_", "COREDUMP_"].iter().any(|prefix| allowed.starts_with(prefix));
    if reserved || !allowed.starts_with(|first: char| first.is_ascii_uppercase()) {
        allowed.insert_str(0, "F_");
    }
    allowed.truncate(64);
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_the_journal_takes() {
        assert_eq!(field_name("part-number"), "PART_NUMBER");
        assert_eq!(field_name("http.status"), "HTTP_STATUS");
        assert_eq!(field_name("message"), "F_MESSAGE");
        assert_eq!(field_name("code.file"), "F_CODE_FILE");
        assert_eq!(field_name("_trusted"), "F__TRUSTED");
        assert_eq!(field_name("1st"), "F_1ST");
        assert_eq!(field_name("größe"), "GR__E");
        assert_eq!(field_name(""), "F_");
        assert_eq!(field_name(&"x".repeat(100)).len(), 64);
    }
}
