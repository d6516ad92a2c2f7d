//! What a service is told: its conversations, requests for its health, and answers to its installation.

use crate::Target;
use landfall_service::health;
use landfall_service::install::{environment_value, fuzzing};
use landfall_service::ipc::{Frame, Hub, Peer, Request, converse};
use landfall_service_definition::{Platform, Setting, SettingType};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::sync::broadcast;

pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new("service", "ipc", conversation),
        Target::new("service", "health", request),
        Target::new("service", "answer-file", answers),
        Target::new("service", "environment", environment),
    ]
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

/// An answer file: lines with names that are known, or a refusal with the number of one; and its values as settings.
fn answers(bytes: &[u8]) {
    let known = ["server-url", "api-token-file", "start"].map(str::to_owned);
    match fuzzing::answers(bytes, &known) {
        Ok(answers) => {
            assert!(answers.keys().all(|name| known.contains(name)));
            answers.values().for_each(|value| settings(value));
        }
        Err(refusal) => assert!(!refusal.is_empty()),
    }
}

/// What is a value of some kind stays what it is.
fn settings(text: &str) {
    for kind in [
        SettingType::String,
        SettingType::Url,
        SettingType::Directory,
        SettingType::Integer,
        SettingType::Boolean,
        SettingType::Secret,
    ] {
        let setting =
            Setting { title: "S".into(), kind, required: false, default: None, environment: "S".into() };
        for platform in [Platform::Linux, Platform::Windows] {
            match fuzzing::value(platform, &setting, text) {
                Ok(value) => assert_eq!(fuzzing::value(platform, &setting, &value), Ok(value)),
                Err(refusal) => assert!(!refusal.is_empty()),
            }
        }
    }
}

/// An environment file of anybody's, after the first line as a value: it is read as it was set, and so is the rest.
fn environment(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (value, file) = text.split_once('\n').unwrap_or((&text, ""));
    let other = environment_value(file, "OTHER");
    match fuzzing::environment(file, "NAME", value) {
        Ok(written) => {
            assert_eq!(environment_value(&written, "NAME").as_deref(), Some(value), "{written:?}");
            assert_eq!(environment_value(&written, "OTHER"), other, "{written:?}");
        }
        Err(refusal) => assert!(!refusal.is_empty()),
    }
}
