//! From a file to reports with ids.

use crate::arguments::COMMON_ARGUMENTS;
use crate::{Arguments, Confidence, Converter, Refusal, Source, all};
use std::collections::HashSet;
use wats::{ContentHash, Report, report_id};

/// The name that stands for the converter that is surest of a file.
pub const AUTO: &str = "auto";

/// What became of a file.
#[derive(Debug)]
pub struct Conversion {
    /// Name of the converter.
    pub converter: &'static str,
    /// How sure it was; not asked for when it was named.
    pub confidence: Option<Confidence>,
    /// Hash of everything the reports were made of.
    pub content: ContentHash,
    /// Whether the folder that belongs to the file was read too.
    pub companions: bool,
    /// The reports, at least one, each with an id.
    pub reports: Vec<Report>,
}

/// The converter of this name; `None` for `auto` and for unknown names.
pub fn find(name: &str) -> Option<&'static dyn Converter> {
    all().iter().copied().find(|converter| converter.name() == name)
}

/// All file names that are usual for one of the converters, each once, in a stable order.
pub fn patterns() -> Vec<&'static str> {
    let mut known = HashSet::new();
    let patterns = all().iter().flat_map(|converter| converter.describe().patterns);
    patterns.copied().filter(|pattern| known.insert(*pattern)).collect()
}

/// Converts a file with the converter of this name, or with the surest one for `auto`.
///
/// A report that brings no id gets one that depends on the content, the converter and the report's place alone, so
/// that the same file gives the same reports.
pub fn convert(name: &str, source: &Source, arguments: &Arguments) -> Result<Conversion, Refusal> {
    let (converter, confidence) = match name {
        AUTO => {
            let (converter, confidence) = surest(source, arguments)?;
            (converter, Some(confidence))
        }
        name => (find(name).ok_or_else(|| no_such(name))?, None),
    };
    let mut reports = converter.convert(source, arguments)?;
    let companions = converter.reads_companions() && !source.companions().is_empty();
    let content = source.content_hash(companions);
    give_ids(&mut reports, converter.name(), &content);
    Ok(Conversion { converter: converter.name(), confidence, content, companions, reports })
}

/// Checks that a converter exists and knows all arguments. For `auto`, one of the converters must know each.
pub fn check_arguments(name: &str, arguments: &Arguments) -> Result<(), Refusal> {
    let own: Vec<_> = match name {
        AUTO => all().iter().flat_map(|converter| converter.describe().arguments).copied().collect(),
        name => find(name).ok_or_else(|| no_such(name))?.describe().arguments.to_vec(),
    };
    for argument in arguments.names() {
        if !Arguments::is_one_of(argument, COMMON_ARGUMENTS) && !Arguments::is_one_of(argument, &own) {
            let known: Vec<&str> =
                COMMON_ARGUMENTS.iter().chain(&own).map(|argument| argument.name).collect();
            let message = format!("the converter {name} does not know it; it knows {}", known.join(", "));
            return Err(Refusal::Argument { name: argument.to_owned(), message });
        }
    }
    arguments.process_code()?;
    arguments.utc_offset()?;
    arguments.computes_status()?;
    Ok(())
}

/// The first of the surest converters.
fn surest(source: &Source, arguments: &Arguments) -> Result<(&'static dyn Converter, Confidence), Refusal> {
    if source.bytes().iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::Empty);
    }
    let mut best: Option<(&'static dyn Converter, Confidence)> = None;
    for converter in all() {
        let confidence = converter.confidence(source);
        if confidence > best.map_or(Confidence::NONE, |(_, best)| best) {
            best = Some((*converter, confidence));
        }
    }
    match best {
        Some(best) if best.1 >= Confidence::THRESHOLD => Ok(best),
        Some((converter, _)) => {
            // It would most likely refuse the file: its reason helps more than that nobody knows the file.
            let reason = converter.convert(source, arguments).err();
            Err(Refusal::Unknown { best: reason.map(|reason| (converter.name(), Box::new(reason))) })
        }
        None => Err(Refusal::Unknown { best: None }),
    }
}

fn no_such(name: &str) -> Refusal {
    let known: Vec<&str> = all().iter().map(|converter| converter.name()).collect();
    Refusal::NoSuchConverter { name: name.to_owned(), known: known.join(", ") }
}

/// Gives an id to each report that has none, and to each that has the id of another one in the same file: a server
/// would keep only the last of them. Reports in the WATS format itself keep theirs: there it means a correction.
fn give_ids(reports: &mut [Report], converter: &str, content: &ContentHash) {
    let mut known = HashSet::new();
    for (index, report) in reports.iter_mut().enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let own = report.id().filter(|id| known.insert(*id) || converter == crate::formats::WSJF);
        if own.is_none() {
            report.set_id(report_id(content, converter, index));
        }
    }
}
