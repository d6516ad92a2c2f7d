//! All steps or none.

use super::accounts;
use super::failure::{Failure, Result};
use super::host::Host;
use super::step::{Access, Command, Step, line};
use super::windows;
use crate::exit::Exit;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Most lines that are quoted of what a failed command said.
const QUOTED_LINES: usize = 20;

/// What takes a step back.
#[derive(Debug)]
enum Undo {
    /// Runs a command.
    Run(Vec<String>),
    /// Removes folders that were made, innermost first.
    RemoveFolders(Vec<String>),
    /// Sets who may use a folder, as before.
    Folder(String, Access),
    /// Puts back what stood at a path.
    Entry(String, Before),
    /// Takes back a change that only Windows knows.
    Windows(windows::Undo),
}

/// What stood at a path.
#[derive(Debug)]
enum Before {
    Nothing,
    File(Vec<u8>, Access),
    Link(String),
}

/// What happened on the way, for people.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Things that did not work and are not worth stopping for.
    pub(crate) warnings: Vec<String>,
}

/// Takes all steps; when one fails, those before it are undone in reverse order.
///
/// # Errors
/// The failure of the step, with what could not be undone.
pub(crate) fn run(host: &Host, steps: &[Step], log: &mut Log) -> Result<()> {
    run_with(host, steps, log, &mut apply)
}

type Apply<'a> = &'a mut dyn FnMut(&Host, &Step, &mut Log, &mut Vec<Undo>) -> Result<()>;

fn run_with(host: &Host, steps: &[Step], log: &mut Log, apply: Apply<'_>) -> Result<()> {
    let mut done = Vec::new();
    for step in steps {
        if let Err(mut failure) = apply(host, step, log, &mut done) {
            let made = !done.is_empty();
            let kept = undo(host, done);
            failure.message.push_str(match (made, kept.is_empty()) {
                (false, _) => "\nNothing was changed.",
                (true, true) => "\nEverything that was done before was undone.",
                (true, false) => "\nWhat was done before was undone, except for:",
            });
            for text in kept {
                failure.message.push_str(&format!("\n  {text}"));
            }
            return Err(failure);
        }
    }
    Ok(())
}

/// Takes one step. What undoes it goes to `done`, also when the step fails half way.
fn apply(host: &Host, step: &Step, log: &mut Log, done: &mut Vec<Undo>) -> Result<()> {
    match step {
        Step::Account { name, title, home } => {
            if let Some(undo) = accounts::create(host, name, title, home)? {
                done.push(Undo::Run(undo));
            }
        }
        Step::Folder { path, access } => folder(host, path, access, done)?,
        Step::Write { path, text, access } => {
            let Some(text) = text else { return Ok(()) };
            let before = before(host, path)?;
            above(host, path, done)?;
            host.write(path, text.expose().as_bytes(), access)?;
            done.push(Undo::Entry(path.clone(), before));
        }
        Step::Link { path, target } => {
            let before = before(host, path)?;
            above(host, path, done)?;
            link(host, path, target)?;
            done.push(Undo::Entry(path.clone(), before));
        }
        Step::Remove { path } => {
            if host.exists(path) {
                let before = before(host, path)?;
                let place = host.at(path);
                fs::remove_file(&place).map_err(|error| Failure::io("removed", &place, &error))?;
                done.push(Undo::Entry(path.clone(), before));
            }
        }
        Step::RemoveEmpty { path } => {
            let place = host.at(path);
            if let Some(access) = access_of(&place)
                && fs::remove_dir(&place).is_ok()
            {
                done.push(Undo::Folder(path.clone(), access));
            }
        }
        Step::RemoveTree { path } => {
            let place = host.at(path);
            match fs::remove_dir_all(&place) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::io("removed", &place, &error));
                }
                _ => {}
            }
        }
        Step::Run(command) => run_command(host, command, log, done)?,
        Step::OnUndo { words } => done.push(Undo::Run(words.clone())),
        Step::Windows(change) => windows::apply(change, &mut |undo| done.push(Undo::Windows(undo)))?,
    }
    Ok(())
}

fn run_command(host: &Host, command: &Command, log: &mut Log, done: &mut Vec<Undo>) -> Result<()> {
    if command.after > 0 && host.is_live() {
        std::thread::sleep(Duration::from_secs(command.after));
    }
    // Half a start is undone too.
    if !command.undo.is_empty() {
        done.push(Undo::Run(command.undo.clone()));
    }
    let answer = host.run(&command.words);
    let said = match answer {
        Ok(output) if output.success => return Ok(()),
        Ok(output) => output.text,
        Err(failure) if command.may_fail || failure.exit == Exit::TimedOut => failure.message,
        Err(failure) => return Err(failure),
    };
    if command.quiet {
        return Ok(());
    }
    if command.may_fail {
        log.warnings.push(format!("{} failed: {said}", line(&command.words)));
        return Ok(());
    }
    let mut message = format!("{} failed: {said}", line(&command.words));
    if !command.explain.is_empty()
        && let Ok(output) = host.run(&command.explain)
    {
        let lines: Vec<&str> = output.text.lines().collect();
        for line in &lines[lines.len().saturating_sub(QUOTED_LINES)..] {
            message.push_str(&format!("\n  | {line}"));
        }
    }
    Err(Failure::new(command.failure, message))
}

/// Makes a folder and all above it. Those above belong to nobody in particular: root, for everybody to pass.
fn folder(host: &Host, path: &str, access: &Access, done: &mut Vec<Undo>) -> Result<()> {
    let place = host.at(path);
    if !make_missing(&place, done)?
        && let Some(access) = access_of(&place)
    {
        done.push(Undo::Folder(path.to_owned(), access));
    }
    host.make_folder(path, access)
}

/// Makes the folders above a file where they are missing.
fn above(host: &Host, path: &str, done: &mut Vec<Undo>) -> Result<()> {
    let place = host.at(path);
    place.parent().map_or(Ok(false), |folder| make_missing(folder, done)).map(drop)
}

/// Makes a folder with all above it; false when it was there.
fn make_missing(place: &Path, done: &mut Vec<Undo>) -> Result<bool> {
    let missing: Vec<&Path> =
        place.ancestors().take_while(|folder| folder.symlink_metadata().is_err()).collect();
    if missing.is_empty() {
        return Ok(false);
    }
    // Noted before the first is made, so that a failure half way leaves none of them.
    done.push(Undo::RemoveFolders(missing.iter().map(|folder| folder.display().to_string()).collect()));
    fs::create_dir_all(place).map_err(|error| Failure::io("made", place, &error))?;
    Ok(true)
}

fn before(host: &Host, path: &str) -> Result<Before> {
    let place = host.at(path);
    let Ok(metadata) = place.symlink_metadata() else { return Ok(Before::Nothing) };
    if metadata.is_symlink() {
        let target = fs::read_link(&place).map_err(|error| Failure::io("read", &place, &error))?;
        return Ok(Before::Link(target.to_string_lossy().into_owned()));
    }
    let bytes = fs::read(&place).map_err(|error| Failure::io("read", &place, &error))?;
    Ok(Before::File(bytes, access_of(&place).unwrap_or_else(|| Access::root(0o600))))
}

fn link(host: &Host, path: &str, target: &str) -> Result<()> {
    let place = host.at(path);
    let draft = place.with_extension(format!("{}.new", std::process::id()));
    let work = || -> std::io::Result<()> {
        #[cfg(unix)]
        std::os::unix::fs::symlink(target, &draft)?;
        #[cfg(not(unix))]
        fs::write(&draft, target)?;
        fs::rename(&draft, &place)
    };
    work().map_err(|error| Failure::io("linked", &place, &error))
}

/// Mode and owner of what is at a path, as numbers.
#[cfg(unix)]
fn access_of(place: &Path) -> Option<Access> {
    use std::os::unix::fs::MetadataExt;
    let metadata = place.symlink_metadata().ok()?;
    Some(Access {
        mode: metadata.mode() & 0o7777,
        owner: Some(metadata.uid().to_string()),
        group: Some(metadata.gid().to_string()),
    })
}

#[cfg(not(unix))]
fn access_of(place: &Path) -> Option<Access> {
    place.symlink_metadata().ok().map(|_| Access { mode: 0, owner: None, group: None })
}

/// Undoes in reverse order; gives what could not be undone.
fn undo(host: &Host, done: Vec<Undo>) -> Vec<String> {
    done.into_iter().rev().filter_map(|step| take_back(host, step).err()).collect()
}

fn take_back(host: &Host, undo: Undo) -> std::result::Result<(), String> {
    let text = |failure: Failure| failure.message;
    match undo {
        Undo::Run(words) => match host.run(&words).map_err(text)? {
            output if output.success => Ok(()),
            output => Err(format!("{} failed: {}", line(&words), output.text)),
        },
        Undo::RemoveFolders(paths) => {
            for path in paths {
                match fs::remove_dir(&path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(format!("{path} cannot be removed: {error}"));
                    }
                    _ => {}
                }
            }
            Ok(())
        }
        Undo::Folder(path, access) => host.make_folder(&path, &access).map_err(text),
        Undo::Entry(path, before) => {
            let place = host.at(&path);
            match before {
                Before::Nothing => match fs::remove_file(&place) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        Err(format!("{path} cannot be removed: {error}"))
                    }
                    _ => Ok(()),
                },
                Before::File(bytes, access) => host.write(&path, &bytes, &access).map_err(text),
                Before::Link(target) => link(host, &path, &target).map_err(text),
            }
        }
        Undo::Windows(undo) => windows::take_back(undo).map_err(text),
    }
}

#[cfg(test)]
#[path = "transaction_tests.rs"]
mod tests;
