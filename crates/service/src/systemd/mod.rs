//! What systemd and its service agree on: the notification socket, the watchdog, sockets handed over at the start.

mod notify;
mod sockets;

pub(crate) use notify::reloading;
pub use notify::{Notifier, watchdog_interval};
pub use sockets::{HandedOver, handed_over};
