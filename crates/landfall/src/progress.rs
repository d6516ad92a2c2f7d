//! Progress: bars on a terminal, lines elsewhere.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output::Output;

/// The progress of several artifacts at once.
pub(crate) struct Progress<'a> {
    bars: Option<MultiProgress>,
    output: &'a Output,
}

/// The progress of one artifact.
pub(crate) struct Task<'a> {
    bar: Option<ProgressBar>,
    name: String,
    output: &'a Output,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Self { bars: output.is_interactive().then(MultiProgress::new), output }
    }

    /// Begins an artifact with `total` bytes of content.
    pub(crate) fn task(&self, name: &str, total: u64) -> Task<'a> {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new(total));
            if let Ok(style) = ProgressStyle::with_template("{msg:48} {bar:24} {bytes:>10} / {total_bytes}") {
                bar.set_style(style);
            }
            bar.set_message(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Task { bar, name: name.to_owned(), output: self.output }
    }
}

impl Task<'_> {
    /// So many more bytes of content are packed.
    pub(crate) fn advance(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    /// The artifact is complete.
    pub(crate) fn finish(&self, seconds: f64) {
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None if self.output.is_json() => {}
            None => self.output.note(&format!("built {} in {seconds:.1} s", self.name)),
        }
    }
}
