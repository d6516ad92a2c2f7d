//! `install-service`, `uninstall-service` and `preflight`, for any service.
//!
//! A program gives its [`Program`]: what every service manager must know, and how its server is asked. Everything
//! that is done to a machine is first a list of [steps](Step), which `--dry-run` shows and a failure undoes.
//!
//! ```no_run
//! # fn program() -> Box<dyn landfall_service::install::Program> { unimplemented!() }
//! use landfall_service::install;
//! let program = program();
//! let matches = clap::Command::new("demo").subcommands(install::commands(program.definition())).get_matches();
//! if let Some((name, matches)) = matches.subcommand() {
//!     std::process::exit(install::run(&*program, name, matches).code().into());
//! }
//! ```

mod accounts;
mod answers;
mod environment_file;
mod failure;
mod flags;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod host;
mod interview;
mod layout;
mod lock;
mod manager;
mod options;
mod owner;
mod program;
mod report;
mod settings;
mod step;
mod target;
mod terminal;
mod transaction;
mod windows;

pub use failure::Failure;
pub use flags::{INSTALL, PREFLIGHT, UNINSTALL, commands};
pub use host::Host;
pub use manager::Manager;
pub use program::{Program, ServerAnswer, ServerOutcome};
pub use settings::{Settings, Source, Value};
pub use step::{Access, Command, Step, Text};

pub use environment_file::get as environment_value;
pub(crate) use settings::address;
pub(crate) use windows::registry_number;
#[cfg(windows)]
pub(crate) use windows::{free_bytes, is_elevated, windows_build};

use crate::exit::Exit;
use crate::preflight::{self, Subject};
use clap::ArgMatches;
use failure::Result;
use landfall_service_definition::Definition;
use lock::Lock;
use manager::{Found, Owner, Site};
use options::Options;
use report::{Outcome, Report};
use std::cell::OnceCell;

/// Runs one of the [`commands`] with its arguments; everything that is to be said is printed.
pub fn run(program: &dyn Program, command: &str, matches: &ArgMatches) -> Exit {
    let environment = |name: &str| std::env::var(name).ok();
    let json = flags::is_set(matches, "json");
    let mut report = Report::new(command);
    let definition = flags::with_listener(program.definition());
    let result = Options::read(&definition, matches, &environment).and_then(|options| {
        report.warnings.extend(options.warnings.iter().cloned());
        let order = Order { program, definition: &definition, options, report: &mut report };
        match command {
            INSTALL => order.install(),
            UNINSTALL => order.uninstall(),
            PREFLIGHT => order.preflight(),
            other => Err(Failure::usage(format!("there is no command {other}"))),
        }
    });
    if let Err(failure) = result {
        report.failure = Some(failure);
    }
    report.print(json, &program.definition().name);
    report.exit()
}

/// What an installation does to what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// There is nothing.
    Install,
    /// An earlier installation of ours is replaced.
    Upgrade,
    /// A package's service stays as it is and gets other settings.
    Settings,
}

/// One command with everything that was asked for.
struct Order<'a> {
    program: &'a dyn Program,
    definition: &'a Definition,
    options: Options,
    report: &'a mut Report,
}

impl Order<'_> {
    fn host(&self) -> Host {
        self.options.root.clone().map_or_else(Host::live, Host::below)
    }

    /// Others wait until this is dropped. Whoever changes nothing waits for nobody.
    fn lock(&self, host: &Host, definition: &Definition) -> Result<Option<Lock>> {
        if self.options.dry_run { Ok(None) } else { Lock::take(host, definition) }
    }

    /// Whether a person is asked.
    fn asks(&self) -> bool {
        let Options { silent, json, dry_run, .. } = self.options;
        !(silent || json || dry_run) && terminal::is_there()
    }

    fn install(mut self) -> Result<()> {
        preflight::check_names(&self.options.skip)?;
        let host = self.host();
        let definition = target::definition(&host, self.definition, &self.options)?;
        let _lock = self.lock(&host, &definition)?;
        let manager = Manager::find(&host, &definition, self.options.manager.as_deref());
        let found = match &manager {
            Ok(manager) => Manager::examine(&self.site(&host, &definition, *manager))?,
            Err(_) => Found { owner: Owner::Nobody, active: false },
        };
        self.report.about(&definition, manager.as_ref().ok().copied());
        let change = self.change(&definition, &found, manager.as_ref().ok().copied())?;
        let upgrade = change != Change::Install;
        if self.asks() {
            interview::settings(&host, &definition, &mut self.options)?;
        }
        let settings = layout::complete(&host, &definition, &self.options.settings)?;
        let definition = layout::adapted(&host, &definition, &settings)?;
        let checks = self.examine(&host, &definition, &settings, &manager, upgrade);
        self.report.checks = checks;
        let refusal = self.report.checks.failure().map(|finding| {
            let text = format!("{}: {}", finding.check, finding.found);
            Failure::new(finding.exit, text + "\nNothing was changed.")
        });
        // Somebody who only wants to see the plan sees it all the same.
        if let Some(failure) = refusal.clone().filter(|_| !self.options.dry_run || manager.is_err()) {
            return Err(failure);
        }
        let manager = manager?;
        let site = self.site(&host, &definition, manager);
        let run = host.is_live() && self.options.start.unwrap_or(!upgrade || found.active);
        let mut steps = Manager::prepare(&site, &found);
        if change == Change::Settings {
            steps.extend(layout::shared_folders(&host, &definition, &settings));
            steps.extend(layout::values(&host, &definition, &settings)?);
            steps.extend(Manager::adapt(&site, &found, &settings, run)?);
        } else {
            steps.extend(layout::folders(&host, &definition, &settings));
            steps.extend(Manager::register(&site));
            steps.extend(layout::files(&host, &definition, self.program));
            steps.extend(layout::values(&host, &definition, &settings)?);
            steps.extend(Manager::install(&site, &found, run)?);
        }
        self.report.steps = steps;
        self.report.settings = settings;
        self.report.runs = Some(run);
        if self.options.dry_run {
            self.report.outcome = Some(match change {
                Change::Install => Outcome::WouldInstall,
                Change::Upgrade => Outcome::WouldUpgrade,
                Change::Settings => Outcome::WouldConfigure,
            });
            return refusal.map_or(Ok(()), Err);
        }
        if self.asks() {
            interview::confirm(self.report, change)?;
        }
        self.take_steps(&host)?;
        self.report.outcome = Some(match change {
            Change::Install => Outcome::Installed,
            Change::Upgrade => Outcome::Upgraded,
            Change::Settings => Outcome::Configured,
        });
        Ok(())
    }

    /// What may be done to what is there.
    fn change(&self, definition: &Definition, found: &Found, manager: Option<Manager>) -> Result<Change> {
        let id = definition.id();
        let refuse = |text: String| Err(Failure::new(Exit::AlreadyInstalled, text));
        match &found.owner {
            Owner::Nobody => Ok(Change::Install),
            Owner::Us if self.options.upgrade => Ok(Change::Upgrade),
            Owner::Us => refuse(format!("the service {id} is installed already")),
            Owner::Package(package) => {
                let options = &self.options;
                let gives = !options.settings.0.is_empty() && options.account.is_none() && options.upgrade;
                let takes = manager.is_some_and(Manager::takes_settings);
                if gives && takes {
                    let own = &self.program.definition().settings;
                    let unknown = options.settings.0.keys().find(|name| !own.contains_key(*name));
                    return match unknown.filter(|_| manager == Some(Manager::Windows)) {
                        Some(name) => Err(Failure::new(
                            Exit::Configuration,
                            format!(
                                "the installer of the service {id} does not know {name} and would drop it at an \
                                 upgrade; set it in the program's own configuration"
                            ),
                        )),
                        None => Ok(Change::Settings),
                    };
                }
                let settings = match manager {
                    Some(Manager::Windows) => {
                        "settings that are given here become its variables, and its installer remembers them"
                            .to_owned()
                    }
                    _ => format!(
                        "{} {}",
                        if takes {
                            "settings that are given here are written into"
                        } else {
                            "its settings go into"
                        },
                        layout::environment_file(definition)
                    ),
                };
                refuse(format!(
                    "the service {id} belongs to {}, which also upgrades it and decides on its account; {settings}. For \
                     a second one beside it give --instance",
                    package
                        .as_ref()
                        .map_or_else(|| "a package".to_owned(), |name| format!("the package {name}")),
                ))
            }
            Owner::Somebody(place) => refuse(format!(
                "there is a service {id} already that this program did not install ({place}); remove it first, or \
                 give --instance"
            )),
        }
    }

    fn uninstall(mut self) -> Result<()> {
        let host = self.host();
        let definition = target::definition(&host, self.definition, &self.options)?;
        let _lock = self.lock(&host, &definition)?;
        let manager = Manager::find(&host, &definition, self.options.manager.as_deref())?;
        let site = self.site(&host, &definition, manager);
        let found = Manager::examine(&site)?;
        self.report.about(&definition, Some(manager));
        let id = definition.id();
        match &found.owner {
            Owner::Us | Owner::Nobody => {}
            Owner::Package(package) => {
                let package = package.clone().unwrap_or_else(|| "its package".to_owned());
                let place = if manager == Manager::Windows {
                    "in the list of installed programs, or with msiexec"
                } else {
                    "with the package manager"
                };
                let text = format!("the service {id} belongs to a package; remove {package} {place}");
                return Err(Failure::new(Exit::General, text));
            }
            Owner::Somebody(place) => {
                let text = format!(
                    "the service {id} was not installed by this program ({place}); nothing is removed"
                );
                return Err(Failure::new(Exit::General, text));
            }
        }
        let mut steps = Vec::new();
        if found.owner == Owner::Us {
            steps.extend(Manager::uninstall(&site, &found));
        }
        if self.options.purge {
            steps.extend(layout::purge(&host, &definition));
        }
        if steps.is_empty() {
            return Err(Failure::new(Exit::NotInstalled, format!("there is no service {id} here")));
        }
        target::check_privileges(&host, &definition, self.options.dry_run)?;
        self.report.steps = steps;
        if self.options.dry_run {
            self.report.outcome = Some(Outcome::WouldRemove);
            return Ok(());
        }
        if self.asks() {
            interview::confirm_removal(self.report, self.options.purge)?;
        }
        self.report.outcome = Some(if self.options.purge { Outcome::Purged } else { Outcome::Removed });
        self.take_steps(&host)
    }

    fn preflight(self) -> Result<()> {
        preflight::check_names(&self.options.skip)?;
        let host = self.host();
        let definition = target::definition(&host, self.definition, &self.options)?;
        let manager = Manager::find(&host, &definition, self.options.manager.as_deref());
        self.report.about(&definition, manager.as_ref().ok().copied());
        let settings = layout::complete(&host, &definition, &self.options.settings)?;
        let definition = layout::adapted(&host, &definition, &settings)?;
        self.report.checks = self.examine(&host, &definition, &settings, &manager, false);
        self.report.outcome = Some(Outcome::Examined);
        Ok(())
    }

    fn examine(
        &self,
        host: &Host,
        definition: &Definition,
        settings: &Settings,
        manager: &Result<Manager>,
        upgrade: bool,
    ) -> preflight::Report {
        let subject = Subject {
            host,
            definition,
            settings,
            manager,
            program: self.program,
            upgrade,
            allow_unconfigured: self.options.allow_unconfigured,
            server: OnceCell::new(),
        };
        preflight::examine(&subject, &self.options.skip)
    }

    fn site<'a>(&self, host: &'a Host, definition: &'a Definition, manager: Manager) -> Site<'a> {
        Site { host, definition, manager, password: self.options.password.clone() }
    }

    fn take_steps(&mut self, host: &Host) -> Result<()> {
        let mut log = transaction::Log::default();
        let steps = std::mem::take(&mut self.report.steps);
        let result = transaction::run(host, &steps, &mut log);
        self.report.warnings.extend(log.warnings);
        self.report.steps = steps;
        if result.is_err() {
            self.report.outcome = None;
        }
        result
    }
}
