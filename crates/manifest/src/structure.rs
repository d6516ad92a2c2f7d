//! The structural check: the text against the schema that is made from the types.
//!
//! serde stops at the first thing it does not like; this walk reports unknown keys, wrong kinds of values,
//! missing keys and words outside a closed list, all at once and each with its place.

use serde_json::Value as Json;

use crate::diagnostics::Diagnostic;
use crate::document::{Node, Value};

/// Compares a document with a JSON Schema of the shape that `schemars` makes of our types.
pub(crate) fn check(root: &Node, schema: &Json) -> Vec<Diagnostic> {
    let mut walk = Walk { definitions: &schema["$defs"], found: Vec::new() };
    walk.node(root, schema, "the manifest");
    walk.found
}

/// The known word closest to what was written, if one is close enough to be meant.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&word.to_lowercase(), k), k))
        .filter(|(distance, k)| *distance <= 1 + k.len().min(word.len()) / 4)
        .min()
        .map(|(_, k)| k)
}

struct Walk<'a> {
    definitions: &'a Json,
    found: Vec<Diagnostic>,
}

impl<'a> Walk<'a> {
    fn node(&mut self, node: &Node, schema: &'a Json, name: &str) {
        let schema = self.resolve(schema);
        if let Some(options) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array) {
            return self.choice(node, options, name);
        }
        if let Some(words) = schema.get("enum").and_then(Json::as_array) {
            return self.word(node, words.iter().filter_map(Json::as_str).collect(), name);
        }
        if !accepts(schema, &node.value) {
            let expected = expected(schema);
            self.found.push(
                Diagnostic::error(
                    Some(node.span.clone()),
                    format!("{name}: expected {expected}, found {}", node.value.kind()),
                )
                .label(format!("expected {expected}")),
            );
            return;
        }
        match &node.value {
            Value::Table(entries) => self.table(node, entries, schema, name),
            Value::Array(items) => {
                if let Some(item) = schema.get("items") {
                    for each in items {
                        self.node(each, item, name);
                    }
                }
            }
            Value::Integer(number) => {
                let minimum = schema.get("minimum").and_then(Json::as_i64).unwrap_or(i64::MIN);
                let limit = if schema["format"] == "uint32" { i64::from(u32::MAX) } else { i64::MAX };
                if number.is_none_or(|n| n < minimum || n > limit) {
                    self.found.push(Diagnostic::error(
                        Some(node.span.clone()),
                        format!("{name}: the number must be between {minimum} and {limit}"),
                    ));
                }
            }
            _ => {}
        }
    }

    fn table(
        &mut self,
        node: &Node,
        entries: &[(String, std::ops::Range<usize>, Node)],
        schema: &'a Json,
        name: &str,
    ) {
        let properties = schema.get("properties").and_then(Json::as_object);
        for (key, key_span, value) in entries {
            let known = properties.and_then(|p| p.get(key));
            if let Some(known) = known {
                self.node(value, known, key);
            } else if let Some(any) = schema.get("additionalProperties").filter(|a| a.is_object()) {
                self.node(value, any, key);
            } else {
                let keys: Vec<&str> =
                    properties.map(|p| p.keys().map(String::as_str).collect()).unwrap_or_default();
                let hint = match closest(key, keys.iter().copied()) {
                    Some(k) => format!("did you mean `{k}`?"),
                    None => format!("known keys here: {}", keys.join(", ")),
                };
                self.found.push(
                    Diagnostic::error(Some(key_span.clone()), format!("unknown key `{key}` in {name}"))
                        .label("not known here")
                        .hint(hint),
                );
            }
        }
        for key in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
            let Some(key) = key.as_str() else { continue };
            if !entries.iter().any(|(k, _, _)| k == key) {
                // The document itself has no useful place of its own.
                let span = if name == "the manifest" { None } else { Some(node.span.clone()) };
                let help = properties
                    .and_then(|p| p.get(key))
                    .and_then(|p| p["description"].as_str())
                    .map(|d| d.replace('\n', " "));
                let mut d = Diagnostic::error(span, format!("missing key `{key}` in {name}"))
                    .label(format!("needs `{key}`"));
                d.hint = help.map(|h| format!("`{key}`: {h}"));
                self.found.push(d);
            }
        }
    }

    /// A value that may have one of several shapes: a closed list of words, an optional value, or a union.
    fn choice(&mut self, node: &Node, options: &'a [Json], name: &str) {
        let options: Vec<&'a Json> =
            options.iter().map(|o| self.resolve(o)).filter(|o| o["type"] != "null").collect();
        if let [only] = options[..] {
            return self.node(node, only, name);
        }
        let words: Vec<&str> = options.iter().filter_map(|o| o["const"].as_str()).collect();
        if !words.is_empty() {
            return self.word(node, words, name);
        }
        let fitting: Vec<&Json> = options.iter().copied().filter(|o| accepts(o, &node.value)).collect();
        // Among several tables, the one that shares a key with what was written is meant.
        let shares_a_key = |o: &Json| match (&node.value, o["properties"].as_object()) {
            (Value::Table(entries), Some(known)) => entries.iter().any(|(k, _, _)| known.contains_key(k)),
            _ => false,
        };
        let meant = fitting
            .iter()
            .copied()
            .find(|o| shares_a_key(o))
            .or_else(|| if let [only] = fitting[..] { Some(only) } else { None });
        match meant {
            Some(option) => self.node(node, option, name),
            None => {
                let expected: Vec<String> = options.iter().map(|o| expected(o)).collect();
                self.found.push(Diagnostic::error(
                    Some(node.span.clone()),
                    format!("{name}: expected {}", expected.join(", or ")),
                ));
            }
        }
    }

    fn word(&mut self, node: &Node, words: Vec<&str>, name: &str) {
        match &node.value {
            Value::String(text) if words.contains(&text.as_str()) => {}
            Value::String(text) => {
                let mut hint = format!("allowed: {}", words.join(", "));
                if let Some(word) = closest(text, words) {
                    hint = format!("did you mean \"{word}\"? {hint}");
                }
                self.found.push(
                    Diagnostic::error(Some(node.span.clone()), format!("{name}: unknown value \"{text}\""))
                        .hint(hint),
                );
            }
            other => self.found.push(
                Diagnostic::error(
                    Some(node.span.clone()),
                    format!("{name}: expected a string, found {}", other.kind()),
                )
                .hint(format!("allowed: {}", words.join(", "))),
            ),
        }
    }

    fn resolve(&self, schema: &'a Json) -> &'a Json {
        match schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")) {
            Some(name) => &self.definitions[name],
            None => schema,
        }
    }
}

fn types(schema: &Json) -> Vec<&str> {
    match &schema["type"] {
        Json::String(s) => vec![s.as_str()],
        Json::Array(a) => a.iter().filter_map(Json::as_str).filter(|s| *s != "null").collect(),
        _ => Vec::new(),
    }
}

fn accepts(schema: &Json, value: &Value) -> bool {
    let wanted = types(schema);
    let is = match value {
        Value::String(_) => "string",
        Value::Integer(_) => "integer",
        Value::Float => "number",
        Value::Boolean => "boolean",
        Value::Datetime => "datetime",
        Value::Array(_) => "array",
        Value::Table(_) => "object",
    };
    wanted.is_empty() || wanted.contains(&is)
}

fn expected(schema: &Json) -> String {
    let words: Vec<&str> = types(schema)
        .into_iter()
        .map(|t| match t {
            "string" => "a string",
            "integer" => "an integer",
            "boolean" => "true or false",
            "array" => "a list",
            "object" => "a table",
            other => other,
        })
        .collect();
    match schema["properties"].as_object() {
        Some(known) if known.len() == 1 => {
            format!("{} with `{}`", words.join(" or "), known.keys().next().map_or("", |k| k.as_str()))
        }
        _ => words.join(" or "),
    }
}
