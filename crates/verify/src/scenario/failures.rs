//! What can go wrong during an upgrade, and that it can be put right.

use std::path::Path;
use std::time::Instant;

use super::bench::{Bench, Ended, Said, ensure, failed, milliseconds};
use super::faulty::Fault;
use super::history::{at_work, health_answers, install, still_runs};
use crate::lab::{Action, Services, Verb};

/// Where an upgrade is killed: at these parts of the time that one takes.
const KILLED_AT: [f64; 3] = [0.2, 0.5, 0.8];
/// What an upgrade finds free on the full disk, in bytes: enough to begin with.
const NEARLY_FULL: u64 = 256 << 10;

/// Every failure begins with the release under test at work and ends with a further one that puts it right.
struct Trial {
    kept: Vec<(String, String)>,
}

impl Trial {
    fn begin(b: &mut Bench<'_>) -> Said<Self> {
        install(b)?;
        Ok(Self { kept: at_work(b)? })
    }

    /// Nothing of the user's was harmed.
    fn unharmed(&self, b: &Bench<'_>) -> Said {
        b.configuration_is(&self.kept, "")?;
        b.work_is_kept()
    }

    /// After a repair the way the package manager documents it, a further release installs, and all is well.
    ///
    /// `cut`: the upgrade may have been interrupted between stop and start.
    fn put_right(&self, b: &Bench<'_>, release: &Path, cut: bool) -> Said {
        self.unharmed(b)?;
        if let Some(words) = b.manager().repair() {
            // It may fail where the damaged version cannot be repaired; the next release has to.
            b.run(words)?;
        }
        b.managed(Action::Restore, release)?;
        b.program_is_new()?;
        self.unharmed(b)?;
        let services = b.lab().services();
        // Where nothing looks after services, a person starts what has ended; and what an interruption has stopped,
        // where neither the service manager finishes a restart nor the package manager takes back what was cut off.
        let stopped = !services.finishes_restarts() || b.manager().cannot_judge_rollback().is_some();
        if b.has_service() && (!services.enables() || (cut && stopped)) {
            b.act(Verb::Start)?;
        }
        still_runs(b)?;
        b.work_is_done()
    }
}

/// A script that fails is reported.
pub(super) fn script_fails(b: &mut Bench<'_>) {
    b.step("script-fails", |b| {
        if !b.manager().runs_scripts() {
            return Err(Ended::NotApplicable(format!(
                "{} runs no scripts of the product",
                b.manager().name()
            )));
        }
        let trial = Trial::begin(b)?;
        let outcome = b.manage(Action::Upgrade, &b.subject.further(Fault::Script)?)?;
        let said = outcome.text();
        ensure(!outcome.success() || said.to_lowercase().contains("fail") || said.contains("error"), || {
            format!("nobody was told that a script failed: {said}")
        })?;
        trial.put_right(b, &b.subject.further(Fault::None)?, false)
    });
}

/// A full disk stops an upgrade and harms nothing.
pub(super) fn disk_full(b: &mut Bench<'_>) {
    b.step("disk-full", |b| {
        let trial = Trial::begin(b)?;
        let release = b.subject.further(Fault::None)?;
        let command = b.command(Action::Upgrade, &release)?;
        b.lab().limit_disk(Some(NEARLY_FULL))?;
        let outcome = b.run(&command.iter().map(String::as_str).collect::<Vec<_>>());
        b.lab().limit_disk(None)?;
        let outcome = outcome?;
        if outcome.success() {
            return Err(Ended::NotRun(format!(
                "the upgrade needed less than the {NEARLY_FULL} bytes that were left free"
            )));
        }
        trial.put_right(b, &release, false)
    });
}

/// An upgrade that is killed harms nothing.
pub(super) fn killed(b: &mut Bench<'_>) {
    b.step("killed", |b| {
        let trial = Trial::begin(b)?;
        let start = Instant::now();
        b.managed(Action::Reinstall, &b.subject.file)?;
        let time = milliseconds(start);
        let release = b.subject.further(Fault::None)?;
        let command = b.command(Action::Restore, &release)?;
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let mut cut = false;
        for part in KILLED_AT {
            #[expect(clippy::cast_precision_loss, reason = "a wait of milliseconds")]
            let seconds = format!("{:.3}", time as f64 / 1000.0 * part);
            // A service manager that lives in the processes of the upgrade would be killed with them, and no package
            // can put that right.
            let whole = !b.has_service() || b.lab().services().finishes_restarts();
            let group = if whole { "-" } else { "" };
            let outcome = b.run(&[&["sh", "-c", KILL, &seconds, group], command.as_slice()].concat())?;
            cut |= outcome.code == Some(137);
            trial.unharmed(b)?;
            // As after a crash: what the package manager's own words are for that, and the same release again.
            if let Some(words) = b.manager().repair() {
                b.run(words)?;
            }
        }
        if !cut {
            return failed("the upgrade ended before it could be killed, three times");
        }
        trial.put_right(b, &release, true)
    });
}

/// Runs a command in a process group of its own and kills that after `$0` seconds; if `$1` is not `-` the command alone,
/// and what it had started comes to its end.
const KILL: &str = r#"
group="$1"
shift
setsid "$@" </dev/null >/tmp/laboratory-killed 2>&1 &
pid=$!
sleep "$0"
kill -9 "$group$pid" 2>/dev/null
wait "$pid"
code=$?
# The service itself may be one of them, and stays.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 -"$pid" 2>/dev/null || break
    sleep 0.5
done
cat /tmp/laboratory-killed
exit "$code"
"#;

/// A setting that cannot be is refused, and a release whose service never becomes ready is noticed.
pub(super) fn not_ready(b: &mut Bench<'_>) {
    b.step("wrong-setting", wrong_setting);
    b.step("not-ready", |b| {
        b.service()?;
        let trial = Trial::begin(b)?;
        let start = Instant::now();
        b.manage(Action::Upgrade, &b.subject.further(Fault::NeverReady)?)?;
        let (services, _) = b.service()?;
        if services == Services::Foreground {
            // A person looks again a moment later: nobody tells when a program has ended.
            b.wait("its program has ended", || Ok(!b.state()?.active))?;
        }
        let state = b.state()?;
        let silent = !services.knows_readiness() && !health_answers(b)?;
        ensure(!state.active || silent, || {
            format!("the service is said to be {state}, {} ms after its program failed", milliseconds(start))
        })?;
        if let Some(why) = b.manager().cannot_judge_rollback() {
            return Err(Ended::NotRun(format!("it was noticed; putting it right was not tried: {why}")));
        }
        trial.put_right(b, &b.subject.further(Fault::None)?, false)
    });
}

/// Whoever gives a setting that cannot be is told so before anything changes; an upgrade that is refused so leaves the
/// version before it running.
fn wrong_setting(b: &mut Bench<'_>) -> Said {
    let Some(answer) = b.manager().refuses_settings() else {
        return Err(Ended::NotApplicable(format!("{} looks at no settings", b.manager().name())));
    };
    let Some((property, value)) = b.wrong_setting() else {
        return Err(Ended::NotApplicable("the product has no setting that can be wrong".to_owned()));
    };
    let line = format!("{property}={value}\n");
    let refused = |b: &Bench<'_>, action, file: &Path| -> Said {
        b.lab().write(&b.manager().properties().unwrap_or_default(), &line)?;
        let outcome = b.manage(action, file)?;
        let said = outcome.text();
        ensure(!outcome.success() && said.contains(answer), || {
            format!("{property} took the value {value}: {said}")
        })
    };
    refused(b, Action::Install, &b.subject.file)?;
    let changed = b.lab().snapshot()?.since(&b.before);
    ensure(changed.is_empty(), || format!("it was refused, and has changed:\n{changed}"))?;

    let trial = Trial::begin(b)?;
    refused(b, Action::Upgrade, &b.subject.further(Fault::None)?)?;
    b.program_is_new()?;
    trial.unharmed(b)?;
    still_runs(b)?;
    b.work_is_done()?;
    b.stop_companion()?;
    b.managed(Action::Purge, &b.subject.file)
}
