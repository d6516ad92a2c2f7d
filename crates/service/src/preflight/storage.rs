//! Disks and folders.

use super::{Answer, Subject};
use crate::exit::Exit;
use landfall_service_definition::{Ownership, Platform, SettingType};
use std::path::{Path, PathBuf};

/// Less than that will not do for long, in bytes.
const LOW_DISK: u64 = 1 << 30;
/// With less than that nothing is installed, in bytes.
const NO_DISK: u64 = 64 << 20;

/// The folder itself, or the nearest one above it that exists.
fn nearest(place: &Path) -> PathBuf {
    place.ancestors().find(|folder| folder.exists()).unwrap_or(place).to_owned()
}

pub(super) fn disk(subject: &Subject<'_>) -> Option<Answer> {
    let state = &subject.definition.folders.state;
    let free = free_bytes(&nearest(&subject.host.at(state)))?;
    let found = format!("{} MiB free for {state}", free >> 20);
    Some(if free < NO_DISK {
        Answer::fail(Exit::Requirement, found, "make room: delete what is not needed, or enlarge the disk")
    } else if free < LOW_DISK {
        Answer::warn(found, "what waits there needs room: 1 GiB or more is recommended")
    } else {
        Answer::pass(found)
    })
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let numbers = rustix::fs::statvfs(folder).ok()?;
    Some(numbers.f_bavail.saturating_mul(numbers.f_frsize))
}

#[cfg(windows)]
fn free_bytes(folder: &Path) -> Option<u64> {
    crate::install::free_bytes(folder)
}

/// Every folder of the service must be a folder, or be possible to make.
pub(super) fn folders(subject: &Subject<'_>) -> Option<Answer> {
    let mut wrong = Vec::new();
    for folder in subject.definition.own_folders() {
        let place = subject.host.at(folder.path);
        let existing = nearest(&place);
        if !existing.is_dir() {
            wrong.push(format!("{} is not a folder", existing.display()));
        } else if !may_write(&existing) {
            let owner = if folder.ownership == Ownership::Service { "the service" } else { "this command" };
            wrong.push(format!("{} cannot be written ({owner} needs it)", existing.display()));
        }
    }
    wrong.dedup();
    Some(if wrong.is_empty() {
        Answer::pass("all can be made and written")
    } else {
        Answer::fail(
            Exit::Requirement,
            wrong.join("; "),
            "remove what stands in the way, and see that the file system is not mounted read-only",
        )
    })
}

#[cfg(unix)]
fn may_write(folder: &Path) -> bool {
    // A read-only file system says no to root too.
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|metadata| !metadata.permissions().readonly())
}

/// Folders that settings name and that are not the service's own.
pub(super) fn watched_folders(subject: &Subject<'_>) -> Option<Answer> {
    let definition = subject.definition;
    let mut notes = Vec::new();
    let mut count = 0;
    for (name, setting) in &definition.settings {
        let Some(path) = subject.settings.get(name).filter(|_| setting.kind == SettingType::Directory) else {
            continue;
        };
        count += 1;
        let place = subject.host.at(path);
        let existing = nearest(&place);
        if !existing.is_dir() {
            return Some(Answer::fail(
                Exit::Configuration,
                format!("{} is not a folder", existing.display()),
                format!("name another one with --{name}"),
            ));
        }
        if path.starts_with(r"\\") {
            notes.push(format!(
                "{path} is a network share: open it to this computer's account (DOMAIN\\COMPUTER$), or give the \
                 service an account of its own with --account"
            ));
        }
        if place.is_dir()
            && let Some(account) = closed_to(subject, &place)
        {
            notes
                .push(format!("{path} cannot be written by {account}: open it with chown, chmod or setfacl"));
        }
    }
    Some(match (count, notes.is_empty()) {
        (0, _) => return None,
        (_, true) => Answer::pass("open to the service, or will be made"),
        (_, false) => Answer::warn("not all are open to the service", notes.join("; ")),
    })
}

/// The service's account, if a folder that is there does not let it in to read, write and enter.
#[cfg(unix)]
fn closed_to(subject: &Subject<'_>, folder: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let name = subject.definition.account.user();
    if name.is_empty() || name == "root" || !subject.host.is_live() {
        return None;
    }
    let (user, group) = subject.host.account(name)?;
    let metadata = folder.metadata().ok()?;
    let bits = match (metadata.uid() == user, metadata.gid() == group) {
        (true, _) => metadata.mode() >> 6,
        (false, true) => metadata.mode() >> 3,
        (false, false) => metadata.mode(),
    };
    // Other groups and access lists are not looked at where they could only say yes: this is no more than a warning.
    (bits & 0o7 != 0o7).then(|| name.to_owned())
}

#[cfg(not(unix))]
fn closed_to(_subject: &Subject<'_>, _folder: &Path) -> Option<String> {
    None
}

/// Writes that go to memory and are gone after a restart: UWF of Windows IoT, overlayroot, a state folder on tmpfs.
pub(super) fn write_filter(subject: &Subject<'_>) -> Option<Answer> {
    let definition = subject.definition;
    if definition.platform == Platform::Windows {
        return super::windows::write_filter(subject);
    }
    let command_line = subject.host.read("/proc/cmdline").ok().flatten().unwrap_or_default();
    let state = &definition.folders.state;
    let overlay = command_line.split_whitespace().any(|word| {
        word.starts_with("overlayroot=") && !word.starts_with("overlayroot=disabled")
            || word == "boot=overlay"
    });
    let advice = format!(
        "switch it off while installing (raspi-config: Performance, Overlay File System; or overlayroot-chroot), and \
         keep {state} on a disk of its own"
    );
    Some(if overlay {
        Answer::warn(
            "the root file system is an overlay in memory: everything is gone after a restart",
            advice,
        )
    } else if is_memory(&nearest(&subject.host.at(state))) {
        Answer::warn(format!("{state} is in memory: everything is gone after a restart"), advice)
    } else {
        return None;
    })
}

#[cfg(target_os = "linux")]
fn is_memory(folder: &Path) -> bool {
    // statfs(2): TMPFS_MAGIC, RAMFS_MAGIC.
    rustix::fs::statfs(folder).is_ok_and(|numbers| matches!(numbers.f_type as u64, 0x0102_1994 | 0x8584_58f6))
}

#[cfg(not(target_os = "linux"))]
fn is_memory(_folder: &Path) -> bool {
    false
}
