//! Lists the tests of a product that failed, page after page, with what failed, and saves their attachments:
//! `search https://company.wats.com TOKEN PSU-100 FOLDER`

use std::error::Error;
use std::path::Path;
use wats::api::{Contents, Filter, Query};
use wats::build::Status;
use wats::{Client, Kind, Report, Secret};

/// The names of the steps that failed because of what they measured.
fn culprits(report: &Report) -> Vec<&str> {
    let failed = |status| status == Some(Status::Failed);
    let steps = report.steps().filter(|step| failed(step.status()));
    steps.filter(|step| step.measurements().any(|one| failed(one.status))).map(|step| step.name()).collect()
}

/// Gives the serial numbers of the units that failed, and the steps in which they did.
pub(crate) async fn run(
    server: &str,
    token: &str,
    part_number: &str,
    folder: &Path,
) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let client = Client::builder(server.parse()?, "example", "1.0").token(Secret::new(token)).build()?;
    let failed = Filter::equals("partNumber", part_number).and(Filter::equals("result", "F"));
    let query = Query { order_by: vec!["start desc".into()], top: Some(1000), ..Query::of(failed) };
    let reports = client.reports();
    let mut pages = reports.header_pages(Kind::Test, &query, 100);
    let mut units = Vec::new();
    while let Some(page) = pages.next().await? {
        for header in page {
            let serial_number = header.serial_number.unwrap_or_default();
            let Some(id) = header.id else { continue };
            let Some(report) = reports.get(id, Contents::default()).await? else { continue };
            let steps = culprits(&report).join(", ");
            println!("{} {serial_number}: {steps}", header.start.unwrap_or_default());
            if let Some(zip) = reports.attachments(id).await? {
                std::fs::write(folder.join(format!("{id}.zip")), zip)?;
            }
            units.push((serial_number, steps));
        }
    }
    Ok(units)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, token, part_number, folder] = arguments.as_slice() else {
        return Err("usage: search SERVER TOKEN PART-NUMBER FOLDER".into());
    };
    run(server, token, part_number, Path::new(folder)).await.map(drop)
}
