//! From a file to reports with ids.

use crate::arguments::COMMON_ARGUMENTS;
use crate::{Arguments, Confidence, Converter, Refusal, Source, all, limits};
use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// The converters that a file may be given to: those of this crate, and more.
#[derive(Default)]
pub struct Converters {
    more: Vec<Box<dyn Converter + Send>>,
}

impl fmt::Debug for Converters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter().map(|converter| converter.name())).finish()
    }
}

impl Converters {
    /// Adds one. Of two that are equally sure of a file, `auto` takes the one that was there first.
    pub fn add(&mut self, converter: Box<dyn Converter + Send>) {
        self.more.push(converter);
    }

    /// All of them, those of this crate first.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Converter> {
        all().iter().copied().chain(self.more.iter().map(|converter| &**converter as &dyn Converter))
    }

    /// The converter of this name; `None` for `auto` and for unknown names.
    pub fn find(&self, name: &str) -> Option<&dyn Converter> {
        self.iter().find(|converter| converter.name() == name)
    }

    /// Those that `auto` asks.
    fn asked(&self) -> impl Iterator<Item = &dyn Converter> {
        self.iter().filter(|converter| converter.is_asked_by_auto())
    }

    /// All file names that are usual for one of those that `auto` asks, each once, in a stable order.
    pub fn patterns(&self) -> Vec<&'static str> {
        let mut known = HashSet::new();
        let patterns = self.asked().flat_map(|converter| converter.describe().patterns);
        patterns.copied().filter(|pattern| known.insert(*pattern)).collect()
    }

    /// Converts a file with the converter of this name, or with the surest one for `auto`.
    ///
    /// A report that brings no id gets one that depends on the content, the converter and the report's place alone, so
    /// that the same file gives the same reports.
    pub fn convert(&self, name: &str, source: &Source, arguments: &Arguments) -> Result<Conversion, Refusal> {
        limits::check_size(source.bytes().len())?;
        let (converter, confidence) = match name {
            AUTO => {
                let (converter, confidence) = self.surest(source, arguments)?;
                (converter, Some(confidence))
            }
            name => (self.find(name).ok_or_else(|| self.no_such(name))?, None),
        };
        let mut reports = guarded(converter.name(), || converter.convert(source, arguments))??;
        let companions = converter.reads_companions() && !source.companions().is_empty();
        let content = source.content_hash(companions);
        give_ids(&mut reports, converter.name(), &content);
        Ok(Conversion { converter: converter.name(), confidence, content, companions, reports })
    }

    /// Checks that a converter exists and knows all arguments. For `auto`, one of the converters must know each.
    pub fn check_arguments(&self, name: &str, arguments: &Arguments) -> Result<(), Refusal> {
        let (own, takes_any): (Vec<_>, _) = match name {
            AUTO => {
                (self.asked().flat_map(|converter| converter.describe().arguments).copied().collect(), false)
            }
            name => {
                let converter = self.find(name).ok_or_else(|| self.no_such(name))?;
                (converter.describe().arguments.to_vec(), converter.takes_any_argument())
            }
        };
        for argument in arguments.names() {
            if !takes_any
                && !Arguments::is_one_of(argument, COMMON_ARGUMENTS)
                && !Arguments::is_one_of(argument, &own)
            {
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
    fn surest(
        &self,
        source: &Source,
        arguments: &Arguments,
    ) -> Result<(&dyn Converter, Confidence), Refusal> {
        if source.bytes().iter().all(u8::is_ascii_whitespace) {
            return Err(Refusal::Empty);
        }
        let mut best: Option<(&dyn Converter, Confidence)> = None;
        for converter in self.asked() {
            let confidence =
                guarded(converter.name(), || converter.confidence(source)).unwrap_or(Confidence::NONE);
            if confidence > best.map_or(Confidence::NONE, |(_, best)| best) {
                best = Some((converter, confidence));
            }
        }
        match best {
            Some(best) if best.1 >= Confidence::THRESHOLD => Ok(best),
            Some((converter, _)) => {
                // It would most likely refuse the file: its reason helps more than that nobody knows the file.
                let reason =
                    guarded(converter.name(), || converter.convert(source, arguments)).flatten().err();
                Err(Refusal::Unknown { best: reason.map(|reason| (converter.name(), Box::new(reason))) })
            }
            None => Err(Refusal::Unknown { best: None }),
        }
    }

    fn no_such(&self, name: &str) -> Refusal {
        let known: Vec<&str> = self.iter().map(|converter| converter.name()).collect();
        Refusal::NoSuchConverter { name: name.to_owned(), known: known.join(", ") }
    }
}

/// Runs a part of a converter. A fault in it costs the file, not the program.
fn guarded<T>(name: &str, work: impl FnOnce() -> T) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic");
        Refusal::Failed(format!(
            "the converter {name} has a fault that this file shows ({text}): please report it, with the file"
        ))
    })
}

/// The converter of this crate of this name; see [`Converters::find`].
pub fn find(name: &str) -> Option<&'static dyn Converter> {
    all().iter().copied().find(|converter| converter.name() == name)
}

/// File names that are usual for the converters of this crate; see [`Converters::patterns`].
pub fn patterns() -> Vec<&'static str> {
    Converters::default().patterns()
}

/// Converts a file with the converters of this crate; see [`Converters::convert`].
pub fn convert(name: &str, source: &Source, arguments: &Arguments) -> Result<Conversion, Refusal> {
    Converters::default().convert(name, source, arguments)
}

/// Checks the arguments of a converter of this crate; see [`Converters::check_arguments`].
pub fn check_arguments(name: &str, arguments: &Arguments) -> Result<(), Refusal> {
    Converters::default().check_arguments(name, arguments)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Description;

    /// A converter with a fault.
    struct Faulty;

    impl Converter for Faulty {
        fn name(&self) -> &'static str {
            "faulty"
        }

        fn describe(&self) -> Description {
            Description { title: "Faulty", patterns: &[], arguments: &[] }
        }

        fn confidence(&self, source: &Source) -> Confidence {
            match source.bytes().first() {
                Some(b'!') => Confidence::SURE,
                Some(b'?') => Confidence::NAME,
                _ => panic!("confused"),
            }
        }

        fn convert(&self, source: &Source, _: &Arguments) -> Result<Vec<Report>, Refusal> {
            panic!("lost after {} bytes", source.bytes().len());
        }
    }

    #[test]
    fn a_fault_of_a_converter_costs_its_file() {
        let mut converters = Converters::default();
        converters.add(Box::new(Faulty));
        let said = |file: &[u8]| {
            let source = Source::new("a", file.to_vec());
            converters.convert(AUTO, &source, &Arguments::default()).unwrap_err().to_string()
        };
        let fault = "the converter faulty has a fault that this file shows (lost after 2 bytes): please report it, with the file";
        assert_eq!(said(b"!x"), fault);
        assert_eq!(
            said(b"?x"),
            format!("no converter knows this file; the most likely one, faulty, says: {fault}")
        );
        assert_eq!(said(b"xx"), "no converter knows this file");
    }
}
