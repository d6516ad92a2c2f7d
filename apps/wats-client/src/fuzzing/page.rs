//! The web page and the control interface, without a network.

use crate::config::{Environment, Live, Reloads};
use crate::queue::{NewReport, Queue, SourceKey};
use crate::web::{Parts, Site};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Request};
use landfall_service::Liveness;
use landfall_service::log::Recent;
use std::error::Error;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use wats::{ContentHash, report_id};

/// The token of the control interface.
pub const TOKEN: &str = "token";

/// Most bytes of an answer.
const LIMIT: usize = 64 << 20;

/// The page of a service with one report, which its server is told nothing of.
pub struct Page {
    runtime: Runtime,
    site: Site,
    _reloads: Reloads,
}

/// What the page answers.
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Kind of its content; empty where it has none.
    pub content_type: String,
    /// Whether browsers are told to run nothing in it.
    pub is_guarded: bool,
    /// The content.
    pub body: Vec<u8>,
}

impl Page {
    /// A page whose files are in this folder.
    pub fn new(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let file = folder.join("config.toml");
        // A path of Windows is no text in quotes.
        let queue = folder.join("queue").display().to_string();
        std::fs::write(
            &file,
            format!("[server]\nurl = \"https://wats.example\"\n[queue]\nfolder = '{queue}'\n"),
        )?;
        let environment = Environment::of([("WATS_CLIENT_WEB_TOKEN", TOKEN)]);
        let (live, reloads) = Live::load(Some(&file), &environment)?;
        let liveness = Liveness::new();
        let queue = Queue::open(&live.current().queue, liveness.watch("the queue", Duration::from_secs(60)))
            .map_err(|error| error.to_string())?;
        queue.call(|store| store.accept(&[report()])).wait().map_err(|error| error.to_string())?;
        let parts = Parts {
            live,
            queue,
            status: Arc::default(),
            bell: Arc::default(),
            liveness,
            log: Recent::new(10),
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, site: Site::new(parts, false), _reloads: reloads })
    }

    /// The answer to a request; `None` where it is none of HTTP.
    pub fn answer(
        &self,
        method: &str,
        target: &str,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
    ) -> Option<Reply> {
        let mut request =
            Request::builder().method(method).uri(target).body(Body::from(body.to_vec())).ok()?;
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            request.headers_mut().append(name, HeaderValue::from_bytes(value).ok()?);
        }
        self.runtime.block_on(async {
            let response = self.site.answer(Ipv4Addr::LOCALHOST.into(), request).await;
            let text = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
            Some(Reply {
                status: response.status().as_u16(),
                content_type: text("content-type").unwrap_or_default(),
                is_guarded: text("content-security-policy")
                    .is_some_and(|text| text.contains("default-src 'none'")),
                body: to_bytes(response.into_body(), LIMIT).await.ok()?.to_vec(),
            })
        })
    }
}

fn report() -> NewReport {
    let body = br#"{"type": "T", "pn": "PSU-100", "sn": "SN-1", "result": "F", "root": {"name": "main", "steps": []}}"#;
    let content = ContentHash::of(body);
    NewReport {
        key: SourceKey { content, converter: "wsjf", position: 0 },
        id: report_id(&content, "wsjf", 0),
        body: body.to_vec(),
        source: "unit <1>.json".to_owned(),
        serial_number: "SN-1".to_owned(),
        priority: 5,
        lasting: false,
    }
}
