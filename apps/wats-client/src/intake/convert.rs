//! From the bytes of a source file to reports for the queue.

use crate::queue::{NewReport, SourceKey};
use wats::{ContentHash, Invalid, ReadError, Report, Station, read_reports, report_id};

/// Name of the one converter so far. It is part of each report's identity: never change it.
const WSJF: &str = "wsjf";

/// Why a file gives no reports.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConvertError {
    /// It cannot be read as reports.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// Its only report lacks something.
    #[error("a server would refuse this report: {0}")]
    Invalid(Invalid),
    /// One of its reports lacks something.
    #[error("a server would refuse report {number} of {of} in this file: {problems}")]
    OneInvalid {
        /// Which one, from 1.
        number: usize,
        /// Number of reports in the file.
        of: usize,
        /// What it lacks.
        problems: Invalid,
    },
}

/// Makes reports, ready to be sent, of a WSJF file.
pub(super) fn wsjf(
    bytes: &[u8],
    hash: ContentHash,
    source: &str,
    station: &Station,
    priority: u8,
) -> Result<Vec<NewReport>, ConvertError> {
    let reports = read_reports(bytes)?;
    let of = reports.len();
    reports
        .into_iter()
        .enumerate()
        .map(|(index, report)| {
            new_report(report, index, hash, source, station, priority).map_err(|problems| match of {
                1 => ConvertError::Invalid(problems),
                _ => ConvertError::OneInvalid { number: index + 1, of, problems },
            })
        })
        .collect()
}

fn new_report(
    mut report: Report,
    index: usize,
    content: ContentHash,
    source: &str,
    station: &Station,
    priority: u8,
) -> Result<NewReport, Invalid> {
    let position = u32::try_from(index).unwrap_or(u32::MAX);
    report.fill_station(station);
    report.prepare();
    report.validate()?;
    let id = report.id().unwrap_or_else(|| report_id(&content, WSJF, position));
    report.set_id(id);
    Ok(NewReport {
        key: SourceKey { content, converter: WSJF, position },
        id,
        body: report.to_json().into_bytes(),
        source: source.to_owned(),
        serial_number: report.serial_number().unwrap_or_default().to_owned(),
        priority,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../samples/final-test-passed.json");

    fn convert(text: &str) -> Result<Vec<NewReport>, ConvertError> {
        let station = Station { name: "N".into(), location: "L".into(), purpose: "P".into() };
        wsjf(text.as_bytes(), ContentHash::of(text.as_bytes()), "a.json", &station, 5)
    }

    #[test]
    fn ids_are_the_same_every_time() {
        let without_id = SAMPLE.replace("\"id\": \"", "\"other\": \"");
        let (first, second) = (convert(&without_id).unwrap(), convert(&without_id).unwrap());
        assert_eq!(first[0].id, second[0].id);
        assert_eq!(first[0].key, second[0].key);
        assert_ne!(convert(SAMPLE).unwrap()[0].id, first[0].id);
    }

    #[test]
    fn the_faulty_report_of_several_is_named() {
        let list = format!("[{SAMPLE},{}]", SAMPLE.replace("\"sn\":", "\"ns\":"));
        assert_eq!(
            convert(&list).unwrap_err().to_string(),
            "a server would refuse report 2 of 2 in this file: sn (serial number) is missing"
        );
    }
}
