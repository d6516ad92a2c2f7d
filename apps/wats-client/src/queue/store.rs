//! The steps a report takes through the queue, as database operations.

use super::clock::{Clock, now};
use super::database::{self, Opened, is_damage};
use super::entry::{Accepted, Claim, Counts, Fate, NewReport, State};
use super::worker::QueueError;
use crate::config;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::File;
use std::time::Duration;

/// A report that a program before this one was to send later than this, in milliseconds, is sent at once: the clock may
/// have been set in between.
const LONGEST_REST: i64 = 300_000;
/// The first comparison tells the database that the index of reports that wait for a later time has them all.
pub(super) const TOO_LATE: &str = "UPDATE report SET due = 0 WHERE state = 0 AND due > 0 AND due > ?1";

/// The database and what is known about it in memory.
pub(crate) struct Store {
    pub(super) connection: Connection,
    /// Kept by the service.
    _lock: Option<File>,
    pub(super) limits: config::Queue,
    pub(super) counts: Counts,
    pub(super) clock: Clock,
}

impl Store {
    /// The service's view of the queue.
    pub(super) fn new(opened: Opened, limits: config::Queue) -> rusqlite::Result<Self> {
        let Opened { connection, lock } = opened;
        connection.execute(TOO_LATE, [now() + LONGEST_REST])?;
        Self::on(connection, Some(lock), limits)
    }

    fn on(connection: Connection, lock: Option<File>, limits: config::Queue) -> rusqlite::Result<Self> {
        let counts = count(&connection)?;
        Ok(Self { connection, _lock: lock, limits, counts, clock: Clock::new() })
    }

    /// Takes one step, also while a service has the queue.
    pub(super) fn change<T>(
        connection: Connection,
        limits: config::Queue,
        step: impl FnOnce(&mut Self) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut store = Self::on(connection, None, limits)?;
        // Without the end of it, the transaction leaves no trace.
        let result = step(&mut store)?;
        store.save_counts()?;
        store.connection.execute_batch("COMMIT")?;
        Ok(result)
    }

    /// Holds other limits from now on. The folder stays the one that was opened.
    pub(crate) fn set_limits(&mut self, limits: config::Queue) {
        self.limits = config::Queue { folder: std::mem::take(&mut self.limits.folder), ..limits };
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How many reports there are.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Goes back to what was counted before a step that failed.
    pub(super) fn reset_counts(&mut self, counts: Counts) {
        self.counts = counts;
    }

    /// Reads the numbers again: after a transaction that did not come through, and because others may change them.
    pub(super) fn recount(&mut self) -> rusqlite::Result<()> {
        self.counts = count(&self.connection)?;
        Ok(())
    }

    /// Stores the numbers with what has changed them.
    pub(super) fn save_counts(&self) -> rusqlite::Result<()> {
        let Counts { pending, delivered, quarantined, bytes, kept } = self.counts;
        self.connection
            .prepare_cached(
                "UPDATE totals SET pending = ?1, delivered = ?2, quarantined = ?3, bytes = ?4, kept = ?5",
            )?
            .execute([pending, delivered, quarantined, bytes, kept].map(|number| number as i64))?;
        Ok(())
    }

    /// Has the database read through at the next start.
    pub(super) fn mark_damaged(&self) {
        database::mark_damaged(&self.limits.folder);
    }

    /// The time of day. When the clock was set, the times of reports that wait are set too.
    fn time(&mut self) -> rusqlite::Result<i64> {
        let (now, set) = self.clock.look();
        if set != 0 {
            tracing::info!("the clock was set by {} s", set / 1000);
            self.connection
                .execute("UPDATE report SET due = max(1, due + ?1) WHERE state = 0 AND due > 0", [set])?;
        }
        Ok(now)
    }

    /// Takes in all reports of one source file, or none.
    pub(crate) fn accept(&mut self, reports: &[NewReport]) -> Result<Vec<Accepted>, QueueError> {
        reports.iter().map(|report| self.accept_one(report)).collect()
    }

    fn accept_one(&mut self, report: &NewReport) -> Result<Accepted, QueueError> {
        let known = self
            .connection
            .prepare_cached(
                "SELECT sequence, state, size FROM report WHERE content = ?1 AND converter = ?2 AND position = ?3",
            )?
            .query_row(params![report.key.content.as_bytes(), report.key.converter, report.key.position], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        match known {
            Some((sequence, state, size)) if state == State::Quarantined as i64 => {
                self.try_again(sequence, size, report)?;
                Ok(Accepted::Again)
            }
            Some(_) => Ok(Accepted::Known),
            None => {
                self.insert(report)?;
                Ok(Accepted::New)
            }
        }
    }

    fn insert(&mut self, report: &NewReport) -> Result<(), QueueError> {
        let size = report.body.len() as u64;
        let over = |value: u64, limit: u64| limit != 0 && value > limit;
        if over(self.counts.pending + 1, self.limits.max_reports) {
            return Err(QueueError::Full(format!("{} reports are waiting", self.counts.pending)));
        }
        // One report that is larger than all room still goes in when nothing else is there.
        if over(self.counts.bytes + size, self.limits.max_bytes) && self.counts.bytes > 0 {
            return Err(QueueError::Full(format!("{} bytes of reports are waiting", self.counts.bytes)));
        }
        self.connection
            .prepare_cached(
                "INSERT INTO report (content, converter, position, id, state, priority, source, serial_number,
                    accepted, due, attempts, size, lasting)
                 VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, 0, 0, ?9, ?10)",
            )?
            .execute(params![
                report.key.content.as_bytes(),
                report.key.converter,
                report.key.position,
                report.id.to_string(),
                report.priority,
                report.source,
                report.serial_number,
                now(),
                size as i64,
                report.lasting,
            ])?;
        self.put_body(self.connection.last_insert_rowid(), &report.body)?;
        self.counts.pending += 1;
        self.counts.bytes += size;
        Ok(())
    }

    pub(super) fn put_body(&self, sequence: i64, body: &[u8]) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO body (sequence, digest, data) VALUES (?1, ?2, ?3)")?
            .execute(params![sequence, Sha256::digest(body).as_slice(), body])?;
        Ok(())
    }

    /// The same file was dropped again after the server had refused it: somebody wants another try.
    fn try_again(&mut self, sequence: i64, old_size: i64, report: &NewReport) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE report SET state = 0, due = 0, attempts = 0, finished = NULL, message = NULL, id = ?2, size = ?3
                 WHERE sequence = ?1",
            )?
            .execute(params![sequence, report.id.to_string(), report.body.len() as i64])?;
        self.put_body(sequence, &report.body)?;
        self.counts.quarantined -= 1;
        self.counts.pending += 1;
        self.counts.bytes = self.counts.bytes + report.body.len() as u64 - old_size as u64;
        Ok(())
    }

    /// Gives out up to `limit` reports that are due, in order of priority and age, and says how long it is until
    /// the next one is due. `busy` are those given out before.
    ///
    /// Of several reports with the same id only the oldest is given out, so that the newest arrives last.
    pub(crate) fn claim(
        &mut self,
        limit: usize,
        busy: &HashSet<i64>,
    ) -> Result<(Vec<Claim>, Option<Duration>), QueueError> {
        let now = self.time()?;
        let mut claims = Vec::new();
        let mut damaged = true;
        while damaged && claims.len() < limit {
            damaged = false;
            claims.clear();
            for (sequence, id, attempts, accepted) in self.due(now, limit + busy.len())? {
                if claims.len() == limit {
                    break;
                }
                if busy.contains(&sequence) {
                    continue;
                }
                match self.body(sequence)? {
                    Some(body) => claims.push(Claim { sequence, id, attempts, accepted, body }),
                    None => {
                        tracing::error!(report = id, "the stored report is damaged: it is quarantined");
                        self.finish(sequence, &Fate::Quarantined("the stored report is damaged".to_owned()))?;
                        damaged = true;
                    }
                }
            }
        }
        let next = if claims.len() == limit {
            None
        } else {
            let next: Option<i64> = self
                .connection
                .prepare_cached("SELECT min(due) FROM report WHERE state = 0 AND due > 0 AND due > ?1")?
                .query_row([now], |row| row.get(0))?;
            next.map(|due| Duration::from_millis(due.abs_diff(now)))
        };
        Ok((claims, next))
    }

    fn due(&self, now: i64, limit: usize) -> rusqlite::Result<Vec<(i64, String, u32, i64)>> {
        self.connection
            .prepare_cached(
                "SELECT r.sequence, r.id, r.attempts, r.accepted FROM report r
                 WHERE r.state = 0 AND r.due <= ?1 AND NOT EXISTS (
                    SELECT 1 FROM report e WHERE e.state = 0 AND e.id = r.id AND e.sequence < r.sequence)
                 ORDER BY r.priority, r.sequence LIMIT ?2",
            )?
            .query_map(params![now, limit as i64], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect()
    }

    /// The stored report, `None` when it is not what was once stored.
    fn body(&self, sequence: i64) -> Result<Option<Vec<u8>>, QueueError> {
        let found = self
            .connection
            .prepare_cached("SELECT digest, data FROM body WHERE sequence = ?1")?
            .query_row([sequence], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))
            .optional();
        match found {
            Ok(found) => Ok(found
                .filter(|(digest, data)| Sha256::digest(data).as_slice() == digest)
                .map(|(_, data)| data)),
            Err(error) if is_damage(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Records what became of a report that was given out.
    pub(crate) fn finish(&mut self, sequence: i64, fate: &Fate) -> Result<(), QueueError> {
        match fate {
            Fate::Delivered => {
                let room = self.limits.keep_delivered_bytes;
                let size: Option<i64> = self
                    .connection
                    .prepare_cached(
                        "UPDATE report SET state = 1, finished = ?2, message = NULL, kept = size <= ?3
                         WHERE sequence = ?1 AND state = 0 RETURNING size",
                    )?
                    .query_row(params![sequence, now(), room.min(i64::MAX as u64) as i64], |row| row.get(0))
                    .optional()?;
                // Somebody may have deleted it meanwhile.
                let Some(size) = size.map(|size| size as u64) else { return Ok(()) };
                self.counts.pending -= 1;
                self.counts.delivered += 1;
                self.counts.bytes -= size;
                if size <= room {
                    self.counts.kept += size;
                    self.trim(room)?;
                } else {
                    self.connection
                        .prepare_cached("DELETE FROM body WHERE sequence = ?1")?
                        .execute([sequence])?;
                }
            }
            Fate::Quarantined(message) => {
                let changed = self
                    .connection
                    .prepare_cached(
                        "UPDATE report SET state = 2, finished = ?2, message = ?3, attempts = attempts + 1
                         WHERE sequence = ?1 AND state = 0",
                    )?
                    .execute(params![sequence, now(), message])?;
                self.counts.pending -= changed as u64;
                self.counts.quarantined += changed as u64;
            }
            Fate::Postponed { pause, message } => {
                let due = self.time()?.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
                self.connection
                    .prepare_cached(
                        "UPDATE report SET due = ?2, message = ?3, attempts = attempts + 1
                         WHERE sequence = ?1 AND state = 0",
                    )?
                    .execute(params![sequence, due, message])?;
            }
            Fate::Released => {}
        }
        Ok(())
    }

    /// Makes every waiting report due now: the server is back.
    pub(crate) fn make_all_due(&mut self) -> Result<(), QueueError> {
        self.connection.execute("UPDATE report SET due = 0 WHERE state = 0 AND due > 0", [])?;
        Ok(())
    }

    /// Whether enough disk is free to take in more.
    pub(crate) fn room(&self) -> Result<(), QueueError> {
        match fs4::available_space(&self.limits.folder) {
            Ok(free) if free < self.limits.min_free_disk => {
                Err(QueueError::Full(format!("only {} MiB of disk are free", free >> 20)))
            }
            // A file system that cannot tell is no reason to stop.
            _ => Ok(()),
        }
    }
}

/// How many reports are in a queue.
pub(crate) fn count(connection: &Connection) -> rusqlite::Result<Counts> {
    let mut statement =
        match connection.prepare_cached("SELECT pending, delivered, quarantined, bytes, kept FROM totals") {
            // A queue of an earlier version, looked at before the service has changed it to this one.
            Err(rusqlite::Error::SqliteFailure(_, Some(text))) if text.contains("no such table") => {
                return recount(connection);
            }
            other => other?,
        };
    statement.query_row([], |row| {
        let number = |column| row.get::<_, i64>(column).map(|number| number as u64);
        Ok(Counts {
            pending: number(0)?,
            delivered: number(1)?,
            quarantined: number(2)?,
            bytes: number(3)?,
            kept: number(4)?,
        })
    })
}

fn recount(connection: &Connection) -> rusqlite::Result<Counts> {
    let mut counts = Counts::default();
    let mut statement = connection.prepare("SELECT state, count(*), sum(size) FROM report GROUP BY state")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (number, size): (u64, u64) = (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64);
        match State::from_number(row.get(0)?) {
            Some(State::Pending) => {
                counts.pending = number;
                counts.bytes += size;
            }
            Some(State::Delivered) => counts.delivered = number,
            Some(State::Quarantined) => {
                counts.quarantined = number;
                counts.bytes += size;
            }
            None => {}
        }
    }
    Ok(counts)
}
