//! The last messages, for a program that shows them itself.

use super::{Record, Sink};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tracing::Level;

/// Most characters that are kept of a message.
const TEXT_LIMIT: usize = 2000;

/// A message that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub time: SystemTime,
    /// How much it matters.
    pub level: Level,
    /// The sentence and its fields, in one line.
    pub text: String,
}

/// Keeps the last messages in memory. A clone sees the same ones.
#[derive(Debug, Clone)]
pub struct Recent {
    lines: Arc<Mutex<VecDeque<Line>>>,
    limit: usize,
}

impl Recent {
    /// Keeps this many messages.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { lines: Arc::default(), limit }
    }

    /// The messages of this level or a more serious one, the newest first, at most `count`.
    #[must_use]
    pub fn newest(&self, level: Level, count: usize) -> Vec<Line> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().filter(|line| line.level <= level).take(count).cloned().collect()
    }
}

impl Sink for Recent {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        let mut text = record.line();
        if let Some((end, _)) = text.char_indices().nth(TEXT_LIMIT) {
            text.truncate(end);
            text.push('…');
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        while lines.len() >= self.limit.max(1) {
            lines.pop_front();
        }
        lines.push_back(Line { time: record.time, level: record.level(), text });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn the_last_messages_are_kept_and_found_by_level() {
        let recent = Recent::new(3);
        let registry = tracing_subscriber::registry().with(crate::log::layer(recent.clone()));
        tracing::subscriber::with_default(registry, || {
            tracing::error!("lost");
            tracing::warn!(file = "a\nb", "careful");
            tracing::info!("{}", "x".repeat(3000));
            tracing::debug!("detail");
        });
        let texts = |level, count| -> Vec<String> {
            recent.newest(level, count).into_iter().map(|line| line.text.chars().take(8).collect()).collect()
        };
        assert_eq!(texts(Level::TRACE, 9), ["detail", "xxxxxxxx", "careful "]);
        assert_eq!(texts(Level::WARN, 9), ["careful "]);
        assert_eq!(texts(Level::TRACE, 1), ["detail"]);
        let lines = recent.newest(Level::INFO, 9);
        assert_eq!(lines[1].text, "careful file=a b");
        assert_eq!(lines[0].text.chars().count(), TEXT_LIMIT + 1);
    }
}
