//! How much is logged.

use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The program's own messages from a level on, which can change while it runs; those of its libraries only when
/// something is wrong.
pub(super) struct Levels {
    /// Targets that count as the program's own: modules of these crates.
    pub(super) own: Vec<String>,
}

/// The level of the program's own messages.
static OWN: AtomicUsize = AtomicUsize::new(2);

const LEVELS: [Level; 5] = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];

/// Changes the level of the program's own messages.
pub(super) fn set(level: Level) {
    let number = LEVELS.iter().position(|other| *other == level).unwrap_or(2);
    OWN.store(number, Ordering::Relaxed);
    tracing::callsite::rebuild_interest_cache();
}

fn own() -> Level {
    LEVELS[OWN.load(Ordering::Relaxed).min(LEVELS.len() - 1)]
}

impl Levels {
    fn passes(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let is_own = self.own.iter().any(|name| {
            target.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        });
        *metadata.level() <= if is_own { own() } else { own().min(Level::WARN) }
    }
}

impl<S: Subscriber> Layer<S> for Levels {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.passes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.passes(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(own()))
    }
}
