//! A chart of a report.

use super::axis::{Axis, at, label};
use maud::{Markup, html};
use serde_json::Value;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH - 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = HEIGHT - 44.0;
/// Series that are drawn; there are as many colours.
const SERIES: usize = 8;
/// Points of a series that are read.
const POINTS: usize = 1_000_000;
/// Columns of the picture: of all points in one, the lowest and the highest are drawn.
const COLUMNS: f64 = 560.0;

struct Series<'a> {
    name: &'a str,
    points: Vec<(f64, f64)>,
}

/// The chart member of a step: WSJF `chart`. A sentence where there is nothing to draw.
pub(in crate::web) fn chart(chart: &Value) -> Markup {
    let text = |name: &str| chart.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = text("chartType");
    let all = chart.get("series").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let series: Vec<Series<'_>> = all.iter().take(SERIES).map(read).collect();
    let points = || series.iter().flat_map(|series| series.points.iter());
    let log_x = matches!(kind, "LineLogX" | "LineLogXY");
    let log_y = matches!(kind, "LineLogY" | "LineLogXY");
    let x = Axis::new(points().map(|point| point.0), log_x, LEFT, RIGHT);
    let y = Axis::new(points().map(|point| point.1), log_y, BOTTOM, TOP);
    let title = if text("label").is_empty() { "Chart" } else { text("label") };
    html! {
        figure.chart {
            figcaption { (title) }
            @match (x, y) {
                (Some(x), Some(y)) => (draw(&series, x, y, title, &axis_name(chart, "x"), &axis_name(chart, "y"))),
                _ => p.soft { "There are no points that can be drawn." },
            }
            @if series.len() > 1 || series.first().is_some_and(|series| !series.name.is_empty()) {
                ul.legend {
                    @for (number, series) in series.iter().enumerate() {
                        li { span.swatch data-series=(number) {} (series.name) }
                    }
                    @if all.len() > SERIES { li { "and " (all.len() - SERIES) " more, in the download" } }
                }
            }
        }
    }
}

fn axis_name(chart: &Value, axis: &str) -> String {
    let text = |name: &str| chart.get(format!("{axis}{name}")).and_then(Value::as_str).unwrap_or_default();
    match (text("Label"), text("Unit")) {
        (name, "") => name.to_owned(),
        ("", unit) => unit.to_owned(),
        (name, unit) => format!("{name} ({unit})"),
    }
}

fn read(series: &Value) -> Series<'_> {
    let text = |name: &str| series.get(name).and_then(Value::as_str).unwrap_or_default();
    let numbers = |text: &str| -> Vec<f64> {
        let parts = text.split(';').filter(|part| !part.trim().is_empty());
        parts.take(POINTS).map(|part| part.trim().parse().unwrap_or(f64::NAN)).collect()
    };
    let (xs, ys) = (numbers(text("xdata")), numbers(text("ydata")));
    let points = if xs.is_empty() {
        ys.into_iter().enumerate().map(|(index, y)| (index as f64, y)).collect()
    } else {
        xs.into_iter().zip(ys).collect()
    };
    Series { name: text("name"), points }
}

fn draw(series: &[Series<'_>], x: Axis, y: Axis, title: &str, x_name: &str, y_name: &str) -> Markup {
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(title) {
            @for tick in y.ticks(5) {
                @if let Some(place) = y.place(tick) {
                    line.grid x1=(LEFT) x2=(RIGHT) y1=(at(place)) y2=(at(place)) {}
                    text.tick x=(LEFT - 8.0) y=(at(place + 4.0)) text-anchor="end" { (label(tick)) }
                }
            }
            @for tick in x.ticks(7) {
                @if let Some(place) = x.place(tick) {
                    line.grid x1=(at(place)) x2=(at(place)) y1=(TOP) y2=(BOTTOM) {}
                    text.tick x=(at(place)) y=(BOTTOM + 16.0) text-anchor="middle" { (label(tick)) }
                }
            }
            rect.frame x=(LEFT) y=(TOP) width=(RIGHT - LEFT) height=(BOTTOM - TOP) {}
            text.axis x=((LEFT + RIGHT) / 2.0) y=(HEIGHT - 8.0) text-anchor="middle" { (x_name) }
            text.axis x="0" y="0" text-anchor="middle"
                transform={ "translate(14 " ((TOP + BOTTOM) / 2.0) ") rotate(-90)" } { (y_name) }
            @for (number, series) in series.iter().enumerate() {
                @for path in paths(&series.points, x, y) {
                    path.series data-series=(number) d=(path) {}
                }
            }
        }
    }
}

/// Lines through the points; a point that cannot be shown makes a gap.
fn paths(points: &[(f64, f64)], x: Axis, y: Axis) -> Vec<String> {
    let mut paths = Vec::new();
    let mut line: Vec<(f64, f64)> = Vec::new();
    for point in points {
        match x.place(point.0).zip(y.place(point.1)) {
            Some(place) => add(&mut line, place),
            None => finish(&mut line, &mut paths),
        }
    }
    finish(&mut line, &mut paths);
    paths
}

/// Adds a point, or lets it take the place of one that nobody would see: of many in the same column the first, the
/// lowest, the highest and the last are kept.
fn add(line: &mut Vec<(f64, f64)>, place: (f64, f64)) {
    let column = |place: &(f64, f64)| ((place.0 - LEFT) / (RIGHT - LEFT) * COLUMNS).floor();
    let same = line.iter().rev().take(4).take_while(|other| column(other) == column(&place)).count();
    if same == 4 {
        let start = line.len() - 4;
        let group = &mut line[start..];
        if place.1 < group[1].1.min(group[2].1) {
            let lower = usize::from(group[2].1 < group[1].1) + 1;
            group[lower] = place;
        } else if place.1 > group[1].1.max(group[2].1) {
            let upper = usize::from(group[2].1 > group[1].1) + 1;
            group[upper] = place;
        }
        group[3] = place;
    } else {
        line.push(place);
    }
}

fn finish(line: &mut Vec<(f64, f64)>, paths: &mut Vec<String>) {
    let Some((first, rest)) = line.split_first() else { return };
    let mut path = format!("M{} {}", at(first.0), at(first.1));
    if rest.is_empty() {
        // A line of no length with round ends is a dot.
        path += "h0.1";
    }
    for place in rest {
        path += &format!("L{} {}", at(place.0), at(place.1));
    }
    paths.push(path);
    line.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn drawn(series: &Value) -> String {
        chart(&json!({"chartType": "Line", "label": "<b>", "series": [series]})).into_string()
    }

    #[test]
    fn points_make_lines_with_gaps() {
        let text = drawn(&json!({"name": "a", "xdata": "0;1;2;3;4", "ydata": "0;1;NaN;1;0"}));
        assert_eq!(text.matches("<path").count(), 2, "{text}");
        assert!(text.contains("&lt;b&gt;") && !text.contains("<b>"), "{text}");
        assert_eq!(drawn(&json!({"ydata": "7"})).matches("h0.1").count(), 1);
        for nothing in [json!({}), json!({"ydata": ";;"}), json!({"ydata": "x;y"}), json!(7)] {
            assert!(drawn(&nothing).contains("no points"), "{nothing}");
        }
    }

    #[test]
    fn very_many_points_make_a_short_line() {
        let values: Vec<String> = (0..200_000).map(|number| ((number * 7919) % 1000).to_string()).collect();
        let text = drawn(&json!({"ydata": values.join(";")}));
        assert!(text.len() < 60_000, "{}", text.len());
    }
}
