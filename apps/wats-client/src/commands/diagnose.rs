//! `wats-client diagnose`: one text that support can use. No secret is in it: of secrets it says where they are.

use super::{environment, runtime, test_connection};
use crate::cli::Diagnose;
use crate::config::Config;
use crate::config::keys::SECRETS;
use crate::control::{SERVICE, STATUS, State};
use crate::queue::{FILE_NAME, count, open_to_look};
use crate::{Failure, commands::say};
use landfall_service::ipc::Client;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Most messages of refused reports shown.
const REFUSALS: u32 = 10;
/// Lines of the log shown.
const LINES: usize = 50;

/// Prints everything that is known.
pub(crate) fn diagnose(arguments: &Diagnose) -> Result<(), Failure> {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let _ = writeln!(
        text,
        "wats-client {} on {}-{}, {now}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let _ = writeln!(text, "system: {}", system());
    let environment = environment(&arguments.config)?;
    heading(&mut text, "Service");
    let _ = writeln!(text, "{}", service(arguments));
    heading(&mut text, "Configuration");
    match Config::load(arguments.config.config.as_deref(), &environment) {
        Err(error) => {
            let _ = writeln!(text, "not valid: {error}");
        }
        Ok(config) => {
            configuration(&mut text, &config);
            heading(&mut text, "Folders");
            for watch in &config.watches {
                for (name, folder) in
                    [("watch", &watch.folder), ("done", &watch.done), ("error", &watch.error)]
                {
                    let _ = writeln!(text, "{name:<6} {}: {}", folder.display(), state_of(folder));
                }
            }
            heading(&mut text, "Queue");
            queue(&mut text, &config.queue.folder);
            heading(&mut text, "Connection");
            for step in test_connection::steps(&config)? {
                let _ = writeln!(text, "{step}");
            }
            if let Some(file) = &config.log.file {
                heading(&mut text, "Log");
                match fs::read_to_string(file) {
                    Ok(log) => {
                        let lines: Vec<&str> = log.lines().collect();
                        let _ = writeln!(text, "{}", lines[lines.len().saturating_sub(LINES)..].join("\n"));
                    }
                    Err(error) => {
                        let _ = writeln!(text, "{} cannot be read: {error}", file.display());
                    }
                }
            }
        }
    }
    match &arguments.output {
        Some(file) => fs::write(file, &text)
            .map_err(|error| Failure::General(format!("{} cannot be written: {error}", file.display()))),
        None => say(text.trim_end()),
    }
}

fn heading(text: &mut String, heading: &str) {
    let _ = writeln!(text, "\n== {heading}");
}

fn system() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name =
        release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).map(|name| name.trim_matches('"'));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    let parts = [name.unwrap_or(std::env::consts::OS), kernel.trim(), &format!("host {host}")];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

fn service(arguments: &Diagnose) -> String {
    let asked = runtime().and_then(|runtime| {
        runtime.block_on(async {
            let mut client = match &arguments.config.instance {
                Some(instance) => Client::connect_instance(SERVICE, instance).await,
                None => Client::connect(SERVICE).await,
            }
            .map_err(Failure::general)?;
            let answer = client.request(STATUS, b"").await.map_err(Failure::general)?;
            serde_json::from_slice::<State>(&answer).map_err(Failure::general)
        })
    });
    match asked {
        Ok(state) => {
            let problem = state.problem.map(|problem| format!("\nproblem: {problem}")).unwrap_or_default();
            format!("{}{problem}\n{:#}", state.line, state.details)
        }
        Err(Failure::General(why)) => format!("cannot be asked: {why}"),
        Err(_) => "cannot be asked".to_owned(),
    }
}

fn configuration(text: &mut String, config: &Config) {
    match &config.file {
        Some(file) => drop(writeln!(text, "{}", file.display())),
        None => drop(writeln!(text, "{} does not exist", config.path.display())),
    }
    for (name, value) in &config.given {
        let _ = writeln!(text, "{name} = {value}");
    }
    for unknown in &config.unknown {
        let _ = writeln!(text, "unknown: {}", unknown.error);
    }
    for key in SECRETS {
        let origin =
            config.secret(*key).origin().map_or("not set".to_owned(), |origin| format!("set, from {origin}"));
        let _ = writeln!(text, "{}: {origin}", key.name);
    }
}

fn state_of(folder: &Path) -> String {
    match fs::read_dir(folder) {
        Ok(entries) => {
            let free = fs4::available_space(folder)
                .map_or_else(|_| String::new(), |free| format!(", {} MiB free", free >> 20));
            format!("{} entries{free}", entries.count())
        }
        Err(error) => error.to_string(),
    }
}

fn queue(text: &mut String, folder: &Path) {
    let _ = writeln!(text, "{}: {}", folder.display(), state_of(folder));
    if !folder.join(FILE_NAME).exists() {
        return;
    }
    let told = open_to_look(folder).and_then(|connection| {
        let counts = count(&connection)?;
        let _ = writeln!(
            text,
            "{} waiting, {} delivered, {} refused",
            counts.pending, counts.delivered, counts.quarantined
        );
        let mut statement = connection.prepare(
            "SELECT message, count(*) FROM report WHERE state = 2 GROUP BY message ORDER BY 2 DESC LIMIT ?1",
        )?;
        let mut rows = statement.query([REFUSALS])?;
        while let Some(row) = rows.next()? {
            let (message, number): (Option<String>, i64) = (row.get(0)?, row.get(1)?);
            let _ = writeln!(text, "{number} refused: {}", message.unwrap_or_default());
        }
        Ok(())
    });
    if let Err(error) = told {
        let _ = writeln!(text, "cannot be read: {error}");
    }
}
