//! Encrypted connections and proxies, with real ones.
#![cfg(feature = "client")]

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use wats::{
    BuildError, Cause, Client, ClientBuilder, Failure, Identity, ManualProxy, Proxy, Retry, Roots, Secret,
    Tls,
};
use wats_simulator::{Authority, Simulator, TlsSettings};

fn builder(url: &str) -> ClientBuilder {
    Client::builder(url.parse().unwrap(), "test", "1").retry(Retry::never()).proxy(Proxy::None)
}

fn trusting(authority: &Authority) -> Tls {
    Tls { authorities: Some(authority.certificate().into_bytes()), ..Tls::default() }
}

async fn refusal(builder: ClientBuilder) -> String {
    match builder.build().unwrap().version().await {
        Err(Failure::Transient { cause: Cause::Unreachable | Cause::Interrupted, message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

/// In TLS 1.3 a client's certificate is judged when the client believes to be connected already: the server's reason
/// and the end of the connection race each other. It must never work, and the reason must come through now and then.
async fn refused_with(reason: &str, builder: impl Fn() -> ClientBuilder) {
    let mut message = String::new();
    for _ in 0..50 {
        message = refusal(builder()).await;
        if message.contains(reason) {
            return;
        }
    }
    panic!("{message}");
}

#[tokio::test]
async fn only_certificates_of_trusted_authorities_are_accepted() {
    let authority = Authority::new("Factory CA").unwrap();
    let settings = TlsSettings { authority: &authority, names: &["127.0.0.1"], clients: None };
    let server = Simulator::start_encrypted(settings).unwrap();
    let client = builder(&server.url()).tls(trusting(&authority)).build().unwrap();
    assert_eq!(client.version().await.unwrap(), "2025.3.9.824");
    assert_eq!(server.http_versions(), ["HTTP/2.0"]);

    let other = Authority::new("Other CA").unwrap();
    for tls in [Tls::default(), trusting(&other)] {
        let message = refusal(builder(&server.url()).tls(tls)).await;
        assert!(message.contains("issued by an authority that is not trusted"), "{message}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new("Factory CA").unwrap();
    let settings = TlsSettings { authority: &authority, names: &["wats.example"], clients: None };
    let server = Simulator::start_encrypted(settings).unwrap();
    let message = refusal(builder(&server.url()).tls(trusting(&authority))).await;
    assert!(
        message.contains("belongs to another host name") && message.contains("wats.example"),
        "{message}"
    );
}

#[tokio::test]
async fn a_server_may_demand_a_client_certificate() {
    let (authority, clients) = (Authority::new("Factory CA").unwrap(), Authority::new("Client CA").unwrap());
    let settings = TlsSettings { authority: &authority, names: &["127.0.0.1"], clients: Some(&clients) };
    let server = Simulator::start_encrypted(settings).unwrap();
    refused_with("the server demands a client certificate", || {
        builder(&server.url()).tls(trusting(&authority))
    })
    .await;

    let with = |issuer: &Authority| {
        let certified = issuer.certify(&["fct-01"]).unwrap();
        let identity =
            Identity { certificates: certified.certificate.into_bytes(), key: Secret::new(certified.key) };
        Tls { identity: Some(identity), ..trusting(&authority) }
    };
    let client = builder(&server.url()).tls(with(&clients)).build().unwrap();
    assert_eq!(client.version().await.unwrap(), "2025.3.9.824");
    let strange = with(&authority);
    refused_with("the server refuses the client certificate", || builder(&server.url()).tls(strange.clone()))
        .await;

    // The key of another certificate.
    let mut mixed = with(&clients);
    mixed.identity.as_mut().unwrap().key = Secret::new(clients.certify(&["other"]).unwrap().key);
    let refused = builder(&server.url()).tls(mixed).build().unwrap_err();
    assert!(matches!(refused, BuildError::Identity(_)), "{refused}");
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_told_from_one_that_is_away() {
    let server = Simulator::start().unwrap();
    let url = server.url().replace("http://", "https://");
    let message = refusal(builder(&url)).await;
    assert!(message.contains("does not speak TLS at this address"), "{message}");
    server.go_down();
    let message = refusal(builder(&url)).await;
    assert!(message.starts_with("no connection to the server") && !message.contains("TLS"), "{message}");
}

#[tokio::test]
async fn the_authorities_of_the_system_may_be_trusted_instead() {
    let tls = Tls { roots: Roots::System, ..Tls::default() };
    match builder("https://wats.example").tls(tls).build() {
        // A bare machine has none, and then says so.
        Err(error) => assert!(matches!(error, BuildError::SystemRoots(_)), "{error}"),
        Ok(_) => {
            let authority = Authority::new("Factory CA").unwrap();
            let settings = TlsSettings { authority: &authority, names: &["127.0.0.1"], clients: None };
            let server = Simulator::start_encrypted(settings).unwrap();
            let tls = Tls { roots: Roots::System, ..Tls::default() };
            let message = refusal(builder(&server.url()).tls(tls)).await;
            assert!(message.contains("not trusted"), "{message}");
        }
    }
}

/// A proxy that tunnels (`CONNECT`), and wants a user name and a password where some are given.
struct TestProxy {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    async fn start(credentials: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let proxy = Self { address, asked: asked.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(tunnel(stream, credentials, asked.clone()));
            }
        });
        proxy
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn manual(&self) -> ManualProxy {
        ManualProxy { address: self.address.clone(), ..ManualProxy::default() }
    }
}

async fn tunnel(stream: TcpStream, credentials: Option<&str>, asked: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let target = lines[0].strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    asked.lock().unwrap().push(target.clone());
    let given = lines
        .iter()
        .find_map(|line| line.to_lowercase().starts_with("proxy-authorization: ").then(|| &line[21..]));
    if credentials.is_some_and(|wanted| given != Some(wanted)) {
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.ok()?;
        return None;
    }
    let mut server = TcpStream::connect(target).await.ok()?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut stream, &mut server).await.ok()?;
    Some(())
}

#[tokio::test]
async fn a_proxy_is_asked_with_name_and_password() {
    let authority = Authority::new("Factory CA").unwrap();
    let settings = TlsSettings { authority: &authority, names: &["127.0.0.1"], clients: None };
    let server = Simulator::start_encrypted(settings).unwrap();
    let through =
        |proxy: ManualProxy| builder(&server.url()).tls(trusting(&authority)).proxy(Proxy::Manual(proxy));

    let open = TestProxy::start(None).await;
    assert!(through(open.manual()).build().unwrap().version().await.is_ok());
    assert_eq!(open.asked(), [server.address().to_string()]);

    // "user:geheim", as RFC 7617 has it.
    let closed = TestProxy::start(Some("Basic dXNlcjpnZWhlaW0=")).await;
    let message = refusal(through(closed.manual())).await;
    assert!(message.contains("the proxy demands a user name and password"), "{message}");
    let user = Some("user".to_owned());
    let wrong = ManualProxy { user: user.clone(), password: Some(Secret::new("x")), ..closed.manual() };
    assert!(refusal(through(wrong)).await.contains("refuses those it was given"));
    let right = ManualProxy { user, password: Some(Secret::new("geheim")), ..closed.manual() };
    assert!(!format!("{right:?}").contains("geheim"));
    assert!(through(right).build().unwrap().version().await.is_ok());

    let bypass = vec!["intranet.example".to_owned(), "127.0.0.0/8".to_owned()];
    let unused = TestProxy::start(None).await;
    let direct = ManualProxy { bypass, ..unused.manual() };
    assert!(through(direct).build().unwrap().version().await.is_ok());
    assert!(unused.asked().is_empty());
}
