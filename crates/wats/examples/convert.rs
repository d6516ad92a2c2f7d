//! Turns reports in JSON into XML and the other way round: `convert FILE`

use std::error::Error;
use wats::{Report, read_reports, wsxf};

/// Gives the content of the other format.
pub(crate) fn run(bytes: &[u8]) -> Result<String, Box<dyn Error>> {
    if bytes.trim_ascii_start().starts_with(b"{") || bytes.trim_ascii_start().starts_with(b"[") {
        let mut reports = read_reports(bytes)?;
        reports.iter_mut().for_each(Report::prepare);
        let document = wsxf::write(&reports)?;
        for member in &document.left_out {
            eprintln!("note: XML has no place for {member}");
        }
        return Ok(document.xml);
    }
    let reports = wsxf::read(bytes)?;
    let texts: Vec<String> = reports.iter().map(Report::to_json).collect();
    Ok(format!("[{}]", texts.join(",\n")))
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: convert FILE")?;
    println!("{}", run(&std::fs::read(file)?)?);
    Ok(())
}
