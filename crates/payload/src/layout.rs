//! Where things are on a machine.

use landfall_manifest::Manifest;
use landfall_manifest::variables::{self, PLACES, PRODUCT};
use landfall_service_definition::{Folders, Platform};

use crate::{Os, Target};

/// What the variables of a manifest stand for.
#[derive(Debug, Clone)]
pub(crate) struct Layout<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) target: &'a Target,
    pub(crate) place: Place,
}

/// Where a product is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the places of a platform.
    Installed(Platform),
    /// In a folder that works where it is unpacked.
    Folder,
}

impl Place {
    /// Where the packages of a target put it: for systems whose only package so far is an archive, a folder.
    pub(crate) fn of_packages(target: &Target) -> Self {
        match target.os {
            Os::Linux => Self::Installed(Platform::Linux),
            Os::Windows | Os::Macos => Self::Folder,
        }
    }
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
            place => match self.place {
                Place::Folder if place == "bin" => String::new(),
                Place::Folder => format!("/{place}"),
                Place::Installed(platform) => installed(platform, place, name),
            },
        }
    }

    /// Replaces variables; the manifest's own check has already refused unknown ones.
    ///
    /// What names a place is a path, and on Windows a path has other separators.
    pub(crate) fn expand(&self, text: &str) -> String {
        let expanded = variables::expand(text, &[PRODUCT, PLACES], |v| self.value(v)).unwrap_or_default();
        let is_path = PLACES.iter().any(|(place, _)| text.contains(&format!("{{{place}}}")));
        if is_path && self.place == Place::Installed(Platform::Windows) {
            expanded.replace('/', "\\")
        } else {
            expanded
        }
    }

    /// An absolute path on the machine, cleaned; `None` for one of Linux on Windows.
    pub(crate) fn path(&self, text: &str) -> Option<String> {
        let path = self.expand(text);
        match self.place {
            Place::Installed(Platform::Windows) => Some(path).filter(|path| path.contains(":\\")),
            _ => Some(clean(&path)),
        }
    }

    /// Where one of the manifest's programs is on the machine.
    pub(crate) fn program(&self, name: &str, manifest: &Manifest) -> String {
        let destination = manifest.programs.get(name).and_then(|p| p.destination.as_deref());
        let path = match destination {
            Some(destination) => self.path(destination).unwrap_or_else(|| self.expand(destination)),
            None => self.expand(&format!("{{bin}}/{name}")),
        };
        if self.target.os == Os::Windows && !path.ends_with(".exe") { format!("{path}.exe") } else { path }
    }
}

/// The value of a variable that stands for a place, where the product is installed.
fn installed(platform: Platform, variable: &str, name: &str) -> String {
    let folders = Folders::of(platform, name);
    match variable {
        "config" => return folders.configuration,
        "state" => return folders.state,
        "logs" => return folders.logs,
        "cache" => return folders.cache,
        "runtime" => return folders.runtime,
        _ => {}
    }
    let (prefix, units) = match platform {
        Platform::Linux | Platform::Container => ("/usr", "/usr/lib/systemd/system"),
        // What is outside /usr/local below /usr is Apple's and sealed.
        Platform::Macos => ("/usr/local", "/Library/LaunchDaemons"),
        Platform::Windows => {
            let own = format!(r"C:\Program Files\{name}");
            return match variable {
                "bin" => own,
                other => format!(r"{own}\{other}"),
            };
        }
    };
    match variable {
        "bin" => format!("{prefix}/bin"),
        "lib" => format!("{prefix}/lib/{name}"),
        "data" => format!("{prefix}/share/{name}"),
        "doc" => format!("{prefix}/share/doc/{name}"),
        "man" => format!("{prefix}/share/man"),
        "units" => units.to_owned(),
        _ => String::new(),
    }
}

/// A destination without doubled and final slashes.
pub(crate) fn clean(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    format!("/{}", parts.join("/"))
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
