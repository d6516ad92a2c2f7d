//! JSON Schema and the reference page, both made from the types.

use serde_json::Value as Json;

use crate::model::Manifest;
use crate::variables;

/// JSON Schema (2020-12) of the manifest.
pub fn schema() -> Json {
    let mut schema = schemars::schema_for!(Manifest).to_value();
    schema["title"] = "landfall.toml".into();
    schema
}

/// The manifest reference in Markdown.
pub fn reference() -> String {
    let schema = schema();
    let mut out = String::from(
        "# The manifest: `landfall.toml`\n\n\
         This page is made from the types that read the manifest (`landfall schema --markdown`). Editors complete and \
         check a manifest with the JSON Schema that `landfall schema` prints.\n\n\
         The smallest manifest is `examples/smallest/landfall.toml`, one with every key is \
         `examples/every-key/landfall.toml`.\n",
    );
    Page { definitions: &schema["$defs"] }.table(&schema, "", &mut out);
    out.push_str(
        "\n## Variables\n\nIn paths, arguments and the service's environment, `{…}` stands for:\n\n",
    );
    for (name, meaning) in variables::PRODUCT.iter().chain(variables::PLACES) {
        out.push_str(&format!("* `{{{name}}}`: {meaning}\n"));
    }
    out.push_str(
        "\nA source or a build command knows only those of the product and the target. `{{` and `}}` stand for \
         braces.\n\n## Selectors\n\n`only` and `except` take names of systems (`linux`, `windows`, `macos`), of \
         formats (`deb`, `rpm`, `apk`, `arch`, `msi`, `exe`, `tar.gz`, `tar.zst`, `zip`, or `archive` for the last three), of \
         architectures (`x86_64`, `aarch64`, …) and whole target triples. Words of one kind are alternatives, \
         kinds must all fit: `only = [\"deb\", \"rpm\", \"aarch64\"]` is deb or rpm, and aarch64.\n",
    );
    out
}

struct Page<'a> {
    definitions: &'a Json,
}

impl Page<'_> {
    fn table(&self, schema: &Json, path: &str, out: &mut String) {
        let Some(properties) = schema["properties"].as_object() else { return };
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        if !path.is_empty() {
            out.push_str("\n| key | value | meaning |\n|---|---|---|\n");
            for (key, property) in properties {
                let mark = if required.contains(&key.as_str()) { " **(required)**" } else { "" };
                let meaning = self.description(property);
                out.push_str(&format!(
                    "| `{key}`{mark} | {} | {} |\n",
                    self.kind(property),
                    meaning.replace('\n', " ").replace('|', "\\|")
                ));
            }
        }
        for (key, property) in properties {
            let target = self.only_table(self.inner(property));
            let (schema, heading) = match (target["properties"].is_object(), property["type"].as_str()) {
                (true, Some("array")) => (target, format!("[[{}]]", join(path, key))),
                (true, Some("object")) => (target, format!("[{}.<name>]", join(path, key))),
                (true, _) => (target, format!("[{}]", join(path, key))),
                _ => continue,
            };
            let level = "#".repeat(2 + path.split('.').filter(|s| !s.is_empty()).count());
            out.push_str(&format!("\n{level} `{heading}`\n\n{}\n", self.description(property)));
            self.table(schema, &join(path, key), out);
        }
    }

    fn description(&self, property: &Json) -> String {
        property["description"]
            .as_str()
            .or_else(|| self.inner(property)["description"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    /// The definition behind a reference, an optional value, a list or a map.
    fn inner<'j>(&'j self, property: &'j Json) -> &'j Json {
        if let Some(name) = property["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")) {
            return &self.definitions[name];
        }
        if let Some(options) = property["anyOf"].as_array() {
            let real: Vec<&Json> = options.iter().filter(|o| o["type"] != "null").collect();
            if let [only] = real[..] {
                return self.inner(only);
            }
        }
        for container in ["items", "additionalProperties"] {
            if property[container].is_object() {
                return self.inner(&property[container]);
            }
        }
        property
    }

    /// The table among several kinds of value, if there is exactly one.
    fn only_table<'j>(&'j self, schema: &'j Json) -> &'j Json {
        let options = schema["anyOf"].as_array().into_iter().flatten().map(|option| self.inner(option));
        let tables: Vec<&Json> = options.filter(|option| option["properties"].is_object()).collect();
        if let [only] = tables[..] { only } else { schema }
    }

    fn kind(&self, property: &Json) -> String {
        let inner = self.inner(property);
        let words: Vec<String> = inner["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|o| o["const"].as_str())
            .map(|w| format!("`\"{w}\"`"))
            .collect();
        if !words.is_empty() {
            return words.join(", ");
        }
        let many = property["type"] == "array" || property["type"][0] == "array";
        let map = property["additionalProperties"].is_object();
        let one = match &inner["type"] {
            Json::String(s) => s.clone(),
            Json::Array(a) => a.first().and_then(Json::as_str).unwrap_or("").to_owned(),
            _ if inner["anyOf"].is_array() => "string or table".into(),
            _ => String::new(),
        };
        let one = match one.as_str() {
            "object" => "table".into(),
            "boolean" => "true or false".into(),
            _ => one,
        };
        match (many, map) {
            (true, _) => format!("list of {one}s"),
            (_, true) => format!("table of {one}s"),
            _ => one,
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
