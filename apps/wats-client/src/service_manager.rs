//! Talking to systemd: ready, alive, stopping. Without systemd nothing happens.

use std::time::Duration;

/// The line to the service manager.
#[derive(Debug)]
pub(crate) struct ServiceManager {
    #[cfg(unix)]
    socket: Option<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Finds out whether there is one.
    pub(crate) fn find() -> Self {
        Self {
            #[cfg(unix)]
            socket: connect(),
            watchdog: watchdog(),
        }
    }

    /// How often it wants a sign of life; `None` when it wants none.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// Tells it something, such as `READY=1`. A line that cannot be sent is not worth stopping for.
    pub(crate) fn tell(&self, text: &str) {
        #[cfg(unix)]
        if let Some((socket, address)) = &self.socket
            && let Err(error) = socket.send_to_addr(text.as_bytes(), address)
        {
            tracing::debug!("the service manager cannot be told: {error}");
        }
        #[cfg(not(unix))]
        let _ = text;
    }
}

#[cfg(unix)]
fn connect() -> Option<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)> {
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let path = std::env::var_os("NOTIFY_SOCKET")?;
    let address = match std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()) {
        [] => return None,
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => {
            <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name).ok()?
        }
        _ => SocketAddr::from_pathname(&path).ok()?,
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address))
}

/// The time between two signs of life, if they are wanted, and wanted from this process.
fn watchdog() -> Option<Duration> {
    if let Ok(pid) = std::env::var("WATCHDOG_PID")
        && pid != std::process::id().to_string()
    {
        return None;
    }
    let microseconds: u64 = std::env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    (microseconds > 0).then(|| Duration::from_micros(microseconds))
}
