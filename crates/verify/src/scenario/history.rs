//! The life of a package: installed, at work, upgraded, removed, installed again, purged.

use std::path::Path;

use landfall_service_definition::RestartPolicy;

use super::bench::{Bench, Ended, Said, ensure};
use crate::lab::{Action, Services, Verb};

/// What happens when there is no release to upgrade from.
const NO_PREVIOUS: &str = "there is no previous release to begin from; name its folder with --previous";

/// A fresh installation and the running service.
pub(super) fn fresh(b: &mut Bench<'_>) {
    b.step("layout", |b| b.is_laid_out());
    b.essential("install", install);
    b.step("files", |b| b.files_are_as_declared());
    b.step("registry", |b| b.registry_is_as_declared());
    b.essential("service", service);
    b.step("health", health);
    b.step("check", |b| b.ask("check"));
    b.step("secrets", secrets);
    b.step("restart", restart);
    b.step("recovery", recovery);
}

/// Settings are laid out, then the package is installed silently.
pub(super) fn install(b: &mut Bench<'_>) -> Said {
    b.set_up()?;
    b.lay_settings()?;
    b.managed(Action::Install, &b.subject.file)
}

/// The service is registered, runs, is ready, and runs as the account that it should.
pub(super) fn service(b: &mut Bench<'_>) -> Said {
    b.bring_up()?;
    let Some(service) = b.subject.service() else { return Ok(()) };
    let (services, name) = b.service()?;
    if services == Services::Windows {
        return b.windows_service_is_as_declared(service);
    }
    let Some(owner) = services.account(b.lab(), name)? else { return Ok(()) };
    let declared = service.account.user();
    ensure(owner == declared, || format!("it runs as {owner}, declared is {declared}"))
}

/// The health address answers.
pub(super) fn health(b: &mut Bench<'_>) -> Said {
    b.service()?;
    let address = b.subject.service().and_then(|service| service.health.as_ref());
    let Some(address) = address.map(|health| health.address.as_str()) else {
        return Err(Ended::NotApplicable("the manifest has no service.health".to_owned()));
    };
    b.wait(&format!("{address} answers"), || Ok(b.lab().http(address)?.is_some()))?;
    // For the evidence.
    b.run(&["sh", "/opt/laboratory/bin/http", address]).map(drop)
}

/// What the package manager and the service have written down holds no secret.
fn secrets(b: &mut Bench<'_>) -> Said {
    let payload = &b.subject.payload;
    let Some(service) = b.subject.service() else {
        return Err(Ended::NotApplicable("the product has no service".to_owned()));
    };
    let given = payload.verification.settings.iter();
    let secrets: Vec<_> = given.filter(|(name, _)| service.credentials.contains_key(*name)).collect();
    if secrets.is_empty() {
        return Err(Ended::NotApplicable("verify.settings gives no secret".to_owned()));
    }
    let logs = b.manager().logs().into_iter().chain([b.lab().path(&service.folders.logs)]);
    let logs = logs.collect::<Vec<_>>().join(" ");
    for (name, secret) in secrets {
        ensure(!b.journal().contains(secret.as_str()), || format!("the service's log holds {name}"))?;
        // Wine lists every property at the end of its log, which Windows does not.
        let script =
            format!("grep -rF -- \"$0\" {logs} 2>/dev/null | grep -v ':Property(S): ' | sed \"s/$0/***/g\"");
        let found = b.lab().run(&["sh", "-c", &script, secret])?;
        ensure(found.stdout.is_empty(), || format!("a log holds {name}: {}", found.stdout.trim()))?;
    }
    Ok(())
}

/// Whether the health address answers now; without one it is silent.
pub(super) fn health_answers(b: &Bench<'_>) -> Said<bool> {
    match b.subject.service().and_then(|service| service.health.as_ref()) {
        Some(health) => Ok(b.lab().http(&health.address)?.is_some()),
        None => Ok(false),
    }
}

/// An edited configuration and queued work survive a restart.
pub(super) fn restart(b: &mut Bench<'_>) -> Said {
    b.service()?;
    let kept = b.remember()?;
    b.queue_work()?;
    b.act(Verb::Restart)?;
    b.wait_active()?;
    b.configuration_is(&kept, "")?;
    b.work_is_done()
}

/// A service whose process was killed is started again by its manager.
fn recovery(b: &mut Bench<'_>) -> Said {
    let (services, name) = b.service()?;
    if b.subject.service().is_some_and(|service| service.restart == RestartPolicy::Never) {
        return Err(Ended::NotApplicable("the manifest wants it to stay away".to_owned()));
    }
    match services {
        Services::Windows => {
            return Err(Ended::NotRun(
                "Wine's service manager knows no recovery; labs/windows/verify.ps1 takes this step on Windows"
                    .to_owned(),
            ));
        }
        Services::Foreground => return Err(Ended::NotApplicable("nobody looks after it".to_owned())),
        _ => {}
    }
    let mut process = String::new();
    // A supervisor may be a moment behind.
    b.wait("the service has a process", || {
        process = services.process(b.lab(), name)?.unwrap_or_default();
        Ok(!process.is_empty())
    })?;
    // The shell's own: not every root has the program.
    b.must(&["sh", "-c", "kill -KILL \"$0\"", &process])?;
    b.wait("the service runs in a new process", || {
        let now = services.process(b.lab(), name)?;
        Ok(now.is_some_and(|now| now != process) && b.state()?.active)
    })
}

/// The whole life, from the previous release to the purge.
pub(super) fn history(b: &mut Bench<'_>) {
    let mut kept = Vec::new();
    if let Some(previous) = b.subject.previous.clone() {
        b.essential("upgrade", |b| {
            b.set_up()?;
            b.lay_settings()?;
            b.managed(Action::Install, &previous)?;
            kept = at_work(b)?;
            b.managed(Action::Upgrade, &b.subject.file)?;
            b.program_is_new()?;
            b.is_listed_once()
        });
        b.step("upgrade-configuration", |b| b.configuration_is(&kept, ""));
        b.step("upgrade-service", upgrade_service);
        b.step("upgrade-work", |b| b.work_is_done());
    } else {
        for id in ["upgrade", "upgrade-configuration", "upgrade-service", "upgrade-work"] {
            b.skip(id, NO_PREVIOUS);
        }
    }
    b.step("reinstall", |b| {
        if b.subject.previous.is_none() {
            install(b)?;
            kept = at_work(b)?;
        }
        b.managed(Action::Reinstall, &b.subject.file)?;
        b.configuration_is(&kept, "")?;
        b.work_is_kept()?;
        still_runs(b)
    });
    b.step("repair", |b| {
        let damaged = b.damage()?;
        b.managed(Action::Reinstall, &b.subject.file)?;
        b.is_repaired(&damaged)?;
        b.configuration_is(&kept, "")?;
        b.work_is_kept()?;
        still_runs(b)
    });
    match b.subject.previous.clone() {
        Some(previous) => b.step("downgrade", |b| {
            let words = b.manager().refuses_downgrades();
            if !words.is_empty() {
                return refused(b, &previous, words, &kept);
            }
            b.managed(Action::Downgrade, &previous)?;
            b.configuration_is(&kept, "")?;
            b.work_is_kept()?;
            still_runs(b)?;
            b.managed(Action::Upgrade, &b.subject.file)
        }),
        None => b.skip("downgrade", NO_PREVIOUS),
    }
    b.essential("remove", |b| {
        b.queue_work()?;
        b.managed(Action::Remove, &b.subject.file)?;
        b.programs_are_gone()?;
        remove_again(b)
    });
    b.step("remove-keeps", |b| remove_keeps(b, &kept));
    b.step("remove-leaves", |b| b.nothing_else_is_left(true));
    b.step("return", |b| comes_back(b, &kept));
    b.step("purge", purge);
}

/// An installed product is brought up; configuration is edited and work is queued.
pub(super) fn at_work(b: &Bench<'_>) -> Said<Vec<(String, String)>> {
    if b.has_service() {
        b.bring_up()?;
    }
    let kept = b.remember()?;
    b.queue_work()?;
    Ok(kept)
}

/// Fails unless the service, where there can be one, runs and starts with the machine.
pub(super) fn still_runs(b: &Bench<'_>) -> Said {
    if !b.has_service() {
        return Ok(());
    }
    b.wait("the service, which ran before, runs after", || Ok(b.state()?.active))?;
    let state = b.state()?;
    let enabled = state.enabled || !b.lab().services().enables();
    ensure(enabled, || format!("the service started with the machine before; it is {state} after"))
}

/// A downgrade is refused with a sentence, and the newer version goes on as if nothing had been tried.
fn refused(b: &Bench<'_>, previous: &Path, words: &[&str], kept: &[(String, String)]) -> Said {
    let outcome = b.manage(Action::Downgrade, previous)?;
    ensure(!outcome.success(), || "the previous release went over the newer one".to_owned())?;
    let said = outcome.text();
    ensure(words.iter().all(|words| said.contains(words)), || {
        format!("it was refused, and nobody was told that a newer version is there: {said}")
    })?;
    b.program_is_new()?;
    b.configuration_is(kept, "")?;
    b.work_is_kept()?;
    still_runs(b)
}

/// Whoever removes what is not there is told so.
fn remove_again(b: &Bench<'_>) -> Said {
    let Some((words, answer)) = b.manager().remove_again(b.subject.name()) else { return Ok(()) };
    let outcome = b.run(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
    let said = outcome.text();
    ensure(said.contains(answer), || format!("removed once more it answers: {said}"))
}

/// A running service ran on, in the new version; a stopped one stays stopped; a disabled one stays disabled.
fn upgrade_service(b: &mut Bench<'_>) -> Said {
    b.service()?;
    still_runs(b)?;
    b.sh("for link in /proc/[0-9]*/exe; do case \"$(readlink \"$link\" 2>/dev/null)\" in \
          *' (deleted)') ls -l \"$link\"; exit 1 ;; esac; done")
        .map_err(|_| Ended::Failed("the old version of the program still runs".to_owned()))?;
    b.act(Verb::Stop)?;
    b.managed(Action::Reinstall, &b.subject.file)?;
    let state = b.state()?;
    ensure(!state.active, || format!("a stopped service is {state} after an upgrade"))?;
    if !b.lab().services().enables() {
        return b.act(Verb::Start);
    }
    ensure(state.enabled, || format!("a stopped service is {state} after an upgrade"))?;
    b.act(Verb::Start)?;
    b.act(Verb::Disable)?;
    b.managed(Action::Reinstall, &b.subject.file)?;
    b.wait_active()?;
    let state = b.state()?;
    ensure(!state.enabled, || {
        format!("a service that did not start with the machine is {state} after an upgrade")
    })?;
    b.act(Verb::Enable)
}

/// Configuration is where the package manager keeps it, and work is where it was.
fn remove_keeps(b: &mut Bench<'_>, kept: &[(String, String)]) -> Said {
    let ending = b.manager().saved_as().unwrap_or_default();
    let packaged: Vec<String> = b.subject.configuration().into_iter().map(|path| b.installed(path)).collect();
    for one in kept {
        let ending = if packaged.contains(&one.0) { ending } else { "" };
        b.configuration_is(std::slice::from_ref(one), ending)?;
    }
    b.work_is_kept()
}

/// Installed again, with the saved configuration back in its place, it goes on where it was.
fn comes_back(b: &mut Bench<'_>, kept: &[(String, String)]) -> Said {
    if let Some(ending) = b.manager().saved_as() {
        for path in b.subject.configuration().into_iter().map(|path| b.installed(path)) {
            b.sh(&format!("mv {path}{ending} {path}"))?;
        }
    }
    b.managed(Action::Install, &b.subject.file)?;
    if b.has_service() {
        b.bring_up()?;
    }
    b.configuration_is(kept, "")?;
    b.work_is_done()
}

/// After a purge nothing is left.
fn purge(b: &mut Bench<'_>) -> Said {
    b.stop_companion()?;
    if b.manager().purges() {
        b.managed(Action::Purge, &b.subject.file)?;
    } else {
        b.managed(Action::Remove, &b.subject.file)?;
    }
    if !b.manager().purges_directories() {
        // The documented command for package managers that know no purge (docs/lifecycle.md).
        let folders = b.own_directories().join(" ");
        b.sh(&format!("rm -rf {folders}"))?;
    }
    b.programs_are_gone()?;
    b.nothing_else_is_left(false)
}
