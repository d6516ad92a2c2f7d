//! The side of whoever wants something from the service.

use super::frame::{Frame, FrameError, Kind};
use super::{Endpoint, VERSION};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::time::timeout;

#[cfg(windows)]
use super::pipe::connect;
#[cfg(unix)]
use super::unix::connect;
#[cfg(windows)]
type Stream = tokio::net::windows::named_pipe::NamedPipeClient;
#[cfg(unix)]
type Stream = tokio::net::UnixStream;

/// How long the way in may take: longer than the service waits for those who occupy it and say nothing.
const GREETING_LIMIT: Duration = Duration::from_secs(15);
/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Events that wait while an answer is waited for. The service keeps no more either.
const EVENTS: usize = 256;

/// A conversation with the running service.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    /// Number of the last request.
    last: u32,
    /// What has happened meanwhile.
    events: VecDeque<Event>,
}

/// Something has happened in the service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// This.
    Happened {
        /// Its name.
        name: String,
        /// What there is to say about it.
        body: Vec<u8>,
    },
    /// More than could be taken: this many events are missing here.
    Missed(u64),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody is there.
    #[error("the service {name} does not run, or not where it is looked for ({places})")]
    NotRunning {
        /// Name of the service.
        name: String,
        /// Where it was looked for.
        places: String,
    },
    /// It is there, and this account may not talk to it.
    #[error("{0}; use the service's account, or be an administrator")]
    NotAllowed(io::Error),
    /// The service does not want this conversation, or this request.
    #[error("{0}")]
    Refused(String),
    /// The service does not answer in time.
    #[error("the service does not answer")]
    TimedOut,
    /// The conversation has broken off.
    #[error("the conversation with the service has broken off: {0}")]
    Broken(FrameError),
}

impl From<FrameError> for ClientError {
    fn from(error: FrameError) -> Self {
        Self::Broken(error)
    }
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl Client {
    /// Looks for the service of this name, on this machine and then for this user, and greets it.
    ///
    /// # Errors
    /// When it is not there, may not be talked to, or speaks another version.
    pub async fn connect(name: &str) -> Result<Self, ClientError> {
        Self::connect_first(Endpoint::candidates(name)?, name).await
    }

    /// As [`Client::connect`], for one of several instances of the service, `NAME@INSTANCE`.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_instance(name: &str, instance: &str) -> Result<Self, ClientError> {
        Self::connect_first(Endpoint::candidates(&format!("{name}@{instance}"))?, name).await
    }

    async fn connect_first(places: Vec<Endpoint>, name: &str) -> Result<Self, ClientError> {
        for place in &places {
            match Self::connect_at(place, name).await {
                Err(ClientError::NotRunning { .. }) => {}
                other => return other,
            }
        }
        let places = places.iter().map(|place| place.path.display().to_string()).collect::<Vec<_>>();
        Err(ClientError::NotRunning { name: name.to_owned(), places: places.join(", ") })
    }

    /// Greets the service of this name at a certain place.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_at(place: &Endpoint, name: &str) -> Result<Self, ClientError> {
        use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound, PermissionDenied};
        let stream = match timeout(GREETING_LIMIT, connect(place)).await {
            Err(_) => return Err(ClientError::TimedOut),
            Ok(Err(error)) if matches!(error.kind(), NotFound | ConnectionRefused) => {
                let places = place.path.display().to_string();
                return Err(ClientError::NotRunning { name: name.to_owned(), places });
            }
            Ok(Err(error)) if error.kind() == PermissionDenied => return Err(ClientError::NotAllowed(error)),
            Ok(stream) => stream?,
        };
        let mut client = Self { stream, last: 0, events: VecDeque::new() };
        match timeout(GREETING_LIMIT, client.greet(name)).await.map_err(|_| ClientError::TimedOut)? {
            // Servers hang up on whom they do not know.
            Ok(None) => Err(ClientError::NotAllowed(io::Error::other("the service has hung up"))),
            Err(FrameError::Io(error)) if matches!(error.kind(), ConnectionReset | BrokenPipe) => {
                Err(ClientError::NotAllowed(io::Error::other("the service has hung up")))
            }
            Ok(Some(frame)) if frame.kind == Kind::Welcome => Ok(client),
            Ok(Some(frame)) if frame.kind == Kind::Refused => Err(ClientError::Refused(words(frame.payload))),
            Ok(Some(frame)) => Err(FrameError::Kind(frame.kind as u8).into()),
            Err(error) => Err(error.into()),
        }
    }

    async fn greet(&mut self, name: &str) -> Result<Option<Frame>, FrameError> {
        let versions = VERSION.to_be_bytes();
        let hello = [b"LFIP", &versions[..], &versions, name.as_bytes()].concat();
        Frame::new(Kind::Hello, 0, hello).write(&mut self.stream).await?;
        Frame::read(&mut self.stream).await
    }

    /// Asks for something and waits for the answer.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with what the service says about it, or when there is no answer. After any other
    /// error than that the conversation is over.
    pub async fn request(&mut self, command: &str, body: &[u8]) -> Result<Vec<u8>, ClientError> {
        self.last = self.last.wrapping_add(1);
        self.ask(Frame::named(Kind::Request, self.last, command, body)?).await
    }

    /// Wants to hear of everything that happens from now on.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn subscribe(&mut self) -> Result<(), ClientError> {
        self.last = self.last.wrapping_add(1);
        self.ask(Frame::new(Kind::Subscribe, self.last, "")).await.map(drop)
    }

    async fn ask(&mut self, question: Frame) -> Result<Vec<u8>, ClientError> {
        question.write(&mut self.stream).await?;
        timeout(ANSWER_LIMIT, async {
            loop {
                let frame = self.read().await?;
                match frame.kind {
                    Kind::Answer if frame.id == question.id => return Ok(frame.payload),
                    Kind::Failed if frame.id == question.id => {
                        return Err(ClientError::Refused(words(frame.payload)));
                    }
                    _ => self.remember(event(&frame)?),
                }
            }
        })
        .await
        .map_err(|_| ClientError::TimedOut)?
    }

    /// The next event. Waits for it without limit. A future that is dropped before it is done may take a part of an
    /// event with it, and the conversation is over.
    ///
    /// # Errors
    /// When the conversation has ended.
    pub async fn event(&mut self) -> Result<Event, ClientError> {
        if let Some(event) = self.events.pop_front() {
            return Ok(event);
        }
        let frame = self.read().await?;
        Ok(event(&frame)?)
    }

    async fn read(&mut self) -> Result<Frame, ClientError> {
        let frame = Frame::read(&mut self.stream).await?;
        frame.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the service has ended").into())
    }

    fn remember(&mut self, event: Event) {
        if self.events.len() < EVENTS {
            self.events.push_back(event);
            return;
        }
        match self.events.back_mut() {
            Some(Event::Missed(number)) => *number += 1,
            Some(last) => *last = Event::Missed(2),
            None => {}
        }
    }
}

fn event(frame: &Frame) -> Result<Event, FrameError> {
    match frame.kind {
        Kind::Event => {
            let (name, body) = frame.name_and_body()?;
            Ok(Event::Happened { name: name.to_owned(), body: body.to_vec() })
        }
        Kind::Missed => Ok(Event::Missed(words(frame.payload.clone()).parse().unwrap_or(1))),
        other => Err(FrameError::Kind(other as u8)),
    }
}

/// What the service says. Control characters could play tricks on a terminal.
fn words(payload: Vec<u8>) -> String {
    String::from_utf8_lossy(&payload)
        .replace(|character: char| character.is_control() && character != '\n', " ")
}
