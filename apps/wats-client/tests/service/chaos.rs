//! The client is killed over and over while the server misbehaves in every way it knows: no report is lost, none
//! has two ids, and every source file is where it belongs.

use crate::support::{Station, names, report};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wats_simulator::{Cut, Fault, Settings};

/// Emulated and foreign systems get a taste of it: there it takes many times as long.
const KILLS: u32 = if cfg!(all(target_os = "linux", target_env = "gnu")) { 300 } else { 15 };
/// Chooses the seed; without it, it is different every time.
const SEED: &str = "WATS_CLIENT_TEST_SEED";
/// Time for everything to be delivered once all is well.
const RECOVERY: Duration = Duration::from_secs(60);
/// Watched folders; what happens to their files once they are safe is in the name.
const FOLDERS: [&str; 4] = ["watch", "delete", "keep", "archive"];

/// What a tester has put into the folders.
#[derive(Default)]
struct Written {
    /// Serial numbers of the reports that must arrive, by the content of their file.
    good: BTreeMap<String, Vec<String>>,
    /// Contents that hold no report.
    bad: BTreeSet<String>,
    /// Contents by folder.
    folders: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Written {
    fn one_more(&mut self, station: &Station, random: &mut fastrand::Rng, number: usize) {
        let folder = FOLDERS[random.usize(..FOLDERS.len())];
        let text = match random.u32(..10) {
            0 => {
                let text = format!("{{\"type\": \"T\", {number}");
                self.bad.insert(text.clone());
                text
            }
            1 => {
                let numbers: Vec<String> = (0..3).map(|index| format!("SN{number}-{index}")).collect();
                let reports: Vec<String> = numbers.iter().map(|number| report(number)).collect();
                let text = format!("[{}]", reports.join(","));
                self.good.insert(text.clone(), numbers);
                text
            }
            // The same once more, perhaps into another folder.
            2 if !self.good.is_empty() => {
                self.good.keys().nth(random.usize(..self.good.len())).unwrap().clone()
            }
            _ => {
                let text = report(&format!("SN{number}"));
                self.good.insert(text.clone(), vec![format!("SN{number}")]);
                text
            }
        };
        put_whole(&station.path(folder), &format!("{}.json", number % 50), &text);
        self.folders.entry(folder).or_default().insert(text);
    }

    fn serial_numbers(&self) -> BTreeSet<&str> {
        self.good.values().flatten().map(String::as_str).collect()
    }
}

/// Puts a file there in one piece, under a name that is free.
fn put_whole(folder: &Path, name: &str, text: &str) {
    let part = folder.join(format!("{name}.part"));
    fs::write(&part, text).unwrap();
    let free = (0..).map(|number| folder.join(format!("{number}-{name}")));
    fs::rename(part, free.into_iter().find(|path| !path.exists()).unwrap()).unwrap();
}

/// Something else that goes wrong with the next requests.
fn fault(random: &mut fastrand::Rng) -> Fault {
    let requests = random.u32(1..4);
    match random.u32(..14) {
        0 => Fault::cut(requests, Cut::Before),
        1 => Fault::cut(requests, Cut::After),
        2 => Fault { delay_milliseconds: 60_000, ..Fault::cut(requests, Cut::Before) },
        3 => Fault { requests, delay_milliseconds: random.u64(5..80), ..Fault::default() },
        4 => Fault { requests, body: Some("{\"ID\": [1,".to_owned()), ..Fault::default() },
        5 => Fault { body: Some("<html>Sign in</html>".to_owned()), ..Fault::status(requests, 200) },
        6 => Fault { retry_after: Some("0".to_owned()), ..Fault::status(requests, 429) },
        other => {
            let status = [400, 401, 403, 413, 500, 503, 408][other as usize - 7];
            Fault::status(requests, status)
        }
    }
}

fn sleep(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// The server goes from one trouble into the next.
fn misbehave(station: &Station, mut random: fastrand::Rng, end: &AtomicBool) {
    while !end.load(Ordering::Relaxed) {
        match random.u32(..10) {
            0 => {
                station.server.go_down();
                sleep(random.u64(10..300));
                station.server.come_back();
            }
            1 => station.server.behave(),
            2 => station.server.set(Settings {
                conflict_for_known: random.bool(),
                delay_milliseconds: random.u64(..20),
                ..Settings::default()
            }),
            _ => station.server.misbehave(fault(&mut random)),
        }
        sleep(random.u64(5..60));
    }
    station.server.set(Settings::default());
    station.server.behave();
}

/// Contents of the files in a folder, with how often each is there. Notes are left out.
fn contents(folder: &Path) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for name in names(folder).iter().filter(|name| !name.ends_with(".error.txt")) {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(!name.starts_with('.'), "{name} is left over in {}", folder.display());
        *found.entry(text).or_default() += 1;
    }
    found
}

#[test]
fn nothing_is_lost_however_often_it_is_killed() {
    let seed = std::env::var(SEED).map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    println!("seed: {SEED}={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut station = Station::new();
    for (table, key, value) in [
        ("[watch]", "settle", "\"20ms\""),
        ("[watch]", "rescan", "\"200ms\""),
        ("upload", "retry-first", "\"10ms\""),
        ("upload", "retry-limit", "\"80ms\""),
        ("upload", "access-retry", "\"40ms\""),
        ("upload", "probe", "\"200ms\""),
        ("log", "level", "\"warn\""),
    ] {
        station.set(table, key, value);
    }
    FOLDERS[1..].iter().for_each(|folder| station.watch(folder));
    let end = AtomicBool::new(false);
    let start = Instant::now();
    let written = std::thread::scope(|scope| {
        let (trouble, mut choices) = (random.fork(), random.fork());
        let (station, end) = (&station, &end);
        scope.spawn(move || misbehave(station, trouble, end));
        let writer = scope.spawn(move || {
            let mut written = Written::default();
            let mut number = 0;
            while !end.load(Ordering::Relaxed) {
                written.one_more(station, &mut choices, number);
                number += 1;
                sleep(choices.u64(5..40));
            }
            written
        });
        for _ in 0..KILLS {
            let mut client = station.start();
            sleep(match random.u32(..3) {
                0 => random.u64(..20),
                1 => random.u64(20..80),
                _ => random.u64(80..250),
            });
            client.kill();
        }
        end.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    let kills = start.elapsed();

    let _client = station.start();
    let wanted = written.serial_numbers();
    recover(&station, &written, wanted.len());
    let summary = station.server.summary();
    println!(
        "{KILLS} kills in {kills:.0?}, {} files, {} reports, {} requests, {} sent again under their id; recovered in {:.0?}",
        written.folders.values().map(BTreeSet::len).sum::<usize>(),
        wanted.len(),
        summary.requests,
        summary.stored - summary.distinct as u64,
        start.elapsed() - kills,
    );

    let arrived: Vec<Value> =
        summary.ids.keys().map(|id| station.server.received(id).unwrap().report["sn"].clone()).collect();
    assert_eq!(arrived.len(), wanted.len(), "a report has arrived under two ids");
    assert_eq!(arrived.iter().map(|sn| sn.as_str().unwrap()).collect::<BTreeSet<_>>(), wanted);
    sources_are_accounted_for(&station, &written);
}

/// Waits until everything is delivered; what the server had refused for good is dropped again, as people do.
fn recover(station: &Station, written: &Written, wanted: usize) {
    let start = Instant::now();
    loop {
        let details = station.details();
        let counts = |state: &str| details["queue"][state].as_u64();
        if counts("quarantined").is_some_and(|refused| refused > 0) {
            let list = station.command(&["queue", "list", "--json"]);
            let list: Value = serde_json::from_slice(&list.stdout).unwrap();
            let refused: BTreeSet<&str> = list["reports"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|report| report["state"] == "quarantined")
                .map(|report| report["serialNumber"].as_str().unwrap())
                .collect();
            let again = written
                .good
                .iter()
                .filter(|(_, numbers)| numbers.iter().any(|number| refused.contains(number.as_str())));
            again.for_each(|(text, _)| put_whole(&station.path("watch"), "again.json", text));
        }
        let taken = FOLDERS.iter().all(|folder| *folder == "keep" || names(&station.path(folder)).is_empty());
        let done = counts("pending") == Some(0) && counts("quarantined") == Some(0);
        if taken && done && station.server.summary().distinct >= wanted {
            return;
        }
        assert!(
            start.elapsed() < RECOVERY,
            "{} of {wanted} reports have arrived; {details}\n{}",
            station.server.summary().distinct,
            station.log()
        );
        sleep(200);
    }
}

fn sources_are_accounted_for(station: &Station, written: &Written) {
    let of = |folder: &str| written.folders[folder].iter();
    let good = |text: &&String| written.good.contains_key(*text);
    let folder = |name: &str| contents(&station.path(name));

    let kept = folder("keep");
    assert!(of("keep").filter(good).all(|text| kept.contains_key(text)), "a kept file is gone");
    assert!(kept.keys().all(|text| written.good.contains_key(text)));
    assert!(names(&station.path("delete")).is_empty());

    let done = folder("done");
    assert!(of("watch").filter(good).all(|text| done.contains_key(text)), "a file is not in done");
    assert!(done.keys().all(|text| written.good.contains_key(text)), "a file in done is not whole");

    let errors = station.path("error");
    let refused = contents(&errors);
    assert_eq!(refused.keys().collect::<BTreeSet<_>>(), written.bad.iter().collect(), "error folder");
    assert!(refused.values().all(|count| *count == 1), "a refused file is there twice");
    for name in names(&errors) {
        let other = match name.strip_suffix(".error.txt") {
            Some(file) => errors.join(file),
            None => errors.join(format!("{name}.error.txt")),
        };
        assert!(other.is_file(), "{name} is alone");
    }

    let days = station.path("archive-done");
    let mut archived = BTreeMap::new();
    for day in names(&days) {
        archived.extend(contents(&days.join(day)));
    }
    assert!(
        of("archive").filter(good).all(|text| archived.contains_key(text)),
        "a file is not in the archive"
    );
    assert!(archived.keys().all(|text| written.good.contains_key(text)));
}
