//! Talking to the running service: a command line, or a page, asks it, and hears what happens in it.
//!
//! There is no port. On Unix it is a socket in a folder that only the service's account can enter, on Windows a named
//! pipe with an access list: SYSTEM, administrators, the service's account, and nobody from another machine. Beyond
//! that the operating system says on every connection who the peer is; there is no way in without that, and the client
//! looks at the server in the same way.
//!
//! Nothing that a peer does or leaves undone holds the service up: frames have a greatest length, every step has a
//! time limit, queues have an end, and a subscriber that does not keep up is told how much it has missed.
//!
//! ```no_run
//! # use landfall_service::{Context, Failure, ipc};
//! # async fn greet(context: Context) -> Result<(), Failure> {
//! let server = ipc::Server::bind("greeter")?;
//! let events = server.events();
//! tokio::spawn(server.serve(async |request: ipc::Request| match request.command.as_str() {
//!     "status" => Ok(b"well".to_vec()),
//!     _ => Err(request.unknown()),
//! }));
//! events.publish("greeted", b"42");
//! # Ok(()) }
//! ```
//!
//! The protocol is described in `docs/service-library.md`.

mod client;
mod connection;
mod endpoint;
mod frame;
#[cfg(windows)]
mod pipe;
mod server;
#[cfg(unix)]
mod unix;

pub use client::{Client, ClientError, Event};
// For tests and the fuzz target: a conversation over anything that can be read and written.
#[doc(hidden)]
pub use connection::{Hub, converse};
pub use endpoint::Endpoint;
pub(crate) use endpoint::instance_name;
#[doc(hidden)]
pub use frame::{Frame, FrameError, Kind};
pub use server::{Publisher, Request, Server};

use std::time::Duration;

/// Bytes that a request, an answer or an event may have.
pub const PAYLOAD_LIMIT: usize = 1 << 20;
/// Version of the protocol.
pub const VERSION: u16 = 1;

/// Time for a connection to say what it is.
const HELLO_LIMIT: Duration = Duration::from_secs(5);
/// Time for the rest of a frame that has begun, and for a frame to be taken.
const FRAME_LIMIT: Duration = Duration::from_secs(10);
/// Connections at a time; others wait to be accepted.
const CONNECTIONS: usize = 32;
/// Answers that wait for a slow peer. Requests of one connection are worked on one after the other.
const ANSWERS: usize = 4;
/// Events that wait for a slow subscriber.
const EVENTS: usize = 256;

/// Who is at the other end, as the operating system says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Process, where the system tells. By the time it is looked at it may have ended.
    pub process: Option<u32>,
    /// Account: the user's number on Unix, the security identifier (`S-1-…`) on Windows.
    pub account: String,
}

impl Peer {
    /// This process, for conversations within a test.
    #[doc(hidden)]
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { process: Some(std::process::id()), account: "0".to_owned() }
    }
}
