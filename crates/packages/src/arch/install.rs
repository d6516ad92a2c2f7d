//! `.INSTALL`: functions that pacman calls (PKGBUILD(5), «install/upgrade/remove scripting»).
//!
//! Arch's custom is that a package neither enables nor starts its service, and that accounts and directories are
//! declared for systemd-sysusers and systemd-tmpfiles, which pacman's hooks run after everything. They are run
//! here as well, because a service that is restarted needs them, and each account and directory is then looked
//! after, for systems without them. An upgrade restarts a service that runs and leaves a stopped one alone.
//! pacman keeps edited `backup` files (`.pacnew`, `.pacsave`) and knows no purge; the directories that the product
//! writes to stay.

use landfall_payload::{Entry, EntryKind, Format, Payload, Start};

use crate::instances;
use crate::shell::{directories, quote, subshell_function};

/// Set-id bits, which the kernel drops when a file changes hands.
const SET_ID: u32 = 0o6000;

/// pacman's functions: name, the common hook that belongs there, and the word it is told.
const FUNCTIONS: [(&str, Hook, &str); 6] = [
    ("pre_install", |h| &h.before_install, "install"),
    ("post_install", |h| &h.after_install, "install"),
    ("pre_upgrade", |h| &h.before_install, "upgrade"),
    ("post_upgrade", |h| &h.after_install, "upgrade"),
    ("pre_remove", |h| &h.before_remove, "remove"),
    ("post_remove", |h| &h.after_remove, "remove"),
];

type Hook = fn(&landfall_payload::Hooks) -> &Option<String>;

/// The text of `.INSTALL`, or `None` where there is nothing to do.
pub(super) fn install(payload: &Payload) -> Option<String> {
    let hooks = Some(&payload.hooks).filter(|h| h.formats.as_ref().is_none_or(|f| f.contains(&Format::Arch)));
    let preparation = prepare(payload);
    let mut helpers = String::new();
    if !preparation.is_empty() {
        helpers.push_str(&format!("prepare() {{\n{preparation}}}\n\n"));
    }
    let mut functions = String::new();
    for (slot, hook, word) in FUNCTIONS {
        let mut body = before(payload, slot, !preparation.is_empty());
        if let Some(fragment) = hooks.and_then(|hooks| hook(hooks).as_deref()) {
            helpers.push_str(&format!("{}\n", subshell_function(&format!("hook_{slot}"), fragment)));
            body.push_str(&format!("    hook_{slot} {word} || return\n"));
        }
        if let Some(fragment) = payload.native_script(Format::Arch, &slot.replace('_', "-")) {
            helpers.push_str(&format!("{}\n", subshell_function(&format!("own_{slot}"), fragment)));
            body.push_str(&format!("    own_{slot} \"$@\" || return\n"));
        }
        body.push_str(&after(payload, slot));
        if !body.is_empty() {
            functions.push_str(&format!("{slot}() {{\n{body}    return 0\n}}\n\n"));
        }
    }
    if functions.is_empty() {
        return None;
    }
    Some(format!("{helpers}{}\n", functions.trim_end()))
}

/// What comes before the product's own parts.
fn before(payload: &Payload, slot: &str, prepares: bool) -> String {
    match (slot, unit(payload)) {
        ("post_install" | "post_upgrade", _) if prepares => "    prepare || return\n".into(),
        ("pre_remove", Some(unit)) => with_systemd(&format!("systemctl --quiet disable --now {unit} || :")),
        _ => String::new(),
    }
}

/// What comes after them.
fn after(payload: &Payload, slot: &str) -> String {
    let unit = unit(payload);
    let manual = payload.service.as_ref().is_some_and(|service| service.start == Start::Manual);
    match (slot, unit) {
        ("post_install", Some(unit)) if manual => {
            format!("    echo {}\n", quote(&format!("To start it: systemctl start {unit}")))
        }
        ("post_install", Some(unit)) => {
            let hint = format!("To start it now and with the machine: systemctl enable --now {unit}");
            format!("    echo {}\n", quote(&hint))
        }
        ("post_upgrade", Some(unit)) => {
            let instances = payload.service.iter().map(|service| {
                let act = "systemctl --quiet try-restart \"${file##*/}\" || :";
                instances::units(service, act, 8)
            });
            with_systemd(&format!(
                "systemctl daemon-reload || :\n        systemctl --quiet try-restart {unit} || :\n{}",
                instances.collect::<String>().trim_end()
            ))
        }
        ("post_remove", unit) => {
            let mut text = String::new();
            for ghost in payload.entries(Format::Arch).filter(|e| matches!(e.kind, EntryKind::Ghost)) {
                text.push_str(&format!("    rm -f {}\n", quote(&ghost.path)));
            }
            if unit.is_some() {
                let instances = payload
                    .service
                    .iter()
                    .map(|service| instances::remove_units(service, "systemctl stop", 4));
                text.extend(instances);
                text.push_str(&with_systemd("systemctl daemon-reload || :"));
            }
            text
        }
        _ => String::new(),
    }
}

/// The service's unit as a shell word, if the package ships it.
fn unit(payload: &Payload) -> Option<String> {
    let unit = payload.service.as_ref()?.unit();
    ships(payload, &format!("/usr/lib/systemd/system/{unit}")).then(|| quote(&unit))
}

fn ships(payload: &Payload, path: &str) -> bool {
    payload.entries(Format::Arch).any(|entry| entry.path == path)
}

fn with_systemd(command: &str) -> String {
    format!("    if [ -d /run/systemd/system ]; then\n        {command}\n    fi\n")
}

/// Accounts, directories, and owners of files that do not belong to root.
fn prepare(payload: &Payload) -> String {
    let name = &payload.product.name;
    let mut text = String::new();
    if ships(payload, &format!("/usr/lib/sysusers.d/{name}.conf")) {
        text.push_str(&if_there("systemd-sysusers", &format!("{}.conf", quote(name))));
    }
    for account in payload.accounts.iter().filter(|account| account.name != "root") {
        let (name, home) = (quote(&account.name), quote(&account.home));
        // A colon ends a field of /etc/passwd.
        let title = quote(&account.title.replace([':', '\n'], " "));
        text.push_str(&format!(
            "    getent group {name} >/dev/null || groupadd --system {name} || return\n    \
             getent passwd {name} >/dev/null ||\n        \
             useradd --system --gid {name} --no-create-home --home-dir {home} \\\n            \
             --shell /usr/bin/nologin --comment {title} {name} || return\n"
        ));
    }
    if ships(payload, &format!("/usr/lib/tmpfiles.d/{name}.conf")) {
        text.push_str(&if_there("systemd-tmpfiles", &format!("--create {}.conf", quote(name))));
    }
    // What systemd-tmpfiles has not made.
    text.push_str(&directories(payload, "    ", "return"));
    for entry in payload.entries(Format::Arch).filter(|e| e.owner != "root" || e.group != "root") {
        text.push_str(&hand_over(entry));
    }
    text
}

/// Runs a tool where it is; what it does is checked afterwards.
fn if_there(program: &str, arguments: &str) -> String {
    format!("    if command -v {program} >/dev/null; then\n        {program} {arguments} || :\n    fi\n")
}

/// Gives a shipped path, which the archive says is root's, to its owner.
fn hand_over(entry: &Entry) -> String {
    if matches!(entry.kind, EntryKind::Ghost) {
        return String::new();
    }
    let path = quote(&entry.path);
    let mut text = format!(
        "    [ ! -e {path} ] || chown -h {}:{} {path} || return\n",
        quote(&entry.owner),
        quote(&entry.group)
    );
    if entry.mode & SET_ID != 0 {
        text.push_str(&format!(
            "    [ ! -e {path} ] || chmod {:04o} {path} || return\n",
            entry.mode & 0o7777
        ));
    }
    text
}
