//! What becomes of delivered reports: their content is kept as long as there is room for it, and they are remembered
//! for a while, so that a file dropped again is not sent again.

use super::store::Store;
use super::worker::QueueError;
use rusqlite::params;

/// Most reports forgotten in one go, so that nobody waits long.
const STEP: usize = 500;
/// Unused pages of the database that are worth giving back to the file system.
const PAGES_WORTH_IT: i64 = 2000;
/// Pages given back in one go.
const PAGES_AT_ONCE: i64 = 2000;

impl Store {
    /// Lets go of the oldest contents until the rest has room. `room` is in bytes.
    pub(super) fn trim(&mut self, room: u64) -> Result<(), QueueError> {
        if self.counts.kept <= room {
            return Ok(());
        }
        let oldest: Vec<(i64, i64)> = self
            .connection
            .prepare_cached(
                "SELECT sequence, size FROM report WHERE state = 1 AND kept = 1 ORDER BY finished LIMIT ?1",
            )?
            .query_map([STEP as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (sequence, size) in oldest {
            if self.counts.kept <= room {
                break;
            }
            self.connection.prepare_cached("DELETE FROM body WHERE sequence = ?1")?.execute([sequence])?;
            self.connection
                .prepare_cached("UPDATE report SET kept = 0 WHERE sequence = ?1")?
                .execute([sequence])?;
            self.counts.kept = self.counts.kept.saturating_sub(size as u64);
        }
        Ok(())
    }

    /// What is to be done now and then. True when there is more of it.
    pub(super) fn maintain(&mut self) -> Result<bool, QueueError> {
        let room = if self.room().is_err() { 0 } else { self.limits.keep_delivered_bytes };
        self.trim(room)?;
        let forgotten = self.forget()?;
        let pages = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (unused, all) = (pages("freelist_count")?, pages("page_count")?);
        if unused > PAGES_WORTH_IT && unused > all / 4 {
            self.connection.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
        }
        Ok(self.counts.kept > room || forgotten == STEP)
    }

    /// Forgets reports that were delivered long ago.
    fn forget(&mut self) -> Result<usize, QueueError> {
        let (now, _) = self.clock.look();
        let time = i64::try_from(self.limits.keep_delivered.as_millis()).unwrap_or(i64::MAX);
        let mut forgotten = 0;
        for kept in [0, 1] {
            let old: Vec<(i64, i64)> = self
                .connection
                .prepare_cached(
                    "SELECT sequence, size FROM report
                     WHERE state = 1 AND kept = ?1 AND finished < ?2 AND lasting = 0 LIMIT ?3",
                )?
                .query_map(params![kept, now.saturating_sub(time), (STEP - forgotten) as i64], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect::<Result<_, _>>()?;
            forgotten += old.len();
            for (sequence, size) in old {
                self.remove(sequence)?;
                self.counts.delivered = self.counts.delivered.saturating_sub(1);
                self.counts.kept = self.counts.kept.saturating_sub(size as u64 * kept as u64);
            }
        }
        Ok(forgotten)
    }

    /// Takes a report out of the database.
    pub(super) fn remove(&self, sequence: i64) -> Result<(), QueueError> {
        self.connection.prepare_cached("DELETE FROM body WHERE sequence = ?1")?.execute([sequence])?;
        self.connection.prepare_cached("DELETE FROM report WHERE sequence = ?1")?.execute([sequence])?;
        Ok(())
    }
}
