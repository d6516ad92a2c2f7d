//! systemd: a unit in the administrator's folder, which goes before a package's.

use super::super::failure::Result;
use super::super::owner::package_of;
use super::super::step::{Access, Command, Step, Text};
use super::{Found, Owner, Site, marked, owner_of};
use crate::exit::Exit;
use landfall_service_definition::{Start, systemd};

/// Where packages and other tools put units (systemd.unit(5), «Unit File Load Path»).
const OTHERS: &[&str] = &["/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// Folder of the units that are installed by hand.
fn folder(site: &Site<'_>) -> String {
    if !site.definition.is_user_service() {
        return "/etc/systemd/system".to_owned();
    }
    let configuration = &site.definition.folders.configuration;
    let above = configuration.rsplit_once('/').map_or(configuration.as_str(), |(above, _)| above);
    format!("{above}/systemd/user")
}

fn unit_file(site: &Site<'_>) -> String {
    format!("{}/{}", folder(site), site.definition.unit())
}

/// The link by which the unit starts with the machine; what `systemctl enable` would make.
fn link(site: &Site<'_>) -> String {
    let target = if site.definition.is_user_service() { "default.target" } else { "multi-user.target" };
    format!("{}/{target}.wants/{}", folder(site), site.definition.unit())
}

/// `systemctl …`, of the machine or of the user.
fn systemctl<'a>(site: &Site<'_>, words: &[&'a str]) -> Vec<&'a str> {
    let begin: &[&str] =
        if site.definition.is_user_service() { &["systemctl", "--user"] } else { &["systemctl"] };
    [begin, words].concat()
}

pub(super) fn examine(site: &Site<'_>) -> Result<Found> {
    let unit = site.definition.unit();
    let mut owner = owner_of(site, &unit_file(site))?;
    if owner == Owner::Nobody && !site.definition.is_user_service() {
        let path = OTHERS.iter().map(|folder| format!("{folder}/{unit}")).find(|path| site.host.exists(path));
        if let Some(path) = path {
            owner = Owner::Package(package_of(site.host, &path));
        }
    }
    if owner == Owner::Nobody {
        return Ok(Found::NOTHING);
    }
    // One that waits to be started again runs, as far as its administrator is concerned.
    let state = site.host.says(&systemctl(site, &["show", "--value", "--property=ActiveState", &unit]));
    let active = matches!(state.as_deref(), Some("active" | "activating" | "reloading"));
    Ok(Found { owner, active })
}

/// Steps are undone in reverse order, so what must come last then comes first here: first the old definition is
/// read again, then what ran runs again with it.
pub(super) fn prepare(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let unit = site.definition.unit();
    let last = match found.active {
        true => Step::on_undo(&systemctl(site, &["restart", &unit])),
        // A unit that failed is remembered until it is said otherwise; one that did not fail is refused.
        false => {
            let forget = systemctl(site, &["reset-failed", &unit]);
            Step::on_undo(&[&["sh", "-c", "\"$@\" 2>/dev/null || :", "sh"][..], &forget].concat())
        }
    };
    vec![last, Step::on_undo(&systemctl(site, &["daemon-reload"]))]
}

pub(super) fn install(site: &Site<'_>, found: &Found, run: bool) -> Vec<Step> {
    let definition = site.definition;
    let access = if definition.is_user_service() { Access::of(None, 0o644) } else { Access::root(0o644) };
    let above = if definition.is_user_service() { Access::of(None, 0o755) } else { Access::root(0o755) };
    let upgrade = found.owner == Owner::Us;
    let mut steps = Vec::new();
    if definition.is_user_service() {
        steps.push(Step::Folder { path: folder(site), access: above.clone() });
    }
    steps.push(Step::write(
        unit_file(site),
        Text::open(marked(definition, &systemd::unit(definition))),
        access,
    ));
    // After that it is the administrator's decision.
    if !upgrade && definition.start != Start::Manual {
        let link = link(site);
        if let Some((folder, _)) = link.rsplit_once('/') {
            steps.push(Step::Folder { path: folder.to_owned(), access: above });
        }
        steps.push(Step::Link { path: link, target: unit_file(site) });
        steps.extend(linger(site));
    }
    steps.extend(turn(site, found, run));
    steps
}

/// The folders that settings name are opened to a unit that stays as it is.
pub(super) fn adapt(site: &Site<'_>, found: &Found, run: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(text) = systemd::open_folders(site.definition) {
        let folder = format!("{}.d", unit_file(site));
        steps.push(Step::Folder { path: folder.clone(), access: Access::root(0o755) });
        let text = Text::open(marked(site.definition, &text));
        steps.push(Step::write(format!("{folder}/settings.conf"), text, Access::root(0o644)));
    }
    steps.extend(turn(site, found, run));
    steps
}

/// Has the definition read, and the service run or not.
fn turn(site: &Site<'_>, found: &Found, run: bool) -> Vec<Step> {
    let unit = site.definition.unit();
    let of_unit =
        format!("{}={unit}", if site.definition.is_user_service() { "--user-unit" } else { "--unit" });
    let journal = ["journalctl", "--quiet", "--no-pager", "--output=cat", "--lines=20", &of_unit];
    let call = |words: &[&str]| Command::new(&systemctl(site, words));
    let mut steps = vec![Step::Run(call(&["daemon-reload"]))];
    let start = |verb: &str| call(&[verb, &unit]).or(Exit::StartFailed, &journal);
    match (found.active, run) {
        (true, true) => steps.push(Step::Run(start("restart"))),
        (false, true) => {
            steps.push(Step::Run(start("start").undone_by(&systemctl(site, &["stop", &unit]))));
        }
        (true, false) => steps.push(Step::Run(call(&["stop", &unit]).or(Exit::StopFailed, &journal))),
        (false, false) => {}
    }
    steps
}

/// A user's services start with the machine only for users who may linger (loginctl(1)).
fn linger(site: &Site<'_>) -> Option<Step> {
    if !site.definition.is_user_service() {
        return None;
    }
    let user = site.host.says(&["id", "-un"])?;
    let lingers = site.host.exists(&format!("/var/lib/systemd/linger/{user}"));
    (!lingers).then(|| {
        let command = Command::new(&["loginctl", "enable-linger"]).undone_by(&["loginctl", "disable-linger"]);
        Step::Run(command.may_fail())
    })
}

pub(super) fn uninstall(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let unit = site.definition.unit();
    let mut steps = Vec::new();
    if found.active {
        steps.push(Step::on_undo(&systemctl(site, &["start", &unit])));
    }
    steps.push(Step::on_undo(&systemctl(site, &["daemon-reload"])));
    steps.push(Step::Run(Command::new(&systemctl(site, &["stop", &unit])).or(Exit::StopFailed, &[])));
    steps.push(Step::Remove { path: link(site) });
    steps.push(Step::Remove { path: unit_file(site) });
    steps.push(Step::Run(Command::new(&systemctl(site, &["daemon-reload"]))));
    // A unit that failed is remembered until it is said otherwise.
    steps.push(Step::Run(Command::new(&systemctl(site, &["reset-failed", &unit])).quiet()));
    steps
}
