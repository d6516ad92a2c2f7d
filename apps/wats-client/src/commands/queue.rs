//! `wats-client queue`

use crate::Failure;
use crate::cli::{ConfigFile, Queue};
use crate::queue::{Counts, FILE_NAME, QueueError, State, Store, change, count, open_to_look};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};
use std::io::{self, Write};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reports sent once more in one go, so that the service does not wait long.
const RETRY_STEP: usize = 1000;
const COLUMNS: &str =
    "sequence, id, state, source, serial_number, accepted, attempts, due, finished, message, size, priority";

/// Which reports to list.
struct Wanted<'a> {
    state: Option<State>,
    search: Option<&'a str>,
    limit: u32,
    skip: u32,
}

/// Looks at the queue or changes it, whether or not the service runs.
pub(crate) fn queue(command: &Queue) -> Result<(), Failure> {
    match command {
        Queue::List { config, json, state, search, limit, skip } => {
            let wanted = Wanted { state: *state, search: search.as_deref(), limit: *limit, skip: *skip };
            list(config, *json, &wanted)
        }
        Queue::Show { report, config, json } => show(config, report, *json),
        Queue::Export { report, config } => export(config, report),
        Queue::Retry { report: Some(report), config, .. } => {
            act(config, report, |store, sequence| store.requeue(sequence), "is sent once more")
        }
        Queue::Retry { report: None, config, .. } => retry_all(config),
        Queue::Delete { report, config } => {
            act(config, report, |store, sequence| store.discard(sequence), "is deleted")
        }
        Queue::Replace { report, file, config } => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| Failure::General(format!("{} cannot be read: {error}", file.display())))?;
            act(config, report, move |store, sequence| store.replace(sequence, &text), "is replaced and sent")
        }
    }
}

/// Does something with one report, and says what.
fn act(
    arguments: &ConfigFile,
    wanted: &str,
    step: impl FnOnce(&mut Store, i64) -> Result<(), QueueError>,
    done: &str,
) -> Result<(), Failure> {
    let connection = open_existing(arguments)?;
    let report = find(&connection, wanted)?;
    let sequence = report["sequence"].as_i64().unwrap_or_default();
    drop(connection);
    let config = super::load(arguments)?;
    change(&config.queue, |store| step(store, sequence)).map_err(Failure::general)?;
    super::runtime()?.block_on(super::wake(&config, arguments));
    // It is done, whether anybody reads this or not.
    let _ =
        writeln!(io::stdout(), "report {} of {} {done}", text(&report["id"]), text(&report["serialNumber"]));
    Ok(())
}

fn retry_all(arguments: &ConfigFile) -> Result<(), Failure> {
    drop(open_existing(arguments)?);
    let config = super::load(arguments)?;
    let mut all = 0;
    loop {
        let number =
            change(&config.queue, |store| store.requeue_refused(RETRY_STEP)).map_err(Failure::general)?;
        all += number;
        if number < RETRY_STEP {
            break;
        }
    }
    super::runtime()?.block_on(super::wake(&config, arguments));
    let _ = writeln!(io::stdout(), "{all} report(s) are sent once more");
    Ok(())
}

fn open(arguments: &ConfigFile) -> Result<Option<Connection>, Failure> {
    let config = super::load(arguments)?;
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

fn list(arguments: &ConfigFile, as_json: bool, wanted: &Wanted<'_>) -> Result<(), Failure> {
    let (counts, reports) = match open(arguments)? {
        None => (Counts::default(), Vec::new()),
        Some(connection) => read_list(&connection, wanted).map_err(Failure::general)?,
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
        write_list(&mut out, counts, &reports).and_then(|()| match reports.len() {
            number if number == wanted.limit as usize => {
                writeln!(out, "for the next ones: --skip {}", wanted.skip as usize + number)
            }
            _ => Ok(()),
        })
    };
    Ok(())
}

fn read_list(connection: &Connection, wanted: &Wanted<'_>) -> rusqlite::Result<(Counts, Vec<Value>)> {
    let counts = count(connection)?;
    // As a number in the text, so that the indexes of single states are used.
    let state = match wanted.state {
        Some(state) => format!("state = {}", state as i64),
        None if wanted.search.is_some() => "true".to_owned(),
        None => "state <> 1".to_owned(),
    };
    let query = format!(
        "SELECT {COLUMNS} FROM report
         WHERE {state} AND (instr(lower(serial_number), ?1) OR instr(lower(source), ?1) OR instr(id, ?1))
         ORDER BY state DESC, priority, sequence LIMIT ?2 OFFSET ?3"
    );
    let text = wanted.search.unwrap_or_default().to_lowercase();
    let reports = connection
        .prepare(&query)?
        .query_map(params![text, wanted.limit, wanted.skip], describe)?
        .collect::<Result<_, _>>()?;
    Ok((counts, reports))
}

fn write_list(out: &mut impl Write, counts: Counts, reports: &[Value]) -> io::Result<()> {
    writeln!(
        out,
        "pending      {}\ndelivered    {}\nquarantined  {}",
        counts.pending, counts.delivered, counts.quarantined
    )?;
    for report in reports {
        let line = format!(
            "{:>8}  {:<11}  {}  {:.19}  {}  {}  {}",
            report["sequence"].as_i64().unwrap_or_default(),
            text(&report["state"]),
            text(&report["id"]),
            text(&report["accepted"]),
            text(&report["serialNumber"]),
            text(&report["source"]),
            text(&report["message"]),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn open_existing(arguments: &ConfigFile) -> Result<Connection, Failure> {
    open(arguments)?.ok_or_else(|| Failure::General("there is no queue yet".to_owned()))
}

/// The report with this number or id.
fn find(connection: &Connection, wanted: &str) -> Result<Value, Failure> {
    let query =
        format!("SELECT {COLUMNS} FROM report WHERE sequence = ?1 OR id = ?2 ORDER BY sequence DESC LIMIT 1");
    let number: i64 = wanted.parse().unwrap_or_default();
    connection
        .query_row(&query, (number, wanted.to_lowercase()), describe)
        .optional()
        .map_err(Failure::general)?
        .ok_or_else(|| Failure::General(format!("there is no report {wanted} in the queue")))
}

fn content(connection: &Connection, report: &Value) -> Result<Option<Vec<u8>>, Failure> {
    connection
        .query_row("SELECT data FROM body WHERE sequence = ?1", [report["sequence"].as_i64()], |row| {
            row.get(0)
        })
        .optional()
        .map_err(Failure::general)
}

fn show(arguments: &ConfigFile, wanted: &str, as_json: bool) -> Result<(), Failure> {
    let connection = open_existing(arguments)?;
    let mut report = find(&connection, wanted)?;
    let body = content(&connection, &report)?;
    report["report"] = body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or(Value::Null);
    let mut out = io::stdout().lock();
    let _ = if as_json { writeln!(out, "{report}") } else { writeln!(out, "{report:#}") };
    Ok(())
}

fn export(arguments: &ConfigFile, wanted: &str) -> Result<(), Failure> {
    let connection = open_existing(arguments)?;
    let report = find(&connection, wanted)?;
    let body = content(&connection, &report)?
        .ok_or_else(|| Failure::General(format!("the content of report {wanted} is not kept any more")))?;
    let mut out = io::stdout().lock();
    out.write_all(&body).and_then(|()| writeln!(out)).map_err(Failure::general)
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
