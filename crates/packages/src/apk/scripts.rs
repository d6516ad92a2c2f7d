//! Install scripts: apk-package(5).
//!
//! Alpine's custom is that a package neither enables nor starts its service. An upgrade restarts a service that
//! runs and leaves a stopped one alone. apk itself keeps edited files below `/etc` (`.apk-new`) and knows no
//! purge; the directories that the product writes to stay.

use landfall_payload::{EntryKind, Format, Payload, Start};

use crate::instances;
use crate::shell::{directories, quote, subshell_function};

/// The scripts that the package needs: name in the archive and text.
pub(super) fn scripts(payload: &Payload) -> Vec<(String, String)> {
    ["pre-install", "post-install", "pre-upgrade", "post-upgrade", "pre-deinstall", "post-deinstall"]
        .into_iter()
        .filter_map(|slot| Some((format!(".{slot}"), script(payload, slot)?)))
        .collect()
}

fn script(payload: &Payload, slot: &str) -> Option<String> {
    let hooks = &payload.hooks;
    let for_us = hooks.formats.as_ref().is_none_or(|f| f.contains(&Format::Apk));
    let (hook, word) = match slot {
        "pre-install" => (&hooks.before_install, "install"),
        "pre-upgrade" => (&hooks.before_install, "upgrade"),
        "post-install" => (&hooks.after_install, "install"),
        "post-upgrade" => (&hooks.after_install, "upgrade"),
        "pre-deinstall" => (&hooks.before_remove, "remove"),
        _ => (&hooks.after_remove, "remove"),
    };
    let mut functions = String::new();
    let mut body = String::new();
    match slot {
        "pre-install" | "pre-upgrade" => body.push_str(&accounts(payload)),
        "post-install" | "post-upgrade" => body.push_str(&directories(payload, "", "exit")),
        "pre-deinstall" => body.push_str(&stop(payload)),
        "post-deinstall" => body.push_str(&ghosts(payload)),
        _ => {}
    }
    if let Some(text) = hook.as_deref().filter(|_| for_us) {
        functions.push_str(&subshell_function("hook", text));
        body.push_str(&format!("hook {word} || exit\n"));
    }
    if let Some(text) = payload.native_script(Format::Apk, slot) {
        functions.push_str(&subshell_function("own", text));
        body.push_str("own \"$@\" || exit\n");
    }
    // Last, when everything the service needs is in place.
    match slot {
        "post-install" => body.push_str(&hint(payload)),
        "post-upgrade" => body.push_str(&restart(payload)),
        _ => {}
    }
    if body.is_empty() {
        return None;
    }
    let gap = if functions.is_empty() { "" } else { "\n" };
    Some(format!("#!/bin/sh\n{functions}{gap}{body}exit 0\n"))
}

fn accounts(payload: &Payload) -> String {
    let mut text = String::new();
    for account in payload.accounts.iter().filter(|account| account.name != "root") {
        let (name, home) = (quote(&account.name), quote(&account.home));
        let title = quote(&account.title.replace(':', " "));
        text.push_str(&format!(
            "grep -q '^{0}:' /etc/group || addgroup -S {name} || exit\n\
             grep -q '^{0}:' /etc/passwd ||\n\
             \x20   adduser -S -D -H -h {home} -s /sbin/nologin -G {name} -g {title} {name} || exit\n",
            account.name
        ));
    }
    text
}

/// Files that the product made at run time.
fn ghosts(payload: &Payload) -> String {
    payload
        .entries(Format::Apk)
        .filter(|entry| matches!(entry.kind, EntryKind::Ghost))
        .map(|entry| format!("rm -f {}\n", quote(&entry.path)))
        .collect()
}

/// The service's name as a shell word, if the package ships its script.
fn service(payload: &Payload) -> Option<String> {
    let name = &payload.service.as_ref()?.name;
    let script = format!("/etc/init.d/{name}");
    payload.entries(Format::Apk).any(|entry| entry.path == script).then(|| quote(name))
}

fn hint(payload: &Payload) -> String {
    let Some(name) = service(payload) else { return String::new() };
    let manual = payload.service.as_ref().is_some_and(|service| service.start == Start::Manual);
    let text = if manual {
        format!("* To start it: rc-service {name} start")
    } else {
        format!(
            "* To start it now and with the machine: rc-update add {name} default && rc-service {name} start"
        )
    };
    format!("echo {}\n", quote(&text))
}

fn restart(payload: &Payload) -> String {
    let Some((definition, name)) = payload.service.as_ref().zip(service(payload)) else {
        return String::new();
    };
    let restart = |name: &str| {
        format!("[ ! -x /sbin/rc-service ] || rc-service --quiet --ifstarted {name} restart || :")
    };
    format!("{}\n{}", restart(&name), instances::scripts(definition, &restart("\"${file##*/}\""), 0))
}

fn stop(payload: &Payload) -> String {
    let Some((definition, name)) = payload.service.as_ref().zip(service(payload)) else {
        return String::new();
    };
    let stop = |name: &str| {
        format!(
            "if [ -x /sbin/rc-service ]; then\n    \
             rc-service --quiet --ifstarted {name} stop || :\n    \
             rc-update --quiet --all del {name} || :\n\
             fi\n"
        )
    };
    let remove = stop("\"${file##*/}\"") + "rm -f \"$file\"";
    stop(&name) + &instances::scripts(definition, &remove, 0)
}
