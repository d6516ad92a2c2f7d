//! `wats-client demo`: what this program does, in ten seconds.

use super::{runtime, until_stopped};
use crate::cli::Demo;
use crate::config::{Environment, Live};
use crate::{Failure, service};
use landfall_service::Context;
use landfall_service::log::Recent;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use wats_simulator::{Settings, Simulator};

const SAMPLES: [(&str, &str); 3] = [
    ("final-test-passed.json", include_str!("../../samples/final-test-passed.json")),
    ("final-test-failed.json", include_str!("../../samples/final-test-failed.json")),
    ("repair.json", include_str!("../../samples/repair.json")),
];
const TOKEN: &str = "ZGVtbzpkZW1v";
/// Time for one step, which takes about a second.
const STEP_LIMIT: Duration = Duration::from_secs(30);

/// Prints a line. Whoever has closed the pipe does not want to read it, which is no reason to fail.
macro_rules! say {
    ($($text:tt)*) => {{
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

/// Runs the demonstration, or only its server.
pub(crate) fn demo(arguments: &Demo) -> Result<(), Failure> {
    let server = Simulator::start_on(arguments.listen).map_err(|error| {
        Failure::General(format!("{} cannot be used for the server: {error}", arguments.listen))
    })?;
    if arguments.server_only {
        return runtime()?.block_on(until_stopped(|| {
            say!("A demonstration server listens at {}", server.url());
            say!("Reports received: {}/simulator/reports", server.url());
        }));
    }
    server.set(Settings { token: Some(TOKEN.to_owned()), ..Settings::default() });
    let folder = tempfile::Builder::new().prefix("wats-client-demo-").tempdir().map_err(Failure::general)?;
    let config = write_config(folder.path(), server.address()).map_err(Failure::general)?;
    let (live, reloads) = Live::load(Some(&config), &Environment::default())?;

    let context = Context::detached("wats-client");
    let inside = context.clone();
    let client = std::thread::spawn(move || {
        runtime()?.block_on(service::run(live, reloads, inside, Recent::new(0))).map_err(Failure::general)
    });
    let shown = show(folder.path(), &server, arguments.keep);
    context.stop();
    let ended = client.join().unwrap_or_else(|_| Err(Failure::General("the client failed".to_owned())));
    shown.and(ended)
}

fn write_config(folder: &Path, server: SocketAddr) -> std::io::Result<std::path::PathBuf> {
    let token = folder.join("token");
    fs::write(&token, TOKEN)?;
    let path = folder.join("config.toml");
    let quoted = |part: &str| toml::Value::from(folder.join(part).display().to_string());
    fs::write(
        &path,
        format!(
            "[server]\nurl = \"http://{server}\"\ntoken-file = {}\n\
             [station]\nname = \"DEMO-01\"\nlocation = \"Line 1\"\npurpose = \"Demonstration\"\n\
             [[watch]]\nfolder = {}\ndone = {}\nerror = {}\nsettle = \"300ms\"\n\
             [queue]\nfolder = {}\nmin-free-disk = 0\n\
             [upload]\nretry-first = \"250ms\"\nretry-limit = \"1s\"\n\
             [health]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"\"\n",
            quoted("token"),
            quoted("watch"),
            quoted("done"),
            quoted("error"),
            quoted("queue"),
        ),
    )?;
    Ok(path)
}

fn show(folder: &Path, server: &Simulator, keep: bool) -> Result<(), Failure> {
    let watched = folder.join("watch");
    say!("A WATS server for demonstrations listens at {}.", server.url());
    say!("The client watches {} and sends what is put there.\n", watched.display());
    wait_for("the client to make its folder", || watched.is_dir())?;

    say!("1. A tester writes three reports: a passed test, a failed test and a repair.");
    for (name, text) in SAMPLES {
        put(&watched, name, text)?;
    }
    wait_for("three reports to arrive", || server.summary().distinct == 3)?;
    say!("   All three have arrived.\n");

    say!("2. The server goes down. The tester does not care and writes two more.");
    server.go_down();
    for number in [4, 5] {
        put(
            &watched,
            &format!("report-{number}.json"),
            &SAMPLES[0]
                .1
                .replace("SN-0001", &format!("SN-000{number}"))
                .replace("\"id\": \"", "\"note\": \""),
        )?;
    }
    wait_for("the client to take them in", || is_empty(&watched))?;
    say!("   The client has them in its queue on disk, and tries again by itself.");
    server.come_back();
    wait_for("them to arrive", || server.summary().distinct == 5)?;
    say!("   The server is back, and both have arrived.\n");

    say!("3. The same report is written once more, and a file that is no report.");
    put(&watched, "again.json", SAMPLES[0].1)?;
    put(&watched, "broken.json", "{\"type\": \"T\", ")?;
    let note = folder.join("error").join("broken.json.error.txt");
    wait_for("both to be put away", || is_empty(&watched) && note.is_file())?;
    let why = fs::read_to_string(&note).map_err(Failure::general)?;
    say!(
        "   The first was recognised and not sent again. The other one is put aside, with a note beside it:"
    );
    say!("   \"{}\"\n", why.lines().next().unwrap_or_default());

    let summary = server.summary();
    if summary.stored != 5 {
        return Err(Failure::General(format!("5 reports were to arrive once each, {} did", summary.stored)));
    }
    say!("5 reports were sent, 5 arrived, each once.");
    if keep {
        return runtime()?.block_on(until_stopped(|| {
            say!("\nPut reports of your own into {}", watched.display());
            say!("and see them at {}/simulator/reports . Ctrl-C ends the demonstration.", server.url());
        }));
    }
    Ok(())
}

fn put(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    fs::write(folder.join(name), text).map_err(Failure::general)
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

fn wait_for(what: &str, condition: impl Fn() -> bool) -> Result<(), Failure> {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > STEP_LIMIT {
            return Err(Failure::General(format!("waited {} s in vain for {what}", STEP_LIMIT.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
