//! What only Linux has: limits of inotify, SELinux, FIPS mode.

use super::{Answer, Subject};
use landfall_service_definition::{Platform, SettingType};

/// Fewest watches with which a few folders with subfolders can be followed; the kernel's old default.
const FEWEST_WATCHES: u64 = 8192;
/// Fewest instances for the processes of one account; the kernel's default.
const FEWEST_INSTANCES: u64 = 128;

fn is_linux(subject: &Subject<'_>) -> bool {
    subject.definition.platform == Platform::Linux
}

/// Only for services that watch folders. Without inotify they still work, by looking again and again.
pub(super) fn inotify(subject: &Subject<'_>) -> Option<Answer> {
    let watches = subject.definition.settings.values().any(|s| s.kind == SettingType::Directory);
    if !is_linux(subject) || !watches {
        return None;
    }
    let limit = |name: &str| -> Option<u64> {
        let path = format!("/proc/sys/fs/inotify/max_user_{name}");
        subject.host.read(&path).ok().flatten()?.trim().parse().ok()
    };
    let (watches, instances) = (limit("watches")?, limit("instances")?);
    let found = format!("{watches} watches and {instances} instances for each account");
    Some(if watches < FEWEST_WATCHES || instances < FEWEST_INSTANCES {
        Answer::warn(
            found,
            format!(
                "put fs.inotify.max_user_watches = {FEWEST_WATCHES} and fs.inotify.max_user_instances = \
                 {FEWEST_INSTANCES}, or more, into /etc/sysctl.d/90-inotify.conf and run sysctl --system"
            ),
        )
    } else {
        Answer::pass(found)
    })
}

/// SELinux lets a service manager start what is labelled as a program. Places such as /usr and /opt give that label.
pub(super) fn selinux(subject: &Subject<'_>) -> Option<Answer> {
    if !is_linux(subject) {
        return None;
    }
    let enforce = subject.host.read("/sys/fs/selinux/enforce").ok().flatten()?;
    if enforce.trim() != "1" {
        return Some(Answer::pass("permissive: it reports and prevents nothing"));
    }
    let program = &subject.definition.program;
    let labelled =
        ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/", "/usr/libexec/", "/opt/"];
    Some(if labelled.iter().any(|folder| program.starts_with(folder)) {
        Answer::pass("enforcing; the program is in a place for programs")
    } else {
        Answer::warn(
            format!("enforcing, and {program} may have no label that systemd may start"),
            format!("run semanage fcontext -a -t bin_t '{program}' and restorecon -v '{program}'"),
        )
    })
}

pub(super) fn fips(subject: &Subject<'_>) -> Option<Answer> {
    if !is_linux(subject) {
        return None;
    }
    let enabled = subject.host.read("/proc/sys/crypto/fips_enabled").ok().flatten()?;
    (enabled.trim() == "1").then(|| {
        Answer::warn(
            "FIPS mode is on",
            "the program brings its own cryptography, which the mode of the system neither switches nor validates; \
             ask whoever answers for compliance",
        )
    })
}
