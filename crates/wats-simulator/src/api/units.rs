//! Units. One is known from the moment a report of it came.

use super::{Asked, Outcome, Refusal, done, reply};
use crate::web::{Shared, locked};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Serial number and part number.
type Key = (String, String);

/// What was said of units.
#[derive(Debug, Default)]
pub(super) struct Floor {
    /// Members set by calls.
    facts: BTreeMap<Key, serde_json::Map<String, Value>>,
    /// Children with their parents.
    parents: BTreeMap<Key, Key>,
}

pub(super) fn answer(shared: &Shared, asked: &Asked, internal: bool, rest: &[&str]) -> Outcome {
    let known = |key: &Key| -> Result<Vec<Value>, Refusal> {
        let store = locked(&shared.store);
        let mut of_unit: Vec<Value> = store
            .reports
            .values()
            .map(|received| received.report.clone())
            .filter(|report| report["sn"] == *key.0 && report["pn"] == *key.1)
            .collect();
        of_unit.sort_by_key(|report| report["start"].as_str().unwrap_or_default().to_owned());
        if of_unit.is_empty() { Err(Refusal::missing("The unit")) } else { Ok(of_unit) }
    };
    let key = |serial: &str, part: &str| Ok((asked.need(serial)?.to_owned(), asked.need(part)?.to_owned()));
    let floor = |change: &mut dyn FnMut(&mut Floor) -> Outcome| change(&mut locked(&shared.world).units);
    match (asked.method(), internal, rest) {
        ("GET", false, ["Unit", serial, part]) => {
            let key = ((*serial).to_owned(), (*part).to_owned());
            let reports = known(&key)?;
            floor(&mut |floor| {
                let mut unit =
                    json!({"serialNumber": key.0, "partNumber": key.1, "revision": reports[0]["rev"]});
                for (name, value) in floor.facts.get(&key).into_iter().flatten() {
                    unit[name] = value.clone();
                }
                if let Some((serial, _)) = floor.parents.get(&key) {
                    unit["parentSerialNumber"] = json!(serial);
                }
                let children = floor.parents.iter().filter(|(_, parent)| **parent == key);
                unit["subUnits"] =
                    children.map(|((sn, pn), _)| json!({"serialNumber": sn, "partNumber": pn})).collect();
                reply(unit)
            })
        }
        ("GET", false, ["UnitVerification"]) => {
            asked.only(&["serialNumber", "partNumber", "revision"])?;
            let reports = known(&key("serialNumber", "partNumber")?)?;
            let passed = |report: &Value| report["result"] == "P";
            let results: Vec<Value> = reports
                .iter()
                .map(|report| json!({"processCode": report["processCode"], "status": report["result"], "totalCount": 1}))
                .collect();
            reply(json!({
                "status": if reports.last().is_some_and(passed) { "Passed" } else { "Failed" },
                "allProcessesPassedFirstRun": reports.iter().all(passed),
                "noRepairs": reports.iter().all(|report| report["type"] == "T"),
                "results": results,
            }))
        }
        ("PUT", false, ["SetUnitPhase"]) => {
            asked.only(&["serialNumber", "partNumber", "phase", "comment"])?;
            let (key, phase) = (key("serialNumber", "partNumber")?, asked.need("phase")?);
            known(&key)?;
            let named = phases()
                .into_iter()
                .find(|known| known["Code"] == phase || known["UnitPhaseId"].as_i64() == phase.parse().ok());
            let named = named.ok_or_else(|| Refusal::bad(format!("The phase {phase} is unknown.")))?;
            floor(&mut |floor| {
                let facts = floor.facts.entry(key.clone()).or_default();
                facts.insert("unitPhaseId".into(), named["UnitPhaseId"].clone());
                facts.insert("unitPhase".into(), named["Name"].clone());
                done()
            })
        }
        ("PUT", false, ["SetUnitProcess"]) => {
            asked.only(&["serialNumber", "partNumber", "processCode", "comment"])?;
            let (key, code) = (key("serialNumber", "partNumber")?, asked.number("processCode")?);
            known(&key)?;
            floor(&mut |floor| {
                floor.facts.entry(key.clone()).or_default().insert("processCode".into(), json!(code));
                done()
            })
        }
        ("POST", false, [name @ ("AddChildUnit" | "RemoveChildUnit")]) => {
            asked.only(&[
                "parentSerialNumber",
                "parentPartNumber",
                "childSerialNumber",
                "childPartNumber",
            ])?;
            let parent = key("parentSerialNumber", "parentPartNumber")?;
            let child = key("childSerialNumber", "childPartNumber")?;
            known(&parent)?;
            known(&child)?;
            floor(&mut |floor| match (*name, floor.parents.get(&child)) {
                ("AddChildUnit", Some(_)) => Err(Refusal::bad("The unit has a parent already.")),
                ("AddChildUnit", None) => {
                    floor.parents.insert(child.clone(), parent.clone());
                    done()
                }
                (_, Some(own)) if *own == parent => {
                    floor.parents.remove(&child);
                    done()
                }
                _ => Err(Refusal::bad("The unit is not in this parent.")),
            })
        }
        ("GET", false, ["CheckChildUnits"]) => {
            asked.only(&["serialNumber", "partNumber", "revision"])?;
            asked.need("revision")?;
            let key = key("serialNumber", "partNumber")?;
            known(&key)?;
            floor(&mut |floor| {
                let count = floor.parents.values().filter(|parent| **parent == key).count();
                reply(json!({"complete": count > 0, "count": count}))
            })
        }
        ("GET", true, ["GetUnitPhases"]) => reply(phases()),
        ("GET", true, ["isConnected"]) => reply(true),
        _ => Err(Refusal::missing("The endpoint")),
    }
}

fn phases() -> Vec<Value> {
    let phase = |id: i64, code: &str, name: &str| json!({"UnitPhaseId": id, "Code": code, "Name": name});
    vec![
        phase(2, "Under_Production", "Under production"),
        phase(16, "Finalized", "Finalized"),
        phase(32, "Scrapped", "Scrapped"),
    ]
}
