//! Sessions: which browser a request comes from, and whether it may change something.
//!
//! Every browser gets a random cookie. A form carries a token that only this program can make of that cookie, so that
//! a form of another site cannot have it. Where a password is set, only cookies that it was entered for are good.

use super::secret::{equal, hex, random_text};
use axum::http::{HeaderMap, HeaderValue, header};
use ring::hmac;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wats::Secret;

/// How long a browser stays signed in.
const SIGNED_IN: Duration = Duration::from_secs(12 * 3600);
/// Browsers that can be signed in at a time; the oldest gives way.
const LOGINS: usize = 64;
/// Time in which wrong passwords are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Wrong passwords that an address has in that time.
const TRIES: usize = 5;
/// Wrong passwords that all have together.
const TRIES_OF_ALL: usize = 30;

/// All sessions.
pub(super) struct Sessions {
    key: hmac::Key,
    logins: Mutex<VecDeque<Login>>,
    failures: Mutex<VecDeque<(Instant, IpAddr)>>,
}

/// A browser that has entered the password.
struct Login {
    cookie: String,
    /// The password as it is stored: with another one, it has to be entered anew.
    stored: Secret,
    since: Instant,
}

/// A browser's session.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// What the cookie says.
    pub(super) cookie: String,
    /// What a form of this session has to carry.
    pub(super) token: String,
    /// The browser does not have the cookie yet.
    pub(super) is_new: bool,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, random_text().as_bytes()),
            logins: Mutex::default(),
            failures: Mutex::default(),
        }
    }

    /// The session of a request, or a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> Session {
        let name = cookie_name(headers);
        let found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(own, value)| *own == name && is_cookie(value));
        match found {
            Some((_, value)) => self.session(value.to_owned(), false),
            None => self.session(random_text(), true),
        }
    }

    /// A new session for which the right password was entered.
    pub(super) fn sign_in(&self, stored: &Secret) -> Session {
        let cookie = random_text();
        let mut logins = locked(&self.logins);
        while logins.len() >= LOGINS {
            logins.pop_front();
        }
        logins.push_back(Login { cookie: cookie.clone(), stored: stored.clone(), since: Instant::now() });
        self.session(cookie, true)
    }

    /// Whether the right password was entered in this session, and is still the right one.
    pub(super) fn is_signed_in(&self, session: &Session, stored: &Secret) -> bool {
        let mut logins = locked(&self.logins);
        logins.retain(|login| login.since.elapsed() < SIGNED_IN);
        logins.iter().any(|login| equal(&login.cookie, &session.cookie) && login.stored == *stored)
    }

    /// Ends a session.
    pub(super) fn sign_out(&self, session: &Session) {
        locked(&self.logins).retain(|login| login.cookie != session.cookie);
    }

    /// How long this address has to wait before its next password is looked at.
    pub(super) fn wait(&self, peer: IpAddr) -> Option<Duration> {
        let mut failures = locked(&self.failures);
        while failures.front().is_some_and(|(when, _)| when.elapsed() >= WINDOW) {
            failures.pop_front();
        }
        let mut own = failures.iter().filter(|(_, address)| *address == peer);
        let first = match own.clone().count() {
            count if count >= TRIES => own.next(),
            _ if failures.len() >= TRIES_OF_ALL => failures.front(),
            _ => None,
        };
        first.map(|(when, _)| WINDOW.saturating_sub(when.elapsed()))
    }

    /// This address has entered a wrong password.
    pub(super) fn failed(&self, peer: IpAddr) {
        locked(&self.failures).push_back((Instant::now(), peer));
    }

    /// The address has entered the right one.
    pub(super) fn forgive(&self, peer: IpAddr) {
        locked(&self.failures).retain(|(_, address)| *address != peer);
    }

    fn session(&self, cookie: String, is_new: bool) -> Session {
        let token = hex(hmac::sign(&self.key, cookie.as_bytes()).as_ref());
        Session { cookie, token, is_new }
    }
}

impl Session {
    /// The header that gives the browser its cookie.
    pub(super) fn header(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let text = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", cookie_name(headers), self.cookie);
        HeaderValue::from_str(&text).ok()
    }

    /// Whether a form of this session was sent.
    pub(super) fn sent(&self, token: &str) -> bool {
        !self.is_new && equal(&self.token, token)
    }
}

/// A browser sends cookies to all ports of a host, and there may be several instances.
fn cookie_name(headers: &HeaderMap) -> String {
    let port = super::origin::authority(headers)
        .and_then(|authority| authority.rsplit_once(':'))
        .map(|(_, port)| port)
        .filter(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    format!("wats-client-{}", port.unwrap_or("80"))
}

fn is_cookie(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([
            (header::HOST, "localhost:8080".parse().unwrap()),
            (header::COOKIE, cookie.parse().unwrap()),
        ])
    }

    #[test]
    fn a_token_belongs_to_one_cookie_and_one_program() {
        let sessions = Sessions::new();
        let new = sessions.of(&HeaderMap::new());
        assert!(new.is_new && !new.sent(&new.token));
        let again = sessions.of(&headers(&format!("x=y; wats-client-8080={}", new.cookie)));
        assert!(!again.is_new && again.sent(&new.token));
        assert!(!again.sent("") && !again.sent(&new.cookie));
        let other_port = sessions.of(&headers(&format!("wats-client-8081={}", new.cookie)));
        assert!(other_port.is_new);
        let other = Sessions::new().of(&headers(&format!("wats-client-8080={}", new.cookie)));
        assert!(!other.sent(&new.token));
        assert!(sessions.of(&headers("wats-client-8080=short")).is_new);
    }

    #[test]
    fn signing_in_and_out() {
        let sessions = Sessions::new();
        let (old, new) = (Secret::new("old"), Secret::new("new"));
        let session = sessions.sign_in(&old);
        assert!(sessions.is_signed_in(&session, &old) && !sessions.is_signed_in(&session, &new));
        assert!(!sessions.is_signed_in(&sessions.of(&HeaderMap::new()), &old));
        sessions.sign_out(&session);
        assert!(!sessions.is_signed_in(&session, &old));
        let all: Vec<_> = (0..=LOGINS).map(|_| sessions.sign_in(&old)).collect();
        assert!(!sessions.is_signed_in(&all[0], &old) && sessions.is_signed_in(&all[1], &old));
    }

    #[test]
    fn wrong_passwords_make_wait() {
        let sessions = Sessions::new();
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..TRIES {
            assert_eq!(sessions.wait(one), None);
            sessions.failed(one);
        }
        assert!(sessions.wait(one).is_some_and(|wait| wait <= WINDOW));
        assert_eq!(sessions.wait(other), None);
        sessions.forgive(one);
        assert_eq!(sessions.wait(one), None);
        for number in 0..TRIES_OF_ALL {
            sessions.failed(IpAddr::from([10, 0, 1, u8::try_from(number).unwrap()]));
        }
        assert!(sessions.wait(other).is_some());
    }
}
