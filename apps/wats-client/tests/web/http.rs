//! As much of a browser as these tests need.

use crate::WEB_TOKEN;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then_some(value)
        });
        line.map_or("", str::trim)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails with the whole answer when the status is another one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// A page, and a browser that has its cookie.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) address: SocketAddr,
    pub(crate) cookie: std::cell::RefCell<String>,
}

impl Page {
    /// At a free port.
    pub(crate) fn new() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { address, cookie: Default::default() }
    }

    /// Sends a request with these header lines; `None` when nobody answers.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for line in headers {
            request += &format!("{line}\r\n");
        }
        stream.write_all(&[request.as_bytes(), b"\r\n", body].concat()).ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            unchunked(body)
        } else {
            body.to_owned()
        };
        Some(Answer { status, head: head.to_owned(), body })
    }

    fn host(&self) -> String {
        format!("Host: {}", self.address)
    }

    pub(crate) fn try_get(&self, path: &str) -> Option<Answer> {
        let cookie = format!("Cookie: {}", self.cookie.borrow());
        let answer = self.send("GET", path, &[&self.host(), &cookie], b"")?;
        self.remember(&answer);
        Some(answer)
    }

    fn remember(&self, answer: &Answer) {
        let cookie = answer.header("set-cookie");
        if !cookie.is_empty() {
            assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
            *self.cookie.borrow_mut() = cookie.split(';').next().unwrap().to_owned();
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.try_get(path).unwrap()
    }

    /// The token that forms of this session carry.
    pub(crate) fn token(&self, path: &str) -> String {
        let body = self.get(path).body;
        let start =
            body.find("name=\"token\" value=\"").unwrap_or_else(|| panic!("no form at {path}: {body}"));
        body[start..].split('"').nth(3).unwrap().to_owned()
    }

    /// Sends a form as a page of this site does, without the token.
    pub(crate) fn post_raw(&self, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let cookie = format!("Cookie: {}", self.cookie.borrow());
        let host = self.host();
        let mut all = vec![host.as_str(), &cookie];
        all.extend(headers);
        let answer = self.send("POST", path, &all, body).unwrap();
        self.remember(&answer);
        answer
    }

    /// Sends the form of a page.
    pub(crate) fn post(&self, form: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(form);
        let pairs = [("token", token.as_str())].into_iter().chain(fields.iter().copied());
        let body: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.post_raw(
            path,
            &["Sec-Fetch-Site: same-origin", "Content-Type: application/x-www-form-urlencoded"],
            body.join("&").as_bytes(),
        )
    }

    /// Sends the form of a page with a file.
    pub(crate) fn upload(
        &self,
        form: &str,
        path: &str,
        fields: &[(&str, &str)],
        name: &str,
        file: &[u8],
    ) -> Answer {
        let token = self.token(form);
        let mut body = Vec::new();
        for (field, value) in [("token", token.as_str())].iter().chain(fields) {
            let part = format!("--X\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let part =
            format!("--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--X--\r\n");
        self.post_raw(
            path,
            &["Sec-Fetch-Site: same-origin", "Content-Type: multipart/form-data; boundary=X"],
            &body,
        )
    }

    /// Asks the control interface.
    pub(crate) fn api(&self, method: &str, path: &str, body: &str) -> Answer {
        self.api_bytes(method, path, body.as_bytes())
    }

    /// Asks the control interface with a body that need not be a text.
    pub(crate) fn api_bytes(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let authorization = format!("Authorization: Bearer {WEB_TOKEN}");
        let headers =
            [self.host().as_str(), &authorization, "Content-Type: application/json"].map(str::to_owned);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        self.send(method, &format!("/api/v1{path}"), &headers, body).unwrap()
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

fn unchunked(text: &str) -> String {
    let (mut rest, mut body) = (text, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        body += &after[..size];
        rest = after[size..].trim_start_matches("\r\n");
    }
    body
}
