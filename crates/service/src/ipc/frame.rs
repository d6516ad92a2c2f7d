//! One message on the wire.

use super::PAYLOAD_LIMIT;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Kind and number.
const HEAD: usize = 5;
/// Longest name of a command or an event.
const NAME_LIMIT: usize = 255;

/// What a frame says. The numbers are part of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Client: versions and the service that is meant.
    Hello = 1,
    /// Server: the version that is spoken.
    Welcome = 2,
    /// Server: no conversation, and why.
    Refused = 3,
    /// Client: a command, with its number.
    Request = 4,
    /// Server: what came of the request of that number.
    Answer = 5,
    /// Server: the request of that number failed, and why.
    Failed = 6,
    /// Client: tell me what happens. Answered with an empty answer.
    Subscribe = 7,
    /// Server: something has happened.
    Event = 8,
    /// Server: this many events were too many for you, as text.
    Missed = 9,
}

impl Kind {
    fn from_number(number: u8) -> Option<Self> {
        use Kind::{Answer, Event, Failed, Hello, Missed, Refused, Request, Subscribe, Welcome};
        [Hello, Welcome, Refused, Request, Answer, Failed, Subscribe, Event, Missed]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

/// One message: the length of what follows (4 bytes, the highest first), its kind (1 byte), a number (4 bytes), and
/// what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it says.
    pub kind: Kind,
    /// Pairs requests and answers.
    pub id: u32,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than allowed, or too short for its head.
    #[error("a frame of {0} bytes; 5 to {max} are allowed", max = HEAD + PAYLOAD_LIMIT)]
    Length(u32),
    /// Of a kind that is unknown.
    #[error("a frame of kind {0}, which is unknown")]
    Kind(u8),
    /// A name is missing, or not UTF-8.
    #[error("a frame without a name")]
    Name,
    /// The peer has gone, or takes nothing.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Frame {
    /// A frame that carries these bytes.
    pub fn new(kind: Kind, id: u32, payload: impl Into<Vec<u8>>) -> Self {
        Self { kind, id, payload: payload.into() }
    }

    /// A frame that carries a name and these bytes.
    ///
    /// # Errors
    /// When the name is longer than 255 bytes.
    pub fn named(kind: Kind, id: u32, name: &str, body: &[u8]) -> Result<Self, FrameError> {
        let length = u8::try_from(name.len()).map_err(|_| FrameError::Name)?;
        debug_assert!(name.len() <= NAME_LIMIT);
        Ok(Self::new(kind, id, [&[length], name.as_bytes(), body].concat()))
    }

    /// Takes a frame that carries a name apart.
    ///
    /// # Errors
    /// [`FrameError::Name`].
    pub fn name_and_body(&self) -> Result<(&str, &[u8]), FrameError> {
        let (length, rest) = self.payload.split_first().ok_or(FrameError::Name)?;
        let (name, body) = rest.split_at_checked(usize::from(*length)).ok_or(FrameError::Name)?;
        Ok((std::str::from_utf8(name).map_err(|_| FrameError::Name)?, body))
    }

    /// The frame as it is sent.
    ///
    /// # Errors
    /// When it is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FrameError> {
        let length = u32::try_from(HEAD + self.payload.len()).unwrap_or(u32::MAX);
        check(length)?;
        let mut bytes = Vec::with_capacity(4 + HEAD + self.payload.len());
        bytes.extend(length.to_be_bytes());
        bytes.push(self.kind as u8);
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(&self.payload);
        Ok(bytes)
    }

    /// Waits for a frame. Its first byte may take for ever, the rest may not. `None` when the peer has ended the
    /// conversation.
    ///
    /// # Errors
    /// When what comes is no frame, or ends within one.
    pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Self>, FrameError> {
        let mut length = [0; 4];
        if stream.read(&mut length[..1]).await? == 0 {
            return Ok(None);
        }
        timeout(super::FRAME_LIMIT, async {
            stream.read_exact(&mut length[1..]).await?;
            let length = u32::from_be_bytes(length);
            check(length)?;
            let mut head = [0; HEAD];
            stream.read_exact(&mut head).await?;
            let kind = Kind::from_number(head[0]).ok_or(FrameError::Kind(head[0]))?;
            let id = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            // Grows with what really comes: an announced length costs nothing.
            let mut payload = Vec::new();
            let expected = u64::from(length) - HEAD as u64;
            if (&mut *stream).take(expected).read_to_end(&mut payload).await? as u64 != expected {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            Ok(Some(Self { kind, id, payload }))
        })
        .await
        .map_err(io::Error::from)?
    }

    /// Sends the frame. A peer that does not take it in time is as good as gone.
    ///
    /// # Errors
    /// When it is too long, or the peer does not take it.
    pub async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> Result<(), FrameError> {
        let bytes = self.to_bytes()?;
        timeout(super::FRAME_LIMIT, async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        })
        .await
        .map_err(io::Error::from)??;
        Ok(())
    }
}

fn check(length: u32) -> Result<(), FrameError> {
    let allowed = HEAD..=HEAD + PAYLOAD_LIMIT;
    match usize::try_from(length) {
        Ok(number) if allowed.contains(&number) => Ok(()),
        _ => Err(FrameError::Length(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Result<Option<Frame>, FrameError> {
        Frame::read(&mut &*bytes).await
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_was_written_can_be_read() {
        let longest = Frame::new(Kind::Answer, u32::MAX, vec![7; PAYLOAD_LIMIT]);
        for frame in [Frame::new(Kind::Hello, 0, ""), longest.clone()] {
            assert_eq!(read(&frame.to_bytes().unwrap()).await.unwrap(), Some(frame));
        }
        let bytes = Frame::named(Kind::Request, 258, "status", b"x").unwrap().to_bytes().unwrap();
        assert_eq!(bytes, *b"\0\0\0\x0d\x04\0\0\x01\x02\x06statusx");
        assert_eq!(read(&bytes).await.unwrap().unwrap().name_and_body().unwrap(), ("status", &b"x"[..]));
        let longer = Frame { payload: vec![0; PAYLOAD_LIMIT + 1], ..longest };
        assert!(matches!(longer.to_bytes(), Err(FrameError::Length(_))));
        assert!(Frame::named(Kind::Request, 1, &"x".repeat(256), b"").is_err());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_no_frame_is_told_apart() {
        assert!(matches!(read(b"").await, Ok(None)));
        assert!(matches!(read(b"\0\0").await, Err(FrameError::Io(_))));
        assert!(matches!(read(b"\0\0\0\x04\x01\0\0\0\0").await, Err(FrameError::Length(4))));
        assert!(matches!(read(b"\xff\xff\xff\xff\x01\0\0\0\0").await, Err(FrameError::Length(u32::MAX))));
        assert!(matches!(read(b"\0\0\0\x05\x0a\0\0\0\0").await, Err(FrameError::Kind(10))));
        assert!(matches!(read(b"\0\0\0\x09\x01\0\0\0\0ab").await, Err(FrameError::Io(_))));
        for payload in [&b""[..], b"\x05abc", b"\x02\xff\xff"] {
            assert!(Frame::new(Kind::Request, 1, payload).name_and_body().is_err());
        }
    }
}
