//! The database file: its tables, how it is opened, and what to do when it is damaged.

use crate::files;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Name of the database in the queue's folder.
pub(crate) const FILE_NAME: &str = "queue.db";
/// Version of the tables.
const SCHEMA_VERSION: i64 = 2;
/// The tables of version 1.
const SCHEMA: &str = "
    CREATE TABLE report (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        content BLOB NOT NULL,
        converter TEXT NOT NULL,
        position INTEGER NOT NULL,
        id TEXT NOT NULL,
        state INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        source TEXT NOT NULL,
        serial_number TEXT NOT NULL,
        accepted INTEGER NOT NULL,
        due INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        finished INTEGER,
        message TEXT,
        size INTEGER NOT NULL,
        UNIQUE (content, converter, position)
    ) STRICT;
    CREATE INDEX report_pending ON report (priority, sequence) WHERE state = 0;
    CREATE INDEX report_pending_id ON report (id, sequence) WHERE state = 0;
    CREATE INDEX report_quarantined ON report (sequence) WHERE state = 2;
    CREATE TABLE body (
        sequence INTEGER PRIMARY KEY REFERENCES report (sequence),
        digest BLOB NOT NULL,
        data BLOB NOT NULL
    ) STRICT;
";

/// From version 1 to version 2: delivered reports may keep their content and are forgotten some day, reports that wait
/// for their next try are found by their time, and nothing has to be counted at the start.
const SECOND: &str = "
    ALTER TABLE report ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE report ADD COLUMN lasting INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX report_postponed ON report (due) WHERE state = 0 AND due > 0;
    CREATE INDEX report_delivered ON report (kept, finished) WHERE state = 1;
    CREATE TABLE totals (
        pending INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        quarantined INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        kept INTEGER NOT NULL
    ) STRICT;
    INSERT INTO totals VALUES (0, 0, 0, 0, 0);
";
/// Counts everything anew.
const COUNT: &str = "
    UPDATE totals SET (pending, delivered, quarantined, bytes, kept) = (
        SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1),
            count(*) FILTER (WHERE state = 2), coalesce(sum(size) FILTER (WHERE state <> 1), 0),
            coalesce(sum(size) FILTER (WHERE state = 1 AND kept), 0)
        FROM report);
";

/// All columns of the table of reports in version 1, in its order.
const COLUMNS: &str = "sequence, content, converter, position, id, state, priority, source, serial_number, accepted, \
    due, attempts, finished, message, size";
/// The columns that version 2 has added.
const MORE_COLUMNS: &str = ", kept, lasting";

/// Up to this size, in bytes, the database is read through at every start. Damage in a larger one shows when it is met;
/// then it is read through at the next start.
const CHECK_LIMIT: u64 = 16 << 20;
/// Stands in the queue's folder when the database has to be read through at the next start.
const CHECK_MARK: &str = "check";

/// How long a process that is going away may keep its queue from the next one.
const PREDECESSOR_ENDS: Duration = Duration::from_secs(1);

/// Why the queue cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The folder cannot be made or read.
    #[error("the queue's folder cannot be used: {0}")]
    Folder(#[from] io::Error),
    /// Another process has it.
    #[error("another wats-client is using this queue")]
    InUse,
    /// The database refuses.
    #[error("the queue's database cannot be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// The database contradicts itself.
    #[error("the queue's database is damaged: {0}")]
    Damaged(String),
    /// Made by a later version of this program.
    #[error(
        "the queue was made by a later version of this program (format {0}, this one knows {SCHEMA_VERSION})"
    )]
    TooNew(i64),
    /// Made by an earlier version, and no service of this one has run yet.
    #[error("the queue was made by an earlier version of this program: start the service, and try again")]
    TooOld,
}

impl OpenError {
    fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_)) || matches!(self, Self::Database(error) if is_damage(error))
    }
}

/// The opened database, with the lock that keeps other processes away.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// Released by the operating system when this process ends, however it ends.
    pub(super) lock: File,
}

/// Opens the queue in this folder, making it when it is not there. A damaged database is put aside, and what can
/// still be read of it is taken over.
pub(super) fn open(folder: &Path) -> Result<Opened, OpenError> {
    fs::create_dir_all(folder)?;
    let lock = File::create(folder.join("lock"))?;
    take(&lock)?;
    let path = folder.join(FILE_NAME);
    let mark = folder.join(CHECK_MARK);
    let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let connection = match open_file(&path, mark.exists() || size <= CHECK_LIMIT) {
        Err(error) if error.is_damage() => {
            let aside = put_aside(folder, &path)?;
            tracing::error!(kept = %aside.display(), "a new queue is started: {error}");
            let mut connection = open_file(&path, false)?;
            let saved = salvage(&mut connection, &aside)?;
            tracing::warn!("{saved} reports were saved from the damaged database");
            connection
        }
        other => other?,
    };
    if mark.exists() {
        fs::remove_file(mark)?;
    }
    files::sync_folder(folder)?;
    Ok(Opened { connection, lock })
}

/// Has the database read through at the next start.
pub(super) fn mark_damaged(folder: &Path) {
    // Without the mark, what is damaged is met again.
    let _ = File::create(folder.join(CHECK_MARK));
}

/// Takes the lock. A supervisor may start the next process while the last thread of the one before still ends.
fn take(lock: &File) -> Result<(), OpenError> {
    let deadline = Instant::now() + PREDECESSOR_ENDS;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
            Err(fs::TryLockError::WouldBlock) if Instant::now() > deadline => return Err(OpenError::InUse),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Whether a process has this queue.
pub(crate) fn is_in_use(folder: &Path) -> io::Result<bool> {
    match File::open(folder.join("lock")) {
        Ok(lock) => match lock.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(fs::TryLockError::WouldBlock) => Ok(true),
            Err(fs::TryLockError::Error(error)) => Err(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens the database of a queue only to look at it, also while the service runs.
pub(crate) fn open_to_look(folder: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(folder.join(FILE_NAME), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// Opens the database of a queue to change single reports, also while the service runs.
pub(super) fn open_to_change(folder: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(FILE_NAME), flags)?;
    prepare(&connection)?;
    match connection.pragma_query_value(None, "user_version", |row| row.get(0))? {
        SCHEMA_VERSION => Ok(connection),
        version if version > SCHEMA_VERSION => Err(OpenError::TooNew(version)),
        _ => Err(OpenError::TooOld),
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    // Every commit is on the disk before it is reported.
    connection.pragma_update(None, "synchronous", "full")?;
    // On macOS a disk may keep in its own memory what it was told to write; elsewhere these change nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "trusted_schema", false)
}

fn open_file(path: &Path, check: bool) -> Result<Connection, OpenError> {
    let connection = Connection::open(path)?;
    // Before anything else is written: it cannot be changed later.
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    prepare(&connection)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > SCHEMA_VERSION {
        return Err(OpenError::TooNew(version));
    }
    if check && version > 0 {
        let result: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if result != "ok" {
            return Err(OpenError::Damaged(result));
        }
    }
    if version < SCHEMA_VERSION {
        let first = if version == 0 { SCHEMA } else { "" };
        let steps = format!("BEGIN;{first}{SECOND}{COUNT}PRAGMA user_version={SCHEMA_VERSION};COMMIT;");
        connection.execute_batch(&steps)?;
    }
    Ok(connection)
}

/// Whether an error means that the file itself is not in order.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn put_aside(folder: &Path, path: &Path) -> io::Result<std::path::PathBuf> {
    let mut number = 1;
    let aside = loop {
        let candidate = folder.join(format!("damaged-{number}.db"));
        if !candidate.exists() {
            break candidate;
        }
        number += 1;
    };
    for suffix in ["-wal", "-shm"] {
        let from = path.with_file_name(format!("{FILE_NAME}{suffix}"));
        if from.exists() {
            fs::rename(&from, with_suffix(&aside, suffix))?;
        }
    }
    fs::rename(path, &aside)?;
    Ok(aside)
}

fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Copies what can be read. Reading goes forward up to the damage, and then backward from the end. A report whose
/// body cannot be read is taken over too: it is quarantined when its turn comes, and so a person learns of it.
fn salvage(connection: &mut Connection, damaged: &Path) -> rusqlite::Result<usize> {
    let Ok(old) = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_ONLY) else {
        return Ok(0);
    };
    let version: i64 = old.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap_or_default();
    let columns = format!("{COLUMNS}{}", if version < SCHEMA_VERSION { "" } else { MORE_COLUMNS });
    let number = columns.split(',').count();
    let places = vec!["?"; number].join(",");
    let transaction = connection.transaction()?;
    let mut saved = 0;
    for order in ["ASC", "DESC"] {
        let query = format!("SELECT {columns} FROM report NOT INDEXED ORDER BY sequence {order}");
        let Ok(mut statement) = old.prepare(&query) else { continue };
        let Ok(mut rows) = statement.query([]) else { continue };
        while let Ok(Some(row)) = rows.next() {
            let values: Result<Vec<Value>, _> = (0..number).map(|column| row.get(column)).collect();
            let Ok(values) = values else { break };
            let sequence = values[0].clone();
            let inserted = transaction.execute(
                &format!("INSERT OR IGNORE INTO report ({columns}) VALUES ({places})"),
                rusqlite::params_from_iter(values),
            );
            if !matches!(inserted, Ok(1)) {
                continue;
            }
            saved += 1;
            let body =
                old.query_row("SELECT digest, data FROM body WHERE sequence = ?1", [&sequence], |row| {
                    Ok((row.get::<_, Value>(0)?, row.get::<_, Value>(1)?))
                });
            if let Ok((digest, data)) = body {
                let insert = "INSERT INTO body (sequence, digest, data) VALUES (?1, ?2, ?3)";
                transaction.execute(insert, params![sequence, digest, data])?;
            }
        }
    }
    transaction.execute_batch(COUNT)?;
    transaction.commit()?;
    Ok(saved)
}
