//! Which records are wanted, and in what order: OData.

use crate::client::Call;
use std::fmt;

/// Which records of many are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Only those for which this holds.
    pub filter: Option<Filter>,
    /// At most this many.
    pub top: Option<u32>,
    /// Without the first ones.
    pub skip: Option<u32>,
    /// Names of members to sort by, with ` desc` behind a name for the other way round.
    pub order_by: Vec<String>,
    /// Names of lists that come with each record.
    pub expand: Vec<String>,
}

impl Query {
    /// The records for which this holds.
    pub fn of(filter: Filter) -> Self {
        Self { filter: Some(filter), ..Self::default() }
    }

    pub(super) fn apply(&self, call: Call) -> Call {
        let joined = |names: &[String]| (!names.is_empty()).then(|| names.join(","));
        call.query_some("$filter", self.filter.as_ref())
            .query_some("$top", self.top)
            .query_some("$skip", self.skip)
            .query_some("$orderby", joined(&self.order_by))
            .query_some("$expand", joined(&self.expand))
    }
}

/// A condition, for example `serialNumber eq 'SN-1' and start gt 2026-01-01T00:00:00Z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// The member has this value.
    pub fn equals(member: &str, value: impl Into<Literal>) -> Self {
        Self::compare(member, "eq", value)
    }

    /// The member and the value compare like this: `eq`, `ne`, `gt`, `ge`, `lt` or `le`.
    pub fn compare(member: &str, operator: &str, value: impl Into<Literal>) -> Self {
        Self(format!("{member} {operator} {}", value.into().0))
    }

    /// A condition as text.
    pub fn raw(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        Self(format!("({}) and ({})", self.0, other.0))
    }

    /// At least one holds.
    pub fn or(self, other: Self) -> Self {
        Self(format!("({}) or ({})", self.0, other.0))
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A value in a condition. A text becomes a quoted one, whatever it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal(String);

impl Literal {
    /// A date and time in ISO 8601, which stands there without quotes.
    pub fn time(iso: &str) -> Self {
        Self(iso.to_owned())
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self(format!("'{}'", text.replace('\'', "''")))
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl From<bool> for Literal {
    fn from(truth: bool) -> Self {
        Self(truth.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_texts_are_doubled() {
        let filter = Filter::equals("sn", "5' or 1 eq 1").and(Filter::compare("code", "ge", 10));
        assert_eq!(filter.to_string(), "(sn eq '5'' or 1 eq 1') and (code ge 10)");
        let filter =
            Filter::equals("ok", true).or(Filter::compare("start", "lt", Literal::time("2026-01-01")));
        assert_eq!(filter.to_string(), "(ok eq true) or (start lt 2026-01-01)");
    }
}
