//! What must be on the machine, and what may stay on it.

use std::collections::BTreeMap;

use landfall_payload::{Content, Entry, EntryKind, Format, Role};
use landfall_service_definition::{Folders, Platform};
use sha2::{Digest, Sha256};

use super::bench::{Bench, Said, ensure, failed};
use crate::lab::Difference;

/// How many paths one command names.
const CHUNK: usize = 200;

impl Bench<'_> {
    /// Checks that everything declared is there, with kind, mode, owner, target and content as declared.
    pub(super) fn files_are_as_declared(&self) -> Said {
        let now = self.lab().snapshot()?;
        let mut wrong = Vec::new();
        let mut contents = BTreeMap::new();
        for entry in self.subject.payload.entries(self.subject.format) {
            let Some(mut wanted) = description(entry) else { continue };
            if !self.lab().has_modes() {
                wanted.truncate(wanted.find(' ').unwrap_or(wanted.len()));
            }
            let path = self.installed(&entry.path);
            match now.get(&path) {
                Some(is) if is == wanted => {
                    if let EntryKind::File(content) = &entry.kind {
                        contents.insert(path, digest(content)?);
                    }
                }
                // Windows has no program that reads them.
                None if entry.role == Role::ManualPage && self.subject.format == Format::Msi => {}
                // Debian's policy wants manual pages compressed.
                None if entry.role == Role::ManualPage && now.get(&format!("{path}.gz")).is_some() => {}
                None => wrong.push(format!("{path} is not there")),
                Some(is) => wrong.push(format!("{path} is {is}, declared is {wanted}")),
            }
        }
        if self.has_service() && self.manager().runs_scripts() {
            for folder in &self.subject.payload.writable {
                let wanted = format!("directory {:04o} {}:{}", folder.mode, folder.owner, folder.group);
                match now.get(&folder.path) {
                    Some(is) if is == wanted => {}
                    // Directories below /run are made when the service starts.
                    None if folder.path.starts_with("/run/") => {}
                    None => wrong.push(format!("{} is not there", folder.path)),
                    Some(is) => wrong.push(format!("{} is {is}, declared is {wanted}", folder.path)),
                }
            }
        }
        wrong.extend(self.other_contents(&contents)?);
        ensure(wrong.is_empty(), || wrong.join("\n"))
    }

    /// Files that have another content than declared.
    fn other_contents(&self, wanted: &BTreeMap<String, String>) -> Said<Vec<String>> {
        let paths: Vec<&str> = wanted.keys().map(String::as_str).collect();
        let mut wrong = Vec::new();
        for paths in paths.chunks(CHUNK) {
            let output = self.must(&[&["sha256sum"], paths].concat())?;
            for line in output.lines() {
                let Some((digest, path)) = line.split_once("  ") else { continue };
                if wanted.get(path).is_some_and(|wanted| wanted != digest) {
                    wrong.push(format!("{path} has another content than declared"));
                }
            }
        }
        Ok(wrong)
    }

    /// Damages what the package brings and nobody edits: every file is cut, those of documentation are deleted.
    pub(super) fn damage(&self) -> Said<BTreeMap<String, String>> {
        let mut damaged = BTreeMap::new();
        for entry in self.subject.payload.entries(self.subject.format) {
            let EntryKind::File(content) = &entry.kind else { continue };
            let path = self.installed(&entry.path);
            match entry.role {
                Role::Config | Role::ManualPage => continue,
                Role::Documentation | Role::License => self.sh(&format!("rm '{path}'"))?,
                // A running program cannot be written to.
                _ => self.sh(&format!("cp -p '{path}' '{path}~'; : >'{path}~'; mv '{path}~' '{path}'"))?,
            };
            damaged.insert(path, digest(content)?);
        }
        Ok(damaged)
    }

    /// Checks that damaged files are as they were.
    pub(super) fn is_repaired(&self, damaged: &BTreeMap<String, String>) -> Said {
        let now = self.lab().snapshot()?;
        let gone = damaged.keys().filter(|path| now.get(path).is_none());
        let mut wrong: Vec<String> = gone.map(|path| format!("{path} was deleted and stays so")).collect();
        if wrong.is_empty() {
            wrong = self.other_contents(damaged)?;
        }
        ensure(wrong.is_empty(), || wrong.join("\n"))
    }

    /// Checks that the service's program on the machine is the one declared.
    pub(super) fn program_is_new(&self) -> Said {
        for entry in self.subject.payload.entries(self.subject.format) {
            if let (Role::Program, EntryKind::File(content)) = (entry.role, &entry.kind) {
                let wanted = BTreeMap::from([(self.installed(&entry.path), digest(content)?)]);
                if let Some(wrong) = self.other_contents(&wanted)?.pop() {
                    return failed(wrong);
                }
            }
        }
        Ok(())
    }

    /// Checks that no program and no service of the product is there.
    pub(super) fn programs_are_gone(&self) -> Said {
        let now = self.lab().snapshot()?;
        for entry in self.subject.payload.entries(self.subject.format) {
            let path = self.installed(&entry.path);
            let shared = self.before.get(&path).is_some();
            if !shared && entry.role == Role::Program && now.get(&path).is_some() {
                return failed(format!("{path} is still there"));
            }
        }
        if let Some(service) = self.subject.service() {
            let state = self.state();
            if let Ok(state) = state {
                ensure(!state.active, || format!("the service {} still runs", service.name))?;
                ensure(!state.enabled, || {
                    format!("the service {} still starts with the machine", service.name)
                })?;
            }
        }
        Ok(())
    }

    /// Checks that nothing has changed since the beginning but what may.
    ///
    /// `kept`: configuration and the product's own directories may be there.
    pub(super) fn nothing_else_is_left(&self, kept: bool) -> Said {
        let difference = self.lab().snapshot()?.since(&self.before);
        let may_stay = self.may_stay(kept);
        for (path, reason) in &may_stay {
            if difference.added.iter().chain(&difference.changed).any(|line| is_about(line, path)) {
                self.remark(format!("{path} may stay: {reason}"));
            }
        }
        let allowed: Vec<&str> = may_stay.iter().map(|(path, _)| path.as_str()).collect();
        let mut left: Difference = difference.without(&allowed);
        let vendor = self.subject.payload.product.vendor.replace(' ', "\u{a0}");
        let vendor = format!("HKLM/Software/{vendor} key");
        if left.added.contains(&vendor) {
            self.remark(format!("{vendor} may stay: the vendor's other products share it"));
            left.added.retain(|line| *line != vendor);
        }
        ensure(left.is_empty(), || format!("left behind (+), changed (!) or taken away (-):\n{left}"))
    }

    /// What may be there after a removal (`kept`) or a purge, with the reason.
    fn may_stay(&self, kept: bool) -> Vec<(String, String)> {
        let mut all = self.subject.payload.verification.leftovers.clone();
        if kept {
            for entry in self.subject.payload.entries(self.subject.format) {
                if entry.role == Role::Config {
                    let path = self.installed(&entry.path);
                    let reason = "configuration stays until a purge".to_owned();
                    if let Some(ending) = self.manager().saved_as() {
                        all.push((format!("{path}{ending}"), reason.clone()));
                    }
                    all.push((path, reason));
                }
            }
            let reason = "settings, state, logs and cache stay until a purge";
            all.extend(self.own_directories().into_iter().map(|path| (path, reason.to_owned())));
            if let Some(service) = self.subject.service() {
                let leaves = self.manager().leaves(&service.name).into_iter();
                all.extend(leaves.map(|(path, reason)| (path, reason.to_owned())));
            }
        }
        if !self.subject.payload.accounts.is_empty() {
            let reason = "the locked account stays: files of its number may lie anywhere, so that nobody else must \
                          get the number";
            let files = ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"];
            all.extend(files.map(|path| (path.to_owned(), reason.to_owned())));
        }
        all
    }

    /// The directories that belong to the product alone: configuration, state, logs, cache.
    pub(super) fn own_directories(&self) -> Vec<String> {
        let folders = match self.subject.service() {
            Some(service) => service.folders.clone(),
            None => Folders::of(Platform::Linux, self.subject.name()),
        };
        let mut all = vec![folders.configuration, folders.state, folders.logs, folders.cache];
        for path in &mut all {
            *path = self.lab().path(path);
        }
        if self.subject.format == Format::Msi {
            // Where the installer remembers settings.
            let product = &self.subject.payload.product;
            all.push(format!("HKLM/Software/{}/{}", product.vendor, product.name).replace(' ', "\u{a0}"));
        }
        all
    }

    /// Where a declared path is on this machine.
    pub(super) fn installed(&self, path: &str) -> String {
        self.lab().path(&self.manager().place(self.subject.name(), path))
    }
}

/// Whether a line of a difference is about a path or what lies below it.
fn is_about(line: &str, path: &str) -> bool {
    line.strip_prefix(path).is_some_and(|rest| rest.starts_with([' ', '/']))
}

/// An entry as a snapshot describes it; `None` for what the product makes itself.
fn description(entry: &Entry) -> Option<String> {
    let (mode, owner, group) = (entry.mode, &entry.owner, &entry.group);
    Some(match &entry.kind {
        EntryKind::File(_) => format!("file {mode:04o} {owner}:{group}"),
        EntryKind::Directory => format!("directory {mode:04o} {owner}:{group}"),
        EntryKind::Symlink(target) => format!("link {owner}:{group} to {target}"),
        EntryKind::Ghost => return None,
    })
}

/// SHA-256 of a file's declared content, in hexadecimal digits.
pub(super) fn digest(content: &Content) -> Said<String> {
    let mut hasher = Sha256::new();
    let mut input = content.open()?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut input, &mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(hex::encode(hasher.finalize()))
}
