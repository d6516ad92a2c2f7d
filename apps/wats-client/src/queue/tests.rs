use super::*;
use crate::config;
use landfall_service::Liveness;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;
use wats::{ContentHash, report_id};

fn open(folder: &Path, max_reports: u64) -> Queue {
    let settings = limits(folder, max_reports, 0);
    open_with(&settings)
}

fn limits(folder: &Path, max_reports: u64, keep_delivered_bytes: u64) -> config::Queue {
    config::Queue {
        folder: folder.to_owned(),
        max_reports,
        max_bytes: 0,
        min_free_disk: 0,
        keep_delivered: Duration::from_secs(86_400),
        keep_delivered_bytes,
    }
}

fn open_with(settings: &config::Queue) -> Queue {
    // The thread of a queue just dropped may still hold the lock for a moment.
    for _ in 0..200 {
        if let Ok(queue) = Queue::open(settings, Liveness::new().watch("queue", Duration::from_secs(60))) {
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
        lasting: false,
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
    assert_eq!(queue.counts(), Counts { pending: 1, delivered: 1, quarantined: 0, bytes: 1, kept: 0 });
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
    let pause = Duration::from_secs(60);
    finish(&queue, sequence, Fate::Postponed { pause, message: "busy".to_owned() });
    let (claims, next) = queue.call(|store| store.claim(1, &HashSet::new())).wait().unwrap();
    assert!(claims.is_empty());
    assert!(next.is_some_and(|next| next <= pause && next > pause / 2), "{next:?}");
    queue.call(Store::make_all_due).wait().unwrap();
    assert_eq!(claim(&queue, 1)[0].attempts, 1);
}

#[test]
fn a_clock_that_is_set_changes_no_pause() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    accept(&queue, report("a", 5)).unwrap();
    let pause = Duration::from_secs(60);
    let day = 86_400_000;
    for set in [-day, 2 * day, -day] {
        let sequence = *queue
            .call(|store| {
                store.make_all_due()?;
                Ok(store.claim(1, &HashSet::new())?.0.iter().map(|claim| claim.sequence).collect::<Vec<_>>())
            })
            .wait()
            .unwrap()
            .first()
            .unwrap();
        finish(&queue, sequence, Fate::Postponed { pause, message: "busy".to_owned() });
        let next = queue
            .call(move |store| {
                store.clock.offset += set;
                store.claim(1, &HashSet::new())
            })
            .wait()
            .unwrap()
            .1;
        assert!(next.is_some_and(|next| next <= pause && next > pause / 2), "{set}: {next:?}");
    }
}

#[test]
fn a_time_too_far_away_counts_for_nothing_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    accept(&queue, report("a", 5)).unwrap();
    let pause = Duration::from_secs(3600);
    finish(&queue, claim(&queue, 1)[0].sequence, Fate::Postponed { pause, message: "busy".to_owned() });
    assert!(claim(&queue, 1).is_empty());
    drop(queue);
    assert_eq!(bodies(&claim(&open(folder.path(), 0), 1)), ["a"]);
}

/// The start goes through those that wait for a later time, not through all that wait.
#[test]
fn a_long_queue_is_not_gone_through_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let _queue = open(folder.path(), 0);
    let connection = open_to_look(folder.path()).unwrap();
    let plan: String = connection
        .query_row(&format!("EXPLAIN QUERY PLAN {}", store::TOO_LATE), [0], |row| row.get("detail"))
        .unwrap();
    assert!(plan.contains("INDEX report_postponed"), "{plan}");
}

fn maintain(queue: &Queue) {
    queue.call(Store::maintain).wait().unwrap();
}

/// Sequences of delivered reports whose content is kept.
fn kept(folder: &Path) -> Vec<i64> {
    let connection = open_to_look(folder).unwrap();
    let mut statement = connection.prepare("SELECT sequence FROM body ORDER BY sequence").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn delivered_contents_are_kept_as_long_as_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open_with(&limits(folder.path(), 0, 25));
    for letter in ["a", "b", "c", "d"] {
        accept(&queue, report(&letter.repeat(10), 5)).unwrap();
        std::thread::sleep(Duration::from_millis(3));
        finish(&queue, claim(&queue, 1)[0].sequence, Fate::Delivered);
    }
    assert_eq!(kept(folder.path()), [3, 4]);
    assert_eq!(queue.counts(), Counts { delivered: 4, kept: 20, ..Counts::default() });
    // One that has no room at all takes nobody else's.
    accept(&queue, report(&"e".repeat(26), 5)).unwrap();
    finish(&queue, claim(&queue, 1)[0].sequence, Fate::Delivered);
    assert_eq!(kept(folder.path()), [3, 4]);
    drop(queue);
    let queue = open_with(&limits(folder.path(), 0, 10));
    maintain(&queue);
    assert_eq!(kept(folder.path()), [4]);
    assert_eq!(queue.counts().kept, 10);
}

#[test]
fn what_was_delivered_long_ago_is_forgotten_unless_its_file_is_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open_with(&limits(folder.path(), 0, 1000));
    let lasting = NewReport { lasting: true, ..report("lasting", 5) };
    for report in [report("a", 5), lasting.clone()] {
        accept(&queue, report).unwrap();
        finish(&queue, claim(&queue, 1)[0].sequence, Fate::Delivered);
    }
    maintain(&queue);
    assert_eq!(queue.counts().delivered, 2);
    let set = |store: &mut Store| {
        store.clock.offset += 2 * 86_400_000;
        Ok(())
    };
    queue.call(set).wait().unwrap();
    maintain(&queue);
    assert_eq!(queue.counts(), Counts { delivered: 1, kept: 7, ..Counts::default() });
    assert_eq!(accept(&queue, lasting).unwrap(), [Accepted::Known]);
    assert_eq!(accept(&queue, report("a", 5)).unwrap(), [Accepted::New]);
}

#[test]
fn people_decide_about_single_reports() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open_with(&limits(folder.path(), 0, 1000));
    let refuse = |text: &str| {
        accept(&queue, report(text, 5)).unwrap();
        let sequence = claim(&queue, 1)[0].sequence;
        finish(&queue, sequence, Fate::Quarantined("no".to_owned()));
        sequence
    };
    let (first, second) = (refuse("a"), refuse("b"));
    let refusal = |step: fn(&mut Store, i64) -> Result<(), QueueError>, sequence| {
        queue.call(move |store| step(store, sequence)).wait().unwrap_err().to_string()
    };
    queue.call(move |store| store.requeue(first)).wait().unwrap();
    assert_eq!(queue.counts(), Counts { pending: 1, quarantined: 1, bytes: 2, ..Counts::default() });
    finish(&queue, claim(&queue, 1)[0].sequence, Fate::Delivered);
    assert!(refusal(Store::discard, first).contains("was delivered"));
    assert_eq!(refusal(Store::requeue, 77), "there is no report 77 in the queue");
    // Delivered, and its content is kept: once more.
    queue.call(move |store| store.requeue(first)).wait().unwrap();
    assert_eq!(queue.counts(), Counts { pending: 1, quarantined: 1, bytes: 2, ..Counts::default() });
    // Deleted while it is on its way.
    let sequence = claim(&queue, 1)[0].sequence;
    queue.call(move |store| store.discard(sequence)).wait().unwrap();
    finish(&queue, sequence, Fate::Delivered);
    assert_eq!(queue.counts(), Counts { quarantined: 1, bytes: 1, ..Counts::default() });

    let sample = include_str!("../../samples/final-test-passed.json").replace("\"id\": \"", "\"note\": \"");
    let replace = |text: String| queue.call(move |store| store.replace(second, &text)).wait();
    assert!(replace("{".to_owned()).unwrap_err().to_string().contains("not valid JSON"));
    assert!(replace(sample.replace("\"sn\"", "\"s\"")).unwrap_err().to_string().contains("serial number"));
    let with_station =
        sample.replacen('{', "{\"machineName\": \"M\", \"location\": \"L\", \"purpose\": \"P\",", 1);
    replace(with_station.clone()).unwrap();
    assert_eq!(queue.call(|store| store.requeue_refused(10)).wait().unwrap(), 0);
    let sent = claim(&queue, 1);
    assert_eq!(sent[0].sequence, second);
    let body: serde_json::Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!((body["id"].as_str().unwrap(), &body["sn"]), (sent[0].id.as_str(), &"SN-0001".into()));
    assert_eq!(queue.counts().bytes, sent[0].body.len() as u64);
    assert!(replace(with_station).unwrap_err().to_string().contains("is pending"));
}

#[test]
fn others_change_the_queue_beside_its_thread() {
    let folder = tempfile::tempdir().unwrap();
    let settings = limits(folder.path(), 0, 0);
    let queue = open_with(&settings);
    accept(&queue, report("a", 5)).unwrap();
    finish(&queue, claim(&queue, 1)[0].sequence, Fate::Quarantined("no".to_owned()));
    change(&settings, |store| store.requeue_refused(10)).unwrap();
    assert!(change(&settings, |store| store.discard(9)).is_err());
    assert_eq!(bodies(&claim(&queue, 1)), ["a"]);
    assert_eq!(queue.counts(), Counts { pending: 1, bytes: 1, ..Counts::default() });
}

#[test]
fn a_queue_of_version_1_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), 0);
    for text in ["a", "bb", "ccc"] {
        accept(&queue, report(text, 5)).unwrap();
    }
    finish(&queue, 1, Fate::Delivered);
    finish(&queue, 2, Fate::Quarantined("no".to_owned()));
    let counts = queue.counts();
    drop(queue);
    drop(open(folder.path(), 0));
    let old = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    old.execute_batch(
        "DROP INDEX report_postponed; DROP INDEX report_delivered; DROP TABLE totals;
         ALTER TABLE report DROP COLUMN kept; ALTER TABLE report DROP COLUMN lasting; PRAGMA user_version = 1;",
    )
    .unwrap();
    assert_eq!(count(&old).unwrap(), counts);
    drop(old);
    assert!(change(&limits(folder.path(), 0, 0), |_| Ok(())).is_err());
    let queue = open(folder.path(), 0);
    assert_eq!(queue.counts(), counts);
    assert_eq!(bodies(&claim(&queue, 10)), ["ccc"]);
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
    assert_eq!(queue.counts(), Counts { pending: 1, delivered: 0, quarantined: 0, bytes: 1, kept: 0 });
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
