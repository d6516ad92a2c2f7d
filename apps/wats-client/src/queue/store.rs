//! The steps a report takes through the queue, as database operations.

use super::database::{Opened, is_damage};
use super::entry::{Accepted, Claim, Counts, Fate, NewReport, State};
use super::worker::QueueError;
use crate::config;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::File;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Pages given back to the file system at a time when the queue runs empty.
const PAGES_TO_FREE: u32 = 2000;

/// The time as the queue stores it: milliseconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

/// The database and what is known about it in memory.
pub(crate) struct Store {
    connection: Connection,
    _lock: File,
    limits: config::Queue,
    counts: Counts,
}

impl Store {
    pub(super) fn new(opened: Opened, limits: config::Queue) -> rusqlite::Result<Self> {
        let mut store =
            Self { connection: opened.connection, _lock: opened.lock, limits, counts: Counts::default() };
        store.recount()?;
        Ok(store)
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

    /// Counts anew, at the start and after a transaction that did not come through.
    pub(super) fn recount(&mut self) -> rusqlite::Result<()> {
        self.counts = count(&self.connection)?;
        Ok(())
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
                    accepted, due, attempts, size)
                 VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, 0, 0, ?9)",
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
            ])?;
        self.put_body(self.connection.last_insert_rowid(), &report.body)?;
        self.counts.pending += 1;
        self.counts.bytes += size;
        Ok(())
    }

    fn put_body(&self, sequence: i64, body: &[u8]) -> rusqlite::Result<()> {
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

    /// Gives out up to `limit` reports that are due, in order of priority and age, and says when the next one will
    /// be due (milliseconds since 1970). `busy` are those given out before.
    ///
    /// Of several reports with the same id only the oldest is given out, so that the newest arrives last.
    pub(crate) fn claim(
        &mut self,
        limit: usize,
        busy: &HashSet<i64>,
    ) -> Result<(Vec<Claim>, Option<i64>), QueueError> {
        let now = now();
        let mut claims = Vec::new();
        let mut damaged = true;
        while damaged && claims.len() < limit {
            damaged = false;
            claims.clear();
            for (sequence, id, attempts) in self.due(now, limit + busy.len())? {
                if claims.len() == limit {
                    break;
                }
                if busy.contains(&sequence) {
                    continue;
                }
                match self.body(sequence)? {
                    Some(body) => claims.push(Claim { sequence, id, attempts, body }),
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
            self.connection
                .prepare_cached("SELECT min(due) FROM report WHERE state = 0 AND due > ?1")?
                .query_row([now], |row| row.get(0))?
        };
        Ok((claims, next))
    }

    fn due(&self, now: i64, limit: usize) -> rusqlite::Result<Vec<(i64, String, u32)>> {
        self.connection
            .prepare_cached(
                "SELECT r.sequence, r.id, r.attempts FROM report r
                 WHERE r.state = 0 AND r.due <= ?1 AND NOT EXISTS (
                    SELECT 1 FROM report e WHERE e.state = 0 AND e.id = r.id AND e.sequence < r.sequence)
                 ORDER BY r.priority, r.sequence LIMIT ?2",
            )?
            .query_map(params![now, limit as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
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
                let size: i64 = self
                    .connection
                    .prepare_cached(
                        "UPDATE report SET state = 1, finished = ?2, message = NULL WHERE sequence = ?1 RETURNING size",
                    )?
                    .query_row(params![sequence, now()], |row| row.get(0))?;
                self.connection
                    .prepare_cached("DELETE FROM body WHERE sequence = ?1")?
                    .execute([sequence])?;
                self.counts.pending -= 1;
                self.counts.delivered += 1;
                self.counts.bytes -= size as u64;
                if self.counts.bytes == 0 {
                    self.connection.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES_TO_FREE})"))?;
                }
            }
            Fate::Quarantined(message) => {
                self.connection
                    .prepare_cached(
                        "UPDATE report SET state = 2, finished = ?2, message = ?3, attempts = attempts + 1
                         WHERE sequence = ?1",
                    )?
                    .execute(params![sequence, now(), message])?;
                self.counts.pending -= 1;
                self.counts.quarantined += 1;
            }
            Fate::Postponed { due, message } => {
                self.connection
                    .prepare_cached(
                        "UPDATE report SET due = ?2, message = ?3, attempts = attempts + 1 WHERE sequence = ?1",
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

    /// Bytes of disk that are free for the queue, and whether that is enough to take in more.
    pub(crate) fn room(&self) -> Result<(), QueueError> {
        let folder: PathBuf = self.limits.folder.clone();
        match fs4::available_space(&folder) {
            Ok(free) if free < self.limits.min_free_disk => {
                Err(QueueError::Full(format!("only {} MiB of disk are free", free >> 20)))
            }
            // A file system that cannot tell is no reason to stop.
            _ => Ok(()),
        }
    }
}

/// Counts the reports of a queue.
pub(crate) fn count(connection: &Connection) -> rusqlite::Result<Counts> {
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
