//! From the queue to the server.
//!
//! Reports are sent several at a time as long as the server takes them. When it does not answer, only a question
//! goes out now and then, and with the first answer everything flows again. What a failure means for the report and
//! what it means for the line to the server are two different matters: see [`Uploader::judge`].

mod backoff;
mod gate;
mod presence;
mod rate;

use crate::config::Config;
use crate::connect::Way;
use crate::credentials::Token;
use crate::queue::{Claim, Fate, Queue, Store};
use crate::status::{Connection, SharedStatus, Status};
use backoff::Backoff;
use gate::{Gate, Pass};
use landfall_service::Beat;
use presence::{Presence, Told};
use rate::Rate;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use wats::{Cause, Client, Delivered, Failure};

/// How often the token's sources and the files of certificates are looked at for a change.
const LOOK: Duration = Duration::from_secs(3);
/// Longest time without a sign of life.
const TURN: Duration = Duration::from_secs(3);
/// Time for the answer to a question while all seems well: with the pause before it (`upload.probe`), an outage is
/// known within half a minute. A server that was found slow is given the client's own time.
const PATIENCE: Duration = Duration::from_secs(8);
/// Longest pause a server may ask for.
const WAIT_LIMIT: Duration = Duration::from_secs(3600);
/// Failures of single requests in a row that are taken for a failure of the server.
const FAILURES_IN_A_ROW: u32 = 5;
/// Pause before the result of an upload is written again after the disk refused it.
const RECORD_PAUSE: Duration = Duration::from_secs(1);

/// Sends reports.
pub(crate) struct Uploader {
    config: Config,
    queue: Queue,
    status: SharedStatus,
    bell: Arc<Notify>,
    beat: Beat,

    client: Option<Client>,
    token: Option<Token>,
    /// `None` before the first look, and without a server.
    way: Option<Result<Way, String>>,
    looked: Instant,
    presence: Presence,
    backoff: Backoff,
    gate: Gate,
    rate: Rate,
    tasks: JoinSet<Done>,
    probing: bool,
    /// The last question failed.
    unanswered: bool,
    busy: HashSet<i64>,
    /// Failures of single requests in a row.
    failures_in_a_row: u32,
    last_contact: Instant,
}

/// The end of a task.
enum Done {
    Probed { epoch: u64, result: Result<String, Failure> },
    Sent { epoch: u64, sequence: i64, result: Result<Delivered, Failure> },
    Told(Told),
}

impl Uploader {
    pub(crate) fn new(
        config: &Config,
        queue: Queue,
        status: SharedStatus,
        bell: Arc<Notify>,
        beat: Beat,
    ) -> Self {
        let now = Instant::now();
        let settings = &config.upload;
        let backoff = Backoff { first: settings.retry_first, limit: settings.retry_limit };
        Self {
            presence: Presence::new(config, &queue, &status),
            config: config.clone(),
            rate: Rate::new(settings.rate_per_minute, now),
            queue,
            status,
            bell,
            beat,
            client: None,
            token: None,
            way: None,
            looked: now,
            backoff,
            gate: Gate::new(backoff),
            tasks: JoinSet::new(),
            probing: false,
            unanswered: false,
            busy: HashSet::new(),
            failures_in_a_row: 0,
            last_contact: now,
        }
    }

    /// Sends until it is told to stop; then waits as long as it is told for what is on its way.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<Option<Duration>>) {
        self.look_for_changes();
        while stop.borrow().is_none() {
            self.beat.turn();
            if self.looked.elapsed() >= LOOK {
                self.look_for_changes();
            }
            let pause = self.send_what_may_go().await.min(TURN);
            let bell = self.bell.clone();
            tokio::select! {
                _ = stop.changed() => break,
                Some(done) = self.tasks.join_next() => self.take_note(done),
                () = bell.notified() => self.look_at_queue(),
                () = tokio::time::sleep(pause) => {}
            }
            while let Some(done) = self.tasks.try_join_next() {
                self.take_note(done);
            }
        }
        let good_bye = self.presence.good_bye(self.client.as_ref(), self.token.as_ref(), self.gate.pass());
        // What does not end in time is sent again later, under the same id.
        let finish = async { while self.tasks.join_next().await.is_some() {} };
        let patience = stop.borrow().unwrap_or_default();
        let _ = tokio::time::timeout(patience, async { tokio::join!(finish, good_bye) }).await;
    }

    /// Looks whether there is a token, or another one than before, or whether a certificate or the proxy's password is
    /// another one, and makes a client with it.
    fn look_for_changes(&mut self) {
        self.looked = Instant::now();
        let token = self.config.token.find();
        let way = self.config.server.as_ref().map(|server| Way::of(&self.config, server));
        if self.token.as_ref() == Some(&token) && self.way == way {
            return;
        }
        let changed = self.token.is_some();
        self.client = None;
        let connection = match (&self.config.server, &token, &way) {
            (None, ..) | (.., None) => {
                Connection::Unconfigured("no server address is set (server.url)".to_owned())
            }
            (_, Token::Missing, _) => Connection::Unconfigured("no API token is set".to_owned()),
            (_, Token::Unreadable(why), _) | (.., Some(Err(why))) => Connection::Unconfigured(why.clone()),
            (Some(server), Token::Found(secret), Some(Ok(way))) => {
                match way.client(server, Some(secret.clone())) {
                    Ok(client) => {
                        self.client = Some(client);
                        Connection::Connecting
                    }
                    Err(why) => Connection::Unconfigured(why),
                }
            }
        };
        if changed && self.client.is_some() {
            let what = if self.token.as_ref() == Some(&token) {
                "a certificate or the proxy"
            } else {
                "the API token"
            };
            tracing::info!("{what} has changed: it is tried at once");
        }
        (self.token, self.way) = (Some(token), way);
        self.presence.restart();
        self.gate.try_now(Pass::Probe);
        self.say(connection);
    }

    /// Has the queue count its reports anew: another process may have added some. Where reports flow, claiming them
    /// does so anyway.
    fn look_at_queue(&self) {
        if self.gate.pass() != Pass::Open {
            drop(self.queue.call(|_| Ok(())));
        }
    }

    /// Starts all requests that may start now. Gives the time until more may.
    async fn send_what_may_go(&mut self) -> Duration {
        let Some(client) = self.client.clone() else { return TURN };
        let now = Instant::now();
        let closed = self.gate.closed_for(now);
        if !closed.is_zero() {
            return closed;
        }
        let room = match self.gate.pass() {
            Pass::Open => self.config.upload.concurrency.saturating_sub(self.busy.len()),
            Pass::Trial => usize::from(self.busy.is_empty() && !self.probing),
            Pass::Probe => 0,
        };
        let limit = room.min(self.rate.allowed(now));
        let mut pause = TURN;
        let mut claimed = 0;
        if limit > 0 {
            let busy = self.busy.clone();
            match self.queue.call(move |store| store.claim(limit, &busy)).ready().await {
                Ok((claims, next)) => {
                    claimed = claims.len();
                    claims.into_iter().for_each(|claim| self.send(&client, claim));
                    pause = next.unwrap_or(pause);
                }
                Err(error) => tracing::error!("no reports can be read from the queue: {error}"),
            }
        } else if room > 0 {
            pause = self.rate.wait();
        }
        let idle = claimed == 0 && self.busy.is_empty();
        let silent = self.last_contact.elapsed() >= self.config.upload.probe;
        let question_due = match self.gate.pass() {
            Pass::Probe => idle,
            // As long as reports wait, one of them is the better question.
            Pass::Trial => idle && (silent || self.queue.counts().pending == 0),
            // Reports on their way may be lost with the line.
            Pass::Open => silent,
        };
        if question_due && !self.probing && pause > Duration::ZERO {
            self.probe(client);
        } else if self.gate.pass() == Pass::Open
            && let Some(telling) = self.presence.due(&client)
        {
            self.rate.spend(1);
            self.tasks.spawn(async move { Done::Told(telling.await) });
        }
        pause.max(Duration::from_millis(1))
    }

    fn send(&mut self, client: &Client, claim: Claim) {
        self.busy.insert(claim.sequence);
        self.rate.spend(1);
        let (client, queue, status) = (client.clone(), self.queue.clone(), self.status.clone());
        let (epoch, backoff) = (self.gate.epoch(), self.backoff);
        self.tasks.spawn(async move {
            let Claim { sequence, id, attempts, accepted, body } = claim;
            let result = client.submit_wsjf(body).await;
            let fate = fate(&result, &id, attempts, backoff);
            record(&queue, sequence, fate).await;
            if result.is_ok() {
                status.delivered_now(accepted);
            }
            Done::Sent { epoch, sequence, result }
        });
    }

    fn probe(&mut self, client: Client) {
        self.probing = true;
        self.last_contact = Instant::now();
        self.rate.spend(1);
        let epoch = self.gate.epoch();
        let all_is_well = self.gate.pass() == Pass::Open;
        self.tasks.spawn(async move {
            let result = if all_is_well {
                tokio::time::timeout(PATIENCE, client.version()).await.unwrap_or_else(|_| Err(no_answer()))
            } else {
                client.version().await
            };
            Done::Probed { epoch, result }
        });
    }

    fn take_note(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done::Probed { epoch, result }) => {
                self.probing = false;
                if epoch != self.gate.epoch() {
                    return;
                }
                match result {
                    Ok(version) => self.reached(Some(&version)),
                    Err(failure) => self.judge(epoch, &failure, true),
                }
            }
            Ok(Done::Sent { epoch, sequence, result }) => {
                self.busy.remove(&sequence);
                match result {
                    Ok(_) => {
                        self.failures_in_a_row = 0;
                        self.gate.open();
                        self.reached(None);
                    }
                    Err(failure) => self.judge(epoch, &failure, false),
                }
            }
            Ok(Done::Told(told)) => self.presence.take_note(told),
            // A task that panicked. Which report it had is not known, so all are given out again when it is their turn.
            Err(error) => {
                tracing::error!("a part of the program failed: {error}");
                self.probing = false;
                if self.tasks.is_empty() {
                    self.busy.clear();
                }
            }
        }
    }

    /// The server answered as it should: a question, with its version, or a report.
    ///
    /// A question that is answered after one that was not means that an outage is over. One that is answered all the
    /// time while reports fail means that something is wrong with taking reports: that is given time.
    fn reached(&mut self, version: Option<&str>) {
        self.last_contact = Instant::now();
        let refused = matches!(self.status.connection(), Connection::Degraded(_));
        let unanswered = std::mem::take(&mut self.unanswered);
        if version.is_some() && refused && self.queue.counts().pending > 0 {
            // It answers questions; whether it takes reports again is to be seen with one.
            match self.gate.pass() {
                Pass::Probe if unanswered => {
                    self.make_all_due();
                    self.gate.recover();
                }
                // It answered all the time: what it has is with reports.
                Pass::Probe => self.gate.hold(),
                Pass::Trial | Pass::Open => self.gate.try_now(Pass::Trial),
            }
            return;
        }
        self.gate.open();
        if self.say(Connection::Connected) {
            match version {
                Some(version) => tracing::info!("connected, the server has version {version}"),
                None => tracing::info!("connected, the server takes reports again"),
            }
            self.make_all_due();
        }
    }

    /// Reports that waited for a later time need not wait any more.
    fn make_all_due(&self) {
        // The answer is of no interest: if this fails, they go out at their time.
        drop(self.queue.call(Store::make_all_due));
    }

    /// What a failure means for the line to the server.
    ///
    /// | failure | line |
    /// |---|---|
    /// | report refused | fine |
    /// | access refused | closed for long, then one report is tried |
    /// | not reached | closed, then a question is asked |
    /// | interrupted | as not reached; the report waits too, lest one that breaks the line blocks all others |
    /// | server busy or out of order | closed as long as it asks, then one report is tried; if it does not say how long, closed, then a question is asked, see [`Uploader::reached`] |
    /// | one request failed | fine, unless it is one of many in a row |
    fn judge(&mut self, epoch: u64, failure: &Failure, probe: bool) {
        let now = Instant::now();
        match failure {
            Failure::Permanent { message, .. } if probe => {
                self.say(Connection::Degraded(message.clone()));
                self.gate.refuse(self.config.upload.access_retry, now);
            }
            Failure::Permanent { .. } => {
                self.failures_in_a_row = 0;
                self.gate.open();
                self.reached(None);
            }
            Failure::Access { .. } => {
                let news = self.say(Connection::Degraded(failure.to_string()));
                // When only the question is refused, reports may still be taken: that is tried at once, once.
                if probe && news && self.queue.counts().pending > 0 {
                    self.gate.try_now(Pass::Trial);
                } else {
                    self.gate.refuse(self.config.upload.access_retry, now);
                }
            }
            // Not given for the calls made here.
            Failure::Answer { .. } | Failure::Argument { .. } => {
                self.say(Connection::Degraded(failure.to_string()));
                self.gate.fail(epoch, Pass::Trial, Duration::ZERO, now);
            }
            Failure::Transient { cause, message, retry_after } => {
                Status::count(&self.status.upload_failures);
                let wait = retry_after.unwrap_or_default().min(WAIT_LIMIT);
                let next = if wait.is_zero() { Pass::Probe } else { Pass::Trial };
                self.unanswered |= probe;
                match cause {
                    Cause::Unreachable | Cause::Interrupted => {
                        self.gate.fail(epoch, Pass::Probe, wait, now);
                        self.say(Connection::Offline(message.clone()));
                    }
                    Cause::Server => {
                        self.gate.fail(epoch, next, wait, now);
                        self.say(Connection::Degraded(message.clone()));
                    }
                    Cause::Request => {
                        self.failures_in_a_row += 1;
                        if probe
                            || self.gate.pass() != Pass::Open
                            || self.failures_in_a_row >= FAILURES_IN_A_ROW
                        {
                            self.gate.fail(epoch, next, wait, now);
                            self.say(Connection::Degraded(message.clone()));
                        }
                    }
                }
            }
        }
    }

    /// Records how things stand, and logs it when it is news. Says whether it is.
    fn say(&self, connection: Connection) -> bool {
        let old = self.status.connection();
        let news = old.word() != connection.word();
        if news {
            match &connection {
                Connection::Unconfigured(why) => tracing::warn!("reports are kept, not sent: {why}"),
                Connection::Connecting | Connection::Connected => {}
                Connection::Degraded(why) => tracing::error!("reports are kept for now: {why}"),
                Connection::Offline(why) => tracing::warn!("reports are kept for now: {why}"),
            }
        }
        self.status.set_connection(connection);
        news
    }
}

fn no_answer() -> Failure {
    let message = format!("no answer within {} s", PATIENCE.as_secs());
    Failure::Transient { cause: Cause::Interrupted, message, retry_after: None }
}

/// What the result of an upload means for the report.
fn fate(result: &Result<Delivered, Failure>, id: &str, attempts: u32, backoff: Backoff) -> Fate {
    match result {
        Ok(Delivered { already_there: false }) => {
            tracing::info!(report = id, "delivered");
            Fate::Delivered
        }
        Ok(Delivered { already_there: true }) => {
            tracing::info!(report = id, "the server has this report already");
            Fate::Delivered
        }
        Err(Failure::Permanent { status, message }) => {
            tracing::error!(report = id, status, "quarantined, the server refuses it: {message}");
            Fate::Quarantined(format!("status {status}: {message}"))
        }
        Err(Failure::Access { .. } | Failure::Transient { cause: Cause::Unreachable, .. }) => Fate::Released,
        Err(failure) => {
            let asked = match failure {
                Failure::Transient { retry_after, .. } => retry_after.unwrap_or_default(),
                _ => Duration::ZERO,
            };
            let pause = backoff.pause(attempts + 1).max(asked.min(WAIT_LIMIT));
            tracing::warn!(
                report = id,
                attempt = attempts + 1,
                "not delivered, to be tried again: {failure}"
            );
            Fate::Postponed { pause, message: failure.to_string() }
        }
    }
}

/// Writes down what became of a report. A disk that is full now may not be later, and a report that is delivered
/// must not be sent again because of that.
async fn record(queue: &Queue, sequence: i64, fate: Fate) {
    if fate == Fate::Released {
        return;
    }
    loop {
        let step = fate.clone();
        match queue.call(move |store| store.finish(sequence, &step)).ready().await {
            Ok(()) => return,
            Err(error) => tracing::error!("the result of an upload cannot be stored yet: {error}"),
        }
        tokio::time::sleep(RECORD_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::PATIENCE;
    use crate::config::{Config, Environment};
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn an_outage_is_known_within_half_a_minute() {
        let config = Config::of_text(Path::new("/c.toml"), None, &Environment::default()).unwrap();
        assert!(config.upload.probe + PATIENCE <= Duration::from_secs(30));
    }
}
