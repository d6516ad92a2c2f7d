//! Reports the repair of a unit that failed, with a failure code that the server offers:
//! `repair https://company.wats.com TOKEN ID-OF-THE-TEST`

use std::error::Error;
use wats::api::{Contents, RepairOperation};
use wats::build::{Fault, Header, Repair};
use wats::{Client, ContentHash, Secret, Station, Uuid, report_id};

/// The first category and code that the process offers.
fn first_code(operation: &RepairOperation) -> Option<(String, String)> {
    operation.categories.iter().find_map(|category| {
        let code = category.codes.iter().find(|code| code.selectable == Some(true))?;
        Some((category.description.clone()?, code.description.clone()?))
    })
}

/// Reports the repair, and says under which id it is stored.
pub(crate) async fn run(server: &str, token: &str, failed: Uuid) -> Result<String, Box<dyn Error>> {
    let client = Client::builder(server.parse()?, "example", "1.0").token(Secret::new(token)).build()?;
    let test = client.reports().get(failed, Contents::default()).await?.ok_or("there is no such test")?;
    let operations = client.processes().repair_operations().await?;
    let (process_code, operation) = operations.iter().next().ok_or("the server has no repair process")?;
    let (category, code) = first_code(operation).ok_or("the repair process has no failure codes")?;

    let text = |member: &str| test.members()[member].as_str().unwrap_or_default().to_owned();
    let header = Header {
        serial_number: text("sn"),
        part_number: text("pn"),
        revision: text("rev"),
        process_code: *process_code,
        start: "2026-01-15T12:00:00+01:00".into(),
        station: Station { name: "REP-01".into(), location: "Repair".into(), purpose: "Repair".into() },
    };
    let tested = test.members()["processCode"].as_i64().unwrap_or_default();
    let report = Repair::new(header, tested)
        .id(report_id(&ContentHash::of(failed.as_bytes()), "example-repair", 0))
        .test(failed)
        .operator("rep1")
        .comment("replaced C12")
        .dates("2026-01-15T11:00:00Z", "2026-01-15T11:10:00Z")
        .fault(Fault { category, code, component: "C12".into(), ..Fault::default() })
        .finish()?;
    client.submit(&report).await?;
    let id = report.id().map(|id| id.to_string()).unwrap_or_default();
    println!("{id}: the repair of {} is reported", text("sn"));
    Ok(id)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, token, failed] = arguments.as_slice() else {
        return Err("usage: repair SERVER TOKEN ID-OF-THE-TEST".into());
    };
    run(server, token, failed.parse()?).await.map(drop)
}
