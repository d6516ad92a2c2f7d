//! The part of OData that the simulator knows: `a eq 'b'` and other comparisons with `and` between them.

use super::{Asked, Refusal};
use serde_json::Value;
use std::cmp::Ordering;

/// The parameters of a query.
pub(super) const PARAMETERS: [&str; 5] = ["$filter", "$top", "$skip", "$orderby", "$expand"];

/// Those of the records that a query asks for.
pub(super) fn select(asked: &Asked, mut records: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    if let Some(filter) = asked.get("$filter") {
        for condition in filter.split(" and ") {
            let condition = condition.trim().trim_start_matches('(').trim_end_matches(')');
            let mut words = condition.splitn(3, ' ');
            let (Some(member), Some(operator), Some(literal)) = (words.next(), words.next(), words.next())
            else {
                return Err(Refusal::bad(format!("The filter {condition} is not understood.")));
            };
            let wanted = match literal.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
                Some(text) => Value::from(text.replace("''", "'")),
                None => serde_json::from_str(literal).unwrap_or_else(|_| literal.into()),
            };
            let matches: fn(Ordering) -> bool = match operator {
                "eq" => Ordering::is_eq,
                "ne" => Ordering::is_ne,
                "gt" => Ordering::is_gt,
                "ge" => Ordering::is_ge,
                "lt" => Ordering::is_lt,
                "le" => Ordering::is_le,
                _ => return Err(Refusal::bad(format!("The operator {operator} is unknown."))),
            };
            records.retain(|record| matches(compare(&record[member], &wanted)));
        }
    }
    for order in asked.get("$orderby").unwrap_or_default().rsplit(',').filter(|order| !order.is_empty()) {
        let (member, descending) = match order.trim().split_once(' ') {
            Some((member, "desc")) => (member, true),
            Some(_) => return Err(Refusal::bad(format!("The order {order} is not understood."))),
            None => (order.trim(), false),
        };
        records.sort_by(|one, other| {
            let order = compare(&one[member], &other[member]);
            if descending { order.reverse() } else { order }
        });
    }
    let skip = asked.number("$skip")?.unwrap_or_default();
    let top = asked.number("$top")?.unwrap_or(usize::MAX);
    Ok(records.into_iter().skip(skip).take(top).collect())
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => one.as_str().unwrap_or_default().cmp(other.as_str().unwrap_or_default()),
    }
}
