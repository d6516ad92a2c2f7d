//! The scriptlets: what rpm runs around the transaction.
//!
//! `$1` is the number of instances of the package that remain afterwards: `%pre` and `%post` see 1 on a first
//! installation and more on an upgrade, `%preun` and `%postun` see 0 on a removal and more on an upgrade. On an
//! upgrade the old package's `%preun` and `%postun` run after the new one's `%post`.
//!
//! The service runs after an upgrade if and only if it ran before. Whether it is enabled is decided once, by the
//! distribution's preset policy, and then left to the administrator.

use std::fmt::Write as _;

use landfall_payload::{Format, Payload, Start};

use super::tags::{self, Tag, sense};
use crate::instances;
use crate::shell::quote;

/// The shell that all scriptlets are written for.
pub(super) const SHELL: &str = "/bin/sh";

/// A slot for a scriptlet.
#[derive(Debug)]
pub(super) struct Slot {
    /// Its name in the manifest and, after `%`, in a spec file.
    pub(super) name: &'static str,
    /// Tag of its text.
    pub(super) text: Tag,
    /// Tag of its interpreter.
    pub(super) program: Tag,
    /// Flag of what it requires.
    pub(super) sense: u32,
}

/// The slots that a package of ours may fill, in the order in which rpm runs them.
static SLOTS: [Slot; 6] = [
    Slot { name: "pretrans", text: tags::PRETRANS, program: tags::PRETRANSPROG, sense: sense::PRETRANS },
    Slot { name: "pre", text: tags::PREIN, program: tags::PREINPROG, sense: sense::SCRIPT_PRE },
    Slot { name: "post", text: tags::POSTIN, program: tags::POSTINPROG, sense: sense::SCRIPT_POST },
    Slot { name: "preun", text: tags::PREUN, program: tags::PREUNPROG, sense: sense::SCRIPT_PREUN },
    Slot { name: "postun", text: tags::POSTUN, program: tags::POSTUNPROG, sense: sense::SCRIPT_POSTUN },
    Slot { name: "posttrans", text: tags::POSTTRANS, program: tags::POSTTRANSPROG, sense: sense::POSTTRANS },
];

/// The package's scriptlets; slots with nothing to do are left out.
pub(super) fn all(payload: &Payload) -> Vec<(&'static Slot, String)> {
    SLOTS
        .iter()
        .filter_map(|slot| {
            let mut text = match slot.name {
                "pre" => pre(payload),
                "post" => post(payload),
                "preun" => preun(payload),
                "postun" => postun(payload),
                _ => String::new(),
            };
            if let Some(own) = payload.native_script(Format::Rpm, slot.name) {
                subshell(&mut text, "", own);
            }
            (!text.is_empty()).then_some((slot, text))
        })
        .collect()
}

const INSTALL_OR_UPGRADE: &str = "if [ \"$1\" -eq 1 ]; then set -- install; else set -- upgrade; fi\n";
const ONLY_REMOVE: &str = "[ \"$1\" -eq 0 ] || exit 0\nset -- remove\n";

fn pre(payload: &Payload) -> String {
    let mut s = String::new();
    for account in &payload.accounts {
        let name = quote(&account.name);
        // A colon would end the field of /etc/passwd.
        let title = quote(&account.title.replace(':', " "));
        let home = quote(&account.home);
        let _ = write!(
            s,
            "getent group {name} >/dev/null || groupadd -r {name} || exit\n\
             getent passwd {name} >/dev/null ||\n\
             \x20   useradd -r -g {name} -d {home} -M -s /sbin/nologin -c {title} {name} || exit\n"
        );
    }
    hook(&mut s, payload, INSTALL_OR_UPGRADE, payload.hooks.before_install.as_deref());
    s
}

fn post(payload: &Payload) -> String {
    let mut s = String::new();
    let tmpfiles: Vec<String> = payload
        .entries(Format::Rpm)
        .filter(|e| e.path.starts_with("/usr/lib/tmpfiles.d/") && e.path.ends_with(".conf"))
        .map(|e| quote(&e.path))
        .collect();
    if !tmpfiles.is_empty() {
        let _ = write!(
            s,
            "if command -v systemd-tmpfiles >/dev/null; then\n    systemd-tmpfiles --create {} || :\nfi\n",
            tmpfiles.join(" ")
        );
    }
    for d in &payload.writable {
        let (path, owner, group) = (quote(&d.path), quote(&d.owner), quote(&d.group));
        let _ =
            writeln!(s, "[ -d {path} ] || install -d -m {:04o} -o {owner} -g {group} {path} || :", d.mode);
    }
    hook(&mut s, payload, INSTALL_OR_UPGRADE, payload.hooks.after_install.as_deref());
    if let Some(service) = &payload.service {
        let unit = quote(&service.unit());
        s.push_str("if [ \"$1\" -eq 1 ] && command -v systemctl >/dev/null; then\n");
        if service.start != Start::Manual {
            let _ = writeln!(s, "    systemctl --no-reload preset {unit} || :");
        }
        let _ = write!(
            s,
            "    if [ -d /run/systemd/system ]; then\n\
             \x20       systemctl daemon-reload || :\n\
             \x20       if systemctl is-enabled {unit} >/dev/null 2>&1; then\n\
             \x20           systemctl start {unit} || :\n\
             \x20       fi\n    fi\nfi\n"
        );
    }
    s
}

fn preun(payload: &Payload) -> String {
    let mut s = String::new();
    if let Some(service) = &payload.service {
        let unit = quote(&service.unit());
        let _ = write!(
            s,
            "if [ \"$1\" -eq 0 ] && command -v systemctl >/dev/null; then\n\
             \x20   if [ -d /run/systemd/system ]; then\n\
             \x20       systemctl stop {unit} || :\n\
             \x20   fi\n\
             \x20   systemctl --no-reload disable {unit} || :\n\
             fi\n"
        );
    }
    hook(&mut s, payload, ONLY_REMOVE, payload.hooks.before_remove.as_deref());
    s
}

fn postun(payload: &Payload) -> String {
    let mut s = String::new();
    if let Some(service) = &payload.service {
        let unit = quote(&service.unit());
        // The helper defers the restart to the end of the transaction, where systemd's own file trigger does it
        // once for all packages; before systemd 249 there is neither.
        let mark = "\"$helper\" mark-restart-system-units \"${file##*/}\" || :";
        let restart = "systemctl try-restart \"${file##*/}\" || :";
        let _ = write!(
            s,
            "helper=/usr/lib/systemd/systemd-update-helper\n\
             if [ \"$1\" -eq 0 ]; then\n{}fi\n\
             if [ \"$1\" -ge 1 ] && [ -x \"$helper\" ]; then\n\
             \x20   \"$helper\" mark-restart-system-units {unit} || :\n{}\
             elif [ -d /run/systemd/system ]; then\n\
             \x20   systemctl daemon-reload || :\n\
             \x20   if [ \"$1\" -ge 1 ]; then\n\
             \x20       systemctl try-restart {unit} || :\n{}\
             \x20   fi\n\
             fi\n",
            instances::remove_units(service, "systemctl stop", 4),
            instances::units(service, mark, 4),
            instances::units(service, restart, 8),
        );
    }
    hook(&mut s, payload, ONLY_REMOVE, payload.hooks.after_remove.as_deref());
    s
}

/// Adds one of the product's common fragments, if it is for this format.
fn hook(script: &mut String, payload: &Payload, arguments: &str, fragment: Option<&str>) {
    let is_for_us = payload.hooks.formats.as_ref().is_none_or(|f| f.contains(&Format::Rpm));
    if let Some(fragment) = fragment.filter(|_| is_for_us) {
        subshell(script, arguments, fragment);
    }
}

/// Adds a fragment that may `exit` without ending the whole scriptlet; its failure is the scriptlet's.
///
/// `( … ) || exit` would switch off a `set -e` inside. The colon keeps a fragment of nothing but comments from being
/// a syntax error.
fn subshell(script: &mut String, arguments: &str, fragment: &str) {
    let fragment = fragment.trim_end();
    let _ = write!(
        script,
        "(\n:\n{arguments}{fragment}\n)\nstatus=$?\n[ \"$status\" -eq 0 ] || exit \"$status\"\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_may_exit() {
        let mut s = String::new();
        subshell(&mut s, "", "exit 0\n");
        s.push_str("echo on");
        let out = std::process::Command::new("/bin/sh").args(["-c", &s]).output().unwrap();
        assert_eq!(String::from_utf8(out.stdout).unwrap(), "on\n");
        let mut s = String::new();
        subshell(&mut s, "", "# nothing");
        subshell(&mut s, ONLY_REMOVE, "echo $1\nexit 7");
        s.push_str("echo on");
        let out = std::process::Command::new("/bin/sh").args(["-c", &s, "sh", "0"]).output().unwrap();
        assert_eq!((out.stdout, out.status.code()), (b"remove\n".to_vec(), Some(7)));
    }
}
