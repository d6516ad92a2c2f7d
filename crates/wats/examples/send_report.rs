//! Makes the report of a test and sends it: `send_report https://company.wats.com TOKEN`

use std::error::Error;
use wats::build::{Attachment, Chart, ChartType, Group, Header, Limits, Step, SubUnit, Test, TextLimit};
use wats::{Client, ContentHash, Report, Secret, Station, report_id};

/// What a test of a power supply found.
fn report(serial_number: &str) -> Result<Report, Box<dyn Error>> {
    let ripple = Chart::new(ChartType::Line, "Ripple").x("Time", "ms").y("Voltage", "mV").series(
        "5 V",
        &[0.0, 1.0, 2.0, 3.0],
        &[1.5, 22.0, 3.1, 20.9],
    );
    let steps = vec![
        Step::action("Power on").group(Group::Setup).seconds(0.2),
        Step::numeric("Supply voltage", 5.01, "V", Limits::between(4.9, 5.1)),
        Step::sequence(
            "Load",
            vec![
                Step::numerics(
                    "Rails at 2 A",
                    [("5V", 4.97, "V", Limits::at_least(4.9)), ("3V3", 3.31, "V", Limits::between(3.2, 3.4))],
                ),
                Step::numeric("Ripple", 22.0, "mV", Limits::at_most(50.0)).chart(ripple),
            ],
        ),
        Step::pass_fails("Indicators", [("green", true), ("red", true)]),
        Step::text("Firmware", "v1.2", TextLimit::IgnoreCase("V1.2".into())),
        Step::file(
            "Log",
            Attachment {
                name: "log.txt".into(),
                content_type: "text/plain".into(),
                content: b"all is well".to_vec(),
            },
        )
        .group(Group::Cleanup),
    ];
    let header = Header {
        serial_number: serial_number.into(),
        part_number: "PSU-100".into(),
        revision: "A".into(),
        process_code: 100,
        start: "2026-01-15T10:00:00+01:00".into(),
        station: Station { name: "FCT-01".into(), location: "Line 1".into(), purpose: "Production".into() },
    };
    // The same result gets the same id, however often this runs, and so is one report for the server.
    let id = report_id(&ContentHash::of(serial_number.as_bytes()), "example", 0);
    let board = SubUnit {
        part_type: "PCBA".into(),
        serial_number: "S-1".into(),
        part_number: "PCB-1".into(),
        revision: "B".into(),
    };
    let test = Test::new(header, steps).id(id).program("psu.seq", "1.0").operator("op7").sub_unit(board);
    Ok(test.finish()?)
}

/// Sends it, and says under which id it is stored.
pub(crate) async fn run(server: &str, token: &str) -> Result<String, Box<dyn Error>> {
    let client = Client::builder(server.parse()?, "example", "1.0").token(Secret::new(token)).build()?;
    println!("the server has version {}", client.version().await?);
    let report = report("SN-0001")?;
    // Tried three times in all, which is safe because the report has an id.
    let delivered = client.submit(&report).await?;
    let id = report.id().map(|id| id.to_string()).unwrap_or_default();
    println!("{id}: {}", if delivered.already_there { "was there already" } else { "delivered" });
    Ok(id)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, token] = arguments.as_slice() else { return Err("usage: send_report SERVER TOKEN".into()) };
    run(server, token).await.map(drop)
}
