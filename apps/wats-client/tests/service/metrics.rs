//! Metrics, read as strictly as Prometheus' text format 0.0.4 and its naming conventions ask.

use crate::support::Station;
use std::collections::{BTreeMap, BTreeSet};

/// Labels and value of a sample.
type Sample = (BTreeMap<String, String>, f64);

/// A metric family.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    help: String,
    /// By name, which has a suffix for histograms.
    samples: Vec<(String, Sample)>,
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The labels of a sample, without their braces.
fn labels(mut text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").unwrap_or_else(|| panic!("label: {text}"));
        assert!(is_name(name) && !name.starts_with("__"), "{name}");
        let mut value = String::new();
        let mut letters = rest.char_indices();
        let end = loop {
            match letters.next().unwrap_or_else(|| panic!("no end: {rest}")) {
                (end, '"') => break end,
                (_, '\\') => value.push(match letters.next().unwrap().1 {
                    'n' => '\n',
                    other @ ('\\' | '"') => other,
                    other => panic!("\\{other} is no escape"),
                }),
                (_, letter) => value.push(letter),
            }
        };
        assert!(labels.insert(name.to_owned(), value).is_none(), "{name} twice");
        text = &rest[end + 1..];
        text = text.strip_prefix(',').unwrap_or(text);
    }
    labels
}

/// Reads the whole, and fails where it is not as it must be.
fn read(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n') && !text.contains("\n\n") && !text.contains('\r'));
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(is_name(name), "{name}");
            let new = Family { help: help.to_owned(), ..Family::default() };
            assert!(families.insert(name.to_owned(), new).is_none(), "{name} comes twice");
            current = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, current, "TYPE stands behind HELP");
            families.get_mut(name).unwrap().kind = kind.to_owned();
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, inside) = match series.split_once('{') {
                Some((name, rest)) => (name, rest.strip_suffix('}').unwrap()),
                None => (series, ""),
            };
            let family = families.get_mut(&current).unwrap();
            let suffixes: &[&str] =
                if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            let suffix = name.strip_prefix(current.as_str());
            assert!(suffix.is_some_and(|suffix| suffixes.contains(&suffix)), "{name} below {current}");
            let value = match value {
                "+Inf" => f64::INFINITY,
                other => other.parse().unwrap(),
            };
            family.samples.push((name.to_owned(), (labels(inside), value)));
        }
    }
    families
}

/// Names, types, help and units as the conventions have them: <https://prometheus.io/docs/practices/naming/>.
fn judge(families: &BTreeMap<String, Family>) {
    for (name, family) in families {
        assert!(name.starts_with("wats_client_"), "{name}");
        assert!(family.help.len() > 10 && family.help.ends_with('.'), "{name}: {}", family.help);
        assert!(["counter", "gauge", "histogram"].contains(&family.kind.as_str()), "{name}: {}", family.kind);
        assert_eq!(name.ends_with("_total"), family.kind == "counter", "{name}");
        for unit in ["_ms", "milli", "minutes", "hours", "days", "kib", "mib", "kilo", "mega", "percent"] {
            assert!(!name.contains(unit), "{name} is not in base units");
        }
        assert!(!family.samples.is_empty(), "{name} has no sample");
        let series: BTreeSet<_> =
            family.samples.iter().map(|(name, (labels, _))| format!("{name}{labels:?}")).collect();
        assert_eq!(series.len(), family.samples.len(), "{name} has a series twice");
        for (sample, (_, value)) in &family.samples {
            assert!(*value >= 0.0, "{sample} is {value}");
        }
        if family.kind == "histogram" {
            let of = |suffix: &str| {
                let own = format!("{name}{suffix}");
                family.samples.iter().filter(move |(name, _)| *name == own).map(|(_, sample)| sample)
            };
            let bound = |sample: &Sample| match sample.0["le"].as_str() {
                "+Inf" => f64::INFINITY,
                other => other.parse().unwrap(),
            };
            let buckets: Vec<(f64, f64)> = of("_bucket").map(|sample| (bound(sample), sample.1)).collect();
            assert!(buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1), "{buckets:?}");
            let last = buckets.last().unwrap();
            assert_eq!(*last, (f64::INFINITY, of("_count").next().unwrap().1));
            assert_eq!((of("_count").count(), of("_sum").count()), (1, 1));
        }
    }
}

#[test]
fn metrics_are_as_prometheus_wants_them() {
    let mut station = Station::new();
    // What a path may hold must not break a line.
    let odd = station.path(if cfg!(windows) { "odd folder" } else { "odd \"folder\\n" });
    station.set("[watch]", "folder", &format!("{:?}", odd.display().to_string()));
    std::fs::create_dir(&odd).unwrap();
    let _client = station.start();
    station.wait("the start", |station| station.ask("/metrics").is_some());
    judge(&read(&station.ask("/metrics").unwrap().1));

    let text = include_str!("../../samples/final-test-passed.json");
    std::fs::write(odd.join("one.json"), text).unwrap();
    station.wait_for(1);
    let value = |name: &str, label: &str| -> f64 {
        let families = read(&station.ask("/metrics").unwrap().1);
        judge(&families);
        let family = name.trim_end_matches("_count");
        let samples = families.get(family).map(|family| family.samples.as_slice()).unwrap_or_default();
        let own = samples.iter().filter(|(own, _)| own == name);
        let fits = |labels: &BTreeMap<String, String>| {
            label.is_empty() || labels.values().any(|value| value == label)
        };
        own.filter(|(_, (labels, _))| fits(labels)).map(|(_, (_, value))| *value).sum()
    };
    station.wait("the delivery", |_| value("wats_client_delivery_seconds_count", "") == 1.0);
    let folder = odd.display().to_string();
    for (name, label, expected) in [
        ("wats_client_build_info", env!("CARGO_PKG_VERSION"), 1.0),
        ("wats_client_ready", "", 1.0),
        ("wats_client_connected", "", 1.0),
        ("wats_client_reports", "delivered", 1.0),
        ("wats_client_reports", "pending", 0.0),
        ("wats_client_files_total", "accepted", 1.0),
        ("wats_client_folder_watched", &folder, 1.0),
        ("wats_client_queue_limit_reports", "", 100_000.0),
    ] {
        assert_eq!(value(name, label), expected, "{name} {label}");
    }
    assert!(value("wats_client_disk_free_bytes", "") > 0.0);
    assert!(value("wats_client_last_delivery_timestamp_seconds", "") > 1.6e9);

    station.server.go_down();
    std::fs::write(odd.join("two.json"), text.replace("SN-0001", "SN-2").replace("\"id\": \"", "\"x\": \""))
        .unwrap();
    std::fs::write(odd.join("bad.json"), "{").unwrap();
    station.wait("the outage", |_| {
        value("wats_client_connected", "") == 0.0
            && value("wats_client_reports", "pending") == 1.0
            && value("wats_client_upload_failures_total", "") > 0.0
            && value("wats_client_files_total", "failed") == 1.0
    });
    assert_eq!(value("wats_client_ready", ""), 1.0, "a server that is away is no reason to be not ready");
}
