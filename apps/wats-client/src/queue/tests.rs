use super::*;
use crate::config;
use landfall_service::Liveness;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;
use wats::{ContentHash, report_id};

fn open(folder: &Path, max_reports: u64) -> Queue {
    let settings = config::Queue {
        folder: folder.to_owned(),
        max_reports,
        max_bytes: 0,
        min_free_disk: 0,
        keep_delivered: std::time::Duration::ZERO,
        keep_delivered_bytes: 0,
    };
    // The thread of a queue just dropped may still hold the lock for a moment.
    for _ in 0..200 {
        if let Ok(queue) = Queue::open(&settings, Liveness::new().watch("queue", Duration::from_secs(60))) {
            return queue;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the queue cannot be opened");
}

fn report(text: &str, priority: u8) -> NewReport {
    let content = ContentHash::of(text.as_bytes());
    NewReport {
        key: SourceKey { content, converter: "wsjf", position: 0 },
        id: report_id(&content, "wsjf", 0),
        body: text.as_bytes().to_vec(),
        source: format!("{text}.json"),
        serial_number: text.to_owned(),
        priority,
    }
}

fn accept(queue: &Queue, report: NewReport) -> Result<Vec<Accepted>, QueueError> {
    queue.call(move |store| store.accept(&[report])).wait()
}

fn claim(queue: &Queue, limit: usize) -> Vec<Claim> {
    queue.call(move |store| store.claim(limit, &HashSet::new())).wait().unwrap().0
}

fn finish(queue: &Queue, sequence: i64, fate: Fate) {
    queue.call(move |store| store.finish(sequence, &fate)).wait().unwrap();
}

fn bodies(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|claim| String::from_utf8(claim.body.clone()).unwrap()).collect()
}

#[test]
fn priority_goes_before_age() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    for (text, priority) in [("a", 5), ("b", 5), ("c", 1)] {
        assert_eq!(accept(&queue, report(text, priority)).unwrap(), [Accepted::New]);
    }
    assert_eq!(bodies(&claim(&queue, 10)), ["c", "a", "b"]);
}

#[test]
fn what_was_accepted_survives_and_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    accept(&queue, report("a", 5)).unwrap();
    accept(&queue, report("b", 5)).unwrap();
    finish(&queue, claim(&queue, 1)[0].sequence, Fate::Delivered);
    drop(queue);
    let queue = open(folder.path(), 0);
    assert_eq!(queue.counts(), Counts { pending: 1, delivered: 1, quarantined: 0, bytes: 1 });
    for text in ["a", "b"] {
        assert_eq!(accept(&queue, report(text, 5)).unwrap(), [Accepted::Known]);
    }
    assert_eq!(bodies(&claim(&queue, 10)), ["b"]);
}

#[test]
fn a_file_is_taken_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 1);
    let both = [report("a", 5), report("b", 5)];
    let result = queue.call(move |store| store.accept(&both)).wait();
    assert!(matches!(result, Err(QueueError::Full(_))));
    assert_eq!(queue.counts(), Counts::default());
    accept(&queue, report("a", 5)).unwrap();
    assert!(matches!(accept(&queue, report("b", 5)), Err(QueueError::Full(_))));
}

#[test]
fn postponed_reports_wait_for_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    accept(&queue, report("a", 5)).unwrap();
    let sequence = claim(&queue, 1)[0].sequence;
    let due = now() + 60_000;
    finish(&queue, sequence, Fate::Postponed { due, message: "busy".to_owned() });
    let (claims, next) = queue.call(|store| store.claim(1, &HashSet::new())).wait().unwrap();
    assert!(claims.is_empty());
    assert_eq!(next, Some(due));
    queue.call(Store::make_all_due).wait().unwrap();
    assert_eq!(claim(&queue, 1)[0].attempts, 1);
}

#[test]
fn a_refused_report_dropped_again_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    accept(&queue, report("a", 5)).unwrap();
    finish(&queue, claim(&queue, 1)[0].sequence, Fate::Quarantined("no".to_owned()));
    assert!(claim(&queue, 1).is_empty());
    assert_eq!(accept(&queue, report("a", 5)).unwrap(), [Accepted::Again]);
    assert_eq!(bodies(&claim(&queue, 1)), ["a"]);
    assert_eq!(queue.counts(), Counts { pending: 1, delivered: 0, quarantined: 0, bytes: 1 });
}

#[test]
fn a_damaged_report_does_not_block_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    accept(&queue, report("a", 5)).unwrap();
    accept(&queue, report("b", 5)).unwrap();
    let other = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    other.execute("UPDATE body SET data = x'00' WHERE sequence = 1", []).unwrap();
    assert_eq!(bodies(&claim(&queue, 1)), ["b"]);
    assert_eq!(queue.counts().quarantined, 1);
}

#[test]
fn what_is_readable_of_a_damaged_database_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    let texts: Vec<String> = (0..50).map(|number| number.to_string().repeat(3000)).collect();
    for text in &texts {
        accept(&queue, report(text, 5)).unwrap();
    }
    drop(queue);
    // Everything into the one file, and then a page of the table of reports destroyed.
    let path = folder.path().join(FILE_NAME);
    drop(open(folder.path(), 0));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = &texts[25].as_bytes()[..600];
    // The row's copy in the table of reports holds the serial number; the first page with it is spoilt.
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    let page = at / 4096 * 4096;
    bytes[page..page + 4096].fill(0xAA);
    std::fs::write(&path, bytes).unwrap();

    let queue = open(folder.path(), 0);
    let saved = claim(&queue, 100).len();
    assert!((25..50).contains(&saved), "{saved}");
    assert!(folder.path().join("damaged-1.db").is_file());
}

#[test]
fn a_file_that_is_no_database_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE_NAME), "not a database at all, and long enough to be read as one")
        .unwrap();
    let queue = open(folder.path(), 0);
    assert_eq!(accept(&queue, report("a", 5)).unwrap(), [Accepted::New]);
    assert!(folder.path().join("damaged-1.db").is_file());
}
