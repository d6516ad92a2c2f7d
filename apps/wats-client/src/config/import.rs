//! The Python client's configuration (JSON, its schema 1 and 2) as changes to ours.
//!
//! The packages of that client brought a file of another form (`server.url`, `client.watch_folder`); it is read too.

use super::edit::Editor;
use super::error::ConfigError;
use super::keys::{PROXY_PASSWORD, SecretKey, TOKEN};
use serde_json::{Map, Value};
use std::path::Path;
use wats::Secret;
use wats_converters::{AUTO, Arguments, check_arguments};

/// What to take over.
#[derive(Debug, Default)]
pub(crate) struct Import {
    /// Keys and their values.
    pub(crate) values: Vec<(&'static str, String)>,
    /// Secrets, which do not go into the file.
    pub(crate) secrets: Vec<(SecretKey, Secret)>,
    /// Folders to watch, each with its keys.
    pub(crate) watches: Vec<Vec<(String, String)>>,
    /// What is not taken over, and why.
    pub(crate) notes: Vec<String>,
}

impl Import {
    /// Reads the text of such a file. Relative folders in it begin at `folder`.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn of(text: &str, folder: &Path) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| format!("the file is no JSON: {error}"))?;
        let Value::Object(members) = value else { return Err("the file is no configuration".to_owned()) };
        let known = [
            "service_address",
            "converters",
            "api_token",
            "station_name",
            "schema_version",
            "server",
            "client",
        ];
        if !known.iter().any(|name| members.contains_key(*name)) {
            return Err(
                "the file is no configuration of the Python client: none of its keys is there".to_owned()
            );
        }
        let mut import = Self::default();
        import.server(&members);
        import.station(&members);
        import.proxy(&members);
        import.limits(&members);
        for (number, converter) in
            members.get("converters").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            import.watch(number, converter, folder);
        }
        if let Some(watched) = members.get("client").and_then(|client| text_of(client.get("watch_folder"))) {
            import.watches.push(vec![("folder".to_owned(), absolute(folder, &watched))]);
        }
        import.left_out(&members);
        Ok(import)
    }

    /// Puts keys and folders into our file. Gives what is to be said of the whole; secrets are left to the caller.
    ///
    /// # Errors
    /// When a folder has a value that is not valid.
    pub(crate) fn put_into(&self, editor: &mut Editor) -> Result<Vec<String>, ConfigError> {
        let mut notes = self.notes.clone();
        for (key, value) in &self.values {
            if let Err(error) = editor.set(key, value) {
                notes.push(format!("{error}: not taken over"));
            }
        }
        let present: Vec<_> = (0..editor.watches())
            .filter_map(|number| editor.get(&format!("watch[{number}].folder")).ok().flatten())
            .collect();
        for keys in &self.watches {
            let keys: Vec<(&str, &str)> =
                keys.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            let folder = keys.first().map_or("", |(_, folder)| folder);
            if present.iter().any(|other| other == folder) {
                notes.push(format!("{folder}: is watched already, and stays as it is"));
                continue;
            }
            editor.add_watch(&keys)?;
        }
        Ok(notes)
    }

    fn set(&mut self, key: &'static str, value: Option<String>) {
        self.values.extend(value.map(|value| (key, value)));
    }

    fn secret(&mut self, key: SecretKey, value: Option<String>) {
        self.secrets.extend(value.map(|value| (key, Secret::new(value))));
    }

    fn server(&mut self, members: &Map<String, Value>) {
        let packaged = |name: &str| text_of(members.get("server").and_then(|server| server.get(name)));
        self.set("server.url", text_of(members.get("service_address")).or_else(|| packaged("url")));
        self.secret(TOKEN, text_of(members.get("api_token")).or_else(|| packaged("token")));
    }

    fn station(&mut self, members: &Map<String, Value>) {
        let text = |name: &str| text_of(members.get(name));
        let active = text("active_station_key");
        let presets = members.get("station_presets").and_then(Value::as_array);
        let hub = members.get("multi_station_enabled").and_then(Value::as_bool).unwrap_or_default();
        let preset = presets.into_iter().flatten().filter(|_| hub).find(|preset| {
            text_of(preset.get("key")) == active
                || active.is_none() && preset.get("is_default").and_then(Value::as_bool).unwrap_or_default()
        });
        let of =
            |name: &str, own: &str| preset.and_then(|preset| text_of(preset.get(name))).or_else(|| text(own));
        self.set("station.name", of("name", "station_name"));
        self.set("station.location", of("location", "location"));
        self.set("station.purpose", of("purpose", "purpose"));
        if hub {
            self.notes.push(
                "station_presets: only the active station is taken over; install one instance for each other"
                    .to_owned(),
            );
        }
        if !members.get("include_station_in_reports").and_then(Value::as_bool).unwrap_or(true) {
            self.notes.push(
                "include_station_in_reports: the station always fills what a report does not say itself"
                    .to_owned(),
            );
        }
    }

    fn proxy(&mut self, members: &Map<String, Value>) {
        let second =
            members.get("proxy").filter(|proxy| proxy.get("enabled").and_then(Value::as_bool) == Some(true));
        let text = |first: &str, name: &str| match second {
            Some(proxy) => text_of(proxy.get(name)),
            None => text_of(members.get(first)),
        };
        let mode =
            if second.is_some() { Some("manual".to_owned()) } else { text_of(members.get("proxy_mode")) };
        let host = text("proxy_host", "host");
        match mode.as_deref() {
            Some("manual") => match host {
                Some(host) => {
                    let port = text("proxy_port", "port").unwrap_or_else(|| "8080".to_owned());
                    let host = host.trim_start_matches("http://").trim_end_matches('/').to_owned();
                    self.set("proxy.mode", Some("manual".to_owned()));
                    self.set("proxy.url", Some(format!("http://{host}:{port}")));
                    self.set("proxy.user", text("proxy_username", "username"));
                    self.secret(PROXY_PASSWORD, text("proxy_password", "password"));
                    let bypass = text_of(members.get("proxy_bypass")).map(|list| list.replace(';', ","));
                    self.set("proxy.bypass", bypass);
                }
                None => self.notes.push("proxy_host: is empty, so the system's proxy is used".to_owned()),
            },
            Some("none") => self.set("proxy.mode", Some("none".to_owned())),
            _ => {}
        }
    }

    fn limits(&mut self, members: &Map<String, Value>) {
        let number = |name: &str| members.get(name).and_then(Value::as_u64);
        self.set("upload.concurrency", number("max_concurrent_uploads").map(|n| n.clamp(1, 100).to_string()));
        self.set("queue.max-reports", number("max_queue_size").map(|n| n.to_string()));
        let level = text_of(members.get("log_level"))
            .or_else(|| text_of(members.get("logging").and_then(|logging| logging.get("level"))));
        self.set(
            "log.level",
            level.and_then(|level| {
                Some(
                    match level.to_ascii_uppercase().as_str() {
                        "DEBUG" => "debug",
                        "INFO" => "info",
                        "WARNING" | "WARN" => "warn",
                        "ERROR" | "CRITICAL" => "error",
                        _ => return None,
                    }
                    .to_owned(),
                )
            }),
        );
        let port = members.get("health").and_then(|health| health.get("port")).and_then(Value::as_u64);
        self.set("health.listen", port.map(|port| format!("127.0.0.1:{port}")));
    }

    fn watch(&mut self, number: usize, entry: &Value, folder: &Path) {
        let text = |name: &str| text_of(entry.get(name));
        let name = text("name").unwrap_or_else(|| format!("converters[{number}]"));
        if entry.get("enabled").and_then(Value::as_bool) == Some(false) {
            self.notes.push(format!("{name}: is switched off and not taken over"));
            return;
        }
        let kind = text("converter_type").unwrap_or_else(|| "file".to_owned());
        let Some(watched) = text("watch_folder").filter(|_| kind == "file") else {
            self.notes
                .push(format!("{name}: a converter of kind {kind}, or without a folder, is not taken over"));
            return;
        };
        let mut keys = vec![("folder".to_owned(), absolute(folder, &watched))];
        let module = text("module_path").unwrap_or_default();
        let converter = converter(&module).unwrap_or_else(|| {
            self.notes.push(format!("{name}: {module} is a converter of your own; \"auto\" takes its place"));
            AUTO
        });
        if converter != AUTO {
            keys.push(("converter".to_owned(), converter.to_owned()));
        }
        let patterns: Vec<String> = entry
            .get("file_patterns")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        // Its default, which takes what nobody meant too.
        if !patterns.is_empty() && patterns.iter().all(|pattern| pattern != "*.*" && pattern != "*") {
            let quoted: Vec<String> = patterns.iter().map(|pattern| format!("{pattern:?}")).collect();
            keys.push(("patterns".to_owned(), format!("[{}]", quoted.join(", "))));
        }
        for (theirs, ours) in [("done_folder", "done"), ("error_folder", "error")] {
            keys.extend(text(theirs).map(|path| (ours.to_owned(), absolute(folder, &path))));
        }
        if let Some(priority) = entry.get("priority").and_then(Value::as_i64) {
            keys.push(("priority".to_owned(), priority.clamp(1, 10).to_string()));
        }
        match text("post_action").as_deref() {
            Some("delete") => keys.push(("post-action".to_owned(), "delete".to_owned())),
            Some("keep") => keys.push(("post-action".to_owned(), "keep".to_owned())),
            Some("zip" | "archive") => {
                self.notes.push(format!(
                    "{name}: files are moved to the done folder, not archived; see watch[].post-action"
                ));
            }
            _ => {}
        }
        self.arguments(&name, converter, entry, &mut keys);
        self.watches.push(keys);
    }

    fn arguments(&mut self, name: &str, converter: &str, entry: &Value, keys: &mut Vec<(String, String)>) {
        for (argument, value) in entry.get("arguments").and_then(Value::as_object).into_iter().flatten() {
            let Some(value) = text_of(Some(value)) else { continue };
            let own = argument_name(argument);
            let mut arguments = Arguments::default();
            arguments.set(&own, value.as_str());
            match check_arguments(converter, &arguments) {
                Ok(()) => keys.push((format!("arguments.{own}"), value)),
                Err(_) => self
                    .notes
                    .push(format!("{name}: the argument {argument} is not taken over: {converter} has none")),
            }
        }
    }

    fn left_out(&mut self, members: &Map<String, Value>) {
        for (switch, what) in [
            ("registration_enabled", "the registration of the client"),
            ("sw_prefetch_enabled", "software distribution"),
            ("api_enabled", "the local API; see web.listen"),
            ("yield_monitor_enabled", "the yield monitor"),
        ] {
            if members.get(switch).and_then(Value::as_bool) == Some(true) {
                self.notes.push(format!("{switch}: {what} is not taken over"));
            }
        }
    }
}

/// A text or number that is there and not empty.
fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn absolute(folder: &Path, path: &str) -> String {
    // What is absolute on Windows stays so when it is read elsewhere.
    let windows = path.get(1..3).is_some_and(|mark| matches!(mark, ":\\" | ":/")) || path.starts_with("\\\\");
    if windows { path.to_owned() } else { folder.join(path).display().to_string() }
}

/// Our converter for a class of theirs, by the words in its path.
fn converter(module: &str) -> Option<&'static str> {
    let module: String = module.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    [
        ("wsjf", "wsjf"),
        ("wsxf", "wsxf"),
        ("wrml", "wrml"),
        ("wstf", "wstf"),
        ("atml", "atml"),
        ("spectrum", "spectrum"),
        ("teradyne", "gr228x"),
        ("testexec", "testexec-sl"),
        ("i3070", "i3070"),
        ("klippel", "klippel"),
        ("spea", "spea"),
        ("seica", "seica"),
        ("xjtag", "xjtag"),
        ("csv", "csv"),
        ("standardjson", "wsjf"),
        ("standardxml", "wsxf"),
        ("standardtext", "wstf"),
        ("aiconverter", AUTO),
    ]
    .into_iter()
    .find(|(word, _)| module.contains(word))
    .map(|(_, converter)| converter)
}

/// `partNumber` is `part-number`, and the process code has one name.
fn argument_name(name: &str) -> String {
    let mut own = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !own.is_empty() {
            own.push('-');
        }
        own.push(if character == '_' { '-' } else { character.to_ascii_lowercase() });
    }
    match own.as_str() {
        "operation-type-code" | "default-operation-type-code" | "default-process-code" => {
            "process-code".to_owned()
        }
        "default-station" => "station-name".to_owned(),
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{
        "schema_version": "2.0", "instance_id": "default", "service_address": "https://company.wats.com/api",
        "api_token": "dG9rZW4=", "station_name": "FCT-07", "location": "Line 2", "purpose": "",
        "proxy_mode": "manual", "proxy_host": "proxy.company.com", "proxy_port": 3128, "proxy_username": "me",
        "proxy_password": "hush", "proxy_bypass": "localhost;10.0.0.0/8",
        "max_concurrent_uploads": 8, "max_queue_size": 0, "log_level": "WARNING", "registration_enabled": true,
        "converters": [
            {"name": "SPEA", "module_path": "pywats_client.converters.spea.SpeaIctConverter", "watch_folder": "/in/spea",
             "done_folder": "/in/spea/done", "file_patterns": ["*.*"], "priority": 2, "post_action": "delete",
             "arguments": {"operationTypeCode": 31, "stationNamePrefix": "U62P", "madeUp": 1}},
            {"name": "Own", "module_path": "mine.Converter", "watch_folder": "own", "file_patterns": ["*.dat", "*.d2"]},
            {"name": "Off", "module_path": "x.WsjfConverter", "watch_folder": "/off", "enabled": false},
            {"name": "Daily", "module_path": "x.Y", "converter_type": "scheduled", "cron_expression": "0 1 * * *"}
        ]}"#;

    #[test]
    fn what_is_known_is_taken_over_and_the_rest_is_told() {
        let import = Import::of(SAMPLE, Path::new("/etc/pywats")).unwrap();
        let value =
            |key: &str| import.values.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str());
        assert_eq!(value("server.url"), Some("https://company.wats.com/api"));
        assert_eq!((value("station.name"), value("station.purpose")), (Some("FCT-07"), None));
        assert_eq!(value("proxy.url"), Some("http://proxy.company.com:3128"));
        assert_eq!((value("upload.concurrency"), value("queue.max-reports")), (Some("8"), Some("0")));
        assert_eq!(value("log.level"), Some("warn"));
        assert_eq!(import.secrets.len(), 2);
        let pairs = |watch: usize| {
            import.watches[watch]
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            pairs(0),
            "folder=/in/spea converter=spea done=/in/spea/done priority=2 post-action=delete \
             arguments.process-code=31 arguments.station-name-prefix=U62P"
        );
        assert_eq!(pairs(1).replace('\\', "/"), "folder=/etc/pywats/own patterns=[\"*.dat\", \"*.d2\"]");
        assert_eq!(import.watches.len(), 2);
        for told in
            ["madeUp", "Own: mine.Converter", "Off: is switched off", "Daily: ", "registration_enabled"]
        {
            assert!(import.notes.iter().any(|note| note.contains(told)), "{told}: {:?}", import.notes);
        }
    }

    #[test]
    fn the_active_station_of_a_hub_counts() {
        let text = r#"{"station_name": "HUB", "multi_station_enabled": true, "active_station_key": "b",
            "station_presets": [{"key": "a", "name": "A"}, {"key": "b", "name": "B", "purpose": "Repair"}]}"#;
        let import = Import::of(text, Path::new("/")).unwrap();
        assert_eq!(
            import.values,
            [("station.name", "B".to_owned()), ("station.purpose", "Repair".to_owned())]
        );
    }

    #[test]
    fn the_form_of_its_packages_is_read_too() {
        let text = r#"{"server": {"url": "https://x", "token": "t"}, "client": {"watch_folder": "/var/lib/pywats/watch"},
            "logging": {"level": "INFO"}, "health": {"port": 8080}}"#;
        let import = Import::of(text, Path::new("/")).unwrap();
        assert_eq!(import.values[0], ("server.url", "https://x".to_owned()));
        assert_eq!((import.secrets.len(), import.watches.len()), (1, 1));
    }

    #[test]
    fn another_file_is_refused() {
        assert!(Import::of("[]", Path::new("/")).is_err());
        assert!(Import::of("{\"a\": 1}", Path::new("/")).unwrap_err().contains("none of its keys"));
        assert!(Import::of("{", Path::new("/")).unwrap_err().contains("no JSON"));
    }
}
