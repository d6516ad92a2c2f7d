//! Reports in WATS's own format, and what a person says that they leave out.

use crate::{Arguments, Refusal};
use serde_json::{Map, Value};
use wats::Report;

/// The arguments that fill members of the same meaning.
const FILLED: [(&str, &str); 5] = [
    ("part-number", "pn"),
    ("part-revision", "rev"),
    ("station-name", "machineName"),
    ("location", "location"),
    ("purpose", "purpose"),
];

/// Fills members that the reports leave out from the arguments of the same meaning: part number and revision, process
/// code, and the three of the station.
pub fn fill_from_arguments(reports: &mut [Report], arguments: &Arguments) -> Result<(), Refusal> {
    reports.iter_mut().try_for_each(|report| fill_members(report.members_mut(), arguments))
}

/// The same for one report that is not whole yet.
pub(crate) fn fill_members(members: &mut Map<String, Value>, arguments: &Arguments) -> Result<(), Refusal> {
    for (argument, member) in FILLED {
        fill(members, member, arguments.get(argument).map(Value::from));
    }
    fill(members, "processCode", arguments.process_code()?.map(Value::from));
    Ok(())
}

/// Sets a member that is missing, null or blank.
fn fill(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    let blank = match members.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    };
    if let (true, Some(value)) = (blank, value) {
        members.insert(name.to_owned(), value);
    }
}
