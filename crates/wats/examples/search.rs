//! Lists the tests of a product that failed, page after page, and saves their attachments:
//! `search https://company.wats.com TOKEN PSU-100 FOLDER`

use std::error::Error;
use std::path::Path;
use wats::api::{Filter, Query};
use wats::{Client, Kind, Secret};

/// Gives the serial numbers of the units that failed.
pub(crate) async fn run(
    server: &str,
    token: &str,
    part_number: &str,
    folder: &Path,
) -> Result<Vec<String>, Box<dyn Error>> {
    let client = Client::builder(server.parse()?, "example", "1.0").token(Secret::new(token)).build()?;
    let failed = Filter::equals("partNumber", part_number).and(Filter::equals("result", "F"));
    let query = Query { order_by: vec!["start desc".into()], top: Some(1000), ..Query::of(failed) };
    let reports = client.reports();
    let mut pages = reports.header_pages(Kind::Test, &query, 100);
    let mut units = Vec::new();
    while let Some(page) = pages.next().await? {
        for header in page {
            let serial_number = header.serial_number.unwrap_or_default();
            println!("{} {serial_number}", header.start.unwrap_or_default());
            if let Some(id) = header.id
                && let Some(zip) = client.reports().attachments(id).await?
            {
                std::fs::write(folder.join(format!("{id}.zip")), zip)?;
            }
            units.push(serial_number);
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
