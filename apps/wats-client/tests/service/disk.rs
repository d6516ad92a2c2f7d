//! Disks that fill up, and power that goes: on real file systems, in a mount namespace of its own for each test.

use crate::support::{Client, Station, names, report};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Set in the namespace.
const INSIDE: &str = "WATS_CLIENT_TEST_INSIDE";
/// Power cuts in one test.
const CUTS: usize = 25;
/// Ends an ext4 file system at once, as a power cut would: `EXT4_IOC_SHUTDOWN` with
/// `EXT4_GOING_FLAGS_NOLOGFLUSH`. What was written after the last sync, or is not in the journal on the disk, is gone.
const SHUT_DOWN: &str = "import fcntl, os, struct, sys, time
time.sleep(float(sys.argv[2]))
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

/// Runs this test once more in a mount namespace of its own. True inside it.
fn in_own_namespace(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let probe = "PATH=$PATH:/usr/sbin; test -e /dev/loop-control && command -v mkfs.ext4 python3 >/dev/null && \
        mount -t tmpfs none /mnt";
    let isolated = ["--mount", "--propagation", "private"];
    let possible =
        Command::new("unshare").args(isolated).args(["sh", "-c", probe]).stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: needs root, unshare, mount, loop devices, mkfs.ext4 and python3");
        return false;
    }
    let output = Command::new("unshare")
        .args(isolated)
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "{text}");
    false
}

fn run(program: &str, arguments: &[&str]) {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output = Command::new(program).args(arguments).env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Mounts a small file system in memory.
fn mount_small(folder: &Path, size: &str) {
    fs::create_dir_all(folder).unwrap();
    run("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "none", text(folder)]);
}

fn resize(folder: &Path, size: &str) {
    run("mount", &["-o", &format!("remount,size={size}"), text(folder)]);
}

/// What keeps the first folder's files from being taken.
fn problem(station: &Station) -> String {
    station.details()["watch"][0]["problem"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_full_disk_of_the_queue_loses_nothing() {
    if !in_own_namespace("disk::a_full_disk_of_the_queue_loses_nothing") {
        return;
    }
    const REPORTS: usize = 600;
    let station = Station::new();
    let disk = station.path("queue");
    mount_small(&disk, "1m");
    station.server.go_down();
    let mut client = station.start();
    (0..REPORTS).for_each(|number| station.put(&format!("SN{number}")));
    station.wait("the disk to be full", |station| problem(station).contains("full"));
    assert!(!names(&station.path("watch")).is_empty());
    let taken = REPORTS - names(&station.path("watch")).len();
    assert!(taken > 0);
    // What is in the queue goes out, though nobody can write down that it did.
    station.server.come_back();
    station.wait("a delivery", |station| station.server.summary().distinct > 0);
    // A client that starts now may end at once and is started again by its service manager.
    client.kill();
    let mut client = station.start();
    std::thread::sleep(Duration::from_millis(300));
    client.kill();
    resize(&disk, "64m");
    let _client = station.start();
    station.wait_for(REPORTS);
    station.wait("the files to be put away", |station| names(&station.path("done")).len() == REPORTS);
    assert_eq!(names(&station.path("error")), [""; 0]);
    assert!(!station.log().contains("damaged"), "{}", station.log());
}

#[test]
fn a_full_disk_of_done_files_leaves_them_where_they_are() {
    if !in_own_namespace("disk::a_full_disk_of_done_files_leaves_them_where_they_are") {
        return;
    }
    const REPORTS: usize = 40;
    let station = Station::new();
    let (done, error) = (station.path("done"), station.path("error"));
    mount_small(&done, "32k");
    mount_small(&error, "4k");
    fs::write(error.join("other"), [0; 4096]).unwrap();
    let client = station.start();
    (0..REPORTS).for_each(|number| station.put(&format!("SN{number}")));
    station.put_text("bad.json", "{");
    station.wait_for(REPORTS);
    station.wait("the disk to be full", |station| problem(station).contains("cannot be put away"));
    drop(client);
    // Neither half a file nor a note without its file, and no file twice.
    for name in names(&done) {
        assert!(fs::read_to_string(done.join(&name)).unwrap().ends_with("}\n"), "{name} is not whole");
        assert!(!station.path("watch").join(&name).exists(), "{name} is there twice");
    }
    assert_eq!(names(&error), ["other"]);
    assert!(station.path("watch/bad.json").exists());
    resize(&done, "4m");
    resize(&error, "4m");
    let _client = station.start();
    station.wait("the files to be put away", |station| names(&station.path("watch")).is_empty());
    assert_eq!(names(&done).len(), REPORTS);
    assert_eq!(names(&error), ["bad.json", "bad.json.error.txt", "other"]);
    assert_eq!(station.server.summary().stored, REPORTS as u64);
}

/// An ext4 file system in a file, mounted.
struct Disk {
    image: PathBuf,
    folder: PathBuf,
}

impl Disk {
    fn new(image: PathBuf, folder: PathBuf) -> Self {
        File::create(&image).unwrap().set_len(64 << 20).unwrap();
        run("mkfs.ext4", &["-q", "-F", text(&image)]);
        fs::create_dir(&folder).unwrap();
        let disk = Self { image, folder };
        disk.mount();
        disk
    }

    fn mount(&self) {
        run("mount", &["-o", "loop", text(&self.image), text(&self.folder)]);
    }

    /// Cuts the power while the client works, and switches it on again.
    fn cut(&self, client: &mut Client, after: Duration) {
        run("python3", &["-c", SHUT_DOWN, text(&self.folder), &after.as_secs_f64().to_string()]);
        client.kill();
        run("umount", &[text(&self.folder)]);
        self.mount();
    }
}

/// Puts a file there for good: what a tester has not synced may go with the power, whoever carries it.
fn put_durably(folder: &Path, name: &str, content: &str) -> io::Result<()> {
    let part = folder.join(format!("{name}.part"));
    let mut file = File::create(&part)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[test]
fn power_cuts_lose_nothing_that_was_on_the_disk() {
    if !in_own_namespace("disk::power_cuts_lose_nothing_that_was_on_the_disk") {
        return;
    }
    let mut station = Station::new();
    let disk = Disk::new(station.path("image"), station.path("disk"));
    for (table, key, folder) in [
        ("[watch]", "folder", "watch"),
        ("[watch]", "done", "done"),
        ("[watch]", "error", "error"),
        ("queue", "folder", "queue"),
    ] {
        station.set(table, key, &format!("{:?}", disk.folder.join(folder)));
    }
    station.set("[watch]", "settle", "\"20ms\"");
    let watch = disk.folder.join("watch");
    fs::create_dir(&watch).unwrap();
    File::open(&disk.folder).unwrap().sync_all().unwrap();

    let (mut good, mut bad) = (BTreeSet::new(), BTreeSet::new());
    let mut number = 0;
    for _ in 0..CUTS {
        let mut client = station.start();
        let after = Duration::from_millis(fastrand::u64(60..400));
        std::thread::scope(|scope| {
            let cutting = scope.spawn(|| disk.cut(&mut client, after));
            while !cutting.is_finished() {
                number += 1;
                let content = match number % 10 {
                    0 => format!("{{\"type\": \"T\", {number}"),
                    _ => report(&format!("SN{number}")),
                };
                if put_durably(&watch, &format!("{number}.json"), &content).is_err() {
                    // The power is gone, or not back yet.
                    std::thread::sleep(Duration::from_millis(5));
                } else if number % 10 == 0 {
                    bad.insert(content);
                } else {
                    good.insert(format!("SN{number}"));
                }
            }
        });
    }
    let _client = station.start();
    let arrived = |station: &Station| -> BTreeSet<String> {
        let ids = station.server.summary().ids.into_keys();
        ids.map(|id| station.server.received(&id).unwrap().report["sn"].as_str().unwrap().to_owned())
            .collect()
    };
    station.wait("all reports", |station| arrived(station).is_superset(&good));
    station.wait("an empty folder", |_| names(&watch).iter().all(|name| name.ends_with(".part")));
    station.wait("an empty queue", |station| station.details()["queue"]["pending"] == 0);
    println!(
        "{CUTS} cuts, {} reports, {} sent again under their id",
        good.len(),
        station.server.summary().stored - station.server.summary().distinct as u64
    );
    assert_eq!(arrived(&station).len(), station.server.summary().distinct, "a report has two ids");
    // Errors of the disk that the client saw in its last moments do no harm.
    let queue = names(&disk.folder.join("queue"));
    assert!(!queue.iter().any(|name| name.starts_with("damaged")), "{queue:?}\n{}", station.log());
    let (done, error) = (disk.folder.join("done"), disk.folder.join("error"));
    let put_away: BTreeSet<String> =
        names(&done).iter().map(|name| fs::read_to_string(done.join(name)).unwrap()).collect();
    assert!(good.iter().all(|number| put_away.contains(&report(number))), "a file is not in done");
    let refused: BTreeSet<String> = names(&error)
        .iter()
        .filter(|name| !name.ends_with(".error.txt"))
        .map(|name| {
            let note = fs::read_to_string(error.join(format!("{name}.error.txt"))).unwrap();
            assert!(note.contains("not valid JSON"), "{name}: {note}");
            fs::read_to_string(error.join(name)).unwrap()
        })
        .collect();
    assert!(bad.iter().all(|content| refused.contains(content)), "a bad file is not in error");
}
