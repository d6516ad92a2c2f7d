//! From a source file to reports for the queue.

use crate::config::{PostAction, Watch};
use crate::queue::{NewReport, SourceKey};
use wats::{ContentHash, Invalid, Report, Station};
use wats_converters::{Conversion, Refusal, Source};

/// Why a file gives no reports.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConvertError {
    /// The converter refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
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

impl ConvertError {
    /// Whether something is missing that may come yet.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Refused(Refusal::NotYet(_)))
    }

    /// Whether the file looks like none that this program is for.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self, Self::Refused(Refusal::Unknown { best: None }))
    }
}

/// A file that was converted.
#[derive(Debug)]
pub(super) struct Converted {
    /// Hash of all that the reports were made of.
    pub(super) content: ContentHash,
    /// Whether the folder of the file's name was read too.
    pub(super) companions: bool,
    /// The reports, ready to be sent.
    pub(super) reports: Vec<NewReport>,
}

/// The reports of one file, for a command; or why there are none.
pub(crate) fn to_reports(
    source: &Source,
    watch: &Watch,
    station: &Station,
) -> Result<Vec<NewReport>, String> {
    reports(source, watch, station).map(|converted| converted.reports).map_err(|error| error.to_string())
}

/// Makes reports, ready to be sent, of a file.
pub(super) fn reports(source: &Source, watch: &Watch, station: &Station) -> Result<Converted, ConvertError> {
    let Conversion { converter, content, companions, reports, .. } =
        watch.converters.convert(&watch.converter, source, &watch.arguments)?;
    let of = reports.len();
    let reports = reports.into_iter().enumerate().map(|(index, report)| {
        let key = SourceKey { content, converter, position: u32::try_from(index).unwrap_or(u32::MAX) };
        new_report(report, key, source.name(), station, watch).map_err(|problems| match of {
            1 => ConvertError::Invalid(problems),
            _ => ConvertError::OneInvalid { number: index + 1, of, problems },
        })
    });
    Ok(Converted { content, companions, reports: reports.collect::<Result<_, _>>()? })
}

fn new_report(
    mut report: Report,
    key: SourceKey,
    source: &str,
    station: &Station,
    watch: &Watch,
) -> Result<NewReport, Invalid> {
    report.fill_station(station);
    report.prepare();
    report.validate()?;
    let id = report.id().unwrap_or_else(|| wats::report_id(&key.content, key.converter, key.position));
    report.set_id(id);
    Ok(NewReport {
        key,
        id,
        body: report.to_json().into_bytes(),
        source: source.to_owned(),
        serial_number: report.serial_number().unwrap_or_default().to_owned(),
        priority: watch.priority,
        lasting: watch.post_action == PostAction::Keep,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Watch;

    const SAMPLE: &str = include_str!("../../samples/final-test-passed.json");

    fn convert(name: &str, text: &str) -> Result<Vec<NewReport>, ConvertError> {
        let station = Station { name: "N".into(), location: "L".into(), purpose: "P".into() };
        let watch = Watch::of_test("/watch");
        reports(&Source::new(name, text.into()), &watch, &station).map(|converted| converted.reports)
    }

    #[test]
    fn ids_are_the_same_every_time() {
        let without_id = SAMPLE.replace("\"id\": \"", "\"other\": \"");
        let (first, second) =
            (convert("a.json", &without_id).unwrap(), convert("b.json", &without_id).unwrap());
        assert_eq!(first[0].id, second[0].id);
        assert_eq!(first[0].key, second[0].key);
        assert_ne!(convert("a.json", SAMPLE).unwrap()[0].id, first[0].id);
    }

    #[test]
    fn the_faulty_report_of_several_is_named() {
        let list = format!("[{SAMPLE},{}]", SAMPLE.replace("\"sn\":", "\"ns\":"));
        assert_eq!(
            convert("a.json", &list).unwrap_err().to_string(),
            "a server would refuse report 2 of 2 in this file: sn (serial number) is missing"
        );
    }

    #[test]
    fn other_formats_are_found_by_their_content() {
        let text = "@31-JUL-12  14:18:51 SN 1\nR1=1(0,2)R\n\"31-JUL-12  14:18:53";
        let reports = convert("a.txt", &format!("D:\\board.obc[31-JUL-12  14:17:35\n{text}")).unwrap();
        assert_eq!((reports[0].key.converter, reports[0].serial_number.as_str()), ("gr228x", "1"));
        assert!(convert("a.txt", "not ours").unwrap_err().is_foreign());
        assert!(!convert("a.json", "not ours").unwrap_err().is_foreign());
    }
}
