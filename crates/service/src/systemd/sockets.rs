//! Sockets that systemd has opened for the service before it started it: sd_listen_fds(3).

use std::io;

/// A descriptor that the service manager has handed over.
#[derive(Debug)]
pub struct HandedOver {
    /// Its `FileDescriptorName=`; `unknown` where the manager gives none.
    pub name: String,
    /// The descriptor, closed in programs that this one starts.
    #[cfg(unix)]
    pub descriptor: std::os::fd::OwnedFd,
    #[cfg(not(unix))]
    none: std::convert::Infallible,
}

/// The descriptors that were handed over, each once: a second call gives none.
///
/// # Errors
/// When the manager has announced descriptors that are not there.
#[cfg(unix)]
pub fn handed_over() -> io::Result<Vec<HandedOver>> {
    use std::os::fd::{AsRawFd, BorrowedFd};
    use std::sync::atomic::{AtomicBool, Ordering};
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let variable = |name| std::env::var(name).ok();
    // Our own process 1 passes on what it was given.
    let given_to = if crate::run::is_below_own_init() { 1 } else { std::process::id() };
    let names = announced(
        variable("LISTEN_PID").as_deref(),
        variable("LISTEN_FDS").as_deref(),
        variable("LISTEN_FDNAMES").as_deref(),
        given_to,
    );
    if names.is_empty() || TAKEN.swap(true, Ordering::SeqCst) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (number, name) in (FIRST..).zip(names) {
        // SAFETY: the descriptor is only asked for its flags, which fails when it is not open; it stays open for as
        // long as it is borrowed, because nobody else in this process knows of it.
        let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
        rustix::io::fcntl_setfd(borrowed, rustix::io::FdFlags::CLOEXEC).map_err(|error| {
            let error = io::Error::from(error);
            io::Error::new(error.kind(), format!("descriptor {number} ({name}) of LISTEN_FDS: {error}"))
        })?;
        debug_assert_eq!(borrowed.as_raw_fd(), number);
        // SAFETY: the descriptor is open, as was just seen, was opened for this process by its service manager, and
        // TAKEN sees to it that it gets one owner only.
        let descriptor = unsafe { std::os::fd::FromRawFd::from_raw_fd(number) };
        found.push(HandedOver { name, descriptor });
    }
    Ok(found)
}

/// There are none on this platform.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn handed_over() -> io::Result<Vec<HandedOver>> {
    Ok(Vec::new())
}

/// The first descriptor after standard input, output and error.
#[cfg(unix)]
const FIRST: i32 = 3;
/// More than anybody hands over; a wrong number shall not keep us busy.
#[cfg(unix)]
const MOST: usize = 1024;

/// The names of the descriptors that are meant for this process.
#[cfg(unix)]
fn announced(pid: Option<&str>, count: Option<&str>, names: Option<&str>, own: u32) -> Vec<String> {
    if pid.and_then(|pid| pid.parse().ok()) != Some(own) {
        return Vec::new();
    }
    let count = count.and_then(|count| count.parse().ok()).filter(|count| *count <= MOST).unwrap_or(0);
    let names = names.unwrap_or_default().split(':').filter(|name| !name.is_empty()).map(str::to_owned);
    names.chain(std::iter::repeat("unknown".to_owned())).take(count).collect()
}

#[cfg(unix)]
impl HandedOver {
    /// As a listening TCP socket for the runtime.
    ///
    /// # Errors
    /// When it is something else.
    pub fn into_tcp_listener(self) -> io::Result<tokio::net::TcpListener> {
        self.check_listening()?;
        let listener = std::net::TcpListener::from(self.descriptor);
        // Fails for every other family of addresses.
        listener.local_addr()?;
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener)
    }

    /// As a listening Unix socket for the runtime.
    ///
    /// # Errors
    /// When it is something else.
    pub fn into_unix_listener(self) -> io::Result<tokio::net::UnixListener> {
        self.check_listening()?;
        let listener = std::os::unix::net::UnixListener::from(self.descriptor);
        listener.local_addr()?;
        listener.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(listener)
    }

    /// Apple's systems cannot tell a listening socket from others of its type; accepting fails there.
    fn check_listening(&self) -> io::Result<()> {
        use rustix::net::{SocketType, sockopt};
        let is_stream = sockopt::socket_type(&self.descriptor).is_ok_and(|kind| kind == SocketType::STREAM);
        #[cfg(not(target_vendor = "apple"))]
        let is_stream = is_stream && sockopt::socket_acceptconn(&self.descriptor).unwrap_or(false);
        if is_stream {
            return Ok(());
        }
        let error = format!("what the service manager hands over as {:?} is no listening socket", self.name);
        Err(io::Error::new(io::ErrorKind::InvalidInput, error))
    }
}

#[cfg(not(unix))]
impl HandedOver {
    /// There is none on this platform.
    ///
    /// # Errors
    /// Never.
    pub fn into_tcp_listener(self) -> io::Result<tokio::net::TcpListener> {
        match self.none {}
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_for_this_process_is_taken() {
        assert_eq!(announced(Some("7"), Some("2"), Some("web:ipc"), 7), ["web", "ipc"]);
        assert_eq!(announced(Some("7"), Some("2"), Some("web"), 7), ["web", "unknown"]);
        assert_eq!(announced(Some("7"), Some("1"), None, 7), ["unknown"]);
        for (pid, count) in
            [(Some("8"), Some("1")), (None, Some("1")), (Some("7"), None), (Some("7"), Some("9999999"))]
        {
            assert!(announced(pid, count, None, 7).is_empty());
        }
    }

    #[test]
    fn a_socket_of_another_kind_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
        let handed = HandedOver { name: "web".into(), descriptor: listener.into() };
        assert!(handed.into_tcp_listener().is_err());
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let error =
            HandedOver { name: "web".into(), descriptor: udp.into() }.into_tcp_listener().unwrap_err();
        assert!(error.to_string().contains("\"web\" is no listening socket"), "{error}");
    }
}
