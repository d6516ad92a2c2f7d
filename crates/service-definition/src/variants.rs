//! What an installation may change: instance, account, program, environment.
//!
//! Each method makes a new definition, so that an installer can show both.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Account, Definition, Folders, Health, Platform};

/// Something that cannot be done on a platform, or with a value that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(pub(crate) String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsupported {}

/// Where a person's own files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFolders {
    /// `$HOME`.
    pub home: String,
    /// `$XDG_CONFIG_HOME`, by default `~/.config`; not used on macOS.
    pub configuration: String,
    /// `$XDG_STATE_HOME`, by default `~/.local/state`; not used on macOS.
    pub state: String,
    /// `$XDG_CACHE_HOME`, by default `~/.cache`; not used on macOS.
    pub cache: String,
    /// `$XDG_RUNTIME_DIR`, usually `/run/user/UID`; not used on macOS.
    pub runtime: String,
}

impl UserFolders {
    /// The usual places below a home (XDG Base Directory Specification 0.8); `runtime` is `$XDG_RUNTIME_DIR`.
    pub fn below(home: &str, runtime: &str) -> Self {
        Self {
            home: home.to_owned(),
            configuration: format!("{home}/.config"),
            state: format!("{home}/.local/state"),
            cache: format!("{home}/.cache"),
            runtime: runtime.to_owned(),
        }
    }
}

impl Definition {
    /// A further installation of the service on the same machine: a name and folders of its own.
    ///
    /// The account stays on Linux and macOS, so that folders that a person has opened to it are open to every
    /// instance; a virtual account on Windows belongs to the service's name and so to the instance. A health
    /// address stays too: give each instance one of its own with [`with_health_listener`](Self::with_health_listener).
    ///
    /// # Errors
    /// When `instance` is empty, longer than 64 characters or holds anything but letters, digits, `-`, `_` and `.`,
    /// when it begins with neither letter nor digit, and when this definition is an instance or a user service
    /// already (make the instance first).
    pub fn for_instance(&self, instance: &str) -> Result<Self, Unsupported> {
        let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.instance.is_some() || self.is_user_service() {
            return fail(format!("{} has its own folders already; make the instance first", self.id()));
        }
        let begins = instance.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !begins || instance.len() > 64 || !instance.chars().all(fine) {
            return fail(format!(
                "\"{instance}\" cannot be an instance's name; use at most 64 letters, digits, `-`, `_` and `.`, \
                 beginning with a letter or digit"
            ));
        }
        let of = |folder: &str| sibling(folder, &self.folders.configuration, instance);
        let folders = Folders {
            state: of(&self.folders.state),
            logs: of(&self.folders.logs),
            cache: of(&self.folders.cache),
            runtime: of(&self.folders.runtime),
            configuration: of(&self.folders.configuration),
        };
        Ok(Self { instance: Some(instance.to_owned()), ..self.moved_to(folders) })
    }

    /// The same with another account.
    ///
    /// # Errors
    /// When the account's name could not be one on the platform; for [`Account::Person`], which comes with folders
    /// ([`as_user_service`](Self::as_user_service)), and for a user service, which has no other.
    pub fn with_account(&self, account: Account) -> Result<Self, Unsupported> {
        if account == Account::Person || self.is_user_service() {
            return fail("a user service runs as its person and has folders of theirs; it takes no account");
        }
        if let Account::Own(name) | Account::Named(name) = &account {
            let fine = match self.platform {
                // A domain, a sAMAccountName or a user principal name ([MS-ADTS] §3.1.1.6).
                Platform::Windows => name.chars().all(|c| !c.is_control() && !"\"/[]:;|=,+*?<>".contains(c)),
                _ => {
                    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
                }
            };
            if name.is_empty() || name.len() > 256 || !fine {
                return fail(format!("\"{name}\" cannot be an account's name here"));
            }
        }
        Ok(Self { account, ..self.clone() })
    }

    /// The same as a user service: `systemd --user` or a launchd agent, in the person's own folders.
    ///
    /// # Errors
    /// On Windows, whose services belong to the machine, and in a container.
    pub fn as_user_service(&self, person: &UserFolders) -> Result<Self, Unsupported> {
        let id = self.id();
        let folders = match self.platform {
            Platform::Linux => Folders {
                state: format!("{}/{id}", person.state),
                // Where systemd has the LogsDirectory= of a user unit.
                logs: format!("{}/log/{id}", person.state),
                cache: format!("{}/{id}", person.cache),
                runtime: format!("{}/{id}", person.runtime),
                configuration: format!("{}/{id}", person.configuration),
            },
            Platform::Macos => {
                let system = Folders::of(Platform::Macos, &id);
                let below_home = |folder: String| format!("{}{folder}", person.home);
                Folders {
                    state: below_home(system.state),
                    logs: below_home(system.logs),
                    cache: below_home(system.cache),
                    runtime: below_home(system.runtime),
                    configuration: below_home(system.configuration),
                }
            }
            Platform::Windows => return fail("Windows has no services of single users; install it for all"),
            Platform::Container => return fail("a container has no service manager for its users"),
        };
        Ok(Self { account: Account::Person, ..self.moved_to(folders) })
    }

    /// The same with the program in another place.
    ///
    /// # Errors
    /// When `program` is not an absolute path of the platform.
    pub fn with_program(&self, program: &str) -> Result<Self, Unsupported> {
        let drive =
            |path: &str| path.get(1..3) == Some(":\\") && path.starts_with(|c: char| c.is_ascii_alphabetic());
        let absolute = match self.platform {
            Platform::Windows => drive(program) || program.starts_with(r"\\"),
            _ => program.starts_with('/'),
        };
        if !absolute || program.chars().any(char::is_control) {
            return fail(format!("\"{program}\" is not an absolute path here"));
        }
        Ok(Self { program: program.to_owned(), ..self.clone() })
    }

    /// The same with further arguments at the end.
    #[must_use]
    pub fn with_arguments(&self, more: &[String]) -> Self {
        Self { arguments: [&self.arguments, more].concat(), ..self.clone() }
    }

    /// The same with further environment variables; they go before those of the same name.
    ///
    /// # Errors
    /// When a name is not one (letters, digits and `_`, not beginning with a digit), and when a value holds a line
    /// break or another control character, which not every service manager can pass on.
    pub fn with_environment(&self, more: &BTreeMap<String, String>) -> Result<Self, Unsupported> {
        for (name, value) in more {
            let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !begins || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return fail(format!("\"{name}\" cannot be the name of an environment variable"));
            }
            if value.chars().any(char::is_control) {
                return fail(format!("the value of {name} has more than one line or a control character"));
            }
        }
        let mut environment = self.environment.clone();
        environment.extend(more.clone());
        Ok(Self { environment, ..self.clone() })
    }

    /// The same with its health answered on another interface, and on another port where one is given. The
    /// addresses stay on the loopback interface as long as the service listens there or everywhere.
    ///
    /// # Errors
    /// When it has no health address, or the program cannot be told where to listen.
    pub fn with_health_listener(&self, host: &str, port: Option<u16>) -> Result<Self, Unsupported> {
        let Some((health, at)) = self.health.as_ref().zip(self.listener()) else {
            return fail(format!("{} has no health address", self.id()));
        };
        let Some(variable) = &health.listen else {
            return fail(format!("{} cannot be told where its health is asked for", self.id()));
        };
        let port = port.unwrap_or(at.port);
        let everywhere = ["0.0.0.0", "::", "[::]"].contains(&host);
        let bracketed = |host: &str| match host.contains(':') && !host.starts_with('[') {
            true => format!("[{host}]"),
            false => host.to_owned(),
        };
        let asked = format!("{}:{port}", if everywhere { "127.0.0.1".to_owned() } else { bracketed(host) });
        let moved = |url: &str| {
            let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
            let path = rest.find('/').map_or("", |at| &rest[at..]);
            format!("{scheme}://{asked}{path}")
        };
        let mut environment = self.environment.clone();
        environment.insert(variable.clone(), format!("{}:{port}", bracketed(host)));
        let health = Some(Health {
            address: moved(&health.address),
            live: moved(&health.live),
            ready: moved(&health.ready),
            ..health.clone()
        });
        Ok(Self { environment, health, ..self.clone() })
    }

    /// The same in other folders; what names a path below one of the old ones follows.
    fn moved_to(&self, folders: Folders) -> Self {
        let old = &self.folders;
        let mut moves = [
            (&old.state, &folders.state),
            (&old.logs, &folders.logs),
            (&old.cache, &folders.cache),
            (&old.runtime, &folders.runtime),
            (&old.configuration, &folders.configuration),
        ];
        // The longest first: one folder may be inside another.
        moves.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
        let moved = |text: &str| {
            // A path stands alone or behind an option's name: --config=/etc/demo/demo.toml.
            let at = text.find('=').filter(|_| text.starts_with('-')).map_or(0, |at| at + 1);
            let (option, path) = text.split_at(at);
            let found = moves.iter().find_map(|(old, new)| Some((path.strip_prefix(old.as_str())?, new)));
            match found.filter(|(rest, _)| rest.is_empty() || rest.starts_with(['/', '\\'])) {
                Some((rest, new)) => format!("{option}{new}{rest}"),
                None => text.to_owned(),
            }
        };
        let all = |map: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            map.iter().map(|(name, text)| (name.clone(), moved(text))).collect()
        };
        let mut settings = self.settings.clone();
        for setting in settings.values_mut() {
            setting.default = setting.default.as_deref().map(moved);
        }
        Self {
            arguments: self.arguments.iter().map(|text| moved(text)).collect(),
            environment: all(&self.environment),
            environment_file: self.environment_file.as_deref().map(moved),
            credentials: all(&self.credentials),
            writable: self.writable.iter().map(|path| moved(path)).collect(),
            settings,
            folders: folders.clone(),
            ..self.clone()
        }
    }
}

/// The folder of an instance: the product's folder, with the instance in its name.
///
/// `own` is the configuration folder; where other folders are inside it, they stay inside.
fn sibling(folder: &str, own: &str, instance: &str) -> String {
    match folder.strip_prefix(own).filter(|rest| rest.starts_with(['/', '\\'])) {
        Some(inside) => format!("{own}@{instance}{inside}"),
        None => format!("{folder}@{instance}"),
    }
}

fn fail<T>(message: impl Into<String>) -> Result<T, Unsupported> {
    Err(Unsupported(message.into()))
}
