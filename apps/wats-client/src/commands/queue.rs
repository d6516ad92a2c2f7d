//! `wats-client queue`

use crate::Failure;
use crate::cli::{ConfigFile, Queue};
use crate::config::{Config, Environment};
use crate::queue::{Counts, FILE_NAME, State, count, open_to_look};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value, json};
use std::io::{self, Write};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Most reports listed.
const LIST_LIMIT: u32 = 200;
const COLUMNS: &str =
    "sequence, id, state, source, serial_number, accepted, attempts, due, finished, message, size, priority";

/// Looks at the queue, whether or not the service runs.
pub(crate) fn queue(command: &Queue) -> Result<(), Failure> {
    match command {
        Queue::List { config, json } => list(config, *json),
        Queue::Show { report, config, json } => show(config, report, *json),
    }
}

fn open(arguments: &ConfigFile) -> Result<Option<Connection>, Failure> {
    let config = Config::load(arguments.config.as_deref(), &Environment::of_process())?;
    let folder = &config.queue.folder;
    match folder.join(FILE_NAME).try_exists() {
        Ok(false) => Ok(None),
        Ok(true) => open_to_look(folder).map(Some).map_err(|error| cannot_look(&folder.display(), &error)),
        Err(error) => Err(cannot_look(&folder.display(), &error)),
    }
}

fn cannot_look(folder: &dyn std::fmt::Display, error: &dyn std::fmt::Display) -> Failure {
    Failure::General(format!("the queue in {folder} cannot be read: {error}"))
}

fn list(arguments: &ConfigFile, as_json: bool) -> Result<(), Failure> {
    let (counts, reports) = match open(arguments)? {
        None => (Counts::default(), Vec::new()),
        Some(connection) => read_list(&connection).map_err(Failure::general)?,
    };
    let mut out = io::stdout().lock();
    // A closed pipe is no failure of the queue.
    let _ = if as_json {
        let counts = json!({
            "pending": counts.pending,
            "delivered": counts.delivered,
            "quarantined": counts.quarantined,
            "bytes": counts.bytes,
        });
        writeln!(out, "{}", json!({"counts": counts, "reports": reports}))
    } else {
        write_list(&mut out, counts, &reports)
    };
    Ok(())
}

fn read_list(connection: &Connection) -> rusqlite::Result<(Counts, Vec<Value>)> {
    let counts = count(connection)?;
    let query = format!(
        "SELECT {COLUMNS} FROM report WHERE state <> 1 ORDER BY state DESC, priority, sequence LIMIT ?1"
    );
    let reports = connection.prepare(&query)?.query_map([LIST_LIMIT], describe)?.collect::<Result<_, _>>()?;
    Ok((counts, reports))
}

fn write_list(out: &mut impl Write, counts: Counts, reports: &[Value]) -> io::Result<()> {
    writeln!(
        out,
        "pending      {}\ndelivered    {}\nquarantined  {}",
        counts.pending, counts.delivered, counts.quarantined
    )?;
    for report in reports {
        writeln!(
            out,
            "{:>8}  {:<11}  {}  {}  {}",
            report["sequence"],
            text(&report["state"]),
            text(&report["id"]),
            text(&report["source"]),
            text(&report["message"]),
        )?;
    }
    let shown = reports.len() as u64;
    if shown < counts.pending + counts.quarantined {
        writeln!(out, "and {} more", counts.pending + counts.quarantined - shown)?;
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn show(arguments: &ConfigFile, wanted: &str, as_json: bool) -> Result<(), Failure> {
    let connection = open(arguments)?.ok_or_else(|| Failure::General("there is no queue yet".to_owned()))?;
    let query =
        format!("SELECT {COLUMNS} FROM report WHERE sequence = ?1 OR id = ?2 ORDER BY sequence DESC LIMIT 1");
    let number: i64 = wanted.parse().unwrap_or_default();
    let mut report = connection
        .query_row(&query, (number, wanted.to_lowercase()), describe)
        .optional()
        .map_err(Failure::general)?
        .ok_or_else(|| Failure::General(format!("there is no report {wanted} in the queue")))?;
    let body: Option<Vec<u8>> = connection
        .query_row("SELECT data FROM body WHERE sequence = ?1", [report["sequence"].as_i64()], |row| {
            row.get(0)
        })
        .optional()
        .map_err(Failure::general)?;
    report["report"] = body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or(Value::Null);
    let mut out = io::stdout().lock();
    let _ = if as_json { writeln!(out, "{report}") } else { writeln!(out, "{report:#}") };
    Ok(())
}

fn describe(row: &Row<'_>) -> rusqlite::Result<Value> {
    let state = State::from_number(row.get("state")?).map_or("unknown", State::word);
    Ok(json!({
        "sequence": row.get::<_, i64>("sequence")?,
        "id": row.get::<_, String>("id")?,
        "state": state,
        "source": row.get::<_, String>("source")?,
        "serialNumber": row.get::<_, String>("serial_number")?,
        "accepted": moment(row.get("accepted")?),
        "attempts": row.get::<_, i64>("attempts")?,
        "due": moment(row.get("due")?),
        "finished": moment(row.get("finished")?),
        "message": row.get::<_, Option<String>>("message")?,
        "size": row.get::<_, i64>("size")?,
        "priority": row.get::<_, i64>("priority")?,
    }))
}

/// A stored time in RFC 3339; none when it is not set.
fn moment(milliseconds: Option<i64>) -> Option<String> {
    let milliseconds = milliseconds.filter(|milliseconds| *milliseconds > 0)?;
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .ok()?
        .format(&Rfc3339)
        .ok()
}
