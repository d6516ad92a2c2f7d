//! Serial numbers: one kind, `SN`, of six digits, from a supply of a hundred.

use super::{Asked, Outcome, Refusal, done, reply};
use crate::web::{Shared, locked};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// The kind that there is.
const KIND: &str = "SN";

/// Where each number is.
#[derive(Debug)]
pub(super) struct Pools {
    numbers: Vec<Entry>,
    receipts: u32,
}

#[derive(Debug)]
struct Entry {
    number: String,
    state: State,
    station: String,
    reference: (Option<String>, Option<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Reserved,
    Taken,
}

impl Default for Pools {
    fn default() -> Self {
        let numbers = (1..=100).map(|number| Entry::new(format!("{number:06}"))).collect();
        Self { numbers, receipts: 0 }
    }
}

impl Entry {
    fn new(number: String) -> Self {
        Self { number, state: State::Free, station: String::new(), reference: (None, None) }
    }

    fn to_json(&self) -> Value {
        json!({
            "serialNumber": self.number, "serialNumberType": KIND, "stationName": self.station,
            "refSN": self.reference.0, "refPN": self.reference.1,
        })
    }
}

impl Pools {
    /// Moves this many free numbers to another state.
    fn give(&mut self, count: usize, from: &str, state: State) -> Result<Vec<&mut Entry>, Refusal> {
        let free = |entry: &&mut Entry| entry.state == State::Free && *entry.number >= *from;
        if count == 0 || self.numbers.iter_mut().filter(free).count() < count {
            return Err(Refusal::bad("There are not so many serial numbers."));
        }
        let mut given: Vec<&mut Entry> = self.numbers.iter_mut().filter(free).take(count).collect();
        given.iter_mut().for_each(|entry| entry.state = state);
        Ok(given)
    }

    fn count(&self, state: State) -> usize {
        self.numbers.iter().filter(|entry| entry.state == state).count()
    }
}

fn kind(asked: &Asked, parameter: &str) -> Result<(), Refusal> {
    match asked.need(parameter)? {
        KIND => Ok(()),
        other => Err(Refusal::bad(format!("The serial number type {other} is unknown."))),
    }
}

pub(super) fn answer(shared: &Shared, asked: &Asked, internal: bool, rest: &[&str]) -> Outcome {
    let pools = &mut locked(&shared.world).numbers;
    match (asked.method(), internal, rest) {
        ("GET", false, ["Types"]) => reply(json!([
            {"name": KIND, "description": "Serial numbers", "format": "000000", "regEx": "[0-9]{6}", "identifier": 0}
        ])),
        ("POST", false, ["Take"]) => {
            asked.only(&["serialNumberType", "quantity", "refSN", "refPN", "stationName"])?;
            kind(asked, "serialNumberType")?;
            let reference = (asked.get("refSN").map(str::to_owned), asked.get("refPN").map(str::to_owned));
            let station = asked.get("stationName").unwrap_or_default();
            let mut given = pools.give(asked.number("quantity")?.unwrap_or_default(), "", State::Taken)?;
            for entry in &mut given {
                entry.reference.clone_from(&reference);
                station.clone_into(&mut entry.station);
            }
            reply(given.into_iter().map(|entry| entry.number.clone()).collect::<Vec<_>>())
        }
        ("GET", false, ["ByRange"]) => {
            asked.only(&["typeName", "from", "to"])?;
            kind(asked, "typeName")?;
            let range = asked.need("from")?..=asked.need("to")?;
            let within = pools.numbers.iter().filter(|entry| range.contains(&entry.number.as_str()));
            reply(within.map(Entry::to_json).collect::<Vec<_>>())
        }
        ("GET", false, ["ByReference"]) => {
            asked.only(&["typeName", "referenceSerialNumber", "referencePartNumber"])?;
            kind(asked, "typeName")?;
            let wanted = (asked.get("referenceSerialNumber"), asked.get("referencePartNumber"));
            let matches = |entry: &&Entry| {
                let (sn, pn) = (entry.reference.0.as_deref(), entry.reference.1.as_deref());
                (wanted.0.is_none() || wanted.0 == sn) && (wanted.1.is_none() || wanted.1 == pn)
            };
            reply(pools.numbers.iter().filter(matches).map(Entry::to_json).collect::<Vec<_>>())
        }
        ("PUT", false, []) => {
            asked.sent_as("text/csv")?;
            let text = String::from_utf8_lossy(&asked.body);
            for number in text.lines().skip(1).filter_map(|line| line.split(',').next()) {
                if pools.numbers.iter().any(|entry| entry.number == number) {
                    return Err(Refusal::bad(format!("The serial number {number} exists already.")));
                }
                pools.numbers.push(Entry::new(number.to_owned()));
            }
            done()
        }
        ("GET", false, []) => {
            asked.only(&["typeName", "state", "format"])?;
            kind(asked, "typeName")?;
            if asked.need("format")? != "csv" {
                return Err(Refusal::bad("The format is not supported."));
            }
            let wanted = asked.get("state");
            let in_state = pools
                .numbers
                .iter()
                .filter(|entry| wanted.is_none_or(|state| state == format!("{:?}", entry.state)));
            let lines: String =
                in_state.map(|entry| format!("{},{:?}\n", entry.number, entry.state)).collect();
            Ok(([(CONTENT_TYPE, "text/csv")], format!("serialNumber,state\n{lines}")).into_response())
        }
        ("GET", true, ["Count"]) => {
            kind(asked, "serialNumberType")?;
            reply(pools.numbers.len())
        }
        ("GET", true, ["Free"]) => {
            kind(asked, "serialNumberType")?;
            reply(json!([{"count": pools.count(State::Free)}]))
        }
        (method @ ("PUT" | "DELETE"), true, ["Free"]) => {
            let ranges = asked.json()?;
            for range in ranges.as_array().ok_or_else(|| Refusal::bad("The body must be a list."))? {
                let text = |name: &str| range[name].as_str().unwrap_or_default().to_owned();
                let (first, last) = (text("startAddress"), text("endAddress"));
                let within =
                    |entry: &Entry| (first.as_str()..=last.as_str()).contains(&entry.number.as_str());
                if method == "PUT" {
                    let reserved = |entry: &&mut Entry| within(entry) && entry.state == State::Reserved;
                    pools.numbers.iter_mut().filter(reserved).for_each(|entry| entry.state = State::Free);
                } else {
                    pools.numbers.retain(|entry| !(within(entry) && entry.state == State::Free));
                }
            }
            done()
        }
        ("GET", true, ["Ranges"]) => {
            asked.only(&["serialNumberType"])?;
            reply(json!([{"serialNumberType": KIND, "count": pools.numbers.len()}]))
        }
        ("GET", true, ["Statistics"]) => {
            asked.only(&["serialNumberType"])?;
            let (taken, reserved) = (pools.count(State::Taken), pools.count(State::Reserved));
            reply(json!([{"serialNumberType": KIND, "taken": taken, "reserved": reserved}]))
        }
        _ => Err(Refusal::missing("The endpoint")),
    }
}

pub(super) fn reserve(shared: &Shared, asked: &Asked) -> Outcome {
    asked.only(&[
        "serialNumberType",
        "batchSize",
        "requestType",
        "onlyInSequence",
        "stationName",
        "tokenId",
        "url",
        "fromSerialNumber",
    ])?;
    kind(asked, "serialNumberType")?;
    if asked.method() != "POST" || asked.need("requestType")? != "Reserve" {
        return Err(Refusal::bad("The parameter requestType must be Reserve."));
    }
    asked.truth("onlyInSequence")?;
    asked.need("stationName")?;
    let body = asked.json()?;
    let used = body["sn"].as_array().ok_or_else(|| Refusal::bad("The field sn is required."))?;
    let pools = &mut locked(&shared.world).numbers;
    for taken in used {
        if taken["takenSpecified"] != true || !taken["taken"].is_string() {
            return Err(Refusal::bad("A used number needs the time when it was taken."));
        }
        let entry = pools.numbers.iter_mut().find(|entry| taken["id"] == *entry.number);
        entry.ok_or_else(|| Refusal::bad("The used number is unknown."))?.state = State::Taken;
    }
    pools.receipts += 1;
    let receipt = format!("receipt-{}", pools.receipts);
    let from = asked.get("fromSerialNumber").unwrap_or_default();
    let given = pools.give(asked.number("batchSize")?.unwrap_or_default(), from, State::Reserved)?;
    let numbers: String = given.into_iter().map(|entry| format!("<SN id=\"{}\" />", entry.number)).collect();
    reply(json!({"sn": format!("<SerialNumbers receipt=\"{receipt}\">{numbers}</SerialNumbers>")}))
}
