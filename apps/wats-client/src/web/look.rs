//! What the queue holds, read beside the thread that owns it.

use super::problem::Problem;
use crate::queue::{FILE_NAME, State, open_to_look};
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Longest search. A million reports take about a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// Memory for pages of the database, in KiB.
const CACHE: i64 = 512;
const COLUMNS: &str = "sequence, id, state, converter, source, serial_number, accepted, attempts, due, finished, message, \
    size, priority";

/// What the queue knows about a report.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    /// Its number in the queue.
    pub(super) sequence: i64,
    /// Its id.
    pub(super) id: String,
    /// Where it stands, in one word.
    pub(super) state: &'static str,
    /// What made it.
    pub(super) converter: String,
    /// Name of its source file.
    pub(super) source: String,
    /// Serial number of the unit.
    pub(super) serial_number: String,
    /// When it was taken in.
    #[serde(serialize_with = "moment")]
    pub(super) accepted: i64,
    /// When it is to be tried next, if it waits for that.
    #[serde(serialize_with = "moment")]
    pub(super) due: i64,
    /// When it was delivered or refused.
    #[serde(serialize_with = "moment")]
    pub(super) finished: i64,
    /// How often it was tried in vain.
    pub(super) attempts: i64,
    /// What the server or the line had to say last.
    pub(super) message: Option<String>,
    /// Bytes of the report.
    pub(super) size: u64,
    /// Whose reports go first: 1 before 10.
    pub(super) priority: i64,
}

/// Milliseconds since 1970 in RFC 3339; null for 0, which stands for never.
fn moment<S: serde::Serializer>(milliseconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let time = i128::from(*milliseconds) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(time).ok().filter(|_| *milliseconds > 0);
    time.and_then(|time| time.format(&Rfc3339).ok()).serialize(serializer)
}

impl Entry {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: row.get(0)?,
            id: row.get(1)?,
            state: State::from_number(row.get(2)?).map_or("unknown", State::word),
            converter: row.get(3)?,
            source: row.get(4)?,
            serial_number: row.get(5)?,
            accepted: row.get(6)?,
            attempts: row.get(7)?,
            due: row.get(8)?,
            finished: row.get::<_, Option<i64>>(9)?.unwrap_or_default(),
            message: row.get(10)?,
            size: u64::try_from(row.get::<_, i64>(11)?).unwrap_or_default(),
            priority: row.get(12)?,
        })
    }
}

/// Which reports to list.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Only those in this state.
    pub(super) state: Option<State>,
    /// Only those whose serial number, source or id holds this text.
    pub(super) text: String,
    /// Only those with a smaller number.
    pub(super) before: Option<i64>,
    /// At most this many.
    pub(super) limit: usize,
}

/// Runs something that reads the queue, beside everything else.
pub(super) async fn look<T: Send + 'static>(
    folder: PathBuf,
    read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let reading = tokio::task::spawn_blocking(move || {
        let connection = open(&folder)?;
        read(&connection)
    });
    let cannot = |why: String| Problem::Unavailable(format!("the queue cannot be read: {why}"));
    match reading.await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            Err(Problem::Unavailable("the search takes too long: enter more of the text".to_owned()))
        }
        Ok(Err(error)) => Err(cannot(error.to_string())),
        Err(error) => Err(cannot(error.to_string())),
    }
}

fn open(folder: &Path) -> rusqlite::Result<Connection> {
    debug_assert!(
        folder.join(FILE_NAME).is_file(),
        "the service has opened its queue before it shows the page"
    );
    let connection = open_to_look(folder)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    Ok(connection)
}

/// The wanted reports, the newest first.
pub(super) fn list(connection: &Connection, wanted: &Wanted) -> rusqlite::Result<Vec<Entry>> {
    let mut query = format!("SELECT {COLUMNS} FROM report WHERE true");
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    if let Some(state) = wanted.state {
        // As a number in the text, so that the indexes of single states are used.
        query += &format!(" AND state = {}", state as i64);
    }
    if let Some(before) = wanted.before {
        values.push(Box::new(before));
        query += &format!(" AND sequence < ?{}", values.len());
    }
    if !wanted.text.is_empty() {
        values.push(Box::new(format!("%{}%", escaped(&wanted.text))));
        let place = values.len();
        query += &format!(
            " AND (serial_number LIKE ?{place} ESCAPE '\\' OR source LIKE ?{place} ESCAPE '\\' OR id LIKE ?{place} ESCAPE '\\')"
        );
    }
    query += &format!(" ORDER BY sequence DESC LIMIT {}", wanted.limit);
    let interrupt = connection.get_interrupt_handle();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        if !wanted.text.is_empty() {
            scope.spawn(move || {
                if is_done.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    interrupt.interrupt();
                }
            });
        }
        let found = connection
            .prepare(&query)?
            .query_map(rusqlite::params_from_iter(values.iter()), Entry::of)?
            .collect();
        drop(done);
        found
    })
}

/// A text in which the wild cards of `LIKE` stand for themselves.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A report and, as long as it is kept here, its content.
pub(super) fn one(
    connection: &Connection,
    sequence: i64,
) -> rusqlite::Result<Option<(Entry, Option<Vec<u8>>)>> {
    let query = format!("SELECT {COLUMNS} FROM report WHERE sequence = ?1");
    let Some(entry) = connection.query_row(&query, [sequence], Entry::of).optional()? else {
        return Ok(None);
    };
    let body = connection
        .query_row("SELECT data FROM body WHERE sequence = ?1", [sequence], |row| row.get(0))
        .optional()?;
    Ok(Some((entry, body)))
}
