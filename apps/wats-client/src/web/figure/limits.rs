//! A measured value and its limits, as a small bar.

use super::axis::at;
use maud::{Markup, html};

const WIDTH: f64 = 96.0;
const EDGE: f64 = 4.0;

/// What is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::web) enum Limits {
    /// At least this.
    Low(f64),
    /// At most this.
    High(f64),
    /// Between the two.
    Inside(f64, f64),
    /// Not between the two.
    Outside(f64, f64),
}

/// The bar; nothing for values that cannot be shown.
pub(in crate::web) fn limits(value: f64, limits: Limits, failed: bool) -> Markup {
    let (low, high) = match limits {
        Limits::Low(limit) | Limits::High(limit) => {
            let reach = ((value - limit).abs() * 1.5).max(limit.abs() * 0.2).max(f64::MIN_POSITIVE);
            (limit - reach, limit + reach)
        }
        Limits::Inside(low, high) | Limits::Outside(low, high) => {
            let margin = ((high - low).abs() * 0.4).max(low.abs() * 1e-6).max(f64::MIN_POSITIVE);
            (low.min(high) - margin, low.max(high) + margin)
        }
    };
    if ![value, low, high, high - low].iter().all(|number| number.is_finite()) || high <= low {
        return html! {};
    }
    // A value far away stands at the edge.
    let place = |value: f64| EDGE + ((value - low) / (high - low)).clamp(0.0, 1.0) * (WIDTH - 2.0 * EDGE);
    let bands = match limits {
        Limits::Low(limit) => [Some((place(limit), WIDTH - EDGE)), None],
        Limits::High(limit) => [Some((EDGE, place(limit))), None],
        Limits::Inside(low, high) => [Some((place(low), place(high))), None],
        Limits::Outside(low, high) => [Some((EDGE, place(low))), Some((place(high), WIDTH - EDGE))],
    };
    html! {
        svg.limits viewBox={ "0 0 " (WIDTH) " 16" } width=(WIDTH) height="16" aria-hidden="true" {
            rect.track x=(EDGE) y="6" width=(WIDTH - 2.0 * EDGE) height="4" rx="2" {}
            @for (from, to) in bands.into_iter().flatten().filter(|(from, to)| to > from) {
                rect.band x=(at(from)) y="6" width=(at(to - from)) height="4" {}
            }
            circle.value data-failed[failed] cx=(at(place(value))) cy="8" r="4" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(value: f64, allowed: Limits) -> Option<f64> {
        let text = limits(value, allowed, false).into_string();
        text.split("cx=\"").nth(1)?.split('"').next()?.parse().ok()
    }

    #[test]
    fn the_marker_stands_where_the_value_is() {
        assert_eq!(marker(5.0, Limits::Inside(4.0, 6.0)), Some(48.0));
        assert_eq!(marker(1e9, Limits::Inside(4.0, 6.0)), Some(92.0));
        assert_eq!(marker(-1e9, Limits::Outside(4.0, 6.0)), Some(4.0));
        assert!(marker(61.5, Limits::High(50.0)).unwrap() > 48.0);
        assert_eq!(marker(0.0, Limits::Low(0.0)), Some(48.0));
        for odd in [f64::NAN, f64::INFINITY] {
            assert_eq!(marker(odd, Limits::High(1.0)), None);
            assert_eq!(marker(1.0, Limits::High(odd)), None);
        }
        assert_eq!(marker(1.0, Limits::Inside(f64::MIN, f64::MAX)), None);
        assert!(marker(3.0, Limits::Inside(3.0, 3.0)).is_some());
    }
}
