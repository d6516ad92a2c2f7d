//! Conversations with a service: good ones, bad ones, and ones that make no sense.

use landfall_service::ipc::{Frame, Hub, Kind, PAYLOAD_LIMIT, Peer, Request, VERSION, converse};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

/// A service that says everything back, and fails when asked to.
fn hub() -> Hub {
    Hub {
        name: "x".into(),
        handler: Box::new(|request: Request| {
            Box::pin(async move {
                match request.command.as_str() {
                    "echo" => Ok(request.body),
                    "long" => Ok(vec![0; PAYLOAD_LIMIT + 1]),
                    _ => Err(request.unknown()),
                }
            })
        }),
        events: broadcast::Sender::new(4),
    }
}

/// A conversation in the background: our end, and how it ends.
fn start(hub: &Arc<Hub>) -> (DuplexStream, JoinHandle<Result<(), String>>) {
    let (near, far) = duplex(64 * 1024);
    let hub = hub.clone();
    let end = tokio::spawn(async move {
        converse(far, Peer::of_this_process(), &hub).await.map_err(|error| error.to_string())
    });
    (near, end)
}

fn hello(low: u16, high: u16, name: &str) -> Frame {
    let payload = [b"LFIP", &low.to_be_bytes()[..], &high.to_be_bytes(), name.as_bytes()].concat();
    Frame::new(Kind::Hello, 0, payload)
}

async fn greet(stream: &mut DuplexStream) {
    hello(1, VERSION, "x").write(stream).await.unwrap();
    assert_eq!(Frame::read(stream).await.unwrap().unwrap().kind, Kind::Welcome);
}

async fn ask(stream: &mut DuplexStream, id: u32, command: &str, body: &[u8]) -> Frame {
    Frame::named(Kind::Request, id, command, body).unwrap().write(stream).await.unwrap();
    Frame::read(stream).await.unwrap().unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn questions_are_answered() {
    let (mut stream, end) = start(&Arc::new(hub()));
    greet(&mut stream).await;
    assert_eq!(ask(&mut stream, 7, "echo", b"hello").await, Frame::new(Kind::Answer, 7, "hello"));
    let failed = ask(&mut stream, 8, "fly", b"").await;
    assert_eq!((failed.kind, failed.id), (Kind::Failed, 8));
    assert_eq!(failed.payload, b"the command \"fly\" is unknown to this version of the service");
    assert_eq!(ask(&mut stream, 9, "long", b"").await.kind, Kind::Failed);
    drop(stream);
    assert_eq!(end.await.unwrap(), Ok(()));
}

#[tokio::test(flavor = "current_thread")]
async fn who_greets_wrongly_is_told_why_and_hung_up_on() {
    let hub = Arc::new(hub());
    for (greeting, reason) in [
        (hello(2, 3, "x"), "versions 2 to 3 of the protocol are offered and 1 is spoken"),
        (hello(3, 2, "x"), "versions 3 to 2"),
        (hello(1, 1, "y"), "this is x, and another service is meant"),
        (Frame::new(Kind::Hello, 0, "LFIP"), "not greeted as such"),
        (Frame::new(Kind::Hello, 0, "GET / HTTP/1.1"), "not greeted as such"),
        // No request before the greeting.
        (Frame::named(Kind::Request, 1, "echo", b"").unwrap(), "not greeted as such"),
    ] {
        let (mut stream, end) = start(&hub);
        greeting.write(&mut stream).await.unwrap();
        let answer = Frame::read(&mut stream).await.unwrap().unwrap();
        let text = String::from_utf8(answer.payload).unwrap();
        assert!(answer.kind == Kind::Refused && text.contains(reason), "{text}");
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        assert_eq!(end.await.unwrap(), Ok(()));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn frames_that_only_a_server_sends_end_the_conversation() {
    let (mut stream, end) = start(&Arc::new(hub()));
    greet(&mut stream).await;
    Frame::new(Kind::Event, 0, "").write(&mut stream).await.unwrap();
    assert_eq!(end.await.unwrap(), Err("a frame of kind 8, which is unknown".into()));
}

/// The clock stands still unless everybody waits; then it jumps.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn silent_peers_are_hung_up_on() {
    let hub = Arc::new(hub());
    // Says nothing at all.
    let (_stream, end) = start(&hub);
    assert_eq!(end.await.unwrap(), Err("timed out".into()));
    // Stops within a frame.
    let (mut stream, end) = start(&hub);
    greet(&mut stream).await;
    stream.write_all(&[0, 0]).await.unwrap();
    assert_eq!(end.await.unwrap(), Err("timed out".into()));
    // Between frames it may be silent for as long as it likes.
    let (mut stream, end) = start(&hub);
    greet(&mut stream).await;
    tokio::time::sleep(Duration::from_secs(1_000_000)).await;
    assert_eq!(ask(&mut stream, 1, "echo", b"x").await.payload, b"x");
    assert!(!end.is_finished());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn peers_that_take_nothing_are_hung_up_on() {
    let (mut stream, end) = start(&Arc::new(hub()));
    greet(&mut stream).await;
    let request = Frame::named(Kind::Request, 1, "echo", &vec![0; 100_000]).unwrap();
    // Asks and asks, and reads no answer.
    while request.write(&mut stream).await.is_ok() {}
    assert_eq!(end.await.unwrap(), Err("timed out".into()));
}

#[tokio::test(flavor = "current_thread")]
async fn subscribers_hear_everything_or_how_much_they_missed() {
    let hub = Arc::new(hub());
    let (mut stream, _end) = start(&hub);
    greet(&mut stream).await;
    Frame::new(Kind::Subscribe, 3, "").write(&mut stream).await.unwrap();
    assert_eq!(Frame::read(&mut stream).await.unwrap().unwrap(), Frame::new(Kind::Answer, 3, ""));
    tokio::task::yield_now().await;
    let event = |number: u32| Arc::new(Frame::named(Kind::Event, 0, "n", &number.to_be_bytes()).unwrap());
    // Four are kept for who is slow, and this one reads nothing while ten happen.
    for number in 0..10 {
        hub.events.send(event(number)).unwrap();
    }
    assert_eq!(Frame::read(&mut stream).await.unwrap().unwrap(), Frame::new(Kind::Missed, 0, "6"));
    for number in 6..10 {
        assert_eq!(Frame::read(&mut stream).await.unwrap().unwrap(), *event(number));
    }
    // Requests go on beside it.
    assert_eq!(ask(&mut stream, 4, "echo", b"x").await.id, 4);
}

/// Numbers that look random and are the same each time: splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((number ^ (number >> 31)) % limit as u64).unwrap()
    }
}

/// A good conversation, spoilt in a random place: bytes changed, left out, put in twice, cut off.
#[tokio::test(flavor = "current_thread")]
async fn no_nonsense_disturbs_the_service() {
    let hub = Arc::new(hub());
    let good: Vec<u8> = [
        hello(1, 1, "x"),
        Frame::named(Kind::Request, 1, "echo", b"hello").unwrap(),
        Frame::new(Kind::Subscribe, 2, ""),
        Frame::named(Kind::Request, 3, "fly", b"").unwrap(),
    ]
    .iter()
    .flat_map(|frame| frame.to_bytes().unwrap())
    .collect();
    let mut random = Random(42);
    let start_time = Instant::now();
    for _ in 0..4000 {
        let mut bytes = good.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, bytes[at]),
                _ => bytes.truncate(at + 1),
            }
        }
        let (mut stream, end) = start(&hub);
        // It may hang up before it has read everything.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).await.unwrap();
        // It ends by itself, without a panic, and what it says is made of frames.
        let _ = end.await.unwrap();
        let mut rest = answers.as_slice();
        while Frame::read(&mut rest).await.unwrap().is_some() {}
    }
    assert!(start_time.elapsed() < Duration::from_secs(60));
    let (mut stream, _end) = start(&hub);
    greet(&mut stream).await;
    assert_eq!(ask(&mut stream, 1, "echo", b"well").await.payload, b"well");
}
