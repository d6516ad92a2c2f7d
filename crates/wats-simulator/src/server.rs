//! The server itself: a thread that listens.

use crate::fault::{Fault, Settings};
use crate::store::{Received, Store, Summary};
use crate::web::{CutConnection, Shared, locked, router};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service;

/// Time to wait before the port is tried again after it could not be taken back.
const REBIND_PAUSE: Duration = Duration::from_millis(50);

/// A running server. It stops when dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Mutex<mpsc::Receiver<bool>>,
    stop: Option<watch::Sender<bool>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts a server on a free port of the loopback address.
    pub fn start() -> io::Result<Self> {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Starts a server on this address. Port 0 takes a free one.
    pub fn start_on(address: SocketAddr) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            store: Mutex::new(Store::default()),
            faults: Mutex::new(VecDeque::new()),
            settings: Mutex::new(Settings::default()),
            up: watch::Sender::new(true),
        });
        let (stop, stopped) = watch::channel(false);
        let (report, listening) = mpsc::channel();
        let serving = shared.clone();
        let thread = std::thread::Builder::new()
            .name("wats-simulator".to_owned())
            .spawn(move || runtime.block_on(serve(listener, address, serving, stopped, report)))?;
        Ok(Self { address, shared, listening: Mutex::new(listening), stop: Some(stop), thread: Some(thread) })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's base address for a client's configuration.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was received so far.
    pub fn summary(&self) -> Summary {
        locked(&self.shared.store).summary()
    }

    /// What was received with this id.
    pub fn received(&self, id: &str) -> Option<Received> {
        locked(&self.shared.store).reports.get(id).cloned()
    }

    /// Adds a fault, after those already waiting.
    pub fn misbehave(&self, fault: Fault) {
        locked(&self.shared.faults).push_back(fault);
    }

    /// Drops all faults not yet used up.
    pub fn behave(&self) {
        locked(&self.shared.faults).clear();
    }

    /// Changes the settings.
    pub fn set(&self, settings: Settings) {
        *locked(&self.shared.settings) = settings;
    }

    /// Stops listening and cuts all connections. Returns when the port refuses connections.
    pub fn go_down(&self) {
        self.switch(false);
    }

    /// Listens again on the same port. Returns when it does.
    pub fn come_back(&self) {
        self.switch(true);
    }

    fn switch(&self, up: bool) {
        let listening = locked(&self.listening);
        // What the endpoint for going down has left behind.
        while listening.try_recv().is_ok() {}
        if self.shared.up.send_replace(up) == up {
            return;
        }
        // Ends early only when the server's thread is gone.
        while listening.recv().is_ok_and(|now| now != up) {}
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Listens while up, refuses while down, until the handle goes away.
async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
    report: mpsc::Sender<bool>,
) {
    let app = router(shared.clone());
    let mut up = shared.up.subscribe();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let wanted = *up.borrow_and_update();
        if !wanted && listener.take().is_some() {
            connections.shutdown().await;
            let _ = report.send(false);
        }
        if wanted && listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
            if listener.is_some() {
                let _ = report.send(true);
            }
        }
        let retry = wanted && listener.is_none();
        tokio::select! {
            stream = accept(listener.as_ref()) => {
                if let Ok(stream) = stream {
                    connections.spawn(converse(stream, app.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
            _ = up.changed() => {}
            // The only change is the sender's end.
            _ = stopped.changed() => return,
            () = tokio::time::sleep(REBIND_PAUSE), if retry => {}
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Serves one connection until either side closes it or a fault cuts it.
async fn converse(stream: TcpStream, app: Router) {
    let service = service_fn(|request: Request<Incoming>| {
        let mut app = app.clone();
        async move {
            let response: Response<Body> =
                app.call(request.map(Body::new)).await.unwrap_or_else(|never| match never {});
            match response.extensions().get::<CutConnection>() {
                // An error in place of an answer makes the library drop the connection.
                Some(_) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    // Errors here are the cuts that were asked for, and clients that went away.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
