//! preinst and postinst.

use super::plan::Plan;
use super::{Body, Script};
use crate::instances;
use crate::shell::quote;

/// Set-id bits, which the kernel drops when a file changes hands.
const SET_ID: u32 = 0o6000;

/// Changes the owner of a shipped path: at the first unpacking the account did not exist yet. An administrator's
/// choice stands, whether registered or simply made.
const OWN: &str = r#"
own() { # owner:group path [mode]
    if [ ! -e "$2" ] || dpkg-statoverride --list "$2" >/dev/null 2>&1; then
        return 0
    fi
    if [ -n "$3" ] || [ "$(stat -c %u:%g "$2" 2>/dev/null || true)" = 0:0 ]; then
        chown -h "$1" "$2"
        [ -z "$3" ] || chmod "$3" "$2"
    fi
}
"#;

pub(super) fn preinst(plan: &Plan<'_>) -> Script {
    let mut script = Script::new("Before the files are unpacked.", plan.own("preinst"));
    if let Some(hook) = plan.before_install {
        script.fragment("before_install", hook);
    }
    for action in ["install", "upgrade"] {
        let mut body = Body::default();
        if action == "install" && plan.tells_install_from_upgrade() {
            body.block(&format!(
                "# After a remove, postinst is called as in an upgrade; this tells it the difference.\n\
                 mkdir -p /var/lib/misc\n\
                 : >{}",
                quote(&plan.new_note())
            ));
        }
        if plan.before_install.is_some() {
            body.block(&format!("before_install {action}"));
        }
        script.case(action, &body.0);
    }
    script
}

pub(super) fn postinst(plan: &Plan<'_>) -> Script {
    let mut script = Script::new("After the files are unpacked.", plan.own("postinst"));
    if !plan.owned.is_empty() {
        script.function(OWN);
    }
    if let Some(hook) = plan.after_install {
        script.fragment("after_install", hook);
    }
    if plan.has_service() {
        script.function(&start_again(plan));
    }

    let mut body = Body::default();
    if plan.tells_install_from_upgrade() {
        body.block(&format!(
            "if [ -z \"$2\" ] || [ -e {} ]; then\n    action=install\nelse\n    action=upgrade\nfi",
            quote(&plan.new_note())
        ));
    }
    accounts(plan, &mut body);
    directories(plan, &mut body);
    for owned in &plan.owned {
        let mode = if owned.mode & SET_ID == 0 { String::new() } else { format!(" {:04o}", owned.mode) };
        body.0.push_str(&format!("own {} {}{mode}\n", owned.owner, quote(owned.path)));
    }
    if plan.after_install.is_some() {
        body.block("after_install \"$action\"");
    }
    service(plan, &mut body);
    if plan.tells_install_from_upgrade() {
        body.block(&format!("rm -f {}", quote(&plan.new_note())));
    }
    script.case("configure", &body.0);
    if plan.has_service() {
        script.case("abort-remove", "start_again");
    }
    script
}

fn accounts(plan: &Plan<'_>, body: &mut Body) {
    if !plan.sysusers.is_empty() {
        let files: Vec<String> = plan.sysusers.iter().map(|f| quote(f)).collect();
        body.block(&format!(
            "if command -v systemd-sysusers >/dev/null; then\n    systemd-sysusers {} || true\nfi",
            files.join(" ")
        ));
    }
    for account in plan.accounts {
        let name = quote(&account.name);
        // A colon ends a field of /etc/passwd.
        let title = quote(&account.title.replace([':', '\n', ','], " "));
        body.block(&format!(
            "getent group {name} >/dev/null || groupadd --system {name}\n\
             getent passwd {name} >/dev/null ||\n    \
             useradd --system --gid {name} --home-dir {} --no-create-home --shell /usr/sbin/nologin \\\n        \
             --comment {title} {name}",
            quote(&account.home)
        ));
    }
}

fn directories(plan: &Plan<'_>, body: &mut Body) {
    let mut text = String::new();
    if !plan.tmpfiles.is_empty() {
        let files: Vec<String> = plan.tmpfiles.iter().map(|f| quote(f)).collect();
        text.push_str(&format!(
            "if command -v systemd-tmpfiles >/dev/null; then\n    systemd-tmpfiles --create {} || true\nfi\n",
            files.join(" ")
        ));
    }
    for d in plan.writable {
        let path = quote(&d.path);
        text.push_str(&format!(
            "[ -d {path} ] || install -d -m {:04o} -o {} -g {} {path}\n",
            d.mode,
            quote(&d.owner),
            quote(&d.group)
        ));
    }
    body.block(&text);
}

/// A function that starts a service which prerm stopped. It ran, so it may run: neither its being enabled nor
/// policy-rc.d is asked.
fn start_again(plan: &Plan<'_>) -> String {
    let systemd = plan.unit.as_ref().map(|unit| {
        format!("if ! systemctl start {0}; then\n    echo {0} does not start >&2\nfi", quote(unit))
    });
    let sysv = plan.init.map(|name| format!("invoke-rc.d --force {} start || true", quote(name)));
    format!(
        "start_again() {{\n    if [ -e {note} ]; then\n{}        rm -f {note}\n    fi\n}}",
        indent(&by_manager(systemd.as_deref(), sysv.as_deref()), 8),
        note = quote(&plan.running_note()),
    )
}

fn service(plan: &Plan<'_>, body: &mut Body) {
    if let Some(unit) = &plan.unit {
        let unit = quote(unit);
        let enable = if plan.automatic {
            format!(
                "deb-systemd-helper unmask {unit} >/dev/null || true\n\
                 # True for a new installation, too.\n\
                 if deb-systemd-helper --quiet was-enabled {unit}; then\n    \
                 deb-systemd-helper enable {unit} >/dev/null || true\n\
                 else\n    \
                 deb-systemd-helper update-state {unit} >/dev/null || true\n\
                 fi"
            )
        } else {
            format!(
                "# Started by hand: enabled only if an administrator enabled it.\n\
                 if deb-systemd-helper debian-installed {unit}; then\n    \
                 deb-systemd-helper unmask {unit} >/dev/null || true\n    \
                 if deb-systemd-helper --quiet was-enabled {unit}; then\n        \
                 deb-systemd-helper enable {unit} >/dev/null || true\n    \
                 fi\n\
                 fi\n\
                 deb-systemd-helper update-state {unit} >/dev/null || true"
            )
        };
        body.block(&enable);
    }
    if let Some(name) = plan.init {
        let when = if plan.automatic { "defaults" } else { "defaults-disabled" };
        let script = quote(&format!("/etc/init.d/{name}"));
        body.block(&format!(
            "if [ -x {script} ]; then\n    update-rc.d {} {when} >/dev/null\nfi",
            quote(name)
        ));
    }
    if !plan.has_service() {
        return;
    }
    let systemd = plan.unit.as_ref().map(|unit| {
        let unit = quote(unit);
        let restart = format!("deb-systemd-invoke try-restart {unit} >/dev/null || true");
        let act = if plan.automatic {
            format!(
                "if [ \"$action\" = install ]; then\n    \
                 deb-systemd-invoke start {unit} >/dev/null || true\n\
                 else\n    {restart}\nfi"
            )
        } else {
            restart
        };
        let instances = "deb-systemd-invoke try-restart \"${file##*/}\" >/dev/null || true";
        let instances = plan.service().map(|service| instances::units(service, instances, 0));
        format!(
            "systemctl --system daemon-reload >/dev/null || true\n{act}\n{}",
            instances.unwrap_or_default().trim_end()
        )
    });
    let sysv = plan.init.map(|name| {
        let name = quote(name);
        let restart = format!("invoke-rc.d --quiet {name} status >/dev/null 2>&1; then\n    ");
        // Asked for its status, invoke-rc.d has followed policy-rc.d; without --force it would leave a running
        // service that is not enabled with the old program.
        let restart = format!("{restart}invoke-rc.d --force {name} restart || true\nfi");
        let act = if plan.automatic {
            format!(
                "if [ \"$action\" = install ]; then\n    invoke-rc.d {name} start || true\nelif {restart}"
            )
        } else {
            format!("if {restart}")
        };
        let instances = "if invoke-rc.d --quiet \"${file##*/}\" status >/dev/null 2>&1; then\n    \
                         invoke-rc.d --force \"${file##*/}\" restart || true\nfi";
        let instances = plan.service().map(|service| instances::scripts(service, instances, 0));
        format!("{act}\n{}", instances.unwrap_or_default().trim_end())
    });
    body.block(&format!("{}start_again", by_manager(systemd.as_deref(), sysv.as_deref())));
}

/// Commands for systemd where it runs, and for SysV init elsewhere. A package without a unit has its init script
/// run by whichever of them is there.
pub(super) fn by_manager(systemd: Option<&str>, sysv: Option<&str>) -> String {
    match (systemd, sysv) {
        (Some(systemd), Some(sysv)) => format!(
            "if [ -d /run/systemd/system ]; then\n{}else\n{}fi\n",
            indent(systemd, 4),
            indent(sysv, 4)
        ),
        (Some(systemd), None) => format!("if [ -d /run/systemd/system ]; then\n{}fi\n", indent(systemd, 4)),
        (None, Some(sysv)) => format!("{sysv}\n"),
        (None, None) => String::new(),
    }
}

fn indent(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}
