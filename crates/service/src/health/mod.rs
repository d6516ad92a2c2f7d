//! What monitoring can ask over HTTP: is it alive, is it ready, how is it.
//!
//! | path | 200 | 503 |
//! |---|---|---|
//! | `/health/live` | every loop turns | a loop is stuck: start it anew |
//! | `/health/ready` | it does its work | it does not, for a reason: send nobody there |
//! | `/health/details` | as live, with numbers | as live, with numbers |
//! | `/health`, `/` | as live, in one word | as live |
//! | `/metrics` | Prometheus' text format | |
//!
//! [`Health::answer`] is all of it but HTTP; a program with a web server of its own mounts that. [`Health::serve`] is a
//! small server for one that has none.

mod http;
mod server;

// For the fuzz target.
#[doc(hidden)]
pub use http::{Refusal, Request, parse};

use crate::log::quoted;
use crate::{Context, Liveness};
use std::fmt;
use std::sync::Arc;

type Source<T> = Box<dyn Fn() -> T + Send + Sync>;

/// What the answers are made of. A clone gives the same ones.
#[derive(Clone)]
pub struct Health {
    sources: Arc<Sources>,
}

struct Sources {
    liveness: Liveness,
    not_ready: Source<Option<String>>,
    details: Source<String>,
    metrics: Option<Source<String>>,
}

impl fmt::Debug for Health {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Health").field("liveness", &self.sources.liveness).finish_non_exhaustive()
    }
}

/// An answer, for any web server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The text.
    pub body: String,
}

impl Answer {
    fn json(status: u16, body: String) -> Self {
        Self { status, content_type: "application/json", body }
    }

    /// A status in a word, and why.
    fn verdict(reason: Option<&str>, good: &str, bad: &str) -> Self {
        match reason {
            None => Self::json(200, format!("{{\"status\":{}}}", quoted(good))),
            Some(reason) => {
                Self::json(503, format!("{{\"status\":{},\"reason\":{}}}", quoted(bad), quoted(reason)))
            }
        }
    }
}

/// A health endpoint that is being put together.
pub struct Builder {
    sources: Sources,
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").finish_non_exhaustive()
    }
}

impl Builder {
    /// Asks here why the service does not do its work, if it does not, after it has said [`Context::ready`].
    #[must_use]
    pub fn not_ready(mut self, reason: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        let started = self.sources.not_ready;
        self.sources.not_ready = Box::new(move || started().or_else(&reason));
        self
    }

    /// Adds the members of this JSON object to the details.
    #[must_use]
    pub fn details(mut self, object: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.sources.details = Box::new(object);
        self
    }

    /// Answers `/metrics` with this text, in Prometheus' format.
    #[must_use]
    pub fn metrics(mut self, text: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.sources.metrics = Some(Box::new(text));
        self
    }

    /// It is complete.
    #[must_use]
    pub fn build(self) -> Health {
        Health { sources: Arc::new(self.sources) }
    }
}

impl Health {
    /// The health of this service.
    #[must_use]
    pub fn of(context: &Context) -> Builder {
        let own = context.clone();
        Builder {
            sources: Sources {
                liveness: context.liveness().clone(),
                not_ready: Box::new(move || match (own.is_ready(), own.is_stopping()) {
                    (_, true) => Some("the service stops".to_owned()),
                    (false, false) => Some("the service starts".to_owned()),
                    (true, false) => None,
                }),
                details: Box::new(String::new),
                metrics: None,
            },
        }
    }

    /// The answer for a path, without a query. 404 for paths that are not ours.
    #[must_use]
    pub fn answer(&self, path: &str) -> Answer {
        let sources = &self.sources;
        let stuck = || sources.liveness.stuck();
        match path {
            "/" | "/health" => Answer::verdict(stuck().as_deref(), "ok", "unhealthy"),
            "/health/live" => Answer::verdict(stuck().as_deref(), "alive", "stuck"),
            "/health/ready" => {
                Answer::verdict(stuck().or_else(|| (sources.not_ready)()).as_deref(), "ready", "not ready")
            }
            "/health/details" => self.details(),
            "/metrics" => match &sources.metrics {
                Some(text) => Answer {
                    status: 200,
                    content_type: "text/plain; version=0.0.4; charset=utf-8",
                    body: text(),
                },
                None => Answer::json(404, "{\"error\":\"Not found\"}".to_owned()),
            },
            _ => Answer::json(404, "{\"error\":\"Not found\"}".to_owned()),
        }
    }

    fn details(&self) -> Answer {
        let sources = &self.sources;
        let stuck = sources.liveness.stuck();
        let more = (sources.details)();
        // What is no object is shown as it is.
        let members = match more.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(members) if members.trim().is_empty() => String::new(),
            Some(members) => format!(",{members}"),
            None if more.is_empty() => String::new(),
            None => format!(",\"details\":{}", quoted(&more)),
        };
        let body = format!(
            "{{\"healthy\":{},\"reason\":{},\"uptimeSeconds\":{}{members}}}",
            stuck.is_none(),
            stuck.as_deref().map_or_else(|| "null".to_owned(), quoted),
            sources.liveness.uptime().as_secs(),
        );
        Answer::json(if stuck.is_none() { 200 } else { 503 }, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn live_and_ready_are_different_questions() {
        let context = Context::detached("x");
        let health = Health::of(&context).not_ready(|| Some("no server \"is\" set".into())).build();
        let ready = || health.answer("/health/ready").body;
        assert_eq!(health.answer("/health/live").status, 200);
        assert_eq!(ready(), r#"{"status":"not ready","reason":"the service starts"}"#);
        context.ready();
        assert_eq!(ready(), r#"{"status":"not ready","reason":"no server \"is\" set"}"#);
        assert_eq!(health.answer("/health"), Answer::json(200, r#"{"status":"ok"}"#.into()));
        context.stop();
        assert_eq!(ready(), r#"{"status":"not ready","reason":"the service stops"}"#);
        assert_eq!(health.answer("/metrics").status, 404);
        assert_eq!(health.answer("/health/live/").status, 404);
    }

    #[test]
    fn a_stuck_loop_is_told_everywhere() {
        let context = Context::detached("x");
        context.ready();
        let health = Health::of(&context).build();
        assert_eq!(health.answer("/health/ready").body, r#"{"status":"ready"}"#);
        let _beat = context.liveness().watch("the work", Duration::ZERO);
        std::thread::sleep(Duration::from_millis(5));
        for path in ["/", "/health", "/health/live", "/health/ready", "/health/details"] {
            let answer = health.answer(path);
            assert_eq!(answer.status, 503, "{path}");
            assert!(answer.body.contains("the work has been stuck for 0 s"), "{}", answer.body);
        }
    }

    #[test]
    fn details_have_the_services_own_members() {
        let context = Context::detached("x");
        for (own, expected) in [
            ("{}", r#"{"healthy":true,"reason":null,"uptimeSeconds":0}"#),
            ("", r#"{"healthy":true,"reason":null,"uptimeSeconds":0}"#),
            (r#"{"a":{"b":1}}"#, r#"{"healthy":true,"reason":null,"uptimeSeconds":0,"a":{"b":1}}"#),
            ("odd", r#"{"healthy":true,"reason":null,"uptimeSeconds":0,"details":"odd"}"#),
        ] {
            let health = Health::of(&context).details(|| own.to_owned()).metrics(|| "m 1\n".into()).build();
            assert_eq!(health.answer("/health/details").body, expected);
            assert_eq!(health.answer("/metrics").body, "m 1\n");
        }
    }
}
