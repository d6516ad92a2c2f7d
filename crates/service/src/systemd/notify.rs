//! The notification protocol of systemd: sd_notify(3).

use std::io;
use std::time::Duration;

/// The line to the service manager. Without one, nothing happens.
///
/// systemd speaks this protocol, and so do podman (`--sdnotify`), s6 by adapters and others.
#[derive(Debug, Default)]
pub struct Notifier {
    #[cfg(unix)]
    socket: Option<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)>,
}

impl Notifier {
    /// Finds the manager's socket by `NOTIFY_SOCKET`.
    #[must_use]
    pub fn from_environment() -> Self {
        Self {
            #[cfg(unix)]
            socket: std::env::var_os("NOTIFY_SOCKET").and_then(|path| connect(&path)),
        }
    }

    /// Whether somebody listens.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        #[cfg(unix)]
        return self.socket.is_some();
        #[cfg(not(unix))]
        return false;
    }

    /// Sends assignments such as `READY=1`, one a line. Never waits.
    ///
    /// # Errors
    /// When the manager does not take it. Nothing that a service should stop for.
    pub fn send(&self, text: &str) -> io::Result<()> {
        #[cfg(unix)]
        if let Some((socket, address)) = &self.socket {
            socket.send_to_addr(text.as_bytes(), address)?;
        }
        #[cfg(not(unix))]
        let _ = text;
        Ok(())
    }
}

/// A path, or on Linux `@` and an abstract name.
#[cfg(unix)]
fn connect(
    path: &std::ffi::OsStr,
) -> Option<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let address = match path.as_bytes() {
        [] => return None,
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => {
            <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name).ok()?
        }
        _ => SocketAddr::from_pathname(path).ok()?,
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address))
}

/// The longest time between two signs of life, if the manager wants them, and from this process
/// (sd_watchdog_enabled(3)).
#[must_use]
pub fn watchdog_interval() -> Option<Duration> {
    let variable = |name| std::env::var(name).ok();
    interval(variable("WATCHDOG_USEC").as_deref(), variable("WATCHDOG_PID").as_deref(), std::process::id())
}

fn interval(microseconds: Option<&str>, pid: Option<&str>, own: u32) -> Option<Duration> {
    if pid.is_some_and(|pid| pid != own.to_string()) {
        return None;
    }
    let microseconds: u64 = microseconds?.parse().ok()?;
    (microseconds > 0).then(|| Duration::from_micros(microseconds))
}

/// What `RELOADING=1` has to be sent with, for `Type=notify-reload`: the time on the monotonic clock.
#[cfg(unix)]
pub(crate) fn reloading() -> String {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
    format!("RELOADING=1\nMONOTONIC_USEC={microseconds}")
}

#[cfg(not(unix))]
pub(crate) fn reloading() -> String {
    "RELOADING=1".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_wanted_from_the_process_it_names() {
        assert_eq!(interval(Some("400000"), None, 7), Some(Duration::from_millis(400)));
        assert_eq!(interval(Some("400000"), Some("7"), 7), Some(Duration::from_millis(400)));
        assert_eq!(interval(Some("400000"), Some("8"), 7), None);
        assert_eq!(interval(Some("0"), None, 7), None);
        assert_eq!(interval(Some("soon"), None, 7), None);
        assert_eq!(interval(None, None, 7), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn both_kinds_of_address_are_reached() {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("landfall-{}", std::process::id());
        let abstract_address = SocketAddr::from_abstract_name(&name).unwrap();
        for (socket, address) in [
            (UnixDatagram::bind(&path).unwrap(), path.display().to_string()),
            (UnixDatagram::bind_addr(&abstract_address).unwrap(), format!("@{name}")),
        ] {
            let notifier = Notifier { socket: connect(address.as_ref()) };
            notifier.send("STATUS=well").unwrap();
            let mut buffer = [0; 64];
            let length = socket.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], b"STATUS=well");
        }
        assert!(connect("".as_ref()).is_none());
    }
}
