//! From answers to records. Servers answer with nothing, a record, or a list of records: all are accepted.

use crate::client::{Answer, Call};
use crate::{Client, Failure};
use serde::de::DeserializeOwned;
use serde_json::Value;

impl Client {
    /// The answer, or `None` when there is no such thing.
    pub(super) async fn found(&self, call: Call) -> Result<Option<Answer>, Failure> {
        let answer = self.call(call).await?;
        if answer.status() == 404 {
            return Ok(None);
        }
        answer.success().map(Some)
    }

    /// The record asked for, or `None` when there is no such thing.
    pub(super) async fn one<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, Failure> {
        match self.found(call).await? {
            Some(answer) => Ok(list(&answer)?.into_iter().next()),
            None => Ok(None),
        }
    }

    /// The record that the server has made of the one sent, where it tells.
    pub(super) async fn stored<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, Failure> {
        Ok(list(&self.done(call).await?)?.into_iter().next())
    }

    /// The records asked for.
    pub(super) async fn list<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>, Failure> {
        list(&self.done(call).await?)
    }

    /// Whether something is so.
    pub(super) async fn truth(&self, call: Call) -> Result<bool, Failure> {
        let answer = self.done(call).await?;
        match answer.value()? {
            Some(Value::Bool(truth)) => Ok(truth),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            // A success without a word is a yes.
            None => Ok(true),
            Some(other) => Err(answer.not_understood(&format!("it is {other}, not true or false"))),
        }
    }

    /// The bytes asked for, or `None` when there is no such thing.
    pub(super) async fn bytes(&self, call: Call) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.found(call).await?.map(Answer::into_bytes))
    }
}

/// A list in any of the forms in which servers give one: bare, as the only record, in OData's `value`, or none at all.
fn list<T: DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, Failure> {
    records(answer)?.into_iter().map(|value| record(answer, value)).collect()
}

pub(super) fn records(answer: &Answer) -> Result<Vec<Value>, Failure> {
    Ok(match answer.value()? {
        None => Vec::new(),
        Some(Value::Array(values)) => values,
        Some(mut value) => match value.get_mut("value").map(Value::take) {
            Some(Value::Array(values)) => values,
            Some(other) => {
                value["value"] = other;
                vec![value]
            }
            None => vec![value],
        },
    })
}

pub(super) fn record<T: DeserializeOwned>(answer: &Answer, value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| answer.not_understood(&error.to_string()))
}
