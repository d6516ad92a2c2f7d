//! Connections: how many, how long, and what is read from them.

use super::Site;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Connections at a time. Others wait to be accepted.
const CONNECTIONS: usize = 64;
/// Time for the head of a request, also for the next one on the same connection.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection is used; a browser just opens another one.
const CONNECTION_AGE: Duration = Duration::from_secs(300);
/// Bytes that the head of a request may have.
const HEAD_LIMIT: usize = 32 * 1024;
/// Pause when the system gives no connection, because there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until the future is dropped.
pub(super) async fn serve(listener: TcpListener, site: Arc<Site>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Never closed.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let site = site.clone();
                tokio::spawn(async move {
                    converse(stream, site).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!("no connection for the web page: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, site: Arc<Site>) {
    // A connection that is gone already has no peer; its request reads as an error.
    let Ok(peer) = stream.peer_addr() else { return };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let site = site.clone();
        async move { Ok::<_, Infallible>(site.answer(peer.ip(), request.map(Body::new)).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // What goes wrong on a connection is its peer's business.
    let ended = tokio::time::timeout(CONNECTION_AGE, connection.as_mut()).await.is_ok();
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(HEAD_PATIENCE, connection).await;
    }
}
