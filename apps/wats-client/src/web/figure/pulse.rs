//! The last ten minutes: how many reports arrived, and how long they took.
//!
//! The drawings stretch to the width of the page; the words beside them are text of the page and keep their size.

use super::axis::{Axis, at};
use crate::pulse::{STEP, STEPS, Step};
use crate::web::text::{number, period};
use maud::{Markup, html};
use std::time::Duration;

/// Height of a drawing in its own units; its width is a unit for each step.
const HEIGHT: f64 = 100.0;
/// The shortest time that is told from none, in milliseconds.
const SHORTEST: u64 = 10;
/// The least that the axis of times reaches, in milliseconds.
const REACH: u64 = 1000;

/// The picture of these steps, the oldest first.
pub(in crate::web) fn pulse(steps: &[Step; STEPS]) -> Markup {
    let delivered: u64 = steps.iter().map(|step| u64::from(step.delivered)).sum();
    let slowest = steps.iter().map(|step| step.slowest).max().unwrap_or_default();
    let most = steps.iter().map(|step| u64::from(step.delivered)).max().unwrap_or_default();
    let summary = if delivered == 0 {
        "No report was delivered in the last ten minutes".to_owned()
    } else {
        let slowest = period(Duration::from_millis(slowest));
        format!("{} delivered in the last ten minutes, the slowest after {slowest}", number(delivered))
    };
    let top = round_up(most.max(2));
    let decades = decades(slowest);
    html! {
        figure.pulse aria-label=(summary) {
            figcaption { "Reports delivered in " (STEP.as_secs()) " s" }
            div.plot {
                div.scale aria-hidden="true" { span { (number(top)) } span { "0" } }
                (bars(steps, top))
                @if delivered == 0 { p.nothing { "None in the last ten minutes" } }
            }
            figcaption { "Time to deliver: mean and slowest" }
            div.plot.times {
                div.scale aria-hidden="true" {
                    @for decade in decades.iter().rev() { span { (word(*decade)) } }
                }
                (times(steps, &decades))
            }
            div.ago aria-hidden="true" { span { "10 min ago" } span { "5 min ago" } span { "now" } }
        }
    }
}

fn view() -> String {
    format!("0 0 {STEPS} {HEIGHT}")
}

/// The steps in which something was delivered, with their places.
fn busy(steps: &[Step; STEPS]) -> impl Iterator<Item = (f64, &Step)> {
    let busy = steps.iter().enumerate().filter(|(_, step)| step.delivered > 0);
    busy.map(|(place, step)| (place as f64, step))
}

fn bars(steps: &[Step; STEPS], top: u64) -> Markup {
    let axis = Axis::new([0.0, top as f64].into_iter(), false, HEIGHT, 0.0);
    let place = |step: &Step| axis.and_then(|axis| axis.place(step.delivered.into())).unwrap_or(HEIGHT);
    html! {
        svg viewBox=(view()) preserveAspectRatio="none" aria-hidden="true" {
            (lines(&[0.0, HEIGHT / 2.0]))
            @for (left, step) in busy(steps) {
                rect.bar x=(at(left + 0.1)) width="0.8" y=(at(place(step))) height=(at((HEIGHT - place(step)).max(1.0))) {}
            }
            line.base x1="0" x2=(STEPS) y1=(HEIGHT) y2=(HEIGHT) {}
        }
    }
}

fn times(steps: &[Step; STEPS], decades: &[u64]) -> Markup {
    let axis = Axis::new(decades.iter().map(|decade| *decade as f64), true, HEIGHT, 0.0);
    let place = |milliseconds: u64| {
        axis.and_then(|axis| axis.place(milliseconds.max(SHORTEST) as f64)).unwrap_or(HEIGHT)
    };
    let grid: Vec<f64> = decades.iter().skip(1).map(|decade| place(*decade)).collect();
    html! {
        svg viewBox=(view()) preserveAspectRatio="none" aria-hidden="true" {
            (lines(&grid))
            line.base x1="0" x2=(STEPS) y1=(HEIGHT) y2=(HEIGHT) {}
            @for (left, step) in busy(steps) {
                @let (middle, mean) = (at(left + 0.5), place(step.total / u64::from(step.delivered)));
                line.spread x1=(middle) x2=(middle) y1=(at(mean)) y2=(at(place(step.slowest))) {}
                // A line of no length with round ends is a dot, however the drawing is stretched.
                line.dot x1=(middle) x2=(middle) y1=(at(mean)) y2=(at(mean)) {}
            }
        }
    }
}

fn lines(places: &[f64]) -> Markup {
    html! { @for place in places { line.grid x1="0" x2=(STEPS) y1=(at(*place)) y2=(at(*place)) {} } }
}

/// The next number of the row 1, 2, 5, 10, …
fn round_up(value: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            if power.saturating_mul(factor) >= value {
                return power.saturating_mul(factor);
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Powers of ten from the shortest time to one that no time is beyond, in milliseconds.
fn decades(slowest: u64) -> Vec<u64> {
    let mut decades = vec![SHORTEST];
    let mut last = SHORTEST;
    while last < slowest.max(REACH) && last < u64::MAX / 10 {
        last *= 10;
        decades.push(last);
    }
    decades
}

/// A power of ten of milliseconds.
fn word(milliseconds: u64) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds} ms")
    } else {
        format!("{} s", number(milliseconds / 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scales_are_round() {
        for (value, round) in [(1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (5000, 5000), (u64::MAX, u64::MAX)]
        {
            assert_eq!(round_up(value), round);
        }
        assert_eq!(decades(0), [10, 100, 1000]);
        assert_eq!(decades(1001), [10, 100, 1000, 10_000]);
        assert!(decades(u64::MAX).len() < 22);
    }

    #[test]
    fn every_step_with_deliveries_is_drawn() {
        let mut steps = [Step::default(); STEPS];
        assert!(pulse(&steps).into_string().contains("None in the last ten minutes"));
        steps[0] = Step { delivered: 4, total: 400, slowest: 1000 };
        steps[STEPS - 1] = Step { delivered: u32::MAX, total: u64::MAX, slowest: u64::MAX };
        let text = pulse(&steps).into_string();
        assert_eq!((text.matches("class=\"bar\"").count(), text.matches("class=\"dot\"").count()), (2, 2));
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}
