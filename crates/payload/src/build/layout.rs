//! Where things are on a machine.

use crate::{Os, Target};

/// What the variables of a manifest stand for.
#[derive(Debug, Clone)]
pub(crate) struct Layout<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) target: &'a Target,
}

impl Layout<'_> {
    /// The value of a variable of `landfall_manifest::variables`.
    pub(crate) fn value(&self, variable: &str) -> String {
        let name = self.name;
        match variable {
            "name" => name.to_owned(),
            "version" => self.version.to_owned(),
            "target" => self.target.triple.clone(),
            "arch" => self.target.architecture.name().to_owned(),
            "os" => self.target.os.name().to_owned(),
            _ if self.target.os != Os::Linux => self.flat(variable),
            "bin" => "/usr/bin".to_owned(),
            "lib" => format!("/usr/lib/{name}"),
            "data" => format!("/usr/share/{name}"),
            "config" => format!("/etc/{name}"),
            "state" => format!("/var/lib/{name}"),
            "logs" => format!("/var/log/{name}"),
            "cache" => format!("/var/cache/{name}"),
            "runtime" => format!("/run/{name}"),
            "doc" => format!("/usr/share/doc/{name}"),
            "man" => "/usr/share/man".to_owned(),
            "units" => "/usr/lib/systemd/system".to_owned(),
            _ => String::new(),
        }
    }

    /// For systems whose only package so far is an archive: a folder that works where it is unpacked.
    fn flat(&self, variable: &str) -> String {
        match variable {
            "bin" => String::new(),
            other => format!("/{other}"),
        }
    }
}

/// Directories that belong to the base system: a package that puts a file there does not own them.
pub(crate) fn is_system_directory(path: &str) -> bool {
    const SYSTEM: &[&str] = &[
        "/",
        "/etc",
        "/etc/conf.d",
        "/etc/cron.d",
        "/etc/default",
        "/etc/init.d",
        "/etc/logrotate.d",
        "/etc/profile.d",
        "/etc/sysconfig",
        "/etc/systemd",
        "/etc/systemd/system",
        "/etc/xdg",
        "/opt",
        "/run",
        "/srv",
        "/usr",
        "/usr/bin",
        "/usr/include",
        "/usr/lib",
        "/usr/lib/systemd",
        "/usr/lib/systemd/system",
        "/usr/lib/systemd/system-preset",
        "/usr/lib/systemd/user",
        "/usr/lib/sysusers.d",
        "/usr/lib/tmpfiles.d",
        "/usr/lib/udev",
        "/usr/lib/udev/rules.d",
        "/usr/libexec",
        "/usr/local",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/share",
        "/usr/share/applications",
        "/usr/share/bash-completion",
        "/usr/share/bash-completion/completions",
        "/usr/share/doc",
        "/usr/share/fish",
        "/usr/share/fish/vendor_completions.d",
        "/usr/share/icons",
        "/usr/share/icons/hicolor",
        "/usr/share/licenses",
        "/usr/share/man",
        "/usr/share/metainfo",
        "/usr/share/pixmaps",
        "/usr/share/zsh",
        "/usr/share/zsh/vendor-completions",
        "/usr/share/zsh/site-functions",
        "/var",
        "/var/cache",
        "/var/lib",
        "/var/log",
        "/var/spool",
    ];
    SYSTEM.contains(&path)
        || path.starts_with("/usr/share/man/")
        || path.starts_with("/usr/share/icons/hicolor/")
        // A multiarch library directory: /usr/lib/x86_64-linux-gnu.
        || path.strip_prefix("/usr/lib/").is_some_and(|p| p.contains("-linux-") && !p.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::is_system_directory;

    #[test]
    fn system_directories_are_known() {
        for known in ["/", "/etc", "/var/spool", "/usr/share/zsh/site-functions", "/usr/lib/udev/rules.d"] {
            assert!(is_system_directory(known), "{known}");
        }
        assert!(!is_system_directory("/etc/demo"));
        assert!(is_system_directory("/usr/share/man/man1"));
        assert!(is_system_directory("/usr/lib/aarch64-linux-gnu"));
    }
}
