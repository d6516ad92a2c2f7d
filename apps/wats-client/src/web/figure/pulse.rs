//! The last ten minutes: how many reports arrived, and how long they took.

use super::axis::{Axis, at};
use crate::pulse::{STEP, STEPS, Step};
use crate::web::text::period;
use maud::{Markup, html};
use std::time::Duration;

const HEIGHT: f64 = 196.0;
const LEFT: f64 = 44.0;
const BARS_TOP: f64 = 18.0;
const BARS_BOTTOM: f64 = 104.0;
const TIMES_TOP: f64 = 132.0;
const TIMES_BOTTOM: f64 = 174.0;
/// Times shorter than this are drawn as this.
const SHORTEST: f64 = 10.0;

/// The picture of these steps, the oldest first: for a wide window and for a phone.
pub(in crate::web) fn pulse(steps: &[Step; STEPS]) -> Markup {
    html! {
        (draw(steps, "pulse wide", 720.0))
        (draw(steps, "pulse slim", 360.0))
    }
}

fn draw(steps: &[Step; STEPS], class: &str, total: f64) -> Markup {
    let right = total - 8.0;
    let delivered: u64 = steps.iter().map(|step| u64::from(step.delivered)).sum();
    let slowest = steps.iter().map(|step| step.slowest).max().unwrap_or_default();
    let most = steps.iter().map(|step| step.delivered).max().unwrap_or_default().max(1);
    let width = (right - LEFT) / STEPS as f64;
    let left = |number: usize| LEFT + width * number as f64;
    let bars = Axis::new([0.0, f64::from(most)].into_iter(), false, BARS_BOTTOM, BARS_TOP);
    let times = [SHORTEST, (slowest as f64).max(1000.0)];
    let times = Axis::new(times.into_iter(), true, TIMES_BOTTOM, TIMES_TOP);
    let height = |step: &Step| bars.and_then(|axis| axis.place(step.delivered.into())).unwrap_or(BARS_BOTTOM);
    let time = |milliseconds: u64| {
        times.and_then(|axis| axis.place((milliseconds as f64).max(SHORTEST))).unwrap_or(TIMES_BOTTOM)
    };
    let summary = if delivered == 0 {
        "No report was delivered in the last ten minutes".to_owned()
    } else {
        let slowest = period(Duration::from_millis(slowest));
        format!("{delivered} delivered in the last ten minutes, the slowest after {slowest}")
    };
    html! {
        svg class=(class) viewBox={ "0 0 " (total) " " (HEIGHT) } role="img" aria-label=(summary) {
            text.axis x="0" y="10" { "Delivered in " (STEP.as_secs()) " s" }
            text.tick x=(LEFT - 6.0) y=(at(BARS_TOP + 8.0)) text-anchor="end" { (most) }
            line.grid x1=(LEFT) x2=(right) y1=(BARS_TOP) y2=(BARS_TOP) {}
            line.base x1=(LEFT) x2=(right) y1=(BARS_BOTTOM) y2=(BARS_BOTTOM) {}
            @for (number, step) in steps.iter().enumerate().filter(|(_, step)| step.delivered > 0) {
                rect.bar x=(at(left(number))) y=(at(height(step))) width=(at(width - 1.0))
                    height=(at((BARS_BOTTOM - height(step)).max(1.0))) {}
            }
            text.axis x="0" y="124" { "Time to deliver: mean and slowest" }
            text.tick x=(LEFT - 6.0) y=(at(TIMES_TOP + 6.0)) text-anchor="end" {
                (period(Duration::from_millis(slowest.max(1000))))
            }
            text.tick x=(LEFT - 6.0) y=(at(TIMES_BOTTOM)) text-anchor="end" { "10 ms" }
            line.grid x1=(LEFT) x2=(right) y1=(TIMES_TOP) y2=(TIMES_TOP) {}
            line.base x1=(LEFT) x2=(right) y1=(TIMES_BOTTOM) y2=(TIMES_BOTTOM) {}
            @for (number, step) in steps.iter().enumerate().filter(|(_, step)| step.delivered > 0) {
                @let middle = left(number) + width / 2.0;
                @let mean = time(step.total / u64::from(step.delivered));
                line.spread x1=(at(middle)) x2=(at(middle)) y1=(at(mean)) y2=(at(time(step.slowest))) {}
                circle.dot cx=(at(middle)) cy=(at(mean)) r="2" {}
            }
            text.tick x=(LEFT) y=(HEIGHT - 4.0) { "10 min ago" }
            text.tick x=((LEFT + right) / 2.0) y=(HEIGHT - 4.0) text-anchor="middle" { "5 min ago" }
            text.tick x=(right) y=(HEIGHT - 4.0) text-anchor="end" { "now" }
        }
    }
}
