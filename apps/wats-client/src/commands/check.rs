//! `wats-client check`

use crate::Failure;
use crate::cli::ConfigFile;
use crate::config::{Config, PostAction};
use crate::connect;
use crate::credentials::Token;
use std::io::{self, Write};
use std::path::Path;

/// Says what is wrong with the configuration, where, and what to do. Things still to be entered are no error: the
/// service runs without them and keeps the reports.
pub(crate) fn check(arguments: &ConfigFile) -> Result<(), Failure> {
    let config = super::load(arguments)?;
    let mut out = io::stdout().lock();
    let (problems, notes) = examine(&config);
    let place = config.file.clone().map_or_else(
        || format!("{} does not exist; the defaults are used", config.path.display()),
        |file| file.display().to_string(),
    );
    // Nobody reads what cannot be written.
    let _ = writeln!(out, "Configuration: {place}");
    if let Some(origin) = config.token.origin() {
        let _ = writeln!(out, "API token: from {origin}");
    }
    for note in &notes {
        let _ = writeln!(out, "note: {note}");
    }
    if problems.is_empty() {
        let _ = writeln!(out, "The configuration is valid.");
        return Ok(());
    }
    Err(Failure::Configuration(problems.join("\nwats-client: ")))
}

/// Problems that keep the service from its work, and notes about what is still missing.
fn examine(config: &Config) -> (Vec<String>, Vec<String>) {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    problems.extend(config.unknown.iter().map(|unknown| unknown.error.clone()));
    if config.server.is_none() {
        notes.push(
            "server.url is not set: reports are kept until it is; enter the address of your WATS server"
                .into(),
        );
    }
    match config.token.find() {
        Token::Found(_) => {}
        Token::Missing => notes.push(
            "there is no API token: reports are kept until there is; wats-client config set server.token"
                .into(),
        ),
        Token::Unreadable(why) => problems.push(format!("server.token-file: {why}")),
    }
    // The address of no server: nothing is asked, only the files are looked at.
    let server = config.server.clone().or_else(|| "https://wats.invalid".parse().ok());
    if let Some(Err(why)) = server.map(|server| connect::client(config, &server, None)) {
        problems.push(why);
    }
    if config.station.location.is_empty() || config.station.purpose.is_empty() {
        notes.push(
            "station.location or station.purpose is not set: reports that do not bring their own go to the error folder"
                .into(),
        );
    }
    if let Some(address) = config.web.listen.filter(|address| !address.ip().is_loopback())
        && !matches!(config.web.password.find(), Token::Found(_))
    {
        problems.push(format!(
            "web.listen: {address} can be reached from other machines, which needs a password; set web.password"
        ));
    }
    problems.extend(config.converters.faults.iter().cloned());
    for (index, watch) in config.watches.iter().enumerate() {
        folder(&format!("watch[{index}].folder"), &watch.folder, &mut problems);
        if watch.post_action == PostAction::Move {
            folder(&format!("watch[{index}].done"), &watch.done, &mut problems);
        }
        folder(&format!("watch[{index}].error"), &watch.error, &mut problems);
    }
    folder("queue.folder", &config.queue.folder, &mut problems);
    (problems, notes)
}

/// A folder that is there must be one; one that is not must be possible to make.
fn folder(key: &str, folder: &Path, problems: &mut Vec<String>) {
    if !folder.is_absolute() {
        problems.push(format!("{key}: {} must be a full path, starting at the root", folder.display()));
        return;
    }
    let Some(existing) = folder.ancestors().find(|ancestor| ancestor.exists()) else { return };
    if !existing.is_dir() {
        problems
            .push(format!("{key}: {} is not a folder; remove it or name another one", existing.display()));
    }
}
