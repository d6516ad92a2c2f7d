//! From values to places in a picture, and the round values between.

/// One axis of a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// Where the lowest value is, in units of the picture.
    from: f64,
    /// Where the highest value is.
    to: f64,
}

impl Axis {
    /// An axis that shows all these values. What is not finite, or has no logarithm, is left out.
    pub(super) fn new(
        values: impl Iterator<Item = f64>,
        logarithmic: bool,
        from: f64,
        to: f64,
    ) -> Option<Self> {
        let usable = values.filter(|value| value.is_finite() && (!logarithmic || *value > 0.0));
        let (mut low, mut high) = usable
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return None;
        }
        if high <= low {
            let half = if logarithmic || low == 0.0 { 0.5 } else { low.abs() * 0.1 };
            (low, high) = if logarithmic { (low * half, low / half) } else { (low - half, high + half) };
        }
        let axis = Self { low, high, logarithmic, from, to };
        // Two values may be so far apart that their distance is none that can be counted with.
        (high - low).is_finite().then_some(axis)
    }

    /// Where a value is; `None` for one that cannot be shown.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let (value, low, high) = if self.logarithmic {
            if value <= 0.0 {
                return None;
            }
            (value.log10(), self.low.log10(), self.high.log10())
        } else {
            (value, self.low, self.high)
        };
        let place = self.from + (value - low) / (high - low) * (self.to - self.from);
        place.is_finite().then_some(place)
    }

    /// Round values to write beside the axis, about as many as wanted.
    pub(super) fn ticks(&self, wanted: u32) -> Vec<f64> {
        if self.logarithmic {
            let (first, last) = (self.low.log10().ceil() as i32, self.high.log10().floor() as i32);
            let step = ((last - first) / 8 + 1).max(1);
            let decades: Vec<f64> =
                (first..=last).step_by(step.unsigned_abs() as usize).map(|power| 10f64.powi(power)).collect();
            if decades.len() > 1 {
                return decades;
            }
            return vec![self.low, self.high];
        }
        let step = round_step((self.high - self.low) / f64::from(wanted.max(1)));
        let first = (self.low / step).ceil();
        (0..=2 * wanted)
            .map(|number| (first + f64::from(number)) * step)
            .take_while(|value| *value <= self.high + step * 1e-9)
            .collect()
    }
}

/// The next step of the row 1, 2, 5, 10, …
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor =
        [1.0, 2.0, 5.0].into_iter().find(|factor| step <= factor * power * 1.000_001).unwrap_or(10.0);
    factor * power
}

/// A value as it is written beside an axis.
pub(super) fn label(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return format!("{value:.1e}").replace(".0e", "e");
    }
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A place in a picture, with one digit behind the point.
pub(super) fn at(place: f64) -> String {
    format!("{place:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64], logarithmic: bool) -> Option<Axis> {
        Axis::new(values.iter().copied(), logarithmic, 0.0, 100.0)
    }

    #[test]
    fn values_have_their_places() {
        let linear = axis(&[2.0, f64::NAN, 4.0], false).unwrap();
        assert_eq!(linear.place(3.0), Some(50.0));
        assert_eq!(linear.place(f64::NAN), None);
        assert_eq!(linear.ticks(4), [2.0, 2.5, 3.0, 3.5, 4.0]);
        let logarithmic = axis(&[10.0, 0.0, 1000.0], true).unwrap();
        assert_eq!(logarithmic.place(100.0), Some(50.0));
        assert_eq!(logarithmic.place(-1.0), None);
        assert_eq!(logarithmic.ticks(4), [10.0, 100.0, 1000.0]);
    }

    #[test]
    fn odd_values_make_an_axis_or_none() {
        assert!(axis(&[], false).is_none());
        assert!(axis(&[f64::INFINITY, f64::NAN], false).is_none());
        assert!(axis(&[-1.0], true).is_none());
        assert!(axis(&[f64::MIN, f64::MAX], false).is_none());
        for (value, logarithmic) in [(0.0, false), (-5.0, false), (7.0, true)] {
            let axis = axis(&[value], logarithmic).unwrap();
            assert!((axis.place(value).unwrap() - 50.0).abs() < 1e-6, "{value}");
            assert!(!axis.ticks(3).is_empty());
        }
        for values in [[1e-300, 2e-300], [1e300, 1.1e300], [5e-324, 1.0]] {
            assert!(axis(&values, false).unwrap().ticks(4).len() < 12);
            assert!(axis(&values, true).unwrap().ticks(4).len() < 400);
        }
    }

    #[test]
    fn labels_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (2.5, "2.5"),
            (1000.0, "1000"),
            (1e7, "1e7"),
            (1.5e-9, "1.5e-9"),
            (-0.00001, "-1e-5"),
        ] {
            assert_eq!(label(value), text);
        }
    }
}
