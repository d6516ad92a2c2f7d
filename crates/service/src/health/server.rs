//! A server for nothing but [`Health`].

use super::{Answer, Health, parse};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Bytes that a request's head may have.
const HEAD_LIMIT: usize = 8 * 1024;
/// Time that a peer has for a request, and then again for taking the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections at a time. Others wait to be accepted.
const CONNECTIONS: usize = 32;
/// Pause when the system gives no connection, because there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

impl Health {
    /// Serves at a port of this machine that no other machine reaches, until the future is dropped.
    ///
    /// # Errors
    /// When the port cannot be used.
    pub async fn serve_on_loopback(self, port: u16) -> io::Result<()> {
        self.serve(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await
    }

    /// Serves at an address, until the future is dropped.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub async fn serve(self, address: SocketAddr) -> io::Result<()> {
        let listener = TcpListener::bind(address).await?;
        self.serve_listener(listener).await;
        Ok(())
    }

    /// Serves at a socket that is open already, until the future is dropped.
    pub async fn serve_listener(self, listener: TcpListener) {
        if let Ok(address) = listener.local_addr() {
            tracing::info!("health endpoints are at http://{address}/health");
        }
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            // Never closed.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let health = self.clone();
                    tokio::spawn(async move {
                        // Who has gone needs no answer.
                        let _ = health.converse(stream).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::debug!("no connection for the health endpoints: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn converse(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut head = Vec::with_capacity(512);
        let answer = match timeout(PATIENCE, read_head(&mut stream, &mut head)).await {
            Ok(Ok(true)) => match parse(&head) {
                Ok(request) => response(&self.answer(request.path), request.head_only),
                Err(refusal) => response(&refused(refusal.0), false),
            },
            Ok(Ok(false)) => response(&refused(431), false),
            Ok(Err(error)) => return Err(error),
            Err(_) => response(&refused(408), false),
        };
        timeout(PATIENCE, async {
            stream.write_all(answer.as_bytes()).await?;
            stream.shutdown().await?;
            // With something unread, closing would take the answer away from the peer.
            let mut rest = [0; 1024];
            while stream.read(&mut rest).await? > 0 {}
            Ok(())
        })
        .await?
    }
}

/// Whether the head's end has come within the limit.
async fn read_head(stream: &mut TcpStream, head: &mut Vec<u8>) -> io::Result<bool> {
    while head.len() < HEAD_LIMIT {
        let mut buffer = [0; 1024];
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&buffer[..length]);
        if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            head.truncate(end + 4);
            return Ok(true);
        }
    }
    Ok(false)
}

fn refused(status: u16) -> Answer {
    Answer { status, content_type: "application/json", body: format!("{{\"error\":\"{}\"}}", phrase(status)) }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

fn response(answer: &Answer, head_only: bool) -> String {
    let Answer { status, content_type, body } = answer;
    let allow = if *status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{allow}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{}",
        phrase(*status),
        body.len(),
        if head_only { "" } else { body }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use std::io::{Read, Write};

    /// A server in a thread of its own, and its address.
    fn serve() -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let context = Context::detached("x");
                context.ready();
                Health::of(&context).build().serve_listener(TcpListener::from_std(listener).unwrap()).await;
            });
        });
        address
    }

    fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn it_answers_and_refuses() {
        let address = serve();
        let answer = ask(address, b"GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n{\"status\":\"ready\"}"), "{answer}");
        assert!(answer.contains("\r\nContent-Length: 18\r\n"), "{answer}");
        let head = ask(address, b"HEAD /health/ready HTTP/1.1\r\n\r\n");
        assert!(head.contains("\r\nContent-Length: 18\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(ask(address, b"GET /x HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
        let posted = ask(address, b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
        assert!(
            posted.starts_with("HTTP/1.1 405 ") && posted.contains("\r\nAllow: GET, HEAD\r\n"),
            "{posted}"
        );
        let long = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'x'; HEAD_LIMIT], b"\r\n\r\n"].concat();
        assert!(ask(address, &long).starts_with("HTTP/1.1 431 "));
    }

    #[test]
    fn idle_peers_do_not_keep_others_out_for_long() {
        let address = serve();
        let idle: Vec<_> =
            (0..2 * CONNECTIONS).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        let start = std::time::Instant::now();
        let mut late = std::net::TcpStream::connect(address).unwrap();
        late.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        late.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        // Those that say nothing are told so and hung up on, in their order.
        drop(idle);
        let mut text = String::new();
        late.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
}
