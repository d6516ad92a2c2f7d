//! What people do with single reports.

use super::entry::State;
use super::store::Store;
use super::worker::QueueError;
use rusqlite::{OptionalExtension, params};
use wats::read_reports;

impl Store {
    /// Sends a report that waits now, one that was refused once more, and one that was delivered again if its content
    /// is kept.
    pub(crate) fn requeue(&mut self, sequence: i64) -> Result<(), QueueError> {
        let (state, size, kept) = self.find(sequence)?;
        match state {
            State::Pending => {}
            State::Quarantined => self.counts.quarantined -= 1,
            State::Delivered if kept => {
                self.counts.delivered -= 1;
                self.counts.kept = self.counts.kept.saturating_sub(size);
                self.counts.bytes += size;
            }
            State::Delivered => {
                let text = format!("report {sequence} was delivered, and its content is not kept");
                return Err(QueueError::Refused(text));
            }
        }
        if state != State::Pending {
            self.counts.pending += 1;
        }
        self.connection
            .prepare_cached(
                "UPDATE report SET state = 0, due = 0, attempts = 0, finished = NULL, message = NULL, kept = 0
                 WHERE sequence = ?1",
            )?
            .execute([sequence])?;
        Ok(())
    }

    /// Sends all reports once more that were refused, at most `limit`. Gives their number.
    pub(crate) fn requeue_refused(&mut self, limit: usize) -> Result<usize, QueueError> {
        let refused: Vec<i64> = self
            .connection
            .prepare_cached("SELECT sequence FROM report WHERE state = 2 ORDER BY sequence LIMIT ?1")?
            .query_map([limit as i64], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        refused.iter().try_for_each(|sequence| self.requeue(*sequence))?;
        Ok(refused.len())
    }

    /// Deletes a report that was not delivered. One that is on its way just now may arrive nevertheless.
    pub(crate) fn discard(&mut self, sequence: i64) -> Result<(), QueueError> {
        let (state, size, _) = self.find(sequence)?;
        match state {
            State::Pending => self.counts.pending -= 1,
            State::Quarantined => self.counts.quarantined -= 1,
            State::Delivered => {
                let text = format!("report {sequence} was delivered: it is forgotten in time by itself");
                return Err(QueueError::Refused(text));
            }
        }
        self.counts.bytes -= size;
        self.remove(sequence)
    }

    /// Puts a corrected content in the place of one that the server refused, and sends it. Its id stays.
    pub(crate) fn replace(&mut self, sequence: i64, text: &str) -> Result<(), QueueError> {
        let (state, size, _) = self.find(sequence)?;
        if state != State::Quarantined {
            let text = format!("report {sequence} is {}: only refused ones can be changed", state.word());
            return Err(QueueError::Refused(text));
        }
        let id: String =
            self.connection
                .query_row("SELECT id FROM report WHERE sequence = ?1", [sequence], |row| row.get(0))?;
        let mut reports =
            read_reports(text.as_bytes()).map_err(|error| QueueError::Refused(error.to_string()))?;
        let (Some(mut report), true) = (reports.pop(), reports.is_empty()) else {
            return Err(QueueError::Refused("it must be one report".to_owned()));
        };
        report.prepare();
        report.validate().map_err(|problems| QueueError::Refused(problems.to_string()))?;
        if report.id().is_some_and(|other| other.to_string() != id) {
            return Err(QueueError::Refused(format!("the id of report {sequence} must stay {id}")));
        }
        report.set_id(id.parse().map_err(|_| QueueError::Refused(format!("{id} is no id")))?);
        let body = report.to_json().into_bytes();
        self.put_body(sequence, &body)?;
        self.connection.execute(
            "UPDATE report SET size = ?2, serial_number = ?3 WHERE sequence = ?1",
            params![sequence, body.len() as i64, report.serial_number().unwrap_or_default()],
        )?;
        self.counts.bytes = self.counts.bytes - size + body.len() as u64;
        self.requeue(sequence)
    }

    /// State and size of a report, and whether its content is kept though it is delivered.
    fn find(&self, sequence: i64) -> Result<(State, u64, bool), QueueError> {
        self.connection
            .prepare_cached("SELECT state, size, kept FROM report WHERE sequence = ?1")?
            .query_row([sequence], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)? as u64, row.get::<_, bool>(2)?))
            })
            .optional()?
            .and_then(|(state, size, kept)| Some((State::from_number(state)?, size, kept)))
            .ok_or_else(|| QueueError::Refused(format!("there is no report {sequence} in the queue")))
    }
}
