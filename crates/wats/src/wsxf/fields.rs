//! Which attribute of an element is which member of an object.
//!
//! WRML, the older format, has the same names: for whoever reads that, or bounds what a document may cost, in a way of
//! his own.

use serde_json::{Number, Value};

/// How a value is written in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Text,
    /// A GUID: in any case in XML, in small letters in JSON. A nil one is none.
    Guid,
    /// A number where it is one, else a text.
    Number,
    /// A whole number where it is one, else a text.
    Integer,
    /// `true` or `false`; also read: `1` or `0`.
    Truth,
    /// A whole word in XML, its first letter in JSON.
    Word(&'static [(&'static str, &'static str)]),
    /// Always in capitals.
    Operator,
}

/// An attribute and its member.
pub type Field = (&'static str, &'static str, Form);

use Form::{Guid, Integer, Operator, Text, Truth, Word};

const STATUS: Form = Word(&[
    ("P", "Passed"),
    ("F", "Failed"),
    ("D", "Done"),
    ("E", "Error"),
    ("T", "Terminated"),
    ("S", "Skipped"),
]);
const GROUP: Form = Word(&[("S", "Setup"), ("M", "Main"), ("C", "Cleanup")]);

/// The header, of `Report`.
pub const REPORT: &[Field] = &[
    ("ID", "id", Guid),
    ("SN", "sn", Text),
    ("PN", "pn", Text),
    ("Rev", "rev", Text),
    ("ProductName", "productName", Text),
    ("Result", "result", STATUS),
    ("MachineName", "machineName", Text),
    ("Location", "location", Text),
    ("Purpose", "purpose", Text),
    ("origin", "origin", Text),
    ("Start", "start", Text),
    ("Start_utc", "startUTC", Text),
];

/// A `Process`, which stands in the report and in `UUR`.
pub const PROCESS: &[Field] = &[("Code", "processCode", Integer), ("Name", "processName", Text)];

/// Of a test, in `UUT`.
pub const UUT: &[Field] = &[
    ("UserLoginName", "user", Text),
    ("BatchSN", "batchSN", Text),
    ("TestSocketIndex", "testSocketIndex", Integer),
    ("ExecutionTime", "execTime", Form::Number),
    ("FixtureId", "fixtureId", Text),
    ("ErrorCode", "errorCode", Integer),
    ("ErrorMessage", "errorMessage", Text),
    ("BatchFailCount", "batchFailCount", Integer),
    ("BatchLoopIndex", "batchLoopIndex", Integer),
    ("StepIdCausedUUTFailure", "stepIdCausedUUTFailure", Integer),
];

/// Of a repair, in `UUR`.
pub const UUR: &[Field] = &[
    ("UserLoginName", "user", Text),
    ("ConfirmDate", "confirmDate", Text),
    ("FinalizeDate", "finalizeDate", Text),
    ("Active", "active", Truth),
    ("ExecutionTime", "execTime", Form::Number),
    ("ReferencedUUT", "refUUT", Guid),
];

/// Of a `MiscInfo`, beside its text.
pub const MISC_INFO: &[Field] = &[("Description", "description", Text), ("Numeric", "numeric", Form::Number)];

/// A unit: `ReportUnitHierarchy`.
pub const UNIT: &[Field] = &[
    ("Idx", "idx", Integer),
    ("ParentIDX", "parentIdx", Integer),
    ("ReplacedIDX", "replacedIdx", Integer),
    ("PartType", "partType", Text),
    ("PN", "pn", Text),
    ("Rev", "rev", Text),
    ("SN", "sn", Text),
    ("Position", "position", Integer),
];

/// What was wrong with a unit: `Failures`.
pub const FAILURE: &[Field] = &[
    ("Category", "category", Text),
    ("Code", "code", Text),
    ("CompRef", "comRef", Text),
    ("FuncBlock", "funcBlock", Text),
    ("StepID", "refStepId", Integer),
    ("ArticleNumber", "artNumber", Text),
    ("ArticleRevision", "artRev", Text),
    ("ArticleVendor", "artVendor", Text),
    ("ArticleDescription", "artDescription", Text),
];

/// A `Step`.
pub const STEP: &[Field] = &[
    ("Id", "id", Integer),
    ("Group", "group", GROUP),
    ("StepType", "stepType", Text),
    ("Name", "name", Text),
    ("Status", "status", STATUS),
    ("Start", "start", Text),
    ("total_time", "totTime", Form::Number),
    ("StepErrorCode", "errorCode", Integer),
    ("StepErrorMessage", "errorMessage", Text),
    ("StepCausedUUTFailure", "causedUUTFailure", Truth),
    ("StepCausedSequenceFailure", "causedSeqFailure", Truth),
    ("TSGuid", "tsGuid", Text),
];

/// What a step has called: `SequenceCall`.
pub const SEQUENCE_CALL: &[Field] =
    &[("Name", "name", Text), ("Version", "version", Text), ("Filepath", "path", Text)];

/// A `Loop`.
pub const LOOP: &[Field] = &[
    ("index", "idx", Integer),
    ("num", "num", Integer),
    ("passed", "passed", Integer),
    ("failed", "failed", Integer),
    ("ending_index", "endingIndex", Integer),
];

/// A `NumericLimit`.
pub const NUMERIC: &[Field] = &[
    ("Name", "name", Text),
    ("NumericValue", "value", Form::Number),
    ("Units", "unit", Text),
    ("CompOperator", "compOp", Operator),
    ("HighLimit", "highLimit", Form::Number),
    ("LowLimit", "lowLimit", Form::Number),
    ("Status", "status", STATUS),
];

/// A `PassFail`.
pub const BOOLEAN: &[Field] = &[("Name", "name", Text), ("Status", "status", STATUS)];

/// A `StringValue`.
pub const STRING: &[Field] = &[
    ("Name", "name", Text),
    ("CompOperator", "compOp", Operator),
    ("StringLimit", "limit", Text),
    ("StringValue", "value", Text),
    ("Status", "status", STATUS),
];

/// Lists of measurements and the elements that they are made of.
pub const MEASUREMENTS: &[(&str, &str, &[Field])] = &[
    ("numericMeas", "NumericLimit", NUMERIC),
    ("booleanMeas", "PassFail", BOOLEAN),
    ("stringMeas", "StringValue", STRING),
];

/// A `Chart`.
pub const CHART: &[Field] = &[
    ("ChartType", "chartType", Text),
    ("Label", "label", Text),
    ("XLabel", "xLabel", Text),
    ("XUnit", "xUnit", Text),
    ("YLabel", "yLabel", Text),
    ("YUnit", "yUnit", Text),
];

/// A `Series` of it, beside its points.
pub const SERIES: &[Field] = &[("Name", "name", Text), ("DataType", "dataType", Text)];

/// A `MessagePopup`.
pub const POPUP: &[Field] = &[("Button", "button", Integer), ("Response", "response", Text)];

/// A `Callexe`.
pub const EXECUTABLE: &[Field] = &[("ExitCode", "exitCode", Form::Number)];

/// An `Attachment`, beside its content.
pub const ATTACHMENT: &[Field] =
    &[("Name", "name", Text), ("ContentType", "contentType", Text), ("Description", "description", Text)];

impl Form {
    /// The value of an attribute; `None` where it stands for none.
    pub(super) fn read(self, text: &str) -> Option<Value> {
        let trimmed = text.trim();
        Some(match self {
            Text => text.into(),
            Guid => {
                let id = trimmed.to_ascii_lowercase();
                if id.is_empty() || id.starts_with("00000000-0000-0000-0000-") {
                    return None;
                }
                id.into()
            }
            _ if trimmed.is_empty() => return None,
            Integer => trimmed.parse::<i64>().map_or_else(|_| trimmed.into(), Value::from),
            Form::Number => match trimmed.parse::<Number>() {
                // As it is written.
                Ok(number) => number.into(),
                // Such as `+1` or `.5`, which are numbers in XML and not in JSON.
                Err(_) => match trimmed.parse::<f64>().ok().and_then(Number::from_f64) {
                    Some(number) => number.into(),
                    None => trimmed.into(),
                },
            },
            Truth => match trimmed {
                "true" | "True" | "1" => true.into(),
                "false" | "False" | "0" => false.into(),
                other => other.into(),
            },
            Word(words) => {
                let known = words.iter().find(|(_, word)| word.eq_ignore_ascii_case(trimmed));
                known.map_or(trimmed, |(letter, _)| letter).into()
            }
            Operator => trimmed.to_ascii_uppercase().into(),
        })
    }

    /// The text of a value; `None` when it has none.
    pub(super) fn write(self, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some(match self {
            Word(words) => {
                let known = words.iter().find(|(letter, _)| *letter == text);
                known.map_or(text, |(_, word)| (*word).to_owned())
            }
            _ => text,
        })
    }
}
