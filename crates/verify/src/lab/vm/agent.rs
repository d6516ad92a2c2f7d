//! The host's side of the agent (`agent.pl`, which describes the frames).

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Output};
use std::time::{Duration, Instant};

/// What runs in the machine.
pub(super) const PROGRAM: &str = include_str!("agent.pl");
/// Its unit.
pub(super) const UNIT: &str = include_str!("agent.service");

/// Most content of a frame, in bytes, towards the machine.
const CHUNK: usize = 1 << 16;
/// Most content of a frame, in bytes, from the machine.
const LARGEST: u32 = 1 << 20;
/// How often a machine that starts is looked after.
const GLANCE: Duration = Duration::from_millis(200);

/// The connection to the agent.
pub(super) struct Agent {
    stream: UnixStream,
    /// Longest silence of the machine while a command runs.
    patience: Duration,
    /// What went wrong, and left the connection in the middle of something.
    broken: Option<String>,
}

impl Agent {
    pub(super) fn new(stream: UnixStream, patience: Duration) -> io::Result<Self> {
        stream.set_write_timeout(Some(patience))?;
        stream.set_read_timeout(Some(patience))?;
        Ok(Self { stream, patience, broken: None })
    }

    /// Runs a command and writes `input` to it.
    pub(super) fn run(&mut self, words: &[&str], input: Option<&mut dyn Read>) -> io::Result<Output> {
        if let Some(error) = &self.broken {
            return Err(io::Error::other(format!("no answer any more since: {error}")));
        }
        let (sent, answer) = std::thread::scope(|scope| {
            let answer = scope.spawn(|| receive(&self.stream));
            let sent = self.send(words, input);
            if sent.is_err() {
                // Else the answer to a command that never came would be waited for.
                let _ = self.stream.shutdown(std::net::Shutdown::Both);
            }
            (sent, answer.join().unwrap_or_else(|_| Err(io::Error::other("the reader panicked"))))
        });
        // Where both failed, the machine's side says why.
        match (sent, answer) {
            (Ok(None), Ok(output)) => Ok(output),
            (Ok(Some(unread)), Ok(_)) => Err(unread),
            (_, Err(error)) | (Err(error), Ok(_)) => {
                self.broken = Some(error.to_string());
                Err(error)
            }
        }
    }

    /// Sends a command without waiting for its answer.
    pub(super) fn tell(&mut self, words: &[&str]) -> io::Result<()> {
        self.send(words, None).map(drop)
    }

    /// Waits until the agent has started. `lives` is asked now and then whether there is still
    /// something to wait for.
    pub(super) fn await_start(&mut self, limit: Duration, lives: impl Fn() -> bool) -> io::Result<()> {
        let end = Instant::now() + limit;
        self.broken = None;
        loop {
            let mut kind = [0];
            self.stream.set_read_timeout(Some(GLANCE))?;
            let read = (&self.stream).read(&mut kind);
            self.stream.set_read_timeout(Some(self.patience))?;
            match read {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {
                    // What a command of before the start has still said is of no interest.
                    content(&mut &self.stream)?;
                    if kind == *b"H" {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() > end || !lives() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends a command and its input. The inner error is that of reading the input; the machine has then got what
    /// came before it.
    fn send(&self, words: &[&str], input: Option<&mut dyn Read>) -> io::Result<Option<io::Error>> {
        self.frame(b'R', words.join("\0").as_bytes())?;
        let mut unread = None;
        if let Some(input) = input {
            let mut chunk = vec![0; CHUNK];
            loop {
                match input.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(count) => self.frame(b'I', &chunk[..count])?,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        unread = Some(error);
                        break;
                    }
                }
            }
        }
        self.frame(b'I', &[])?;
        Ok(unread)
    }

    fn frame(&self, kind: u8, content: &[u8]) -> io::Result<()> {
        let length = u32::try_from(content.len()).map_err(io::Error::other)?;
        let mut frame = Vec::with_capacity(5 + content.len());
        frame.push(kind);
        frame.extend(length.to_be_bytes());
        frame.extend(content);
        (&self.stream).write_all(&frame)
    }
}

/// Collects what a command says until it ends.
fn receive(mut stream: &UnixStream) -> io::Result<Output> {
    let (mut stdout, mut stderr) = (vec![], vec![]);
    loop {
        let mut kind = [0];
        stream.read_exact(&mut kind)?;
        let content = content(&mut stream)?;
        match kind[0] {
            b'O' => stdout.extend(content),
            b'E' => stderr.extend(content),
            b'X' => {
                let text = String::from_utf8_lossy(&content);
                let status = text.parse().map_err(|_| io::Error::other(format!("wait status {text:?}")))?;
                return Ok(Output { status: ExitStatus::from_raw(status), stdout, stderr });
            }
            b'H' => return Err(io::Error::other("the machine was restarted while a command ran")),
            kind => return Err(io::Error::other(format!("unknown frame {kind:#x} from the machine"))),
        }
    }
}

fn content(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LARGEST {
        return Err(io::Error::other(format!("a frame of {length} bytes from the machine")));
    }
    let mut content = vec![0; length as usize];
    stream.read_exact(&mut content)?;
    Ok(content)
}
