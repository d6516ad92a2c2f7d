//! The whole machine: restarts, power cuts, SELinux.

use landfall_payload::Format;

use super::bench::{Bench, Ended, Said};
use super::history::{health, install, restart, service, still_runs};

/// Everything that needs a running system which can be restarted, in one laboratory.
pub(super) fn machine(b: &mut Bench<'_>) {
    if b.is_slow() {
        b.essential("install", install);
        b.essential("service", service);
        b.step("health", health);
        b.step("check", |b| b.ask("check"));
        b.step("restart", restart);
        b.step("reboot", |b| comes_up_again(b, |b| Ok(b.lab_mut().reboot()?)));
    } else {
        // The other acts take the steps before in laboratories of their own.
        b.essential("reboot", |b| {
            install(b)?;
            service(b)?;
            comes_up_again(b, |b| Ok(b.lab_mut().reboot()?))
        });
    }
    b.step("selinux", |b| {
        Err(match b.subject.format {
            Format::Rpm => Ended::NotRun("no laboratory has the policy of RHEL and Fedora".to_owned()),
            _ => Ended::NotApplicable("the kernel of this laboratory has no SELinux".to_owned()),
        })
    });
    b.step("power-cut", |b| comes_up_again(b, |b| Ok(b.lab_mut().cut_power()?)));
}

/// After something happened to the machine the service runs again and queued work is done.
fn comes_up_again(b: &mut Bench<'_>, happens: impl FnOnce(&mut Bench<'_>) -> Said) -> Said {
    b.service()?;
    b.start_companion()?;
    let kept = b.remember()?;
    b.queue_work()?;
    happens(b)?;
    still_runs(b)?;
    b.configuration_is(&kept, "")?;
    b.work_is_done()
}
