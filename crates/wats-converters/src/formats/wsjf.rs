//! WATS Standard JSON Format.
//!
//! A JSON object is a report; a list of objects is several. UTF-8 with or without byte order mark, or UTF-16 with
//! one. Reports go through as they are, with members that nobody knows, with the digits and the order they have.
//! `type` is `T` (test) or `R` (repair), also written `Test`, `UUT`, `Repair`, `UUR`, `U`.
//!
//! Confidence: 95 for an object that shows one of the members of a report at its start, 60 for another object in
//! a file named `*.json`; 30 for a file that is only named so.
//!
//! Arguments: the common ones fill members that a report leaves out; `process-code` only when it is given.

use crate::limits::{self, json_weight};
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, fill_from_arguments};
use wats::{Report, read_reports};

pub(crate) const NAME: &str = "wsjf";

/// Members that most reports have near their start.
const MARKS: [&str; 8] = [
    "\"type\"",
    "\"pn\"",
    "\"sn\"",
    "\"processCode\"",
    "\"result\"",
    "\"machineName\"",
    "\"root\"",
    "\"uur\"",
];

pub(super) struct Wsjf;

impl Converter for Wsjf {
    fn name(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> Description {
        Description {
            title: "WATS Standard JSON Format (WSJF)",
            patterns: &["*.json", "*.wsjf"],
            arguments: &[],
        }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let head = source.head().trim_start();
        let start = head.strip_prefix('[').unwrap_or(head).trim_start();
        let object = start.strip_prefix('{').map(str::trim_start);
        match object {
            Some(inside) if inside.starts_with('"') && MARKS.iter().any(|mark| inside.contains(mark)) => {
                Confidence::SURE
            }
            Some(inside) if inside.starts_with('"') && source.has_extension("json") => {
                Confidence::percent(60)
            }
            _ if source.has_extension("json") || source.has_extension("wsjf") => Confidence::NAME,
            _ => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        limits::check_size(source.bytes().len())?;
        if json_weight(source.bytes()) > limits::JSON_WEIGHT {
            return Err(Refusal::TooLarge(format!("it has more than {} values", limits::JSON_WEIGHT)));
        }
        let mut reports = read_reports(source.bytes())?;
        if reports.len() > limits::REPORTS {
            return Err(Refusal::TooLarge(format!("it has more than {} reports", limits::REPORTS)));
        }
        fill_from_arguments(&mut reports, arguments)?;
        Ok(reports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_go_through_as_they_are() {
        let text = r#"{"type":"T","zeta":{"new":[1,null,1.10]},"sn":"é","processCode":10}"#;
        let arguments = Arguments::from_iter([("process-code", "20"), ("location", "Line 1")]);
        let reports = Wsjf.convert(&Source::new("a.json", text.into()), &Arguments::default()).unwrap();
        assert_eq!(reports[0].to_json(), text);
        let reports = Wsjf.convert(&Source::new("a.json", text.into()), &arguments).unwrap();
        assert_eq!(reports[0].to_json(), text.replace("10}", "10,\"location\":\"Line 1\"}"));
    }

    #[test]
    fn files_of_too_many_values_or_reports_are_refused() {
        let refusal = |text: String| {
            let source = Source::new("a.json", text.into_bytes());
            Wsjf.convert(&source, &Arguments::default()).unwrap_err().to_string()
        };
        let many = |unit: &str, count: usize| format!("[{}{{}}]", unit.repeat(count));
        assert_eq!(refusal(many("{},", 10_000)), "the file is too large: it has more than 10000 reports");
        for (unit, weight) in [("0,", 1), ("{},", 5), ("[],", 2)] {
            let text = many(unit, limits::JSON_WEIGHT / weight);
            assert_eq!(refusal(text), "the file is too large: it has more than 5000000 values");
        }
    }

    #[test]
    fn confidence_follows_the_content() {
        let confidence =
            |name: &str, text: &str| Wsjf.confidence(&Source::new(name, text.into())).as_percent();
        assert_eq!(confidence("a.txt", "\u{feff} [\n {\"pn\":1"), 95);
        assert_eq!(confidence("a.json", "{\"colour\":1}"), 60);
        assert_eq!(confidence("a.txt", "{\"colour\":1}"), 0);
        assert_eq!(confidence("a.json", "<xml/>"), 30);
        assert_eq!(confidence("a.log", "{@BATCH|PSU"), 0);
    }
}
