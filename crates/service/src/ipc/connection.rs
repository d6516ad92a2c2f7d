//! The server's side of one conversation, over anything that can be read and written.

use super::frame::{Frame, FrameError, Kind};
use super::server::Request;
use super::{ANSWERS, HELLO_LIMIT, PAYLOAD_LIMIT, Peer, VERSION};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;

type Work = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>;

/// What all conversations of a service share.
#[doc(hidden)]
pub struct Hub {
    /// Name of the service.
    pub name: String,
    /// Works on requests.
    pub handler: Box<dyn Fn(Request) -> Work + Send + Sync>,
    /// What happens.
    pub events: broadcast::Sender<Arc<Frame>>,
}

/// What the part that writes gets to do.
enum Outgoing {
    Frame(Frame),
    /// Events from now on.
    Events(broadcast::Receiver<Arc<Frame>>),
}

/// Talks to a peer until it leaves, or breaks a rule.
///
/// # Errors
/// The rule it broke.
#[doc(hidden)]
pub async fn converse<S>(stream: S, peer: Peer, hub: &Hub) -> Result<(), FrameError>
where
    S: AsyncRead + AsyncWrite,
{
    let (mut reader, mut writer) = split(stream);
    let hello = timeout(HELLO_LIMIT, Frame::read(&mut reader)).await.map_err(io::Error::from)??;
    let Some(hello) = hello else { return Ok(()) };
    if let Err(reason) = check_hello(&hello, &hub.name) {
        return Frame::new(Kind::Refused, 0, reason).write(&mut writer).await;
    }
    Frame::new(Kind::Welcome, 0, VERSION.to_be_bytes()).write(&mut writer).await?;

    let (outgoing, queue) = mpsc::channel(ANSWERS);
    let reading = async move {
        while let Some(frame) = Frame::read(&mut reader).await? {
            for item in react(frame, &peer, hub).await? {
                // Waits for a slow peer, and for no one else. Fails when writing has ended.
                if outgoing.send(item).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    };
    let writing = write(&mut writer, queue);
    tokio::pin!(writing);
    let end = tokio::select! {
        result = reading => result,
        result = &mut writing => return result,
    };
    // A peer that asks no more may still want to hear the last answers.
    writing.await?;
    end
}

/// Magic, lowest and highest version, name of the service.
fn check_hello(hello: &Frame, name: &str) -> Result<(), String> {
    let rest = hello.payload.strip_prefix(b"LFIP").filter(|_| hello.kind == Kind::Hello);
    let Some(&[low1, low2, high1, high2, ref meant @ ..]) = rest else {
        return Err("this is a service's socket; it was not greeted as such".to_owned());
    };
    let (low, high) = (u16::from_be_bytes([low1, low2]), u16::from_be_bytes([high1, high2]));
    if !(low..=high).contains(&VERSION) {
        return Err(format!(
            "versions {low} to {high} of the protocol are offered and {VERSION} is spoken; use the program of the \
             service's own version"
        ));
    }
    if meant != name.as_bytes() {
        return Err(format!("this is {name}, and another service is meant"));
    }
    Ok(())
}

async fn react(frame: Frame, peer: &Peer, hub: &Hub) -> Result<Vec<Outgoing>, FrameError> {
    match frame.kind {
        Kind::Request => {
            let (command, body) = frame.name_and_body()?;
            let request = Request { command: command.to_owned(), body: body.to_vec(), peer: peer.clone() };
            let answer = match (hub.handler)(request).await {
                Ok(body) if body.len() > PAYLOAD_LIMIT => {
                    Frame::new(Kind::Failed, frame.id, "the answer is too long to be sent")
                }
                Ok(body) => Frame::new(Kind::Answer, frame.id, body),
                Err(mut text) => {
                    text.truncate(text.floor_char_boundary(PAYLOAD_LIMIT));
                    Frame::new(Kind::Failed, frame.id, text)
                }
            };
            Ok(vec![Outgoing::Frame(answer)])
        }
        // From before the answer on: nothing that happens after it is missing.
        Kind::Subscribe => Ok(vec![
            Outgoing::Frame(Frame::new(Kind::Answer, frame.id, "")),
            Outgoing::Events(hub.events.subscribe()),
        ]),
        other => Err(FrameError::Kind(other as u8)),
    }
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    mut queue: mpsc::Receiver<Outgoing>,
) -> Result<(), FrameError> {
    let mut events: Option<broadcast::Receiver<Arc<Frame>>> = None;
    loop {
        let next = async {
            match &mut events {
                Some(events) => events.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            item = queue.recv() => match item {
                Some(Outgoing::Frame(frame)) => frame.write(writer).await?,
                Some(Outgoing::Events(receiver)) => events = Some(receiver),
                None => return Ok(()),
            },
            event = next => match event {
                Ok(frame) => frame.write(writer).await?,
                Err(broadcast::error::RecvError::Lagged(number)) => {
                    Frame::new(Kind::Missed, 0, number.to_string()).write(writer).await?;
                }
                // The service publishes no more.
                Err(broadcast::error::RecvError::Closed) => events = None,
            },
        }
    }
}
