//! What a service is told: its conversations, and requests for its health.

use crate::Target;
use landfall_service::health;
use landfall_service::ipc::{Frame, Hub, Peer, Request, converse};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::sync::broadcast;

pub(crate) fn targets() -> Vec<Target> {
    vec![Target::new("service", "ipc", conversation), Target::new("service", "health", request)]
}

/// A whole conversation.
fn conversation(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let hub = Hub {
        name: "x".into(),
        handler: Box::new(|request: Request| Box::pin(async move { Ok(request.body) })),
        events: broadcast::Sender::new(4),
    };
    runtime.block_on(async {
        let (near, far) = duplex(64 * 1024);
        let (mut reader, mut writer) = tokio::io::split(near);
        let asking = async {
            // It may hang up before it has read everything.
            let _ = writer.write_all(bytes).await;
            let _ = writer.shutdown().await;
        };
        let mut answers = Vec::new();
        let hearing = async { reader.read_to_end(&mut answers).await.expect("memory does not fail") };
        let service = async {
            let _ = converse(far, Peer::of_this_process(), &hub).await;
        };
        tokio::join!(asking, hearing, service);
        // Whatever it was told, it says nothing but frames.
        let mut rest = answers.as_slice();
        while Frame::read(&mut rest).await.expect("a frame").is_some() {}
    });
}

/// A request's head.
fn request(bytes: &[u8]) {
    match health::parse(bytes) {
        Ok(request) => assert!(request.path.starts_with('/') && !request.path.contains(['?', ' ', '\n'])),
        Err(refusal) => assert!((400..=505).contains(&refusal.0)),
    }
}
