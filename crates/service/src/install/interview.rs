//! What a person at a terminal is asked.

use super::Change;
use super::failure::{Failure, Result};
use super::host::Host;
use super::layout;
use super::options::Options;
use super::report::Report;
use super::settings::{Source, Value, check};
use super::terminal::{ask, ask_secret};
use crate::exit::Exit;
use landfall_service_definition::{Definition, SettingType};

/// Asks for every setting that did not come with the command; an empty answer keeps what is shown.
pub(super) fn settings(host: &Host, definition: &Definition, options: &mut Options) -> Result<()> {
    let present = layout::complete(host, definition, &options.settings)?;
    eprintln!("{} - an empty answer keeps what stands in brackets.", definition.full_title());
    for (name, setting) in &definition.settings {
        if options.settings.0.contains_key(name) {
            continue;
        }
        let secret = setting.kind == SettingType::Secret;
        let shown = match present.get(name) {
            Some(_) if secret => " [as it is]".to_owned(),
            Some(text) => format!(" [{text}]"),
            None => " []".to_owned(),
        };
        let question = format!("{}{}{shown}: ", setting.title, if secret { " (not shown)" } else { "" });
        loop {
            let answer = if secret { ask_secret(&question) } else { ask(&question) };
            let answer = answer.map_err(|error| {
                Failure::new(Exit::General, format!("the terminal cannot be asked: {error}; use --silent"))
            })?;
            if answer.is_empty() {
                break;
            }
            match check(definition.platform, setting, name, &answer) {
                Ok(text) => {
                    let value = Value { text, source: Source::Person, secret };
                    options.settings.0.insert(name.clone(), value);
                    break;
                }
                Err(failure) => eprintln!("{failure}"),
            }
        }
    }
    Ok(())
}

/// Shows what will be done and waits for a yes.
pub(super) fn confirm(report: &Report, change: Change) -> Result<()> {
    eprint!("{}{}", report.remarkable_checks(), report.plan());
    let question = match change {
        Change::Install => "Install now? [Y/n] ",
        Change::Upgrade => "Upgrade now? [Y/n] ",
        Change::Settings => "Change these settings now? [Y/n] ",
    };
    decide(question, true)
}

/// Shows what will be removed and waits for a yes; where data goes, an empty answer is none.
pub(super) fn confirm_removal(report: &Report, purge: bool) -> Result<()> {
    eprint!("{}", report.plan());
    decide(if purge { "Delete all this for good? [y/N] " } else { "Remove now? [Y/n] " }, !purge)
}

fn decide(question: &str, usual: bool) -> Result<()> {
    let answer = ask(question).unwrap_or_default().to_ascii_lowercase();
    let yes = match answer.as_str() {
        "" => usual,
        answer => answer.starts_with('y'),
    };
    if yes { Ok(()) } else { Err(Failure::new(Exit::General, "Nothing was changed.")) }
}
