//! The bridge from `tracing` to a destination.

use super::record::Fields;
use super::{Record, Sink, event};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Hands every message to a destination.
#[derive(Debug)]
pub struct LogLayer<S> {
    sink: S,
    lost: AtomicU64,
}

/// A layer of `tracing-subscriber` that hands every message to this destination.
pub fn layer<S: Sink>(sink: S) -> LogLayer<S> {
    LogLayer { sink, lost: AtomicU64::new(0) }
}

impl<S, T> Layer<T> for LogLayer<S>
where
    S: Sink,
    T: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, T>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        // Another destination may have them already.
        if span.extensions().get::<Fields>().is_none() {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &tracing::span::Record<'_>, context: Context<'_, T>) {
        let Some(span) = context.span(id) else { return };
        let mut new = Fields::default();
        values.record(&mut new);
        let mut extensions = span.extensions_mut();
        if let Some(fields) = extensions.get_mut::<Fields>() {
            for (name, value) in new.fields {
                fields.fields.retain(|(other, _)| *other != name);
                fields.fields.push((name, value));
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, T>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let mut fields = own.fields;
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(more) = span.extensions().get::<Fields>() {
                fields.extend(more.fields.iter().cloned());
            }
        }
        let mut record = Record {
            time: SystemTime::now(),
            metadata: event.metadata(),
            message: own.message,
            fields,
            event_id: own.event_id,
        };
        if self.sink.write(&record).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            record.message = format!("{lost} log messages before this one were lost");
            record.fields.clear();
            record.event_id = Some(event::LOST);
            if self.sink.write(&record).is_err() {
                self.lost.fetch_add(lost, Ordering::Relaxed);
            }
        }
    }
}
