//! `wats-client test-connection`

use super::{load, runtime, say};
use crate::Failure;
use crate::cli::TestConnection;
use crate::config::{Config, ProxyMode};
use crate::connect;
use crate::credentials::Token;
use landfall_service::Exit;
use serde::Serialize;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant, SystemTime};
use wats::{Failure as Fault, ServerUrl};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(20);
/// Difference of the clocks that is worth a word.
const CLOCK: Duration = Duration::from_secs(120);

/// One step on the way to the server.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// Its name.
    pub(crate) step: &'static str,
    /// Whether it was taken.
    pub(crate) ok: bool,
    /// What was found.
    pub(crate) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<u64>,
    #[serde(skip)]
    exit: Option<Exit>,
}

impl Step {
    fn good(step: &'static str, found: impl Into<String>, since: Option<Instant>) -> Self {
        let milliseconds = since.map(|since| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX));
        Self { step, ok: true, found: found.into(), advice: None, milliseconds, exit: None }
    }

    fn bad(step: &'static str, exit: Exit, found: impl Into<String>, advice: &str) -> Self {
        let advice = Some(advice.to_owned());
        Self { step, ok: false, found: found.into(), advice, milliseconds: None, exit: Some(exit) }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = if self.ok { "ok" } else { "FAILED" };
        write!(formatter, "{:<8} {verdict:<7} {}", self.step, self.found)?;
        if let Some(milliseconds) = self.milliseconds {
            write!(formatter, " ({milliseconds} ms)")?;
        }
        match &self.advice {
            Some(advice) => write!(formatter, "\n                 {advice}"),
            None => Ok(()),
        }
    }
}

/// Goes the way to the server step by step.
pub(crate) fn test_connection(arguments: &TestConnection) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    let steps = steps(&config)?;
    if arguments.json {
        say(&serde_json::to_string(&steps).map_err(Failure::general)?)?;
    } else {
        steps.iter().try_for_each(|step| say(&step.to_string()))?;
    }
    match steps.iter().find(|step| !step.ok) {
        None => Ok(()),
        Some(step) => {
            Err(Failure::Other(step.exit.unwrap_or(Exit::General), format!("{}: {}", step.step, step.found)))
        }
    }
}

/// The steps up to the first that cannot be taken.
pub(crate) fn steps(config: &Config) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    let Some(server) = &config.server else {
        let advice = "wats-client config set server.url https://company.wats.com";
        return Ok(vec![Step::bad("address", Exit::Configuration, "server.url is not set", advice)]);
    };
    steps.push(Step::good("address", server.as_str(), None));
    let proxy = proxy(config, server.as_str());
    if let Some(proxy) = &proxy {
        steps.push(Step::good("proxy", proxy.clone(), None));
    }
    let peer = proxy.as_deref().unwrap_or(server.as_str());
    let Some((host, port)) = host_and_port(peer) else {
        let advice = "correct server.url or the proxy";
        steps.push(Step::bad("name", Exit::Configuration, format!("{peer} names no host"), advice));
        return Ok(steps);
    };
    let start = Instant::now();
    let addresses: Vec<SocketAddr> = match (host.as_str(), port).to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) => {
            let advice =
                "check the name in the address, this machine's DNS servers, and whether a proxy is needed";
            steps.push(Step::bad("name", Exit::ServerUnreachable, format!("{host}: {error}"), advice));
            return Ok(steps);
        }
    };
    let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    steps.push(Step::good("name", format!("{host} is {}", shown.join(", ")), Some(start)));
    let start = Instant::now();
    let tried = addresses.iter().map(|address| TcpStream::connect_timeout(address, CONNECT).map(|_| address));
    let mut trouble = "there is no address".to_owned();
    let mut reached = None;
    for result in tried {
        match result {
            Ok(address) => {
                reached = Some(address);
                break;
            }
            Err(error) => trouble = error.to_string(),
        }
    }
    let Some(address) = reached else {
        let advice = "check the port, the firewall and whether a proxy is needed (proxy.mode, HTTPS_PROXY)";
        steps.push(Step::bad(
            "tcp",
            Exit::ServerUnreachable,
            format!("{host} port {port}: {trouble}"),
            advice,
        ));
        return Ok(steps);
    };
    steps.push(Step::good("tcp", address.to_string(), Some(start)));
    ask(config, server, &mut steps)?;
    Ok(steps)
}

/// TLS, version and token: all by one question.
fn ask(config: &Config, server: &ServerUrl, steps: &mut Vec<Step>) -> Result<(), Failure> {
    let token = config.token.find();
    let secret = match &token {
        Token::Found(secret) => Some(secret.clone()),
        Token::Missing | Token::Unreadable(_) => None,
    };
    let client = match connect::client(config, server, secret) {
        Ok(client) => client,
        Err(why) => {
            let advice = "correct the file that it names, or server.ca-file";
            steps.push(Step::bad("tls", Exit::Configuration, why, advice));
            return Ok(());
        }
    };
    let start = Instant::now();
    let answer = runtime()?.block_on(async { tokio::time::timeout(ANSWER, client.greet()).await });
    let secure = server.as_str().starts_with("https:");
    let connected = |steps: &mut Vec<Step>| {
        steps.push(if secure {
            Step::good("tls", "the certificate is trusted", Some(start))
        } else {
            Step::good(
                "tls",
                "none: the address begins with http, so anybody on the way can read the token",
                None,
            )
        });
    };
    let unreachable = Exit::ServerUnreachable;
    match answer {
        Ok(Ok(greeting)) => {
            connected(steps);
            steps.push(Step::good("version", greeting.version, Some(start)));
            steps.push(match &token {
                Token::Found(_) => Step::good("token", "accepted", None),
                _ => no_token(&token),
            });
            if let Some(text) = greeting.date.and_then(apart) {
                let advice = "set the clock, best by NTP: reports carry its time";
                steps.push(Step {
                    ok: true,
                    advice: Some(advice.to_owned()),
                    ..Step::good("clock", text, None)
                });
            }
        }
        Ok(Err(Fault::Access { status: 401 | 403, message })) => {
            connected(steps);
            steps.push(match &token {
                Token::Found(_) => Step::bad(
                    "token",
                    Exit::AuthenticationFailed,
                    format!("the server refuses it: {message}"),
                    "make a new token in WATS, then: wats-client config set server.token",
                ),
                _ => no_token(&token),
            });
        }
        Ok(Err(fault @ (Fault::Access { .. } | Fault::Permanent { .. }))) => {
            connected(steps);
            let advice = "the address is probably not that of a WATS server; correct server.url";
            steps.push(Step::bad("version", unreachable, fault.to_string(), advice));
        }
        Ok(Err(fault)) if secure && fault.to_string().contains("certificate") => {
            let advice = "if the server has a certificate of your company's own authority, name that in server.ca-file";
            steps.push(Step::bad("tls", unreachable, fault.to_string(), advice));
        }
        Ok(Err(fault)) => {
            let advice = "the machine answers and the server does not: ask whoever keeps it, or try again";
            steps.push(Step::bad("version", unreachable, fault.to_string(), advice));
        }
        Err(_) => {
            let found = format!("no answer within {} s", ANSWER.as_secs());
            steps.push(Step::bad(
                "version",
                unreachable,
                found,
                "try again; ask whoever keeps the server or the proxy",
            ));
        }
    }
    Ok(())
}

fn no_token(token: &Token) -> Step {
    match token {
        Token::Unreadable(why) => {
            Step::bad("token", Exit::AuthenticationFailed, why.clone(), "correct the file's access rights")
        }
        _ => Step::bad(
            "token",
            Exit::AuthenticationFailed,
            "there is none",
            "make one in WATS, then: wats-client config set server.token",
        ),
    }
}

/// The proxy on the way, without what its address says of a user.
fn proxy(config: &Config, server: &str) -> Option<String> {
    let url = match config.proxy.mode {
        ProxyMode::None => None,
        ProxyMode::Manual => config.proxy.url.clone(),
        ProxyMode::System => {
            let names = if server.starts_with("https:") {
                ["HTTPS_PROXY", "https_proxy"]
            } else {
                ["HTTP_PROXY", "http_proxy"]
            };
            let bypassed = ["NO_PROXY", "no_proxy"].iter().find_map(|name| std::env::var(name).ok());
            let host = host_and_port(server).map(|(host, _)| host).unwrap_or_default();
            let direct = bypassed.is_some_and(|list| {
                list.split(',').map(|entry| entry.trim().trim_start_matches('.')).any(|entry| {
                    entry == "*"
                        || host == entry
                        || (!entry.is_empty() && host.ends_with(&format!(".{entry}")))
                })
            });
            names.iter().find_map(|name| std::env::var(name).ok()).filter(|url| !url.is_empty() && !direct)
        }
    }?;
    Some(match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url,
    })
}

/// Host and port of an address.
fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next()?;
    let usual = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = port.map_or(Some(usual), |port| port.parse().ok())?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// How far the clocks are apart, if that matters.
fn apart(server: SystemTime) -> Option<String> {
    let (difference, word) = match SystemTime::now().duration_since(server) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    (difference > CLOCK)
        .then(|| format!("this machine's clock is {} s {word} the server's", difference.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        let parts = |url: &str| host_and_port(url).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(parts("https://company.wats.com/x").as_deref(), Some("company.wats.com 443"));
        assert_eq!(parts("http://[::1]:9000").as_deref(), Some("::1 9000"));
        assert_eq!(parts("http://proxy:3128/").as_deref(), Some("proxy 3128"));
        assert_eq!(parts("http://"), None);
        assert_eq!(parts("http://x:port"), None);
    }
}
