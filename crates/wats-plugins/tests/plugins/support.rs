//! Modules for tests, from text.

use std::time::Duration;
use wats::Report;
use wats_converters::{Arguments, Converter, Refusal, Source};
use wats_plugins::{Limits, Plugin, PluginError};

/// A good one.
pub(crate) const LABEL: &str = include_str!("label.wat");

pub(crate) fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub(crate) fn plugin(text: &str, limits: Limits) -> Result<Plugin, PluginError> {
    Plugin::new(&module(text), limits)
}

/// The good one, with the body of a function replaced.
pub(crate) fn label_with(function: &str, body: &str) -> String {
    let start = LABEL.find(&format!("(export \"{function}\")")).unwrap();
    let start = LABEL[..start].rfind("(func").unwrap();
    let end = start + closing(&LABEL[start..]);
    let head_end = start
        + match function {
            "wats_describe" => LABEL[start..].find("(result i64)").unwrap() + "(result i64)".len(),
            "wats_convert" => LABEL[start..].find("(result i64)").unwrap() + "(result i64)".len(),
            _ => LABEL[start..].find("(result i32)").unwrap() + "(result i32)".len(),
        };
    format!("{} {body}){}", &LABEL[..head_end], &LABEL[end..])
}

/// Length of the expression that the text begins with.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    panic!("the expression has no end");
}

/// Limits under which no test takes long.
pub(crate) fn tight() -> Limits {
    Limits { time: Duration::from_millis(300), memory: 8 << 20, output: 64 << 10 }
}

pub(crate) fn convert(plugin: &Plugin, file: &[u8]) -> Result<Vec<Report>, Refusal> {
    plugin.convert(&Source::new("a.lbl", file.to_vec()), &Arguments::default())
}
