//! WATS Standard XML Format (WSXF).
//!
//! A document has the root `Reports` and in it one or more `Report`s: the header in attributes, steps inside of each
//! other, measurements inside of their step, statuses as whole words. [`read`] gives the reports in the form of WSJF,
//! [`write()`] makes a document of reports. What has no place in the other format is not made up: reading leaves it out,
//! and writing says what it left out.

mod element;
pub mod fields;
mod read;
mod write;

pub use read::read;
pub use write::{Document, write};

use crate::ReadError;

/// Name space of all elements.
const NAMESPACE: &str = "http://wats.virinco.com/schemas/WATS/Report/wsxf";
/// Name space of WRML, the older format, in which steps are not inside of each other.
const NAMESPACE_WRML: &str = "http://wats.virinco.com/schemas/WATS/Report";
/// Most elements, and most steps, inside of each other.
const DEPTH_LIMIT: usize = 256;

/// Why a document cannot be read, or not be written.
#[derive(Debug, thiserror::Error)]
pub enum WsxfError {
    /// The bytes are no text.
    #[error(transparent)]
    Text(#[from] ReadError),
    /// Not well-formed, or cut off.
    #[error("line {line}: {message}")]
    Malformed {
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// XML of another kind.
    #[error("this is no WSXF: {0}")]
    Other(String),
    /// Nothing in it.
    #[error("the document holds no report")]
    NoReports,
    /// A report that says neither that it is a test nor that it is a repair.
    #[error("report {0} (counted from 1) is neither a test (type T) nor a repair (type R)")]
    Kind(usize),
    /// More than anybody reads.
    #[error("steps are inside of each other more than {DEPTH_LIMIT} times")]
    Depth,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Report, read_reports};

    /// Every kind of step, and everything that has a place in both formats.
    const TEST: &str = include_str!("../../tests/reports/test.json");
    const REPAIR: &str = include_str!("../../tests/reports/repair.json");

    fn prepared(text: &str) -> Report {
        let mut report = read_reports(text.as_bytes()).unwrap().remove(0);
        report.prepare();
        report
    }

    #[test]
    fn reports_come_back_as_they_were() {
        let reports = [prepared(TEST), prepared(REPAIR)];
        let document = write(&reports).unwrap();
        assert_eq!(document.left_out, [""; 0]);
        let mut read = read(document.xml.as_bytes()).unwrap();
        read.iter_mut().for_each(Report::prepare);
        for (read, report) in read.iter().zip(&reports) {
            assert_eq!(read.members(), report.members());
        }
        assert_eq!(read.len(), 2);
        let again = write(&read).unwrap();
        assert_eq!(again, document);
    }

    #[test]
    fn what_has_no_place_is_named() {
        let mut report = prepared(TEST);
        let members = report.members_mut();
        members.insert("future".into(), serde_json::json!({"a": 1}));
        members["root"]["steps"][1]["numericMeas"][0]["valueFormat"] = "%.3f".into();
        members["uut"]["comment"] = "bell\u{7}".into();
        let document = write(&[report]).unwrap();
        let named = ["future", "numericMeas.valueFormat", "uut.comment: characters that XML does not know"];
        assert_eq!(document.left_out, named);
        assert!(document.xml.contains("<Comment>bell\u{fffd}</Comment>"));
    }

    #[test]
    fn texts_of_all_kinds_survive() {
        let mut report = prepared(TEST);
        let odd = " a\r\n\tb <&>\"' ü 🙂 ]]> ";
        report.members_mut()["uut"]["comment"] = odd.into();
        report.members_mut()["root"]["steps"][0]["name"] = odd.into();
        let read = read(write(&[report]).unwrap().xml.as_bytes()).unwrap();
        assert_eq!(read[0].members()["uut"]["comment"], odd);
        assert_eq!(read[0].members()["root"]["steps"][0]["name"], odd);
    }

    #[test]
    fn numbers_are_kept_to_the_digit() {
        let text = TEST.replacen("5.01", "5.0100", 1).replacen("\"value\": 1.8", "\"value\": \"NaN\"", 1);
        let read = read(write(&[prepared(&text)]).unwrap().xml.as_bytes()).unwrap();
        let steps = &read[0].members()["root"]["steps"];
        assert_eq!(steps[1]["numericMeas"][0]["value"].to_string(), "5.0100");
        assert_eq!(steps[3]["numericMeas"][1]["value"], "NaN");
    }

    #[test]
    fn other_documents_are_refused_with_the_reason() {
        let refusal = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(refusal(""), "line 1: there is no XML element");
        assert_eq!(refusal("<Reports/>"), "the document holds no report");
        assert_eq!(refusal("<a/>"), "this is no WSXF: the root element is a, not Reports");
        let wrml =
            refusal("<Reports xmlns='http://wats.virinco.com/schemas/WATS/Report'><Report/></Reports>");
        assert!(wrml.contains("WRML"), "{wrml}");
        assert_eq!(refusal("<Reports>\n<Report>"), "line 2: the document ends inside of the element Report");
        let bomb = "<!DOCTYPE a [<!ENTITY x 'ha'>]><Reports><Report>&x;</Report></Reports>";
        assert!(refusal(bomb).contains("&x; is none of XML's own entities"), "{}", refusal(bomb));
        assert!(refusal(&"<Reports>".repeat(100_000)).contains("more than 256 elements"));
        assert!(matches!(read(b"\xff\xff"), Err(WsxfError::Text(_))));
        let nothing = Report::from_members(serde_json::Map::new());
        assert_eq!(
            write(&[nothing]).unwrap_err().to_string(),
            "report 1 (counted from 1) is neither a test (type T) nor a repair (type R)"
        );
    }
}
