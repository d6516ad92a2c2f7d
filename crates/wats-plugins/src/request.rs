//! What a converter of somebody else is told.

use serde_json::{Map, Value, json};
use wats_converters::{Arguments, Source};

/// The request as JSON: the file's name and the arguments, each by the name that the configuration gives it.
pub(crate) fn request(source: &Source, arguments: &Arguments) -> Vec<u8> {
    let given: Map<String, Value> = arguments
        .names()
        .filter_map(|name| Some((name.to_owned(), Value::from(arguments.get(name)?))))
        .collect();
    json!({ "name": source.name(), "arguments": given }).to_string().into_bytes()
}
