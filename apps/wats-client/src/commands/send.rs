//! `wats-client send`

use super::{converters, load, runtime, say, wake};
use crate::Failure;
use crate::cli::{self, ConfigFile};
use crate::config::{Config, Watch};
use crate::files;
use crate::intake::to_reports;
use crate::queue::{
    ChangeError, NewReport, OpenError, Queue, SourceKey, State, Store, change, is_in_use, is_wanted,
    open_to_look,
};
use crate::service::{LAST_CALL, Sending};
use crate::status::{Connection as Server, Status};
use landfall_service::{Exit, Liveness};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use wats_converters::{Arguments, Source};

/// How often the queue is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How often the service is asked how things stand with the server.
const ASK: Duration = Duration::from_secs(1);
/// How long a service that starts may take until its queue can be used.
const START: Duration = Duration::from_secs(5);
/// Longest silence of the queue, which nobody watches here.
const SILENCE: Duration = Duration::from_secs(3600);

/// A file and what it gives.
struct File {
    name: String,
    /// Reports for the queue, or why there are none.
    reports: Result<Vec<NewReport>, String>,
}

/// Where a report stands.
enum Stand {
    Pending(Option<String>),
    Delivered,
    Refused(String),
    /// Somebody has deleted it.
    Gone,
}

/// Why it is waited no longer.
enum End {
    /// No report is to be sent any more, or nobody wanted to wait.
    Settled,
    /// The time is over; how things stood with the server then, where that is known.
    Late(Option<Server>),
    /// Nothing is sent before somebody enters what is missing.
    Unconfigured(String),
}

/// Converts files, puts their reports into the queue, and waits until the server has them.
pub(crate) fn send(arguments: &cli::Send) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    let (set, name) = converters(&config, &arguments.converter)?;
    let pairs: Arguments = arguments.arguments.iter().map(|(name, value)| (name, value.as_str())).collect();
    let watch = Watch::of_single_files(&set, &name, pairs, arguments.priority).map_err(Failure::General)?;
    let files: Vec<File> = arguments
        .files
        .iter()
        .map(|path| {
            let source = Source::open(path).map_err(|error| format!("cannot be read: {error}"));
            let reports = source.and_then(|source| to_reports(&source, &watch, &config.station));
            File { name: path.display().to_string(), reports }
        })
        .collect();
    let reports: Vec<NewReport> =
        files.iter().flat_map(|file| file.reports.iter().flatten()).cloned().collect();
    let keys: Vec<SourceKey> = reports.iter().map(|report| report.key.clone()).collect();
    let deadline = (!arguments.no_wait).then(|| Instant::now() + Duration::from_secs(arguments.timeout));
    let before = delivered(&config, &keys);
    let end = match reports.len() {
        0 => End::Settled,
        _ => runtime()?.block_on(deliver(&config, &arguments.config, reports, &keys, deadline))?,
    };
    tell(&config, &files, &before, &end, arguments)
}

/// Puts the reports into the queue and waits: for the service that has it, or, where none runs, sending with it what is
/// due. When the service ends meanwhile, this goes on in its place; when one starts, it goes on with this.
async fn deliver(
    config: &Config,
    of: &ConfigFile,
    reports: Vec<NewReport>,
    keys: &[SourceKey],
    deadline: Option<Instant>,
) -> Result<End, Failure> {
    let folder = &config.queue.folder;
    let reports: Arc<[NewReport]> = reports.into();
    let accept = move |store: &mut Store| {
        store.room()?;
        store.accept(&reports).map(drop)
    };
    let mut accepted = false;
    let started = Instant::now();
    loop {
        // A service that starts goes first.
        if is_wanted(folder) {
            tokio::time::sleep(LOOK).await;
            continue;
        }
        if is_in_use(folder).map_err(|error| not_allowed(config, &error))? {
            if !accepted {
                match change(&config.queue, accept.clone()) {
                    Ok(()) => accepted = true,
                    Err(ChangeError::Open(_)) if started.elapsed() < START => {
                        tokio::time::sleep(LOOK).await;
                        continue;
                    }
                    Err(error) => return Err(Failure::general(error)),
                }
            }
            let Some(deadline) = deadline else {
                wake(config, of).await;
                return Ok(End::Settled);
            };
            if let Some(end) = follow(config, of, keys, deadline).await? {
                return Ok(end);
            }
            continue;
        }
        if files::is_of_another(folder) {
            return Err(not_allowed(config, &"the service does not run, and they belong to its account"));
        }
        let liveness = Liveness::new();
        let queue = match Queue::open(&config.queue, liveness.watch("the queue", SILENCE)) {
            Ok(queue) => queue,
            // Somebody was faster.
            Err(OpenError::InUse) => {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            Err(error) => return Err(Failure::general(error)),
        };
        if !accepted {
            queue.call(accept.clone()).ready().await.map_err(Failure::general)?;
            accepted = true;
        }
        let Some(deadline) = deadline else { return Ok(End::Settled) };
        let (status, bell) = (Arc::new(Status::default()), Arc::new(Notify::new()));
        let mut sending = Sending::start(config, &queue, &status, &bell, &liveness);
        let connection = look(config)?;
        let end = loop {
            tokio::time::sleep(LOOK).await;
            match status.connection() {
                _ if are_settled(&connection, keys)? => break Some(End::Settled),
                Server::Unconfigured(why) => break Some(End::Unconfigured(why)),
                server if Instant::now() >= deadline => break Some(End::Late(Some(server))),
                _ if is_wanted(folder) => break None,
                _ => {}
            }
        };
        sending.end(LAST_CALL).await;
        if let Some(end) = end {
            return Ok(end);
        }
    }
}

fn not_allowed(config: &Config, why: &dyn fmt::Display) -> Failure {
    let text = format!(
        "nothing is sent, the files in {} cannot be used: {why}: start the service, or run this command as its account",
        config.queue.folder.display()
    );
    Failure::Other(Exit::Requirement, text)
}

/// Waits while the process that has the queue sends; `None` when it has ended before everything was sent.
async fn follow(
    config: &Config,
    of: &ConfigFile,
    keys: &[SourceKey],
    deadline: Instant,
) -> Result<Option<End>, Failure> {
    let connection = look(config)?;
    let mut server = None;
    let mut asked: Option<Instant> = None;
    loop {
        if asked.is_none_or(|asked| asked.elapsed() >= ASK) {
            server = wake(config, of).await;
            asked = Some(Instant::now());
            if let Some(Server::Unconfigured(why)) = server {
                return Ok(Some(End::Unconfigured(why)));
            }
            // It may have sent everything before it ended.
            if !is_in_use(&config.queue.folder).map_err(Failure::general)? {
                return Ok(are_settled(&connection, keys)?.then_some(End::Settled));
            }
        }
        if are_settled(&connection, keys)? {
            return Ok(Some(End::Settled));
        }
        if Instant::now() >= deadline {
            return Ok(Some(End::Late(server)));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn look(config: &Config) -> Result<Connection, Failure> {
    let folder = &config.queue.folder;
    open_to_look(folder).map_err(|error| {
        Failure::General(format!("the queue in {} cannot be read: {error}", folder.display()))
    })
}

fn stand(connection: &Connection, key: &SourceKey) -> Result<Stand, Failure> {
    let query = "SELECT state, message FROM report WHERE content = ?1 AND converter = ?2 AND position = ?3";
    let found = connection
        .prepare_cached(query)
        .and_then(|mut statement| {
            statement
                .query_row(params![key.content.as_bytes(), key.converter, key.position], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
                })
                .optional()
        })
        .map_err(Failure::general)?;
    Ok(match found.map(|(number, message)| (State::from_number(number), message)) {
        Some((Some(State::Delivered), _)) => Stand::Delivered,
        Some((Some(State::Quarantined), message)) => Stand::Refused(message.unwrap_or_default()),
        Some((_, message)) => Stand::Pending(message),
        None => Stand::Gone,
    })
}

/// Places of those that the server has already.
fn delivered(config: &Config, keys: &[SourceKey]) -> HashSet<usize> {
    // Without a queue, none.
    let Ok(connection) = open_to_look(&config.queue.folder) else { return HashSet::new() };
    let is_delivered = |key| matches!(stand(&connection, key), Ok(Stand::Delivered));
    (0..keys.len()).filter(|place| is_delivered(&keys[*place])).collect()
}

fn are_settled(connection: &Connection, keys: &[SourceKey]) -> Result<bool, Failure> {
    for key in keys {
        if matches!(stand(connection, key)?, Stand::Pending(_)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Says what became of each file and report.
fn tell(
    config: &Config,
    files: &[File],
    before: &HashSet<usize>,
    end: &End,
    arguments: &cli::Send,
) -> Result<(), Failure> {
    let none = files.iter().all(|file| file.reports.is_err());
    let connection = if none { None } else { Some(look(config)?) };
    let (mut values, mut problems) = (Vec::new(), Vec::new());
    let (mut all, mut refused, mut waiting, mut gone) = (0, 0, 0, 0);
    for File { name, reports } in files {
        let mut told: Vec<Value> = Vec::new();
        for (report, connection) in reports.iter().flatten().zip(connection.iter().cycle()) {
            let (state, message) = match stand(connection, &report.key)? {
                Stand::Delivered if before.contains(&all) => ("delivered before", None),
                Stand::Delivered => ("delivered", None),
                Stand::Pending(message) => {
                    waiting += 1;
                    ("waits", message)
                }
                Stand::Refused(message) => {
                    refused += 1;
                    ("refused", Some(message))
                }
                Stand::Gone => {
                    gone += 1;
                    ("deleted", None)
                }
            };
            all += 1;
            let NewReport { id, serial_number, .. } = report;
            if arguments.json {
                told.push(
                    json!({"id": id.to_string(), "serialNumber": serial_number, "state": state, "message": message}),
                );
            } else {
                let message = message.map(|message| format!(": {message}")).unwrap_or_default();
                say(&format!("{name}: report {id} of {serial_number}: {state}{message}"))?;
            }
        }
        let refusal = reports.as_ref().err();
        problems.extend(refusal.map(|why| format!("{name}: {why}")));
        values.push(json!({"file": name, "reports": told, "refused": refusal}));
    }
    if arguments.json {
        say(&Value::from(values).to_string())?;
    }
    if refused > 0 {
        problems.push(format!(
            "the server refused {refused} of {all} report(s); they are kept: see wats-client queue --help"
        ));
    }
    if gone > 0 {
        problems.push(format!("{gone} of {all} report(s) were deleted from the queue before they were sent"));
    }
    let mut exit = if problems.is_empty() { Exit::Success } else { Exit::General };
    if waiting > 0 && !arguments.no_wait {
        let (late, why) = match end {
            End::Unconfigured(why) => (Exit::Configuration, format!("are not sent: {why}")),
            End::Settled | End::Late(_) => {
                let seconds = arguments.timeout;
                (Exit::TimedOut, format!("were not delivered within {seconds} s{}", because(end)))
            }
        };
        problems.push(format!(
            "{waiting} of {all} report(s) {why}; they stay in the queue, and the service sends them"
        ));
        if exit == Exit::Success {
            exit = late;
        }
    }
    match exit {
        Exit::Success => Ok(()),
        exit => Err(Failure::Other(exit, problems.join("\nwats-client: "))),
    }
}

/// What kept them from being delivered, as far as that is known.
fn because(end: &End) -> String {
    match end {
        End::Late(Some(Server::Degraded(why))) => format!(", the server refuses: {why}"),
        End::Late(Some(Server::Offline(why))) => format!(", the server does not answer: {why}"),
        _ => String::new(),
    }
}
