//! What only Windows has: the Unified Write Filter, AppLocker, Defender.

use super::{Answer, Subject};
use landfall_service_definition::Platform;

/// Whether UWF is on (Windows IoT and Enterprise LTSC). Its tool answers in the language of the machine, so its WMI
/// class is asked.
pub(super) fn write_filter(subject: &Subject<'_>) -> Option<Answer> {
    let windows = std::env::var("SystemRoot").unwrap_or_else(|_| r"C:\Windows".to_owned());
    if !subject.host.is_live() || !subject.host.exists(&format!(r"{windows}\System32\uwfmgr.exe")) {
        return None;
    }
    let shell = format!(r"{windows}\System32\WindowsPowerShell\v1.0\powershell.exe");
    let question =
        r"(Get-CimInstance -Namespace root\standardcimv2\embedded -ClassName UWF_Filter).CurrentEnabled";
    let answer = subject.host.says(&[&shell, "-NoProfile", "-NonInteractive", "-Command", question])?;
    Some(judge_filter(subject, answer.trim()))
}

fn judge_filter(subject: &Subject<'_>, enabled: &str) -> Answer {
    if !enabled.eq_ignore_ascii_case("true") {
        return Answer::pass("the Unified Write Filter is installed and off");
    }
    let folders = &subject.definition.folders;
    let name = landfall_service_definition::windows::service_name(subject.definition);
    Answer::warn(
        "the Unified Write Filter is on: everything is gone after a restart",
        format!(
            "run uwfmgr filter disable, restart, install, then: uwfmgr file add-exclusion \"{}\"; uwfmgr registry \
             add-exclusion HKLM\\SYSTEM\\CurrentControlSet\\Services\\{name}; the same for the watched folders; \
             uwfmgr filter enable; restart",
            folders.configuration
        ),
    )
}

/// AppLocker's rules for programs. Administrators are usually exempt, the service's account is not.
pub(super) fn application_control(subject: &Subject<'_>) -> Option<Answer> {
    if !is_windows(subject) {
        return None;
    }
    let mode =
        crate::install::registry_number(r"SOFTWARE\Policies\Microsoft\Windows\SrpV2\Exe", "EnforcementMode");
    Some(match mode {
        Some(1) => Answer::warn(
            "AppLocker enforces rules for programs",
            format!("see that a rule lets everyone run {}", subject.definition.program),
        ),
        _ => Answer::pass("AppLocker enforces no rules for programs"),
    })
}

/// Defender looks into every file that is written; in a busy queue that costs time, and controlled folder access
/// refuses writes.
pub(super) fn virus_scanner(subject: &Subject<'_>) -> Option<Answer> {
    const DEFENDER: &str = r"SOFTWARE\Microsoft\Windows Defender";
    if !is_windows(subject) {
        return None;
    }
    let number = crate::install::registry_number;
    let folders = format!(r"{DEFENDER}\Windows Defender Exploit Guard\Controlled Folder Access");
    if number(&folders, "EnableControlledFolderAccess") == Some(1) {
        return Some(Answer::warn(
            "controlled folder access is on",
            format!(
                "run Add-MpPreference -ControlledFolderAccessAllowedApplications '{}' in PowerShell",
                subject.definition.program
            ),
        ));
    }
    let off = number(&format!(r"{DEFENDER}\Real-Time Protection"), "DisableRealtimeMonitoring") == Some(1);
    Some(Answer::pass(if off {
        "Defender does not look at files as they are written".to_owned()
    } else {
        format!(
            "if many files come at once: Add-MpPreference -ExclusionPath '{}' in PowerShell saves time",
            subject.definition.folders.state
        )
    }))
}

fn is_windows(subject: &Subject<'_>) -> bool {
    cfg!(windows) && subject.definition.platform == Platform::Windows && subject.host.is_live()
}
