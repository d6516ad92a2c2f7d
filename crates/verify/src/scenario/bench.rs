//! A laboratory with a package on it, and the words in which the scenario is told.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use landfall_payload::{Definition, EntryKind, Os, Start};

use super::Subject;
use crate::evidence::{Command, Step, Verdict};
use crate::lab::{
    Action, Blueprint, INBOX, LabError, Laboratory, Outcome, Package, ServiceCommand, ServiceState, Services,
    Snapshot, Verb,
};

/// Longest wait for a service to become ready or for an address to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two questions.
const PAUSE: Duration = Duration::from_millis(100);
/// How much of a command's output is kept, in bytes; the end says what happened.
const OUTPUT_LIMIT: usize = 4000;
/// How often a wait may need to be longer on an emulated machine.
const EMULATED: u32 = 6;

/// What an administrator adds to a configuration file.
pub(super) const EDIT: &str = "# edited by an administrator\n";

/// Why a step did not pass.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was seen to be otherwise.
    Failed(String),
    /// It has no meaning here.
    NotApplicable(String),
    /// It could not be tried.
    NotRun(String),
}

impl From<LabError> for Ended {
    fn from(error: LabError) -> Self {
        match error {
            LabError::Missing(_) => Self::NotRun(error.to_string()),
            LabError::Unsupported(_) => Self::NotApplicable(error.to_string()),
            LabError::Failed(_) => Self::Failed(error.to_string()),
        }
    }
}

impl From<landfall_packages::Error> for Ended {
    fn from(error: landfall_packages::Error) -> Self {
        Self::Failed(format!("cannot make a package for this step: {error}"))
    }
}

impl From<std::io::Error> for Ended {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(format!("cannot make a package for this step: {error}"))
    }
}

/// What a step says.
pub(super) type Said<T = ()> = std::result::Result<T, Ended>;

/// A step that failed.
pub(super) fn failed<T>(what: impl Into<String>) -> Said<T> {
    Err(Ended::Failed(what.into()))
}

/// Fails with `what` unless it holds.
pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Said {
    if holds { Ok(()) } else { failed(what()) }
}

/// Time since `start`, in milliseconds.
pub(super) fn milliseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A laboratory with a package on it.
pub(super) struct Bench<'a> {
    lab: Box<dyn Laboratory>,
    /// The artifact under test.
    pub(super) subject: &'a Subject,
    blueprint: &'a dyn Blueprint,
    /// The machine before anything was put on it.
    pub(super) before: Snapshot,
    log: RefCell<Vec<Command>>,
    remarks: RefCell<Vec<String>>,
    steps: Vec<Step>,
    /// Why no further step makes sense.
    blocked: Option<(Verdict, String)>,
}

impl<'a> Bench<'a> {
    /// Sets up a fresh laboratory.
    pub(super) fn open(subject: &'a Subject, blueprint: &'a dyn Blueprint) -> crate::lab::Result<Self> {
        blueprint.check()?;
        let lab = blueprint.open()?;
        let before = lab.snapshot()?;
        Ok(Self {
            lab,
            subject,
            blueprint,
            before,
            log: RefCell::default(),
            remarks: RefCell::default(),
            steps: Vec::new(),
            blocked: None,
        })
    }

    /// Everything that was seen.
    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// The machine.
    pub(super) fn lab(&self) -> &dyn Laboratory {
        self.lab.as_ref()
    }

    /// The machine, for what changes it as a whole.
    pub(super) fn lab_mut(&mut self) -> &mut dyn Laboratory {
        self.lab.as_mut()
    }

    /// Takes a step, unless the laboratory leaves it out.
    pub(super) fn step(&mut self, id: &str, take: impl FnOnce(&mut Self) -> Said) {
        if self.blueprint.steps().is_some_and(|steps| !steps.contains(&id)) {
            return;
        }
        let start = Instant::now();
        self.log.borrow_mut().clear();
        self.remarks.borrow_mut().clear();
        let said = match &self.blocked {
            Some((Verdict::NotApplicable, reason)) => Err(Ended::NotApplicable(reason.clone())),
            Some((_, reason)) => Err(Ended::NotRun(reason.clone())),
            None => take(self),
        };
        let (verdict, reason) = match said {
            Ok(()) => (Verdict::Passed, self.remarks.borrow().join("\n")),
            Err(Ended::Failed(reason)) => (Verdict::Failed, reason),
            Err(Ended::NotApplicable(reason)) => (Verdict::NotApplicable, reason),
            Err(Ended::NotRun(reason)) => (Verdict::NotRun, reason),
        };
        self.steps.push(Step {
            id: id.to_owned(),
            verdict,
            duration_ms: milliseconds(start),
            reason,
            commands: self.log.take(),
        });
    }

    /// Takes a step without which the following ones make no sense.
    pub(super) fn essential(&mut self, id: &str, take: impl FnOnce(&mut Self) -> Said) {
        self.step(id, take);
        if let Some(last) = self.steps.last().filter(|last| last.id == id && last.verdict != Verdict::Passed)
        {
            let reason = last.reason.lines().next().unwrap_or_default();
            let reason = match last.verdict {
                Verdict::NotApplicable => reason.to_owned(),
                _ => format!("the step \"{id}\" did not pass: {reason}"),
            };
            self.blocked.get_or_insert((last.verdict, reason));
        }
    }

    /// Says that a step was not tried.
    pub(super) fn skip(&mut self, id: &str, why: &str) {
        self.step(id, |_| Err(Ended::NotRun(why.to_owned())));
    }

    /// Adds something to what is said of a step that passes.
    pub(super) fn remark(&self, text: String) {
        self.remarks.borrow_mut().push(text);
    }

    /// Writes a command down.
    fn note(&self, outcome: &Outcome) {
        let output = outcome.text();
        let output = output.trim();
        let mut from = output.len().saturating_sub(OUTPUT_LIMIT);
        while !output.is_char_boundary(from) {
            from += 1;
        }
        let mut command = outcome.command.clone();
        if command.len() > OUTPUT_LIMIT {
            let mut end = OUTPUT_LIMIT;
            while !command.is_char_boundary(end) {
                end -= 1;
            }
            command.truncate(end);
            command.push('…');
        }
        self.log.borrow_mut().push(Command {
            command,
            code: outcome.code,
            output: if from > 0 { format!("…{}", &output[from..]) } else { output.to_owned() },
        });
    }

    /// Runs a command and writes it down.
    pub(super) fn run(&self, words: &[&str]) -> Said<Outcome> {
        let outcome = self.lab.run(words)?;
        self.note(&outcome);
        Ok(outcome)
    }

    /// Runs a command that must succeed.
    pub(super) fn must(&self, words: &[&str]) -> Said<String> {
        let outcome = self.run(words)?;
        if outcome.success() { Ok(outcome.stdout.trim_end().to_owned()) } else { failed(outcome.to_string()) }
    }

    /// Runs a shell script that must succeed.
    pub(super) fn sh(&self, text: &str) -> Said<String> {
        self.must(&["sh", "-ec", text])
    }

    /// The package under test, or another file of it.
    fn package<'f>(&'f self, file: &'f Path) -> Package<'f> {
        Package { file, name: self.subject.name(), manager: self.blueprint.manager() }
    }

    /// Lets the package manager do something, whatever comes of it.
    pub(super) fn manage(&self, action: Action, file: &Path) -> Said<Outcome> {
        let outcome = self.lab.manage(action, &self.package(file))?;
        self.note(&outcome);
        Ok(outcome)
    }

    /// Lets the package manager do something that must succeed.
    pub(super) fn managed(&self, action: Action, file: &Path) -> Said {
        let outcome = self.manage(action, file)?;
        ensure(outcome.success(), || format!("the package manager failed: {}", outcome.text().trim()))
    }

    /// The package manager.
    pub(super) fn manager(&self) -> &'static dyn crate::lab::Manager {
        self.blueprint.manager()
    }

    /// Puts a file of the package on the machine; the path there.
    pub(super) fn bring(&self, file: &Path) -> Said<String> {
        Ok(self.lab.bring(&self.package(file))?)
    }

    /// Puts the package's file on the machine; the path there and the command that acts on it.
    pub(super) fn command(&self, action: Action, file: &Path) -> Said<Vec<String>> {
        let path = self.bring(file)?;
        let words = self.manager().command(action, &path, self.subject.name());
        words.ok_or_else(|| Ended::NotApplicable(format!("{} has no such step", self.manager().name())))
    }

    /// Whether the laboratory takes only some steps because it is slow.
    pub(super) fn is_slow(&self) -> bool {
        self.blueprint.steps().is_some()
    }

    /// Waits until something holds.
    pub(super) fn wait(&self, what: &str, mut holds: impl FnMut() -> Said<bool>) -> Said {
        let patience = if self.is_slow() { PATIENCE * EMULATED } else { PATIENCE };
        let end = Instant::now() + patience;
        while !holds()? {
            if Instant::now() >= end {
                return failed(format!(
                    "{what}: not within {} seconds\n{}",
                    patience.as_secs(),
                    self.journal()
                ));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// What the service says of itself; empty without one.
    pub(super) fn journal(&self) -> String {
        let Some(service) = self.subject.service() else { return String::new() };
        self.lab.services().journal(self.lab(), &service.name)
    }

    /// The service manager and the service's name.
    ///
    /// # Errors
    /// [`Ended::NotApplicable`] where there is none.
    pub(super) fn service(&self) -> Said<(Services, &'a str)> {
        let Some(service) = self.subject.service() else {
            return Err(Ended::NotApplicable("the product has no service".to_owned()));
        };
        match self.lab.services() {
            Services::None => {
                Err(Ended::NotApplicable("no service manager runs in this laboratory".to_owned()))
            }
            services => Ok((services, &service.name)),
        }
    }

    /// Whether a service can run here.
    pub(super) fn has_service(&self) -> bool {
        self.service().is_ok()
    }

    /// The service's state.
    pub(super) fn state(&self) -> Said<ServiceState> {
        let (services, name) = self.service()?;
        Ok(services.state(self.lab(), name)?)
    }

    /// Does something with the service that must succeed.
    pub(super) fn act(&self, verb: Verb) -> Said {
        let (services, name) = self.service()?;
        let outcome = services.act(self.lab(), verb, name)?;
        self.note(&outcome);
        ensure(outcome.success(), || format!("{}\n{}", outcome.to_string().trim(), self.journal()))
    }

    /// Waits until the service is active.
    pub(super) fn wait_active(&self) -> Said {
        self.wait("the service runs and is ready", || Ok(self.state()?.active))
    }

    /// Brings the service to where it is after an installation by an administrator who wants it to run: what the
    /// package manager does by itself is checked, the rest is done.
    pub(super) fn bring_up(&self) -> Said {
        let (services, _) = self.service()?;
        let starts = self.manager().starts_services()
            && self.subject.service().is_some_and(|service| service.start != Start::Manual);
        if starts {
            self.wait_active()?;
            let state = self.state()?;
            return ensure(state.enabled, || format!("after the installation the service is {state}"));
        }
        let state = self.state()?;
        ensure(!state.active && !state.enabled, || {
            format!("{} leaves both to the administrator, but the service is {state}", self.manager().name())
        })?;
        if services.enables() {
            self.act(Verb::Enable)?;
        }
        self.act(Verb::Start)?;
        self.wait_active()
    }

    /// Lays out the settings as an administrator does before a silent installation.
    pub(super) fn lay_settings(&self) -> Said {
        let Some(service) = self.subject.service() else { return Ok(()) };
        let properties = self.manager().properties();
        let mut lines = String::new();
        for (name, value) in &self.subject.payload.verification.settings {
            if properties.is_some() {
                lines
                    .push_str(&format!("{}={value}\n", landfall_service_definition::windows::property(name)));
            } else if let Some(path) = service.credentials.get(name) {
                let path = self.lab.path(path);
                self.lab.write(&path, value)?;
                self.sh(&format!("chmod 0600 {path}"))?;
            } else if let Some(setting) = self.subject.payload.settings.get(name) {
                lines.push_str(&format!("{}={value}\n", setting.environment));
            }
        }
        let file = properties.or_else(|| self.environment_file(service)).filter(|_| !lines.is_empty());
        if let Some(file) = file {
            self.lab.write(&file, &lines)?;
        }
        self.declare_service(service)
    }

    /// The file from which variables of the service are read; on Windows, which has none, one for those who start it
    /// by hand.
    fn environment_file(&self, service: &Definition) -> Option<String> {
        let by_hand =
            || (self.lab.services() == Services::Foreground).then(|| format!("{INBOX}/environment"));
        service.environment_file.clone().or_else(by_hand)
    }

    /// Tells a laboratory without a service manager how a person would start the service.
    fn declare_service(&self, service: &Definition) -> Said {
        let mut environment = service.environment.clone();
        let secret = service.credentials.values().next();
        if let Some((folder, _)) = secret.and_then(|path| path.rsplit_once(['/', '\\'])) {
            environment.insert("CREDENTIALS_DIRECTORY".to_owned(), folder.to_owned());
        }
        self.lab.declare_service(&ServiceCommand {
            name: &service.name,
            program: &self.installed(&service.program),
            arguments: &service.arguments,
            environment: &environment,
            environment_file: self.environment_file(service).as_deref().unwrap_or("/dev/null"),
        })?;
        Ok(())
    }

    /// Puts what the scenario needs beside the package: the product's own script, the helper `http`, the companion.
    pub(super) fn set_up(&self) -> Said {
        let helper = format!("{INBOX}/bin/http");
        self.lab.write(&helper, crate::lab::HTTP_HELPER)?;
        self.sh(&format!("chmod 0755 {helper}"))?;
        let verification = &self.subject.payload.verification;
        if let Some(script) = &verification.script {
            self.lab.write(&format!("{INBOX}/verify"), script)?;
        }
        if let Some(companion) = &verification.companion {
            let entries = self.subject.payload.entries(self.subject.format);
            let mut programs = entries.filter(|entry| entry.path == companion.program);
            let Some(EntryKind::File(content)) = programs.next().map(|entry| &entry.kind) else {
                return failed(format!("the companion {} is not in this package", companion.program));
            };
            let path = self.companion();
            self.lab.pour(&path, &mut content.open().map_err(LabError::from)?)?;
            self.sh(&format!("chmod 0755 {path}"))?;
            self.start_companion()?;
        }
        Ok(())
    }

    /// Whether the product is for Windows.
    pub(super) fn is_windows(&self) -> bool {
        self.subject.payload.target.os == Os::Windows
    }

    /// Where the companion's program is.
    fn companion(&self) -> String {
        format!("{INBOX}/companion{}", if self.is_windows() { ".exe" } else { "" })
    }

    /// Starts the companion and waits until it is ready.
    pub(super) fn start_companion(&self) -> Said {
        let Some(companion) = &self.subject.payload.verification.companion else { return Ok(()) };
        let script = format!(
            "if [ -e {INBOX}/companion.pid ] && kill -0 \"$(cat {INBOX}/companion.pid)\" 2>/dev/null; then exit 0; fi; \
             cd /; setsid {} \"$@\" </dev/null >{INBOX}/companion.log 2>&1 & echo $! >{INBOX}/companion.pid",
            if self.is_windows() {
                format!("env WINEPREFIX=/elsewhere windows {}", self.companion())
            } else {
                self.companion()
            }
        );
        let mut words = vec!["sh", "-ec", &script, "companion"];
        words.extend(companion.arguments.iter().map(String::as_str));
        self.must(&words)?;
        let Some(address) = &companion.ready else { return Ok(()) };
        if !self.has_service() {
            return Ok(());
        }
        self.wait("the companion is ready", || Ok(self.lab.http(address)?.is_some())).map_err(|ended| {
            match ended {
                Ended::Failed(what) => {
                    let log =
                        self.lab.read(&format!("{INBOX}/companion.log")).ok().flatten().unwrap_or_default();
                    Ended::Failed(format!("{what}\n{log}"))
                }
                other => other,
            }
        })
    }

    /// Stops the companion.
    pub(super) fn stop_companion(&self) -> Said {
        if self.subject.payload.verification.companion.is_none() {
            return Ok(());
        }
        self.sh(&format!(
            "[ -e {INBOX}/companion.pid ] || exit 0; \
             pid=$(cat {INBOX}/companion.pid); rm {INBOX}/companion.pid; kill \"$pid\" 2>/dev/null || :; \
             for _ in $(seq 100); do kill -0 \"$pid\" 2>/dev/null || exit 0; sleep 0.1; done; kill -9 \"$pid\""
        ))
        .map(drop)
    }

    /// Asks the product's own script.
    ///
    /// # Errors
    /// [`Ended::NotApplicable`] where the manifest has none.
    pub(super) fn ask(&self, question: &str) -> Said {
        if self.subject.payload.verification.script.is_none() {
            return Err(Ended::NotApplicable("the manifest has no verify.script".to_owned()));
        }
        self.service()?;
        let path = format!("{INBOX}/verify");
        let search = format!("PATH={INBOX}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        let state =
            self.subject.service().map_or_else(String::new, |service| self.lab.path(&service.folders.state));
        let state = format!("STATE_DIRECTORY={state}");
        let outcome = self.run(&["env", &search, &state, "sh", &path, question])?;
        ensure(outcome.success(), || {
            format!(
                "the product's script says no to \"{question}\": {}\n{}",
                outcome.text().trim(),
                self.journal()
            )
        })
    }

    /// Whether the product's own script can be asked here.
    pub(super) fn has_script(&self) -> bool {
        self.subject.payload.verification.script.is_some() && self.has_service()
    }

    /// Lets the product queue work that cannot be done now, where it knows how; and in any case leaves a file in its
    /// state directory, as the product's work.
    pub(super) fn queue_work(&self) -> Said {
        if let Some(path) = self.keepsake() {
            self.lab.write(&path, KEEPSAKE)?;
        }
        // What the scenario itself has written is safe. The product sees to its own work.
        self.sh("sync")?;
        if self.has_script() {
            self.stop_companion()?;
            self.ask("queue")?;
        }
        Ok(())
    }

    /// Checks that queued work is done once the companion is back.
    pub(super) fn work_is_done(&self) -> Said {
        self.work_is_kept()?;
        if self.has_script() {
            self.start_companion()?;
            self.ask("done")?;
        }
        Ok(())
    }

    /// Checks that the file in the state directory is still there.
    pub(super) fn work_is_kept(&self) -> Said {
        let Some(path) = self.keepsake() else { return Ok(()) };
        let text = self.lab.read(&path)?;
        ensure(text.as_deref() == Some(KEEPSAKE), || match text {
            None => format!("{path}, which stood for work in the product's state directory, is gone"),
            Some(_) => format!("{path}, which stood for work in the product's state directory, was changed"),
        })
    }

    /// A file in the product's state directory.
    fn keepsake(&self) -> Option<String> {
        let service = self.subject.service()?;
        Some(format!("{}/kept-by-verification", self.lab.path(&service.folders.state)))
    }

    /// Edits every configuration file as an administrator does; the text that each has then.
    pub(super) fn edit_configuration(&self) -> Said<Vec<(String, String)>> {
        let mut edited = Vec::new();
        for path in self.subject.configuration().into_iter().map(|path| self.installed(path)) {
            let Some(text) = self.lab.read(&path)? else { return failed(format!("{path} is not there")) };
            self.sh(&format!("printf '%s' '{EDIT}' >>{path}"))?;
            edited.push((path, text + EDIT));
        }
        Ok(edited)
    }

    /// Checks that files have these texts; `ending` is where the package manager saves them.
    pub(super) fn configuration_is(&self, expected: &[(String, String)], ending: &str) -> Said {
        for (path, text) in expected {
            let path = format!("{path}{ending}");
            match self.lab.read(&path)? {
                None => return failed(format!("{path}, which an administrator had edited, is gone")),
                Some(now) if now != *text => {
                    return failed(format!("{path}, which an administrator had edited, was changed:\n{now}"));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What the administrator has laid out and written: settings, secrets and edited configuration.
    pub(super) fn remember(&self) -> Said<Vec<(String, String)>> {
        let mut all = self.edit_configuration()?;
        let Some(service) = self.subject.service() else { return Ok(all) };
        let files = service.credentials.values().chain(&service.environment_file);
        for path in files.map(|path| self.lab.path(path)) {
            if let Some(text) = self.lab.read(&path)? {
                all.push((path, text));
            }
        }
        Ok(all)
    }
}

/// Content of the file that stands for work.
const KEEPSAKE: &str = "work\n";

impl fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench").field("artifact", &self.subject.artifact).finish_non_exhaustive()
    }
}
