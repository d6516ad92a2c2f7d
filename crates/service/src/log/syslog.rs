//! The system log of Unix.

use super::{Record, Sink};
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Facility for services: RFC 5424 section 6.2.1.
const DAEMON: u8 = 3;
/// What every receiver takes in one piece: RFC 3164 section 4.1 has 1,024 bytes, receivers of today 8 KiB.
const LIMIT: usize = 8 * 1024;

/// The local syslog daemon, spoken to as the C library does: RFC 3164 without host name. The time is left to the
/// receiver, which knows the machine's zone.
#[derive(Debug)]
pub struct Syslog {
    socket: UnixDatagram,
    path: PathBuf,
    tag: String,
}

impl Syslog {
    /// Where the socket is on this system.
    pub const PATH: &str = if cfg!(target_os = "macos") { "/var/run/syslog" } else { "/dev/log" };

    /// Messages of a program of this name.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub fn new(name: &str) -> io::Result<Self> {
        Self::at(Path::new(Self::PATH), name)
    }

    /// The same by a socket elsewhere.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub fn at(path: &Path, name: &str) -> io::Result<Self> {
        // Not connected: a daemon that starts anew is found again.
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path: path.to_owned(), tag: format!("{name}[{}]", std::process::id()) })
    }
}

impl Sink for Syslog {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        let mut text = format!("<{}>{}: {}", DAEMON * 8 + record.severity(), self.tag, record.line());
        if text.len() > LIMIT {
            let mut end = LIMIT - '…'.len_utf8();
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push('…');
        }
        self.socket.send_to(text.as_bytes(), &self.path).map(drop)
    }
}
