//! The files that pages refer to. They are part of the program; their addresses change with their content.

use super::secret::hex;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");
pub(super) const ICON: &str = include_str!("icon.svg");

pub(super) static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| versioned("/style.css", STYLE));
pub(super) static SCRIPT_ADDRESS: LazyLock<String> = LazyLock::new(|| versioned("/page.js", SCRIPT));

fn versioned(path: &str, content: &str) -> String {
    format!("{path}?v={}", hex(&Sha256::digest(content)[..6]))
}

/// The file at this path. Whoever asks needs no session: there is nothing of this machine in them.
pub(super) fn answer(path: &str) -> Option<Response> {
    let (kind, content) = match path {
        "/style.css" => ("text/css; charset=utf-8", STYLE),
        "/page.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "/icon.svg" => ("image/svg+xml", ICON),
        _ => return None,
    };
    let header = |name: HeaderName, text| (name, HeaderValue::from_static(text));
    let headers = [header(CONTENT_TYPE, kind), header(CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Some((headers, content).into_response())
}
