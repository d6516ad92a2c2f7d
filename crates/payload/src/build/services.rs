//! Directories that are written to, and the files that tell service managers of the service.

use std::collections::BTreeMap;

use landfall_manifest::Format;
use landfall_manifest::model::{self, Role};
use landfall_manifest::values;

use super::Builder;
use super::selectors::Selection;
use crate::layout::clean;
use crate::model::*;
use crate::service;

impl Builder<'_> {
    /// The service's own directories, and folders that settings name below them.
    pub(super) fn writable(
        &self,
        service: Option<&Definition>,
        settings: &BTreeMap<String, Setting>,
    ) -> Vec<WritableDirectory> {
        let Some(service) = service else { return Vec::new() };
        let owned = |path: String, mode| WritableDirectory {
            path,
            mode,
            owner: service.account.user().to_owned(),
            group: service.account.user().to_owned(),
        };
        let mut all: Vec<WritableDirectory> =
            ["state", "logs", "cache"].iter().map(|v| owned(self.layout.value(v), 0o750)).collect();
        for setting in settings.values().filter(|s| s.kind == SettingType::Directory) {
            let Some(path) = setting.default.as_deref().map(clean) else { continue };
            if all.iter().any(|w| path.starts_with(&format!("{}/", w.path))) {
                // Whoever puts files there joins the group; what they make belongs to it.
                all.push(owned(path, 0o2770));
            }
        }
        all
    }

    /// Directories below the service's own go the same way as these; all others are part of the package.
    pub(super) fn directories(
        &mut self,
        directories: &[model::Directory],
        service: Option<&Definition>,
        writable: &mut Vec<WritableDirectory>,
    ) {
        for (i, d) in directories.iter().enumerate() {
            let at = format!("/directories/{i}");
            let Selection::Formats(formats) = self.select(&d.only, &d.except, &at) else { continue };
            let path = clean(&self.expand(&d.path));
            let mode = d.mode.as_deref().and_then(|m| values::mode(m).ok()).unwrap_or(0o755);
            let owner = d.owner.clone().unwrap_or_else(|| "root".into());
            let group = d.group.clone().unwrap_or_else(|| "root".into());
            let below =
                writable.iter().position(|w| path == w.path || path.starts_with(&format!("{}/", w.path)));
            match below {
                Some(n) if service.is_some() && writable[n].path == path => {
                    writable[n] = WritableDirectory { path, mode, owner, group };
                }
                Some(_) if service.is_some() => writable.push(WritableDirectory { path, mode, owner, group }),
                _ => {
                    let kind = EntryKind::Directory;
                    self.add(Entry { path, kind, mode, owner, group, role: Role::Data, formats }, &at);
                }
            }
        }
        writable.sort_by(|a, b| a.path.cmp(&b.path));
        writable.dedup_by(|a, b| a.path == b.path);
    }

    /// Unit, init scripts, account and directory declarations.
    pub(super) fn service_files(
        &mut self,
        service: &Definition,
        manifest: &model::Manifest,
        accounts: &[Account],
        writable: &[WritableDirectory],
    ) {
        use Format::{Apk, Arch, Deb, Rpm, TarGz, TarZst, Zip};
        let with_systemd = vec![Deb, Rpm, Arch, TarGz, TarZst, Zip];
        let name = &service.name;
        let own = manifest.service.as_ref().and_then(|s| s.unit.as_deref());
        let unit = match own {
            Some(path) => self.text(path, "/service/unit"),
            None => service::systemd::unit(service),
        };
        self.generated(
            format!("/usr/lib/systemd/system/{}", service.unit()),
            unit,
            0o644,
            Some(with_systemd.clone()),
        );
        if service.start != Start::Manual {
            let preset = service::systemd::preset(service);
            self.generated(
                format!("/usr/lib/systemd/system-preset/90-{name}.preset"),
                preset,
                0o644,
                Some(vec![Rpm]),
            );
        }
        if !accounts.is_empty() {
            let text = service::accounts::sysusers(accounts);
            let path = format!("/usr/lib/sysusers.d/{}.conf", self.layout.name);
            self.generated(path, text, 0o644, Some(with_systemd.clone()));
        }
        let text = service::accounts::tmpfiles(writable, &service.credentials);
        self.generated(
            format!("/usr/lib/tmpfiles.d/{}.conf", self.layout.name),
            text,
            0o644,
            Some(with_systemd),
        );
        // Refused for user services only, which no manifest describes.
        for (script, format) in
            [(service::sysv::script(service), Deb), (service::openrc::script(service), Apk)]
        {
            if let Ok(script) = script {
                self.init_script(format!("/etc/init.d/{name}"), script, format);
            }
        }
    }

    fn generated(&mut self, path: String, text: String, mode: u32, formats: Option<Vec<Format>>) {
        self.add(
            Entry {
                path,
                kind: EntryKind::File(Content::Bytes(text.into_bytes().into())),
                mode,
                owner: "root".into(),
                group: "root".into(),
                role: Role::Data,
                formats,
            },
            "/service",
        );
    }

    fn init_script(&mut self, path: String, text: String, format: Format) {
        self.generated(path, text, 0o755, Some(vec![format]));
        if let Some((entry, _)) = self.entries.last_mut() {
            entry.role = Role::Config;
        }
    }
}
