//! The whole machine: restarts, power cuts, SELinux.

use landfall_payload::Format;

use super::bench::{Bench, Ended, Said, ensure};
use super::history::{health, install, restart, service, still_runs};
use crate::lab;

/// Everything that needs a running system which can be restarted, in one laboratory.
pub(super) fn machine(b: &mut Bench<'_>) {
    if b.is_slow() {
        // The distribution's own, which are none of the package's doing.
        let denials = lab::vm::denials(b.lab()).unwrap_or_default();
        b.essential("install", install);
        b.essential("service", service);
        b.step("health", health);
        b.step("check", |b| b.ask("check"));
        b.step("restart", restart);
        b.step("selinux", |b| selinux(b, &denials));
        b.step("reboot", |b| comes_up_again(b, |b| Ok(b.lab_mut().reboot()?)));
        b.step("power-cut", |b| comes_up_again(b, |b| Ok(b.lab_mut().cut_power()?)));
    } else {
        // The other acts take the steps before in laboratories of their own.
        b.essential("reboot", |b| {
            install(b)?;
            service(b)?;
            comes_up_again(b, |b| Ok(b.lab_mut().reboot()?))
        });
        b.step("power-cut", |b| comes_up_again(b, |b| Ok(b.lab_mut().cut_power()?)));
        b.step("selinux", |b| {
            Err(match b.subject.format {
                Format::Rpm => Ended::NotRun("no laboratory has the policy of RHEL and Fedora".to_owned()),
                _ if b.is_windows() => Ended::NotApplicable("Windows has no SELinux".to_owned()),
                _ => Ended::NotApplicable("the kernel of this laboratory has no SELinux".to_owned()),
            })
        });
    }
}

/// SELinux enforces, and has denied nothing since the package came.
fn selinux(b: &Bench<'_>, before: &[String]) -> Said {
    let enforces = b.must(&["cat", "/sys/fs/selinux/enforce"])?;
    ensure(enforces == "1", || "SELinux does not enforce its policy here".to_owned())?;
    let (_, name) = b.service()?;
    b.sh(&format!("ps -o label=,args= -p \"$(systemctl show --value --property=MainPID {name})\""))?;
    let now = lab::vm::denials(b.lab())?;
    // The laboratory's own pipes stand where an administrator has a terminal.
    let own = |line: &str| line.contains("path=\"pipe:") && line.contains("tcontext=unconfined_u:");
    let new = now.iter().filter(|line| !before.contains(line) && !own(line));
    let new: Vec<&str> = new.map(String::as_str).collect();
    ensure(new.is_empty(), || format!("SELinux denied something since the package came:\n{}", new.join("\n")))
}

/// After something happened to the machine the service runs again and queued work is done.
fn comes_up_again(b: &mut Bench<'_>, happens: impl FnOnce(&mut Bench<'_>) -> Said) -> Said {
    b.service()?;
    b.start_companion()?;
    let kept = b.remember()?;
    b.queue_work()?;
    // Afterwards its number is somebody else's.
    b.stop_companion()?;
    happens(b)?;
    still_runs(b)?;
    b.configuration_is(&kept, "")?;
    b.work_is_done()
}
