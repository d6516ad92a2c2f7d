//! Charts.

use super::{cut, put};
use serde_json::{Map, Value, json};

/// How the axes of a chart are divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChartType {
    /// Both evenly.
    #[default]
    Line,
    /// Both by powers of ten.
    LineLogXY,
    /// The horizontal one by powers of ten.
    LineLogX,
    /// The vertical one by powers of ten.
    LineLogY,
}

/// A chart of one or more rows of points.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    kind: ChartType,
    label: String,
    x: (String, String),
    y: (String, String),
    series: Vec<(String, Vec<f64>, Vec<f64>)>,
}

impl Chart {
    /// An empty chart with a title.
    pub fn new(kind: ChartType, label: impl Into<String>) -> Self {
        Self { kind, label: label.into(), ..Self::default() }
    }

    /// What the horizontal axis shows, and its unit.
    pub fn x(mut self, label: impl Into<String>, unit: impl Into<String>) -> Self {
        self.x = (label.into(), unit.into());
        self
    }

    /// What the vertical axis shows, and its unit.
    pub fn y(mut self, label: impl Into<String>, unit: impl Into<String>) -> Self {
        self.y = (label.into(), unit.into());
        self
    }

    /// Adds a row of points. Each has a place on both axes.
    pub fn series(mut self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        self.series.push((name.into(), x.to_vec(), y.to_vec()));
        self
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.series.iter().find(|(_, x, y)| x.len() != y.len()).map(|(name, x, y)| {
            format!("the chart's series {name:?} has {} horizontal and {} vertical places", x.len(), y.len())
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let kind = match self.kind {
            ChartType::Line => "Line",
            ChartType::LineLogXY => "LineLogXY",
            ChartType::LineLogX => "LineLogX",
            ChartType::LineLogY => "LineLogY",
        };
        let mut chart = Map::new();
        chart.insert("chartType".to_owned(), kind.into());
        for (name, text) in [
            ("label", &self.label),
            ("xLabel", &self.x.0),
            ("xUnit", &self.x.1),
            ("yLabel", &self.y.0),
            ("yUnit", &self.y.1),
        ] {
            put(&mut chart, name, cut(text, 100));
        }
        let joined = |places: &[f64]| places.iter().map(f64::to_string).collect::<Vec<_>>().join(";");
        let series: Vec<Value> = self
            .series
            .iter()
            .map(|(name, x, y)| {
                json!({"dataType": "XYG", "name": cut(name, 100), "xdata": joined(x), "ydata": joined(y)})
            })
            .collect();
        chart.insert("series".to_owned(), series.into());
        chart.into()
    }
}
