//! `wats-client convert`

use crate::Failure;
use crate::cli::Convert;
use std::io::{self, Write};
use wats::{Report, Station};
use wats_converters::{Arguments, Source};

/// Members that only servers write: left out of what is sent, and shown because the file says them.
const OUTPUT_ONLY: [&str; 5] = ["startUTC", "origin", "productName", "processName", "processCodeFormat"];
/// Members that only the station knows. A file without them is in order.
const OF_THE_STATION: [&str; 3] = ["machineName", "location", "purpose"];

/// Prints the reports that a file holds as they would be sent.
pub(crate) fn convert(arguments: &Convert) -> Result<(), Failure> {
    let config = super::load(&arguments.config)?;
    let pairs: Arguments = arguments.arguments.iter().map(|(name, value)| (name, value.as_str())).collect();
    let (converters, name) = super::converters(&config, &arguments.converter)?;
    converters.check_arguments(&name, &pairs).map_err(Failure::general)?;
    let file = arguments.file.display();
    let source = Source::open(&arguments.file)
        .map_err(|error| Failure::General(format!("{file} cannot be read: {error}")))?;
    let conversion = converters
        .convert(&name, &source, &pairs)
        .map_err(|refusal| Failure::General(format!("{file}: {refusal}")))?;
    let of = conversion.reports.len();
    let mut texts = Vec::with_capacity(of);
    for (index, report) in conversion.reports.into_iter().enumerate() {
        let place = if of == 1 { String::new() } else { format!("report {} of {of}: ", index + 1) };
        let report = shown(report, &config.station);
        if let Err(invalid) = report.validate() {
            let (station, of_file): (Vec<_>, Vec<_>) =
                invalid.problems.iter().partition(|problem| OF_THE_STATION.contains(&problem.member));
            if let Some(problem) = of_file.first() {
                return Err(Failure::General(format!("{file}: {place}a server would refuse it: {problem}")));
            }
            for problem in station {
                eprintln!(
                    "wats-client: note: {place}{problem}; set station.{} to fill it",
                    match problem.member {
                        "machineName" => "name",
                        other => other,
                    }
                );
            }
        }
        texts.push(report.to_json());
    }
    let mut out = io::stdout().lock();
    write(&mut out, &texts).map_err(Failure::general)
}

/// As a list, with each report on a line of its own.
fn write(out: &mut impl Write, reports: &[String]) -> io::Result<()> {
    for (index, report) in reports.iter().enumerate() {
        out.write_all(if index == 0 { b"[\n" } else { b",\n" })?;
        out.write_all(report.as_bytes())?;
    }
    out.write_all(b"\n]\n")?;
    out.flush()
}

/// The report as it would be sent, and with what else the file says in its header.
fn shown(mut report: Report, station: &Station) -> Report {
    let more: Vec<_> = OUTPUT_ONLY
        .iter()
        .filter_map(|name| Some((*name, report.header(name).filter(|value| !value.is_null())?.clone())))
        .collect();
    report.fill_station(station);
    report.prepare();
    // The steps need not be read for nothing.
    if !more.is_empty() {
        report.members_mut().extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    report
}
