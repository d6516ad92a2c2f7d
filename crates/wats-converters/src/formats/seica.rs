//! Seica flying probe testers: the XML result.
//!
//! ```xml
//! <R><PrgC>comment</PrgC><ST NM="PSU100_B" OP="operator" NMP="PSU-77"/>
//! <BI BC="panel code" BCP="board code" SD="14-03-2025 09:10:00">
//! <TEST F="RES" NM="R1" MR="99.5" ML="90" MH="110" MU="Ohm" TR="0" TT="500"/></BI>
//! <ET ED="14-03-2025 09:12:40" NF="0"/></R>
//! ```
//!
//! `ST@NM` is part number and revision with an underscore between them. Each `BI` is a board and a report: its serial
//! number is `BCP`, or `BC` without it. A test passed when `TR` is 0; a board passed when all its tests did. `MR`, `ML`,
//! `MH`, `MU` are value, limits and unit. `ET@ED` is the end of the whole panel. The unit of `TT` (how long a test took)
//! is not described: it is left out. Dates are day first, without a zone.
//!
//! Confidence: 95 for a root `R` with `ST` and `BI`, 70 when one of them is missing at the start.
//!
//! Arguments: the common ones; process code 10 without one.

use crate::draft::{Budget, Draft};
use crate::moment::{Moment, Order};
use crate::status::Status;
use crate::step::{Limits, Step};
use crate::xml::Element;
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, number};
use wats::Report;

pub(super) struct Seica;

impl Converter for Seica {
    fn name(&self) -> &'static str {
        "seica"
    }

    fn describe(&self) -> Description {
        Description { title: "Seica flying probe", patterns: &["*.xml"], arguments: &[] }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let outline = source.outline();
        match (outline.root_name(), outline.has("ST"), outline.has("BI")) {
            ("R", true, true) => Confidence::SURE,
            ("R", true, _) | ("R", _, true) => Confidence::LIKELY,
            _ => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let root = Element::parse(&source.text(arguments)?)?;
        if root.name != "R" {
            return Err(Refusal::malformed(format!("the root element is {}, not R", root.name)));
        }
        let station =
            root.child("ST").ok_or_else(|| Refusal::malformed("the file has no ST, which names the part"))?;
        let end = root
            .child("ET")
            .ok_or_else(|| Refusal::malformed("the file has no ET: the test has not ended"))?;
        let boards: Vec<&Element> = root.all("BI").collect();
        if boards.is_empty() {
            return Err(Refusal::malformed("the file has no BI, so no board"));
        }
        let mut budget = Budget::default();
        let single = boards.len() == 1;
        let reports = boards.into_iter().map(|board| {
            let tests = board.all("TEST").count();
            budget.reads(tests, tests)?;
            report(&root, station, end, board, single)?.finish(arguments, &mut budget)
        });
        reports.collect()
    }
}

fn moment(text: &str) -> Option<Moment> {
    let (date, clock) = text.trim().split_once(' ')?;
    Moment::numeric(date, clock, Order::DayFirst)
}

fn report(
    root: &Element,
    station: &Element,
    end: &Element,
    board: &Element,
    single: bool,
) -> Result<Draft, Refusal> {
    let mut draft = Draft::new(10);
    let name = station.get("NM").unwrap_or_default();
    let (part_number, revision) = name.rsplit_once('_').unwrap_or((name, ""));
    draft.part_number = part_number.to_owned();
    draft.revision = revision.to_owned();
    draft.operator = station.get("OP").unwrap_or_default().to_owned();
    draft.add_misc("NMP", station.get("NMP").unwrap_or_default());
    draft.sequence_name = root.child_text("PrgC").unwrap_or_default().to_owned();
    draft.serial_number = board.get("BCP").or_else(|| board.get("BC")).unwrap_or_default().to_owned();
    if let (Some(panel), Some(_)) = (board.get("BC"), board.get("BCP")) {
        draft.add_misc("BC", panel);
    }
    let start = board.get("SD").unwrap_or_default();
    draft.start = Some(moment(start).ok_or_else(|| {
        Refusal::malformed(format!(
            "the SD of board {} is {start:?}, not like 14-03-2025 09:10:00",
            draft.serial_number
        ))
    })?);
    // The end of several boards is that of their panel.
    if single {
        draft.ends(end.get("ED").and_then(moment));
    }
    draft.steps = board.all("TEST").map(test).collect();
    draft.result = match draft.steps.is_empty() {
        false => Step::status_of(&draft.steps),
        // A board that nothing was tested of is as good as its panel.
        true => Status::passed_if(end.get("NF") == Some("0")),
    };
    Ok(draft)
}

fn test(test: &Element) -> Step {
    let status = Status::passed_if(test.get("TR") == Some("0"));
    let name = test.get("NM").or_else(|| test.get("F")).unwrap_or("TEST");
    let number = |name: &str| test.get(name).and_then(number::read);
    let mut step = match number("MR") {
        Some(value) => {
            let limits = Limits::inclusive(number("ML"), number("MH"));
            Step::numeric(name, status, value, test.get("MU").unwrap_or_default(), limits)
        }
        None => Step::boolean(name, status),
    };
    step.report_text = test.get("F").unwrap_or_default().to_owned();
    step
}
