//! Processes, levels and groups.

use super::{Asked, Outcome, Refusal, reply};
use serde_json::{Value, json};

pub(super) fn answer(asked: &Asked, rest: &[&str]) -> Outcome {
    match (asked.method(), rest) {
        ("GET", ["Version"]) => reply(crate::web::VERSION),
        ("GET", ["Processes"]) => {
            let kinds = [
                ("includeTestOperations", "isTestOperation"),
                ("includeRepairOperations", "isRepairOperation"),
                ("includeWipOperations", "isWipOperation"),
            ];
            asked.only(&[kinds[0].0, kinds[1].0, kinds[2].0, "includeInactiveProcesses"])?;
            asked.truth("includeInactiveProcesses")?;
            let mut wanted = processes();
            for (parameter, member) in kinds {
                if asked.truth(parameter)? == Some(false) {
                    wanted.retain(|process| process[member] != true);
                }
            }
            reply(wanted)
        }
        ("GET", ["Levels"]) => reply(json!([{"levelId": 1, "levelName": "PCBA"}])),
        ("GET", ["ProductGroups"]) => {
            reply(json!([{"productGroupId": 1, "productGroupName": "Power supplies"}]))
        }
        _ => Err(Refusal::missing("The endpoint")),
    }
}

pub(super) fn internal(asked: &Asked, rest: &[&str]) -> Outcome {
    match (asked.method(), rest) {
        ("GET", ["GetProcesses"]) => {
            asked.only(&[])?;
            let with_ids = processes().into_iter().enumerate().map(|(index, process)| {
                json!({
                    "ProcessID": format!("00000000-0000-4000-8000-{index:012}"),
                    "Code": process["code"],
                    "Name": process["name"],
                    "Properties": null,
                })
            });
            reply(with_ids.collect::<Value>())
        }
        ("GET", ["GetRepairOperations"]) => reply(json!({"500": {
            "Description": "Repair",
            "UUTRequired": 1,
            "CompRefMask": "[A-Z]+[0-9]+",
            "Categories": [{
                "GUID": "00000000-0000-4000-8000-0000000000c1",
                "Description": "Component",
                "Selectable": false,
                "SortOrder": 1,
                "Failcodes": [{
                    "GUID": "00000000-0000-4000-8000-0000000000c2",
                    "Description": "Defect Component",
                    "Selectable": true,
                    "Failcodes": [],
                }],
            }],
        }})),
        _ => Err(Refusal::missing("The endpoint")),
    }
}

fn processes() -> Vec<Value> {
    let process = |code: i64, name: &str, test: bool, repair: bool| {
        json!({
            "code": code, "name": name, "description": null, "processIndex": code, "state": 1,
            "isTestOperation": test, "isRepairOperation": repair, "isWipOperation": !test && !repair,
        })
    };
    vec![
        process(10, "ICT", true, false),
        process(100, "End of line test", true, false),
        process(200, "Packing", false, false),
        process(500, "Repair", false, true),
    ]
}
