//! The steps of the scenario: names, order, meaning.

/// A stage of a package's life; the columns of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It comes onto the machine.
    Install,
    /// Its service runs and does its work.
    Run,
    /// A newer version takes its place.
    Upgrade,
    /// An older version comes back.
    Downgrade,
    /// It goes.
    Remove,
    /// Nothing of it stays.
    Purge,
    /// Something goes wrong on the way.
    Failures,
    /// The machine is restarted or loses its power.
    Reboot,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 8] = [
        Self::Install,
        Self::Run,
        Self::Upgrade,
        Self::Downgrade,
        Self::Remove,
        Self::Purge,
        Self::Failures,
        Self::Reboot,
    ];

    /// Heading of its column.
    pub fn title(self) -> &'static str {
        match self {
            Self::Install => "Install",
            Self::Run => "Run",
            Self::Upgrade => "Upgrade",
            Self::Downgrade => "Downgrade",
            Self::Remove => "Remove",
            Self::Purge => "Purge",
            Self::Failures => "Failures",
            Self::Reboot => "Reboot",
        }
    }
}

/// A step of the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Short name.
    pub id: &'static str,
    /// Stage it belongs to.
    pub stage: Stage,
    /// What must hold, for people: a sentence without a full stop.
    pub title: &'static str,
}

/// Every step, in the order in which they are taken.
pub const ALL: &[Definition] = &[
    step("layout", Stage::Install, "An administrative installation lays its files out and installs nothing"),
    step("install", Stage::Install, "It installs silently, with settings laid out beforehand"),
    step("files", Stage::Install, "Files, owners and modes are as declared"),
    step("registry", Stage::Install, "The registry holds what is declared"),
    step("service", Stage::Run, "The service is registered, starts and becomes ready"),
    step("health", Stage::Run, "The health address answers"),
    step("check", Stage::Run, "The product's own check succeeds"),
    step("secrets", Stage::Run, "No log holds a secret that was laid out"),
    step("restart", Stage::Run, "An edited configuration and queued work survive a restart"),
    step("recovery", Stage::Run, "The service comes back after its process was killed"),
    step("upgrade", Stage::Upgrade, "The new release goes over the previous one"),
    step("upgrade-configuration", Stage::Upgrade, "The edited configuration is kept"),
    step("upgrade-service", Stage::Upgrade, "The service runs after it if and only if it ran before"),
    step("upgrade-work", Stage::Upgrade, "Work that was queued before is done after"),
    step("reinstall", Stage::Upgrade, "The same release over itself changes nothing of the user's"),
    step("repair", Stage::Upgrade, "Files that were damaged or deleted are put right"),
    step("downgrade", Stage::Downgrade, "The previous release over the new one does what the policy says"),
    step("remove", Stage::Remove, "It is removed, and its program and service are gone"),
    step("remove-keeps", Stage::Remove, "Configuration and queued work are kept"),
    step("remove-leaves", Stage::Remove, "Nothing else is left behind"),
    step("return", Stage::Remove, "Installed again, it goes on where it was"),
    step("purge", Stage::Purge, "After a purge nothing is left behind"),
    step(
        "wrong-setting",
        Stage::Failures,
        "A setting that cannot be is refused, at first and in an upgrade, and harms nothing",
    ),
    step("script-fails", Stage::Failures, "A script that fails is reported, and can be put right"),
    step("disk-full", Stage::Failures, "A full disk during an upgrade harms nothing, and can be put right"),
    step("killed", Stage::Failures, "An upgrade killed in the middle harms nothing, and can be put right"),
    step(
        "not-ready",
        Stage::Failures,
        "A release whose service never becomes ready is noticed, and can be put right",
    ),
    step("reboot", Stage::Reboot, "The service runs again after a restart of the machine"),
    step("power-cut", Stage::Reboot, "A power cut loses no queued work"),
    step("selinux", Stage::Reboot, "It works while SELinux enforces its policy"),
];

/// The step with a short name.
pub fn find(id: &str) -> Option<&'static Definition> {
    ALL.iter().find(|step| step.id == id)
}

const fn step(id: &'static str, stage: Stage, title: &'static str) -> Definition {
    Definition { id, stage, title }
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn the_script_for_windows_takes_every_step() {
        let script = include_str!("../../../labs/windows/verify.ps1");
        let list = script.split("$Known = @(").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
        let known: Vec<&str> = list.split('\'').skip(1).step_by(2).collect();
        let all: Vec<&str> = ALL.iter().map(|step| step.id).collect();
        assert_eq!(known, all);
        // It takes each once, in the same order.
        let play = script.split("function Play(").nth(1).and_then(|rest| rest.split("\n}\n").next()).unwrap();
        let steps = play.lines().filter_map(|line| line.trim_start().strip_prefix("Step '"));
        let taken: Vec<&str> = steps.filter_map(|rest| rest.split('\'').next()).collect();
        assert_eq!(taken, all);
    }
}
