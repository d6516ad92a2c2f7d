//! What is compared with what. Only operators of WATS with the limits they need can be made.

use super::number;
use serde_json::{Map, Value};

/// How a number is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    operator: Operator,
    low: Option<f64>,
    high: Option<f64>,
}

/// The operators of WATS: what is compared with the low limit, then what with the high one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Log,
    Eq,
    Ne,
    Ge,
    Gt,
    Le,
    Lt,
    GeLe,
    GtLt,
    GtLe,
    GeLt,
    LtGt,
    LeGe,
    LtGe,
    LeGt,
}

impl Operator {
    fn word(self) -> &'static str {
        match self {
            Self::Log => "LOG",
            Self::Eq => "EQ",
            Self::Ne => "NE",
            Self::Ge => "GE",
            Self::Gt => "GT",
            Self::Le => "LE",
            Self::Lt => "LT",
            Self::GeLe => "GELE",
            Self::GtLt => "GTLT",
            Self::GtLe => "GTLE",
            Self::GeLt => "GELT",
            Self::LtGt => "LTGT",
            Self::LeGe => "LEGE",
            Self::LtGe => "LTGE",
            Self::LeGt => "LEGT",
        }
    }

    /// One limit alone is the low one.
    fn pass(self, value: f64, low: f64, high: f64) -> bool {
        match self {
            Self::Log => true,
            Self::Eq => value == low,
            Self::Ne => value != low,
            Self::Ge => value >= low,
            Self::Gt => value > low,
            Self::Le => value <= low,
            Self::Lt => value < low,
            Self::GeLe => value >= low && value <= high,
            Self::GtLt => value > low && value < high,
            Self::GtLe => value > low && value <= high,
            Self::GeLt => value >= low && value < high,
            Self::LtGt => value < low || value > high,
            Self::LeGe => value <= low || value >= high,
            Self::LtGe => value < low || value >= high,
            Self::LeGt => value <= low || value > high,
        }
    }
}

impl Limits {
    /// Not at all: it is only written down.
    pub fn none() -> Self {
        Self { operator: Operator::Log, low: None, high: None }
    }

    /// low ≤ value ≤ high
    pub fn between(low: f64, high: f64) -> Self {
        Self::pair(Operator::GeLe, low, high)
    }

    /// low < value < high
    pub fn strictly_between(low: f64, high: f64) -> Self {
        Self::pair(Operator::GtLt, low, high)
    }

    /// low < value ≤ high
    pub fn above_to(low: f64, high: f64) -> Self {
        Self::pair(Operator::GtLe, low, high)
    }

    /// low ≤ value < high
    pub fn from_below(low: f64, high: f64) -> Self {
        Self::pair(Operator::GeLt, low, high)
    }

    /// value < low or value > high
    pub fn outside(low: f64, high: f64) -> Self {
        Self::pair(Operator::LtGt, low, high)
    }

    /// value ≤ low or value ≥ high
    pub fn not_within(low: f64, high: f64) -> Self {
        Self::pair(Operator::LeGe, low, high)
    }

    /// value < low or value ≥ high
    pub fn below_or_from(low: f64, high: f64) -> Self {
        Self::pair(Operator::LtGe, low, high)
    }

    /// value ≤ low or value > high
    pub fn to_or_above(low: f64, high: f64) -> Self {
        Self::pair(Operator::LeGt, low, high)
    }

    /// value ≥ limit
    pub fn at_least(limit: f64) -> Self {
        Self::single(Operator::Ge, limit)
    }

    /// value > limit
    pub fn more_than(limit: f64) -> Self {
        Self::single(Operator::Gt, limit)
    }

    /// value ≤ limit
    pub fn at_most(limit: f64) -> Self {
        Self::single(Operator::Le, limit)
    }

    /// value < limit
    pub fn less_than(limit: f64) -> Self {
        Self::single(Operator::Lt, limit)
    }

    /// value = limit
    pub fn equal(limit: f64) -> Self {
        Self::single(Operator::Eq, limit)
    }

    /// value ≠ limit
    pub fn not_equal(limit: f64) -> Self {
        Self::single(Operator::Ne, limit)
    }

    fn pair(operator: Operator, low: f64, high: f64) -> Self {
        Self { operator, low: Some(low), high: Some(high) }
    }

    /// WATS has a single limit in the place of the low one, whatever the operator.
    fn single(operator: Operator, limit: f64) -> Self {
        Self { operator, low: Some(limit), high: None }
    }

    /// Whether a number passes. One that is none (`NaN`) passes no limit.
    pub fn pass(&self, value: f64) -> bool {
        if self.low.is_some() && value.is_nan() {
            return false;
        }
        self.operator.pass(value, self.low.unwrap_or_default(), self.high.unwrap_or_default())
    }

    /// What is wrong with the limits themselves.
    pub(super) fn problem(&self) -> Option<String> {
        if [self.low, self.high].into_iter().flatten().any(f64::is_nan) {
            return Some("a limit is not a number".to_owned());
        }
        match (self.low, self.high) {
            (Some(low), Some(high)) if low > high => {
                Some(format!("the low limit {low} is above the high limit {high}"))
            }
            _ => None,
        }
    }

    pub(super) fn put(&self, measurement: &mut Map<String, Value>) {
        measurement.insert("compOp".to_owned(), self.operator.word().into());
        for (name, limit) in [("lowLimit", self.low), ("highLimit", self.high)] {
            if let Some(limit) = limit {
                measurement.insert(name.to_owned(), number(limit));
            }
        }
    }
}

/// How a text is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextLimit {
    /// Not at all.
    None,
    /// It is this text.
    Equal(String),
    /// It is another text.
    NotEqual(String),
    /// It is this text, in capitals or not.
    IgnoreCase(String),
}

impl TextLimit {
    /// Whether a text passes.
    pub fn pass(&self, text: &str) -> bool {
        match self {
            Self::None => true,
            Self::Equal(limit) => text == limit,
            Self::NotEqual(limit) => text != limit,
            Self::IgnoreCase(limit) => text.to_lowercase() == limit.to_lowercase(),
        }
    }

    pub(super) fn put(&self, measurement: &mut Map<String, Value>) {
        let (operator, limit) = match self {
            Self::None => ("LOG", None),
            Self::Equal(limit) => ("EQ", Some(limit)),
            Self::NotEqual(limit) => ("NE", Some(limit)),
            Self::IgnoreCase(limit) => ("IGNORECASE", Some(limit)),
        };
        measurement.insert("compOp".to_owned(), operator.into());
        if let Some(limit) = limit {
            measurement.insert("limit".to_owned(), limit.as_str().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_judge_as_their_operators_say() {
        let passing = |limits: Limits| [0.0, 1.0, 1.5, 2.0, 3.0].map(|value| u8::from(limits.pass(value)));
        assert_eq!(passing(Limits::between(1.0, 2.0)), [0, 1, 1, 1, 0]);
        assert_eq!(passing(Limits::strictly_between(1.0, 2.0)), [0, 0, 1, 0, 0]);
        assert_eq!(passing(Limits::above_to(1.0, 2.0)), [0, 0, 1, 1, 0]);
        assert_eq!(passing(Limits::from_below(1.0, 2.0)), [0, 1, 1, 0, 0]);
        assert_eq!(passing(Limits::outside(1.0, 2.0)), [1, 0, 0, 0, 1]);
        assert_eq!(passing(Limits::not_within(1.0, 2.0)), [1, 1, 0, 1, 1]);
        assert_eq!(passing(Limits::below_or_from(1.0, 2.0)), [1, 0, 0, 1, 1]);
        assert_eq!(passing(Limits::to_or_above(1.0, 2.0)), [1, 1, 0, 0, 1]);
        assert_eq!(passing(Limits::at_most(1.0)), [1, 1, 0, 0, 0]);
        assert_eq!(passing(Limits::less_than(1.0)), [1, 0, 0, 0, 0]);
        assert_eq!(passing(Limits::at_least(1.5)), [0, 0, 1, 1, 1]);
        assert_eq!(passing(Limits::more_than(1.5)), [0, 0, 0, 1, 1]);
        assert_eq!(passing(Limits::equal(1.5)), [0, 0, 1, 0, 0]);
        assert_eq!(passing(Limits::not_equal(1.5)), [1, 1, 0, 1, 1]);
        assert!(Limits::none().pass(f64::NAN) && !Limits::not_equal(1.0).pass(f64::NAN));
        assert!(TextLimit::IgnoreCase("É".into()).pass("é") && !TextLimit::Equal("a".into()).pass("A"));
    }
}
