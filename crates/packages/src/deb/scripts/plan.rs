//! What the maintainer scripts have to do, taken from the payload.

use landfall_payload::{Account, EntryKind, Format, Payload, Start, WritableDirectory};

use crate::shell::quote;

/// What the maintainer scripts have to do.
pub(super) struct Plan<'a> {
    /// Name of the package.
    pub(super) name: &'a str,
    /// The service's systemd unit, if the package ships it.
    pub(super) unit: Option<String>,
    /// The service's name in `/etc/init.d`, if the package ships a script there.
    pub(super) init: Option<&'a str>,
    /// Whether the service starts with the machine, and so once it is installed.
    pub(super) automatic: bool,
    /// Configuration files for systemd-sysusers.
    pub(super) sysusers: Vec<&'a str>,
    /// Configuration files for systemd-tmpfiles.
    pub(super) tmpfiles: Vec<&'a str>,
    pub(super) accounts: &'a [Account],
    pub(super) writable: &'a [WritableDirectory],
    /// Shipped paths that do not belong to root.
    pub(super) owned: Vec<Owned<'a>>,
    /// Files that the product makes.
    pub(super) ghosts: Vec<&'a str>,
    /// Files outside the writable directories that the administrator or the product makes for the service.
    pub(super) generated: Vec<&'a str>,
    /// The service's own directory below `/etc`.
    pub(super) configuration: Option<String>,
    pub(super) before_install: Option<&'a str>,
    pub(super) after_install: Option<&'a str>,
    pub(super) before_remove: Option<&'a str>,
    pub(super) after_remove: Option<&'a str>,
    payload: &'a Payload,
}

/// A shipped path that does not belong to root.
pub(super) struct Owned<'a> {
    pub(super) path: &'a str,
    pub(super) owner: String,
    pub(super) mode: u32,
}

impl<'a> Plan<'a> {
    pub(super) fn new(payload: &'a Payload) -> Self {
        let paths: Vec<&str> = payload
            .entries(Format::Deb)
            .filter(|e| !matches!(e.kind, EntryKind::Ghost))
            .map(|e| e.path.as_str())
            .collect();
        let service = payload.service.as_ref();
        let below = |directory: &str| -> Vec<&'a str> {
            paths
                .iter()
                .filter_map(|p| p.strip_prefix(directory))
                .filter(|name| !name.contains('/'))
                .collect()
        };
        let unit = service.map(landfall_payload::Definition::unit).filter(|unit| {
            ["/usr/lib/systemd/system/", "/lib/systemd/system/"]
                .iter()
                .any(|dir| below(dir).contains(&unit.as_str()))
        });
        let init = service.map(|s| s.name.as_str()).filter(|name| below("/etc/init.d/").contains(name));
        let conf = |directory: &str| -> Vec<&'a str> {
            below(directory).into_iter().filter(|name| name.ends_with(".conf")).collect()
        };
        let hooks =
            Some(&payload.hooks).filter(|h| h.formats.as_ref().is_none_or(|f| f.contains(&Format::Deb)));
        let hook =
            |get: fn(&landfall_payload::Hooks) -> &Option<String>| hooks.and_then(|h| get(h).as_deref());
        Self {
            name: &payload.product.name,
            automatic: service.is_some_and(|s| s.start != Start::Manual),
            sysusers: conf("/usr/lib/sysusers.d/"),
            tmpfiles: conf("/usr/lib/tmpfiles.d/"),
            accounts: &payload.accounts,
            writable: &payload.writable,
            owned: owned(payload),
            ghosts: payload
                .entries(Format::Deb)
                .filter(|e| matches!(e.kind, EntryKind::Ghost))
                .map(|e| e.path.as_str())
                .collect(),
            generated: service.map(generated).unwrap_or_default(),
            configuration: service
                .map(|s| s.folders.configuration.clone())
                .filter(|d| d.starts_with("/etc/"))
                .filter(|d| {
                    payload.entries(Format::Deb).any(|e| below_directory(&e.path, d))
                        || has_secrets(payload, d)
                }),
            before_install: hook(|h| &h.before_install),
            after_install: hook(|h| &h.after_install),
            before_remove: hook(|h| &h.before_remove),
            after_remove: hook(|h| &h.after_remove),
            unit,
            init,
            payload,
        }
    }

    /// The service, whatever the package ships of it.
    pub(super) fn service(&self) -> Option<&'a landfall_payload::Definition> {
        self.payload.service.as_ref()
    }

    /// Whether the package has a service that this system's service manager can run.
    pub(super) fn has_service(&self) -> bool {
        self.unit.is_some() || self.init.is_some()
    }

    /// Whether postinst has to know an installation from an upgrade.
    pub(super) fn tells_install_from_upgrade(&self) -> bool {
        (self.has_service() && self.automatic) || self.after_install.is_some()
    }

    /// The note that this is an installation and not an upgrade.
    pub(super) fn new_note(&self) -> String {
        format!("/var/lib/misc/{}.new", self.name)
    }

    /// The note that prerm stopped a running service.
    pub(super) fn running_note(&self) -> String {
        format!("/var/lib/misc/{}.running", self.name)
    }

    /// The product's own fragment of a maintainer script.
    pub(super) fn own(&self, script: &str) -> Option<&'a str> {
        self.payload.native_script(Format::Deb, script)
    }
}

fn owned(payload: &Payload) -> Vec<Owned<'_>> {
    payload
        .entries(Format::Deb)
        .filter(|e| !matches!(e.kind, EntryKind::Ghost) && (e.owner != "root" || e.group != "root"))
        .map(|e| Owned { path: &e.path, owner: quote(&format!("{}:{}", e.owner, e.group)), mode: e.mode })
        .collect()
}

fn generated(service: &landfall_payload::Definition) -> Vec<&str> {
    let secrets = service.credentials.values().map(String::as_str);
    let mut files: Vec<&str> = secrets.chain(service.environment_file.as_deref()).collect();
    files.retain(|f| f.starts_with('/'));
    files.sort_unstable();
    files.dedup();
    files
}

fn below_directory(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn has_secrets(payload: &Payload, directory: &str) -> bool {
    payload.service.iter().flat_map(|s| s.credentials.values()).any(|file| below_directory(file, directory))
}
