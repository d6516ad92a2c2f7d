//! The configuration file, orders to change it, and what is taken over from another client.

use std::time::Instant;
use wats_client::fuzzing::{Edited, configuration, edited, imported, keys};

/// Stands between the parts of an input; no text has it.
const NEXT: u8 = 0xff;
const SHIPPED: &str = include_str!("../../../../apps/wats-client/packaging/config.toml");

/// A file that holds or is refused in words.
pub(super) fn file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(found) = heard(configuration(&text)) {
        assert!(Instant::now().checked_add(found.longest).is_some(), "{:?} is no time", found.longest);
    }
}

/// An order to set a key, or to take it out: what is written is read again, and everything else is as it was.
pub(super) fn order(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == NEXT).map(String::from_utf8_lossy);
    let mut next = || parts.next().unwrap_or_default();
    let (key, value, file) = (next(), next(), next());
    // The number of a key says more than its name, which chance will not find.
    let numbered = key.parse().ok().and_then(|number| keys().nth(number));
    let key = numbered.map_or_else(|| key.into_owned(), |key| key.replace("[]", "[0]"));

    if let Some(set) = heard(edited(&file, &key, Some(&value))) {
        assert!(set.value.is_some(), "{key} = {value:?} is not there in {:?}", set.text);
        only_this(&key, &set);
        if set.changes.iter().all(|(_, was_there)| !was_there) {
            comments_stay(&file, &set.text);
        }
        let again = edited(&set.text, &key, Some(&value)).expect("what was possible before");
        assert!(again.changes.is_empty(), "{:?} in {:?}", again.changes, set.text);
        assert_eq!(again.text, set.text);
    }
    if let Some(unset) = heard(edited(&file, &key, None)) {
        assert_eq!(unset.value, None, "{key} is there in {:?}", unset.text);
        only_this(&key, &unset);
    }
}

/// No other key is different. What a converter is told may have its name written in another way.
fn only_this(key: &str, edited: &Edited) {
    let start =
        if key.contains(".arguments.") { key.split_once('.').map_or(key, |(folder, _)| folder) } else { key };
    for (changed, _) in &edited.changes {
        assert!(changed.starts_with(start), "{key} changes {changed} in {:?}", edited.text);
    }
}

/// All lines that are comments, but the one whose place a value takes.
fn comments_stay(before: &str, after: &str) {
    let comments = |text: &str| text.lines().filter(|line| line.trim_start().starts_with('#')).count();
    assert!(comments(after) + 1 >= comments(before), "{before:?} has become {after:?}");
}

/// Another client's file: what becomes of ours is TOML.
pub(super) fn import(bytes: &[u8]) {
    let theirs = String::from_utf8_lossy(bytes);
    let Some((text, notes)) = heard(imported(&theirs, SHIPPED)) else { return };
    assert!(notes.iter().all(|note| !note.is_empty()));
    heard(configuration(&text));
    // A second time, nothing is added.
    let (again, _) = imported(&theirs, &text).expect("what was possible before");
    assert_eq!(again, text);
}

/// What holds, or `None` after a refusal in words.
fn heard<T>(result: Result<T, String>) -> Option<T> {
    result.map_err(|words| assert!(!words.is_empty())).ok()
}

/// The shipped file, as it is and with everything switched on, and one with what that has not.
pub(super) fn files() -> Vec<Vec<u8>> {
    let on: Vec<_> = SHIPPED
        .lines()
        .map(|line| line.strip_prefix('#').filter(|key| !key.starts_with(' ')).unwrap_or(line))
        .collect();
    [SHIPPED, &on.join("\n"), SMALL].map(|text| text.as_bytes().to_vec()).into()
}

const SMALL: &str = r#"version = 1
# The server
[server]
url = "https://company.wats.com" # of the company
#token-file = ""
[proxy]
mode = "manual"
url = "http://proxy:3128"
bypass = ["a", ".b"]
[[watch]] # Line 2
folder = '/in'
converter = "spea"
settle = "1.5 s"
arguments = { process-code = 31 }
[[watch]]
folder = "/other"
[watch.arguments]
part-number = "1.10"
[command.mine]
run = ["/bin/true", "{}"]
memory = "64MiB"
"#;

/// An order for each kind of value, on a file that has the key, shows it, or says nothing of it.
pub(super) fn orders() -> Vec<Vec<u8>> {
    let orders = [
        ("1", "https://x.example", SMALL),
        ("2", "/token", SMALL),
        ("11", "[\"a\", \"b, c\"]", SMALL),
        ("15", "/new", SMALL),
        ("station.name", "FCT \"7\"\n", SHIPPED),
        ("upload.retry-first", "2s", SHIPPED),
        ("watch[0].arguments.process-code", "10", SMALL),
        ("watch[1].arguments.a.\"b c\"", "1.10", SMALL),
        ("log.keep", "3", "log.level = \"warn\"\r\n"),
        ("version", "1", "\u{feff}# comment"),
    ];
    orders.map(|(key, value, file)| [key, value, file].map(str::as_bytes).join(&NEXT)).into()
}

/// Both forms of the other client's file.
pub(super) fn imports() -> Vec<Vec<u8>> {
    let files = [
        r#"{"schema_version": "2.0", "service_address": "https://company.wats.com/api", "api_token": "dG9rZW4=",
            "station_name": "FCT-07", "multi_station_enabled": true, "active_station_key": "b",
            "station_presets": [{"key": "a", "name": "A", "is_default": true}, {"key": "b", "name": "B"}],
            "proxy_mode": "manual", "proxy_host": "proxy", "proxy_port": 3128, "proxy_bypass": "localhost;10.0.0.0/8",
            "max_concurrent_uploads": 8, "max_queue_size": 0, "log_level": "WARNING", "sw_prefetch_enabled": true,
            "converters": [
                {"name": "SPEA", "module_path": "pywats_client.converters.spea.SpeaIctConverter",
                 "watch_folder": "/in/spea", "done_folder": "done", "file_patterns": ["*.txt", "*.\"x\""], "priority": 2,
                 "post_action": "delete", "arguments": {"operationTypeCode": 31, "madeUp": 1}},
                {"watch_folder": "C:\\own", "module_path": "x.WsjfConverter", "enabled": true, "post_action": "zip"}]}"#,
        r#"{"server": {"url": "https://x", "token": "t"}, "client": {"watch_folder": "watch"},
            "proxy": {"enabled": true, "host": "p", "port": 1, "username": "u", "password": "p"},
            "logging": {"level": "INFO"}, "health": {"port": 8080}}"#,
    ];
    files.map(|text| text.as_bytes().to_vec()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds that nothing takes would find little.
    #[test]
    fn seeds_are_taken() {
        for file in files() {
            configuration(&String::from_utf8(file).unwrap()).unwrap_or_else(|words| panic!("{words}"));
        }
        for order in orders() {
            let parts: Vec<_> = order.split(|byte| *byte == NEXT).map(String::from_utf8_lossy).collect();
            let key = parts[0].parse().ok().and_then(|number| keys().nth(number)).unwrap_or(&parts[0]);
            let key = key.replace("[]", "[0]");
            edited(&parts[2], &key, Some(&parts[1])).unwrap_or_else(|words| panic!("{words}"));
        }
        for theirs in imports() {
            imported(&String::from_utf8(theirs).unwrap(), SHIPPED).unwrap_or_else(|words| panic!("{words}"));
        }
    }
}
