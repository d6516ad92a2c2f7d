//! Requests to the web page and to the control interface.

use std::sync::LazyLock;
use tempfile::TempDir;
use wats_client::fuzzing::{Page, TOKEN};

/// What no answer in HTML has, unless a request has brought it there.
const ELEMENT: &str = "<x-of-others>";

/// The folder stays until the process ends.
static PAGE: LazyLock<(Page, TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    (Page::new(folder.path()).expect("a page"), folder)
});

/// A request: it is answered, and what it says is text in the answer.
pub(super) fn request(bytes: &[u8]) {
    let (first, headers, body) = super::parts(bytes);
    let first = String::from_utf8_lossy(first);
    let (method, target) = first.split_once(' ').unwrap_or((&first, "/"));
    // What changes things, or asks a server, is not for inputs of chance.
    let converts = target.split('?').next() == Some("/api/v1/convert");
    if !(matches!(method, "GET" | "HEAD") || method == "POST" && (converts || !target.contains("/api/"))) {
        return;
    }
    let Some(reply) = PAGE.0.answer(method, target, &headers, body) else { return };
    assert!((200..500).contains(&reply.status), "{method} {target}: {}", reply.status);
    assert!(reply.is_guarded, "{method} {target}");
    if reply.content_type.starts_with("text/html") {
        let text = String::from_utf8(reply.body).expect("a page is UTF-8");
        assert!(!text.contains(ELEMENT), "{method} {target}: {text}");
    } else if reply.content_type.starts_with("application/json") && method != "HEAD" {
        serde_json::from_slice::<serde_json::Value>(&reply.body).expect("JSON");
    }
}

/// A look at each page, and forms.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let pages = [
        "/",
        "/live",
        "/reports?state=pending&q=%3Cx-of-others%3E&before=5",
        "/reports/1",
        "/reports/1/wsjf",
        "/reports/1/correct",
        "/folders/0",
        "/settings",
        "/logs?level=warn&q=a",
        "/about",
        "/style.css",
        "/none/%3Cx-of-others%3E",
    ];
    let mut seeds: Vec<_> =
        pages.iter().map(|page| format!("GET {page}\nHost: localhost:8765\n\n")).collect();
    for path in [
        "status",
        "reports?state=pending&limit=1&after=0",
        "reports/1",
        "reports/1/content",
        "config",
        "logs?level=info",
    ] {
        seeds.push(format!("GET /api/v1/{path}\nHost: [::1]\nAuthorization: Bearer {TOKEN}\n\n"));
    }
    seeds.push(format!(
        "POST /api/v1/convert?name=a.json&converter=auto&part-number=1\nHost: 127.0.0.1\nAuthorization: Bearer {TOKEN}\n\n\
         {{\"type\": \"T\", \"pn\": \"<x-of-others>\", \"sn\": \"1\"}}"
    ));
    let form = "Host: localhost\nOrigin: http://localhost\nCookie: a=b; wats-client-80=";
    let cookie = "0123456789abcdef".repeat(4);
    seeds.push(format!(
        "POST /settings\n{form}{cookie}\nContent-Type: application/x-www-form-urlencoded\n\ntoken=1&station.name=%3Cx%3E"
    ));
    seeds.push(format!(
        "POST /try\n{form}{cookie}\nContent-Type: multipart/form-data; boundary=B\n\n--B\r\nContent-Disposition: form-data; \
         name=\"token\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\a.json\"\r\n\r\n{{}}\r\n--B--\r\n"
    ));
    seeds.into_iter().map(String::into_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds that are refused at once would find little.
    #[test]
    fn pages_are_answered() {
        for seed in seeds() {
            let (first, headers, body) = super::super::parts(&seed);
            let first = String::from_utf8_lossy(first);
            let (method, target) = first.split_once(' ').unwrap();
            let reply = PAGE.0.answer(method, target, &headers, body).unwrap();
            let wanted = match (method, target) {
                ("POST", "/settings" | "/try") => 403,
                (_, target) if target.starts_with("/none") => 404,
                _ => 200,
            };
            assert_eq!(reply.status, wanted, "{method} {target}: {}", String::from_utf8_lossy(&reply.body));
        }
    }
}
