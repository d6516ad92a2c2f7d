//! The service's side.

use super::connection::{Hub, converse};
use super::frame::{Frame, Kind};
use super::{CONNECTIONS, EVENTS, Endpoint, PAYLOAD_LIMIT, Peer};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, broadcast};

#[cfg(windows)]
use super::pipe::Listener;
#[cfg(unix)]
use super::unix::Listener;

/// Pause when the system gives no connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What a peer wants to know, or to have done.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// Name of the command.
    pub command: String,
    /// What comes with it.
    pub body: Vec<u8>,
    /// Who asks.
    pub peer: Peer,
}

impl Request {
    /// What to say about a command that there is not.
    #[must_use]
    pub fn unknown(&self) -> String {
        format!("the command {:?} is unknown to this version of the service", self.command)
    }
}

/// A place where the service can be talked to.
#[derive(Debug)]
pub struct Server {
    name: String,
    listener: Listener,
    events: broadcast::Sender<Arc<Frame>>,
}

/// Tells all subscribers what happens. A clone tells the same ones.
#[derive(Debug, Clone)]
pub struct Publisher(broadcast::Sender<Arc<Frame>>);

impl Publisher {
    /// Tells it. Never waits. What is too long to be sent (a name of more than 255 bytes, a body of more than 1 MiB)
    /// is logged and left out.
    pub fn publish(&self, name: &str, body: &[u8]) {
        match Frame::named(Kind::Event, 0, name, body) {
            Ok(frame) if frame.payload.len() <= PAYLOAD_LIMIT => {
                // Fails when nobody listens.
                let _ = self.0.send(Arc::new(frame));
            }
            _ => tracing::warn!("the event {name:.40} is too long to be told"),
        }
    }
}

impl Server {
    /// Opens the usual place of the service of this name. Must be called inside the runtime.
    ///
    /// # Errors
    /// When another instance is there, or the place cannot be made.
    pub fn bind(name: &str) -> io::Result<Self> {
        Self::bind_at(&Endpoint::for_service(name)?, name)
    }

    /// Opens another place. Must be called inside the runtime.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_at(endpoint: &Endpoint, name: &str) -> io::Result<Self> {
        let listener = Listener::bind(endpoint)?;
        Ok(Self { name: name.to_owned(), listener, events: broadcast::Sender::new(EVENTS) })
    }

    /// The way to tell subscribers what happens.
    #[must_use]
    pub fn events(&self) -> Publisher {
        Publisher(self.events.clone())
    }

    /// Works on requests until the future is dropped. The answer is the handler's; what it says as an error reaches
    /// the peer as a sentence. A handler is dropped where it waits when its peer leaves.
    pub async fn serve<H, F>(mut self, handler: H)
    where
        H: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Vec<u8>, String>> + Send + 'static,
    {
        let hub = Arc::new(Hub {
            name: self.name,
            handler: Box::new(move |request| Box::pin(handler(request))),
            events: self.events,
        });
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            // Never closed.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let stream = match self.listener.accept().await {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::debug!("no connection for the service's socket: {error}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let hub = hub.clone();
            tokio::spawn(async move {
                let peer = match stream.peer() {
                    Ok(peer) => peer,
                    Err(error) => {
                        tracing::warn!("a connection to the service's socket was refused: {error}");
                        return;
                    }
                };
                if let Err(error) = converse(stream.into_inner(), peer.clone(), &hub).await {
                    tracing::debug!(account = peer.account, "a conversation has ended: {error}");
                }
                drop(place);
            });
        }
    }
}
