//! The server itself: a thread that listens.

use crate::api::{RegisteredClient, World};
use crate::fault::{Fault, Settings};
use crate::store::{Received, Store, Summary};
use crate::web::{CutConnection, Shared, locked, router};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
    scheme: &'static str,
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
        Self::listen(address, Encryption::None)
    }

    /// Starts a server that encrypts, on a free port of the loopback address.
    #[cfg(feature = "tls")]
    pub fn start_encrypted(tls: crate::TlsSettings<'_>) -> io::Result<Self> {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0)), Encryption::Tls(tls.acceptor()?))
    }

    fn listen(address: SocketAddr, encryption: Encryption) -> io::Result<Self> {
        let scheme = encryption.scheme();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        // Entered, not blocked on: the caller may be in a runtime of its own.
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let shared = Arc::new(Shared {
            store: Mutex::new(Store::default()),
            faults: Mutex::new(VecDeque::new()),
            settings: Mutex::new(Settings::default()),
            world: Mutex::new(World::default()),
            http_versions: Mutex::new(BTreeSet::new()),
            up: watch::Sender::new(true),
        });
        let (stop, stopped) = watch::channel(false);
        let (report, listening) = mpsc::channel();
        let serving = shared.clone();
        let thread = std::thread::Builder::new().name("wats-simulator".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, address, encryption, serving, stopped, report))
        })?;
        Ok(Self {
            address,
            scheme,
            shared,
            listening: Mutex::new(listening),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's base address for a client's configuration.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// What was received so far.
    pub fn summary(&self) -> Summary {
        locked(&self.shared.store).summary()
    }

    /// What was received with this id.
    pub fn received(&self, id: &str) -> Option<Received> {
        locked(&self.shared.store).reports.get(id).cloned()
    }

    /// The clients that are registered, by id.
    pub fn clients(&self) -> BTreeMap<String, RegisteredClient> {
        locked(&self.shared.world).clients.registered.clone()
    }

    /// The versions of HTTP that were spoken, such as `HTTP/2.0`.
    pub fn http_versions(&self) -> Vec<String> {
        locked(&self.shared.http_versions).iter().cloned().collect()
    }

    /// How often a client said that it is there.
    pub fn pings(&self) -> u64 {
        locked(&self.shared.world).clients.pings
    }

    /// All that clients told of themselves, the last at the end.
    pub fn client_states(&self) -> Vec<Value> {
        locked(&self.shared.world).clients.told.clone()
    }

    /// Ids of the clients that said good-bye.
    pub fn disconnected(&self) -> Vec<String> {
        locked(&self.shared.world).clients.gone.clone()
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

/// How connections are protected.
#[derive(Clone)]
enum Encryption {
    None,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

impl Encryption {
    fn scheme(&self) -> &'static str {
        match self {
            Self::None => "http",
            #[cfg(feature = "tls")]
            Self::Tls(_) => "https",
        }
    }
}

/// Listens while up, refuses while down, until the handle goes away.
async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    encryption: Encryption,
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
                    connections.spawn(converse(stream, encryption.clone(), shared.clone(), app.clone()));
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
async fn converse(stream: TcpStream, encryption: Encryption, shared: Arc<Shared>, app: Router) {
    // Errors here are the cuts that were asked for, and clients that went away or were refused.
    match encryption {
        Encryption::None => {
            let service =
                service_fn(|request: Request<Incoming>| respond(shared.clone(), app.clone(), request));
            let builder = hyper::server::conn::http1::Builder::new();
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        }
        #[cfg(feature = "tls")]
        Encryption::Tls(acceptor) => {
            let service =
                service_fn(|request: Request<Incoming>| respond(shared.clone(), app.clone(), request));
            if let Ok(stream) = acceptor.accept(stream).await {
                let executor = hyper_util::rt::TokioExecutor::new();
                let builder = hyper_util::server::conn::auto::Builder::new(executor);
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            }
        }
    }
}

async fn respond(
    shared: Arc<Shared>,
    mut app: Router,
    request: Request<Incoming>,
) -> io::Result<Response<Body>> {
    locked(&shared.http_versions).insert(format!("{:?}", request.version()));
    let response: Response<Body> =
        app.call(request.map(Body::new)).await.unwrap_or_else(|never| match never {});
    match response.extensions().get::<CutConnection>() {
        // An error in place of an answer makes the library drop the connection.
        Some(_) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        None => Ok(response),
    }
}
