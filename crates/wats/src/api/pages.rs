//! Many records, some at a time.

use super::decode::{record, records};
use super::odata::Query;
use crate::client::Call;
use crate::{Client, Failure};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::marker::PhantomData;

/// Gives records page after page.
#[derive(Debug)]
pub struct Pages<'a, T> {
    client: &'a Client,
    call: Call,
    query: Query,
    size: u32,
    /// How many may still come; `None` is all there are.
    left: Option<u32>,
    /// First record of the page before.
    before: Option<Value>,
    done: bool,
    records: PhantomData<fn() -> T>,
}

impl<'a, T: DeserializeOwned> Pages<'a, T> {
    /// `query.top` is how many records are wanted in all.
    pub(super) fn new(client: &'a Client, call: Call, query: &Query, size: u32) -> Self {
        let query = query.clone();
        let left = query.top;
        Self {
            client,
            call,
            query,
            size: size.max(1),
            left,
            before: None,
            done: left == Some(0),
            records: PhantomData,
        }
    }

    /// The next page, never an empty one; `None` after the last. Can be called again after a failure.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, Failure> {
        if self.done {
            return Ok(None);
        }
        let wanted = self.left.map_or(self.size, |left| left.min(self.size));
        self.query.top = Some(wanted);
        let answer = self.client.done(self.query.apply(self.call.clone())).await?;
        let page = records(&answer)?;
        if page.is_empty() {
            self.done = true;
            return Ok(None);
        }
        // Without this, a server that knows no $skip would be asked for ever.
        if self.before.as_ref() == page.first() {
            return Err(answer.not_understood("the same page came twice: the server cannot skip records"));
        }
        self.before = page.first().cloned();
        let count = u32::try_from(page.len()).unwrap_or(u32::MAX);
        self.query.skip = Some(self.query.skip.unwrap_or_default().saturating_add(count));
        self.left = self.left.map(|left| left.saturating_sub(count));
        self.done = count < wanted || self.left == Some(0);
        page.into_iter().map(|value| record(&answer, value)).collect::<Result<_, _>>().map(Some)
    }

    /// All records at once.
    pub async fn all(mut self) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}
