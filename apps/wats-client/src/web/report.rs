//! A report to look at: its header, its steps with their limits, its charts, its repairs.

use super::figure::{self, Limits};
use super::layout::badge;
use super::text;
use maud::{Markup, html};
use serde_json::{Map, Value};

/// Rows of the table of steps that are shown.
const ROWS: usize = 3000;
/// Charts that are drawn.
const CHARTS: usize = 40;
/// Bytes from which a value needs the room of two.
const LONG: usize = 24;
/// Characters of a text that are shown.
const TEXT_LIMIT: usize = 500;

type Members = Map<String, Value>;

/// The report.
pub(super) fn report(members: &Members) -> Markup {
    let mut rows = Rows { rows: Vec::new(), charts: Vec::new(), left_out: 0, charts_left_out: 0 };
    if let Some(root) = members.get("root").and_then(Value::as_object) {
        rows.add(root, 0);
    }
    html! {
        (header(members))
        (failures(members))
        @if !rows.rows.is_empty() { (steps(&rows)) }
        @if !rows.charts.is_empty() {
            section aria-label="Charts" {
                h2 { "Charts" }
                @for (step, chart) in &rows.charts {
                    p.over { (step) }
                    (figure::chart(chart))
                }
                @if rows.charts_left_out > 0 { p.soft { "And " (rows.charts_left_out) " more, in the download." } }
            }
        }
        (lists(members))
    }
}

/// The text of a member, cut where it is very long; numbers as they are written.
fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Object(_) | Value::Array(_)) => return "…".to_owned(),
        Some(other) => other.to_string(),
    };
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn header(members: &Members) -> Markup {
    let own = |name: &str| shown(members.get(name));
    let inner = ["uut", "uur"].into_iter().find_map(|name| members.get(name)?.as_object());
    let of = |name: &str| shown(inner.and_then(|inner| inner.get(name)));
    let with_unit = |text: String, unit: &str| if text.is_empty() { text } else { format!("{text} {unit}") };
    let kind = match own("type").as_str() {
        "R" => "Repair",
        "T" => "Test",
        _ => "",
    };
    let facts = [
        ("Part number", own("pn")),
        ("Revision", own("rev")),
        ("Kind", kind.to_owned()),
        ("Operation", [own("processName"), own("processCode")].join(" ").trim().to_owned()),
        ("Started", moment(&own("start"))),
        ("Took", with_unit(of("execTime"), "s")),
        ("Station", own("machineName")),
        ("Location", own("location")),
        ("Purpose", own("purpose")),
        ("Operator", of("user")),
        ("Batch", of("batchSN")),
        ("Fixture", of("fixtureId")),
        ("Socket", of("testSocketIndex")),
        ("Error", [of("errorCode"), of("errorMessage")].join(" ").trim().to_owned()),
        ("Comment", of("comment")),
        ("Report id", own("id")),
    ];
    html! {
        section.card aria-label="Unit" {
            dl.facts {
                @for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
                    div.long[value.len() > LONG] { dt { (name) } dd { (value) } }
                }
            }
        }
    }
}

/// A time as reports have it, `2026-01-15T10:00:00.000+01:00`, for people. Other texts stay as they are.
fn moment(text: &str) -> String {
    let Some((date, time)) = text.split_once('T') else { return text.to_owned() };
    let end = time.find(['+', '-', 'Z']).unwrap_or(time.len());
    let (time, zone) = time.split_at(end);
    let time = if time.contains('.') { time.trim_end_matches('0').trim_end_matches('.') } else { time };
    let zone = if zone == "Z" { "UTC" } else { zone };
    format!("{date} {time} {zone}").trim().to_owned()
}

/// What was found and done in a repair.
fn failures(members: &Members) -> Markup {
    let units = objects(members, "subUnits");
    let found: Vec<(&Members, &Members)> = units
        .flat_map(|unit| objects(unit, "failures").map(move |failure| (unit, failure)))
        .take(ROWS)
        .collect();
    if found.is_empty() {
        return html! {};
    }
    html! {
        section aria-label="Failures" {
            h2 { "Failures" }
            div.table {
                table {
                    thead { tr { th { "Unit" } th { "Category" } th { "Code" } th { "Component" } th { "Comment" } } }
                    tbody {
                        @for (unit, failure) in found {
                            tr {
                                td { (shown(unit.get("sn"))) }
                                td { (shown(failure.get("category"))) }
                                td { (shown(failure.get("code"))) }
                                td { (shown(failure.get("comRef"))) }
                                td { (shown(failure.get("comment"))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Lists of the header: what else is known of the unit.
fn lists(members: &Members) -> Markup {
    let infos: Vec<(String, String)> = objects(members, "miscInfos")
        .take(ROWS)
        .map(|info| (shown(info.get("description")), shown(info.get("text"))))
        .collect();
    let units: Vec<[String; 4]> = objects(members, "subUnits")
        .take(ROWS)
        .map(|unit| ["partType", "pn", "rev", "sn"].map(|name| shown(unit.get(name))))
        .collect();
    html! {
        @if !infos.is_empty() {
            section aria-label="Information" {
                h2 { "Information" }
                dl.facts.card { @for (name, value) in &infos { div { dt { (name) } dd { (value) } } } }
            }
        }
        @if !units.is_empty() {
            section aria-label="Parts" {
                h2 { "Parts" }
                div.table { table {
                    thead { tr { th { "Kind" } th { "Part number" } th { "Revision" } th { "Serial number" } } }
                    tbody { @for unit in &units { tr { @for text in unit { td { (text) } } } } }
                } }
            }
        }
    }
}

/// A row of the table of steps: a step, or one measurement of it.
struct Row {
    depth: usize,
    name: String,
    /// A measurement below its step.
    is_part: bool,
    value: String,
    limits: String,
    bar: Markup,
    status: String,
    time: String,
    note: String,
}

struct Rows<'a> {
    rows: Vec<Row>,
    charts: Vec<(String, &'a Value)>,
    left_out: usize,
    charts_left_out: usize,
}

impl<'a> Rows<'a> {
    /// Adds a step and all below it. How deep that may go is bounded by the reader of JSON.
    fn add(&mut self, step: &'a Members, depth: usize) {
        let name = shown(step.get("name"));
        if let Some(chart) = step.get("chart").filter(|chart| chart.is_object()) {
            if self.charts.len() < CHARTS {
                self.charts.push((name.clone(), chart));
            } else {
                self.charts_left_out += 1;
            }
        }
        let note = ["errorMessage", "reportText"].map(|name| shown(step.get(name)));
        let mut row = Row {
            depth,
            name,
            is_part: false,
            value: special(step),
            limits: String::new(),
            bar: html! {},
            status: shown(step.get("status")),
            time: seconds(step.get("totTime")),
            note: note.join(" ").trim().to_owned(),
        };
        let kinds = ["numericMeas", "booleanMeas", "stringMeas"];
        let measured: Vec<(&str, &Members)> =
            kinds.into_iter().flat_map(|kind| objects(step, kind).map(move |one| (kind, one))).collect();
        if let [(kind, only)] = measured[..] {
            measure(&mut row, kind, only);
            self.push(row);
        } else {
            self.push(row);
            for (kind, one) in measured {
                let mut part = Row {
                    depth: depth + 1,
                    name: shown(one.get("name")),
                    is_part: true,
                    value: String::new(),
                    limits: String::new(),
                    bar: html! {},
                    status: shown(one.get("status")),
                    time: String::new(),
                    note: String::new(),
                };
                measure(&mut part, kind, one);
                self.push(part);
            }
        }
        for below in objects(step, "steps") {
            self.add(below, depth + 1);
        }
    }

    fn push(&mut self, row: Row) {
        if self.rows.len() < ROWS {
            self.rows.push(row);
        } else {
            self.left_out += 1;
        }
    }
}

/// What steps without measurements have to say.
fn special(step: &Members) -> String {
    let of = |member: &str, name: &str| shown(step.get(member).and_then(|value| value.get(name)));
    let exit = of("callExe", "exitCode");
    if !exit.is_empty() {
        return format!("exit code {exit}");
    }
    let response = of("messagePopup", "response");
    if !response.is_empty() {
        return response;
    }
    of("attachment", "name")
}

fn seconds(value: Option<&Value>) -> String {
    let text = shown(value);
    if text.is_empty() { text } else { format!("{text} s") }
}

/// Fills in a measurement: WSJF §measurements.
fn measure(row: &mut Row, kind: &str, one: &Members) {
    let operator = shown(one.get("compOp")).to_ascii_uppercase();
    let unit = shown(one.get("unit"));
    let value = shown(one.get("value"));
    match kind {
        "booleanMeas" => {}
        "stringMeas" => {
            row.value = value;
            let limit = shown(one.get("limit"));
            if !limit.is_empty() {
                row.limits = format!("{} {limit}", sign(&operator));
            }
        }
        _ => {
            row.value = if unit.is_empty() { value } else { format!("{value} {unit}") };
            let (low, high) = (shown(one.get("lowLimit")), shown(one.get("highLimit")));
            row.limits = bounds(&operator, &low, &high);
            if let Some((value, limits)) = number(one.get("value")).zip(allowed(&operator, one)) {
                let status = shown(one.get("status"));
                row.bar = figure::limits(value, limits, status == "F" || row.status == "F");
            }
        }
    }
}

/// Limits in words.
fn bounds(operator: &str, low: &str, high: &str) -> String {
    match operator {
        "LOG" | "" => String::new(),
        "LTGT" | "LTGE" | "LEGT" | "LEGE" => format!("outside {low} … {high}"),
        "GTLT" | "GTLE" | "GELT" | "GELE" if low.is_empty() => format!("≤ {high}"),
        "GTLT" | "GTLE" | "GELT" | "GELE" if high.is_empty() => format!("≥ {low}"),
        "GTLT" | "GTLE" | "GELT" | "GELE" => format!("{low} … {high}"),
        // The one limit of these is the low one, also where it is the upper bound.
        _ => format!("{} {}", sign(operator), if low.is_empty() { high } else { low }),
    }
}

fn sign(operator: &str) -> &str {
    match operator {
        "EQ" | "EQT" | "CASESENSIT" => "=",
        "IGNORECASE" => "≈",
        "NE" => "≠",
        "LT" => "<",
        "LE" => "≤",
        "GT" => ">",
        "GE" => "≥",
        other => other,
    }
}

/// Limits as numbers, where they can be drawn.
fn allowed(operator: &str, one: &Members) -> Option<Limits> {
    let (low, high) = (number(one.get("lowLimit")), number(one.get("highLimit")));
    match operator {
        "LT" | "LE" => low.or(high).map(Limits::High),
        "GT" | "GE" => low.or(high).map(Limits::Low),
        "GTLT" | "GTLE" | "GELT" | "GELE" => match (low, high) {
            (Some(low), Some(high)) => Some(Limits::Inside(low, high)),
            (Some(low), None) => Some(Limits::Low(low)),
            (None, Some(high)) => Some(Limits::High(high)),
            (None, None) => None,
        },
        "LTGT" | "LTGE" | "LEGT" | "LEGE" => low.zip(high).map(|(low, high)| Limits::Outside(low, high)),
        _ => None,
    }
}

/// A number, also one that is written as a text.
fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn steps(rows: &Rows<'_>) -> Markup {
    html! {
        section aria-label="Steps" {
            h2 { "Steps" }
            div.table tabindex="0" role="region" aria-label="Table of steps" {
                table.steps {
                    thead { tr {
                        th { "Step" } th.number { "Measured" } th { "Limits" } th { span.hidden { "Picture" } }
                        th { "Result" } th.number { "Time" }
                    } }
                    tbody {
                        @for row in &rows.rows {
                            tr data-status=(row.status) data-part[row.is_part] {
                                td.step data-depth=(row.depth.min(12)) {
                                    (row.name)
                                    @if !row.note.is_empty() { p.note { (row.note) } }
                                }
                                td.number.value { (row.value) }
                                td.limit { (row.limits) }
                                td.bar { (row.bar) }
                                td.result { @if !row.status.is_empty() { (badge(&row.status)) } }
                                td.number.took { (row.time) }
                            }
                        }
                    }
                }
            }
            @if rows.left_out > 0 {
                p.soft { "And " (text::count(rows.left_out as u64, "row", "rows")) " more, in the download." }
            }
        }
    }
}

/// The objects of a list member; none where it is something else.
fn objects<'a>(members: &'a Members, name: &str) -> impl Iterator<Item = &'a Members> + use<'a> {
    members.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown_report(report: &Value) -> String {
        super::report(report.as_object().unwrap()).into_string()
    }

    #[test]
    fn steps_have_their_limits() {
        let sample: Value =
            serde_json::from_str(include_str!("../../samples/final-test-failed.json")).unwrap();
        let text = shown_report(&sample);
        for part in ["PSU-100", "Ripple", "61.5 mV", "≤ 50", "data-failed", "ripple too high", "operator 7"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_repair_shows_what_was_found() {
        let sample: Value = serde_json::from_str(include_str!("../../samples/repair.json")).unwrap();
        let text = shown_report(&sample);
        assert!(text.contains("C12") && text.contains("short circuit") && text.contains("Repair"), "{text}");
    }

    #[test]
    fn times_read_well() {
        for (text, shown) in [
            ("2026-01-15T10:00:00.000+01:00", "2026-01-15 10:00:00 +01:00"),
            ("2026-01-15T10:00:00.250Z", "2026-01-15 10:00:00.25 UTC"),
            ("2026-01-15T10:00:00", "2026-01-15 10:00:00"),
            ("yesterday", "yesterday"),
            ("T", ""),
        ] {
            assert_eq!(moment(text), shown);
        }
    }

    #[test]
    fn operators_say_what_is_allowed() {
        for (operator, low, high, text) in [
            ("GELE", "4.9", "5.1", "4.9 … 5.1"),
            ("LE", "500", "", "≤ 500"),
            ("LE", "", "500", "≤ 500"),
            ("LTGT", "1", "2", "outside 1 … 2"),
            ("GELE", "", "2", "≤ 2"),
            ("LOG", "", "", ""),
            ("EQ", "7", "", "= 7"),
        ] {
            assert_eq!(bounds(operator, low, high), text, "{operator}");
        }
    }

    /// Reports come from machines and files that nobody has checked.
    #[test]
    fn hostile_reports_stay_text() {
        let evil = "</td><script>alert(1)</script>\"'&";
        let many: Vec<Value> = (0..100_000).map(|_| json!({"name": evil, "status": evil})).collect();
        let text = shown_report(&json!({
            "sn": evil, "pn": {"x": evil}, "result": evil, "uut": {"comment": evil.repeat(1000)},
            "miscInfos": [{"description": evil, "text": evil}, 7, null], "subUnits": [{"partType": evil}],
            "root": {"name": evil, "steps": many, "numericMeas": [
                {"name": evil, "unit": evil, "value": evil, "compOp": evil, "lowLimit": evil},
                {"value": 1e308, "compOp": "GELE", "lowLimit": -1e308, "highLimit": "1e309"}],
                "chart": {"label": evil, "xLabel": evil, "series": [{"name": evil, "ydata": evil}]}}
        }));
        assert!(!text.contains("<script") && !text.contains("\"'&"), "{}", &text[..2000]);
        assert!(text.contains("And 97\u{202f}003 rows more"), "{}", &text[text.len() - 2000..]);
        assert!(text.len() < 3_000_000, "{}", text.len());
        for odd in [json!({}), json!({"root": 7}), json!({"root": {"steps": {"a": 1}, "chart": []}})] {
            shown_report(&odd);
        }
    }
}
