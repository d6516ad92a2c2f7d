//! prerm and postrm.

use landfall_payload::Definition;

use super::install::by_manager;
use super::plan::Plan;
use super::{Body, Script};
use crate::instances;
use crate::shell::quote;

/// Directories of the system below which a product has directories of its own.
const PARENTS: [&str; 11] = [
    "/etc/",
    "/opt/",
    "/run/",
    "/srv/",
    "/usr/local/",
    "/var/cache/",
    "/var/lib/",
    "/var/log/",
    "/var/opt/",
    "/var/spool/",
    "/var/tmp/",
];

pub(super) fn prerm(plan: &Plan<'_>) -> Script {
    let mut script = Script::new(
        "Before the files are removed. An upgrade leaves the service running.",
        plan.own("prerm"),
    );
    if let Some(hook) = plan.before_remove {
        script.fragment("before_remove", hook);
    }
    let note = quote(&plan.running_note());
    let systemd = plan.unit.as_ref().map(|unit| {
        let unit = quote(unit);
        format!(
            "case \"$(systemctl is-active {unit} 2>/dev/null || true)\" in\n\
             active | activating | reloading) : >{note} ;;\n\
             esac\n\
             deb-systemd-invoke stop {unit} >/dev/null || true"
        )
    });
    let sysv = plan.init.map(|name| {
        let name = quote(name);
        format!(
            "if invoke-rc.d --quiet {name} status >/dev/null 2>&1; then\n    : >{note}\nfi\n\
             invoke-rc.d {name} stop || true"
        )
    });
    let mut body = Body::default();
    if plan.has_service() {
        body.block(&format!(
            "# An aborted removal brings back what ran.\nmkdir -p /var/lib/misc\n{}",
            by_manager(systemd.as_deref(), sysv.as_deref())
        ));
    }
    if plan.before_remove.is_some() {
        body.block("before_remove remove");
    }
    script.case("remove", &body.0);
    script
}

pub(super) fn postrm(plan: &Plan<'_>) -> Script {
    let mut script = Script::new(
        "After the files are removed. What the service wrote stays until a purge.",
        plan.own("postrm"),
    );
    if let Some(hook) = plan.after_remove {
        script.fragment("after_remove", hook);
    }

    let mut remove = Body::default();
    remove.block(&forget_notes(plan));
    if let Some(service) = plan.service().filter(|_| plan.has_service()) {
        remove.block(&format!(
            "# Further instances of the service ran the program that is gone.\n{}",
            remove_instances(plan, service)
        ));
    }
    if let Some(unit) = &plan.unit {
        let unit = quote(unit);
        remove.block(&format!(
            "if [ -d /run/systemd/system ]; then\n    \
             systemctl --system daemon-reload >/dev/null || true\n    \
             command -v systemctl >/dev/null && systemctl reset-failed {unit} >/dev/null 2>&1 || true\n\
             fi\n\
             # What is left of its configuration must not start it.\n\
             if command -v deb-systemd-helper >/dev/null; then\n    \
             deb-systemd-helper mask {unit} >/dev/null || true\n\
             fi"
        ));
    }
    if plan.after_remove.is_some() {
        remove.block("after_remove remove");
    }
    script.case("remove", &remove.0);
    script.case("purge", &purge(plan).0);
    if plan.tells_install_from_upgrade() {
        script.case("abort-install", &format!("rm -f {}", quote(&plan.new_note())));
    }
    script
}

fn remove_instances(plan: &Plan<'_>, service: &Definition) -> String {
    let mut text = String::new();
    if plan.unit.is_some() {
        text.push_str(&instances::remove_units(service, "deb-systemd-invoke stop", 0));
    }
    if plan.init.is_some() {
        let act = "[ -d /run/systemd/system ] || invoke-rc.d --force \"${file##*/}\" stop || true\n\
                   rm -f \"$file\"\n\
                   update-rc.d \"${file##*/}\" remove >/dev/null || true";
        text.push_str(&instances::scripts(service, act, 0));
    }
    text
}

fn forget_notes(plan: &Plan<'_>) -> String {
    let mut notes = Vec::new();
    if plan.tells_install_from_upgrade() {
        notes.push(quote(&plan.new_note()));
    }
    if plan.has_service() {
        notes.push(quote(&plan.running_note()));
    }
    if notes.is_empty() { String::new() } else { format!("rm -f {}", notes.join(" ")) }
}

fn purge(plan: &Plan<'_>) -> Body {
    let mut body = Body::default();
    body.block(&forget_notes(plan));
    if let Some(unit) = &plan.unit {
        let unit = quote(unit);
        body.block(&format!(
            "if command -v deb-systemd-helper >/dev/null; then\n    \
             deb-systemd-helper purge {unit} >/dev/null || true\n    \
             deb-systemd-helper unmask {unit} >/dev/null || true\n\
             fi"
        ));
    }
    if let Some(name) = plan.init {
        body.block(&format!("update-rc.d {} remove >/dev/null || true", quote(name)));
    }
    let mut lines = String::new();
    if let Some(unit) = &plan.unit {
        // Where install-service has opened folders to the service.
        let folder = quote(&format!("/etc/systemd/system/{unit}.d"));
        lines.push_str(&format!("rm -f {folder}/settings.conf\nrmdir {folder} 2>/dev/null || true\n"));
    }
    let folders = plan.service().map(|service| &service.folders);
    let folders = folders.iter().flat_map(|f| [&f.state, &f.logs, &f.cache, &f.configuration]);
    for path in folders.filter(|path| is_own(path)) {
        // Those of further instances.
        lines.push_str(&format!("rm -rf {}@* || true\n", quote(path)));
    }
    let (own, shared): (Vec<_>, Vec<_>) =
        plan.writable.iter().map(|d| d.path.as_str()).partition(|p| is_own(p));
    for path in &own {
        // A mount point can be emptied, but not removed.
        lines.push_str(&format!("rm -rf {} || true\n", quote(path)));
    }
    for path in plan.ghosts.iter().chain(&plan.generated) {
        if !own.iter().any(|d| path.strip_prefix(d).is_some_and(|rest| rest.starts_with('/'))) {
            lines.push_str(&format!("rm -f {}\n", quote(path)));
        }
    }
    for path in shared {
        lines.push_str(&format!("rmdir {} 2>/dev/null || true\n", quote(path)));
    }
    if !lines.is_empty() {
        body.block(&format!("# A purge takes all data, unsent data too.\n{lines}"));
    }
    if let Some(directory) = plan.configuration.as_deref().filter(|d| is_own(d)) {
        body.block(&format!(
            "# Unless another package keeps files there.\n\
             if ! dpkg-query --search {} 2>/dev/null | grep -q -v {}; then\n    rm -rf {}\nfi",
            quote(&format!("{directory}/*")),
            quote(&format!("^{}[:,]", plan.name.replace('.', r"\."))),
            quote(directory)
        ));
    }
    if !plan.accounts.is_empty() && !body.0.is_empty() {
        body.block(
            "# The account stays: files elsewhere may belong to it, and a number that is given out again would hand\n\
             # them to a stranger.",
        );
    }
    if plan.unit.is_some() {
        body.block("if [ -d /run/systemd/system ]; then\n    systemctl --system daemon-reload >/dev/null || true\nfi");
    }
    body
}

/// Whether a directory is the product's alone, so that it can be deleted with everything in it.
fn is_own(path: &str) -> bool {
    let below = PARENTS.iter().find_map(|parent| path.strip_prefix(parent));
    // `/var/lib/demo`, but not `/usr/local/bin` or a path that leaves its parent.
    below.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('.') && !rest.contains("/."))
        && ![
            "/etc/default",
            "/etc/init.d",
            "/usr/local/bin",
            "/usr/local/lib",
            "/usr/local/share",
            "/var/lib/misc",
        ]
        .contains(&path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_a_products_own_directories_are_deleted_whole() {
        for own in ["/var/lib/demo", "/var/log/demo/today", "/run/demo", "/srv/demo"] {
            assert!(is_own(own), "{own}");
        }
        for shared in
            ["/var/lib", "/var/lib/", "/home/demo", "/", "/var/lib/../x", "/var/lib/a/../..", "/etc/default"]
        {
            assert!(!is_own(shared), "{shared}");
        }
    }
}
