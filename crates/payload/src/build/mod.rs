//! From manifest and target to payload.

mod selectors;
mod sources;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use landfall_manifest::model::{self, FileEntry, Role, VersionSource};
use landfall_manifest::variables::{self, PRODUCT};
use landfall_manifest::{Diagnostic, Document, Format, Loaded, Report, Version, values};
use landfall_service_definition::Platform;

use crate::binary;
use crate::changelog;
use crate::layout::{self, Layout, Place, clean};
use crate::model::*;
use crate::service;
use crate::{Os, Target};
use selectors::Selection;
use sources::FoundKind;

/// Largest text file (script, changelog, unit, manual page) that is read into memory, in bytes.
const TEXT_LIMIT: u64 = 16 << 20;

/// Finds the product's version: literal, from `Cargo.toml`, or through `environment`.
///
/// # Errors
/// A report that points at `version` when it cannot be found or is no semantic version.
pub fn version(loaded: &Loaded, environment: &dyn Fn(&str) -> Option<String>) -> Result<Version, Report> {
    let document = &loaded.document;
    let product = &loaded.manifest.product;
    let fail = |message: String, hint: &str| {
        document.report(vec![document.error("/product/version", message).hint(hint)])
    };
    let text = match &product.version {
        VersionSource::Literal(text) => text.clone(),
        VersionSource::Env(e) => environment(&e.env).filter(|v| !v.is_empty()).ok_or_else(|| {
            fail(format!("the environment variable {} is not set", e.env), "set it to the version to build")
        })?,
        VersionSource::From(f) => {
            let path = document.folder().join(&f.from);
            let text = std::fs::read_to_string(&path)
                .map_err(|e| fail(format!("cannot read \"{}\": {e}", f.from), "name a Cargo.toml"))?;
            cargo_version(&text).ok_or_else(|| {
                fail(
                    format!("\"{}\" has neither package.version nor workspace.package.version", f.from),
                    "name the Cargo.toml that holds the version itself",
                )
            })?
        }
    };
    Version::new(&text, product.release, product.epoch)
        .map_err(|e| fail(e.to_string(), "Landfall maps semantic versions to every format's own grammar"))
}

fn cargo_version(text: &str) -> Option<String> {
    let value: toml::Table = text.parse().ok()?;
    let own = value.get("package").and_then(|p| p.get("version"));
    let workspace = value.get("workspace").and_then(|w| w.get("package")).and_then(|p| p.get("version"));
    own.and_then(|v| v.as_str()).or_else(|| workspace.and_then(|v| v.as_str())).map(str::to_owned)
}

/// What [`build`] makes.
#[derive(Debug)]
pub struct Built {
    /// Everything that lands on a machine. Incomplete while programs are missing.
    pub payload: Payload,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
    /// Programs that are not there yet but have a command that makes them.
    pub missing: Vec<MissingProgram>,
}

/// A program that its build command has still to make.
#[derive(Debug, Clone)]
pub struct MissingProgram {
    /// Its name.
    pub name: String,
    /// Where it is expected, relative to the manifest.
    pub path: String,
    /// The command that makes it, with variables replaced; run by a shell in the manifest's folder.
    pub command: String,
}

/// Makes the payload of a manifest for one target.
///
/// `epoch` is the time of everything in the packages, in seconds since 1970. A program that is missing and has
/// a build command is reported in the result; any other missing program is an error.
///
/// # Errors
/// Everything that is wrong with the manifest for this target, in one report: files that are missing,
/// unreadable or outside the manifest's folder, globs without a match, two files for one destination, programs
/// of another architecture.
pub fn build(loaded: &Loaded, target: &Target, version: &Version, epoch: i64) -> Result<Built, Report> {
    let manifest = &loaded.manifest;
    let text = version.to_string();
    let layout =
        Layout { name: &manifest.product.name, version: &text, target, place: Place::of_packages(target) };
    let mut b = Builder {
        document: &loaded.document,
        target,
        product: &manifest.product,
        layout: layout.clone(),
        icon: None,
        entries: Vec::new(),
        needs: Vec::new(),
        found: Vec::new(),
        missing: Vec::new(),
    };
    b.windows_icon();
    for (name, program) in &manifest.programs {
        b.program(name, program);
    }
    for (i, file) in manifest.files.iter().enumerate() {
        b.file(file, &format!("/files/{i}"));
    }
    let service = match layout.place {
        Place::Installed(platform) => service::from_layout(manifest, &layout, platform),
        Place::Folder => None,
    };
    let settings = service::settings(manifest, &layout);
    let mut writable = b.writable(service.as_ref(), &settings);
    b.directories(&manifest.directories, service.as_ref(), &mut writable);
    let accounts = accounts(service.as_ref());
    if let Some(service) = &service {
        b.service_files(service, manifest, &accounts, &writable);
    }
    let hooks = b.hooks(&manifest.scripts);
    let native_scripts = b.native_scripts(&manifest.package);
    let verification = b.verification(manifest);
    let changelog = b.changelog(manifest.product.changelog.as_deref(), &text, epoch);
    b.parents(&writable);
    let all_entries = b.sorted();

    let report = loaded.document.report(b.found);
    if report.has_errors() {
        return Err(report);
    }
    let mut options = manifest.package.clone();
    if let Some(folder) = &mut options.archive.folder {
        *folder = variables::expand(folder, &[PRODUCT], |v| layout.value(v)).unwrap_or_default();
    }
    // What is unpacked anywhere has no service; an installer of the same files has one.
    let service = service.or_else(|| match target.os {
        Os::Windows => service::definition(manifest, target, &text, Platform::Windows),
        Os::Linux | Os::Macos => None,
    });
    let payload = Payload {
        product: Product { windows_icon: b.icon, ..product(manifest, version) },
        target: target.clone(),
        epoch,
        all_entries,
        accounts,
        writable,
        service,
        settings,
        needs: b.needs,
        changelog,
        hooks,
        options,
        native_scripts,
        verification,
    };
    Ok(Built { payload, warnings: report.diagnostics, missing: b.missing })
}

fn product(manifest: &model::Manifest, version: &Version) -> Product {
    let p = &manifest.product;
    let vendor = vendor(p);
    let paragraphs = |text: &str| -> Vec<String> {
        text.split("\n\n")
            .map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|p| !p.is_empty())
            .collect()
    };
    let mut description = paragraphs(p.description.as_deref().unwrap_or_default());
    if description.is_empty() {
        description.push(format!("{}.", p.summary.trim_end_matches('.')));
    }
    Product {
        name: p.name.clone(),
        title: p.title.clone().unwrap_or_else(|| p.name.clone()),
        version: version.clone(),
        identifier: identifier(p),
        copyright: p.copyright.clone().unwrap_or_else(|| vendor.clone()),
        vendor,
        maintainer: p.maintainer.clone(),
        license: p.license.clone(),
        homepage: p.homepage.clone(),
        summary: p.summary.trim_end_matches('.').to_owned(),
        description,
        windows_icon: None,
    }
}

/// Who answers for the product: given, or the maintainer's name.
fn vendor(product: &model::Product) -> String {
    let maintainer = &product.maintainer;
    let name = || maintainer.split(" <").next().unwrap_or(maintainer).trim().to_owned();
    product.vendor.clone().unwrap_or_else(name)
}

/// The product's reverse-domain identifier: given, or from its homepage and name.
pub(crate) fn identifier(product: &model::Product) -> String {
    product.identifier.clone().unwrap_or_else(|| {
        let host =
            product.homepage.as_deref().and_then(|h| h.split("://").nth(1)).and_then(|h| h.split('/').next());
        let mut parts: Vec<&str> = host.unwrap_or("invalid").split('.').rev().collect();
        parts.push(&product.name);
        parts.join(".")
    })
}

fn accounts(service: Option<&Definition>) -> Vec<Account> {
    service
        .filter(|s| !s.account.is_privileged())
        .map(|s| Account {
            name: s.account.user().to_owned(),
            title: s.title.clone(),
            home: s.folders.state.clone(),
        })
        .into_iter()
        .collect()
}

struct Builder<'a> {
    document: &'a Document,
    target: &'a Target,
    product: &'a model::Product,
    layout: Layout<'a>,
    icon: Option<Arc<[u8]>>,
    /// Entries with the pointer of what asked for them.
    entries: Vec<(Entry, String)>,
    needs: Vec<ElfNeeds>,
    found: Vec<Diagnostic>,
    missing: Vec<MissingProgram>,
}

impl Builder<'_> {
    fn problem(&mut self, pointer: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.found.push(self.document.error(pointer, message).hint(hint));
    }

    fn expand(&self, text: &str) -> String {
        self.layout.expand(text)
    }

    fn select(&mut self, only: &[String], except: &[String], at: &str) -> Selection {
        selectors::select(self.target, only, except, self.document, at, &mut self.found)
    }

    fn add(&mut self, entry: Entry, pointer: &str) {
        self.entries.push((entry, pointer.to_owned()));
    }

    fn program(&mut self, name: &str, program: &model::Program) {
        let at = format!("/programs/{name}");
        let Selection::Formats(formats) = self.select(&program.only, &[], &at) else { return };
        let suffix = if self.target.os == Os::Windows { ".exe" } else { "" };
        let mut source = match &program.path {
            Some(path) => self.expand(path),
            None => format!("target/{}/release/{name}", self.target),
        };
        if !source.ends_with(suffix) {
            source.push_str(suffix);
        }
        let pointer = if program.path.is_some() { format!("{at}/path") } else { at.clone() };
        let found = match sources::find(self.document.folder(), &source) {
            Ok(found) => found,
            Err(problem) => {
                let absent = !self.document.folder().join(&source).exists();
                return match &program.build {
                    Some(command) if absent => self.missing.push(MissingProgram {
                        name: name.to_owned(),
                        command: self.expand(command),
                        path: source,
                    }),
                    _ => {
                        let hint =
                            if absent { "build it first, or give its `build` command" } else { problem.1 };
                        self.problem(&pointer, format!("program \"{name}\": {}", problem.0), hint);
                    }
                };
            }
        };
        let Some((path, size)) = sources::single(&found) else {
            return self.problem(
                &pointer,
                format!("program \"{name}\": \"{source}\" is not one file"),
                "name the executable",
            );
        };
        if let Err(e) = binary::check(path, self.target) {
            return self.problem(&pointer, format!("program \"{name}\": {e}"), "build it for this target");
        }
        let (path, size) = (path.to_owned(), size);
        let content = match self.target.os {
            Os::Windows => self.windows_program(name, path, size, &at),
            Os::Linux | Os::Macos => Content::Source { path, size },
        };
        let destination = match &program.destination {
            Some(d) => self.expand(d),
            None => format!("{}/{name}{suffix}", self.layout.value("bin")),
        };
        self.add(
            Entry {
                path: clean(&destination),
                kind: EntryKind::File(content),
                mode: 0o755,
                owner: "root".into(),
                group: "root".into(),
                role: Role::Program,
                formats,
            },
            &at,
        );
    }

    /// Reads the icon of Windows programs.
    fn windows_icon(&mut self) {
        let Some(icon) = self.product.windows_icon.as_ref().filter(|_| self.target.os == Os::Windows) else {
            return;
        };
        match std::fs::read(self.document.folder().join(icon)) {
            Ok(bytes) => self.icon = Some(bytes.into()),
            Err(error) => {
                let message = format!("the icon \"{icon}\" cannot be read: {error}");
                self.problem("/product/windows-icon", message, "paths count from the manifest's folder");
            }
        }
    }

    /// A program with the product's version, manifest and icon; a signed one, and what is no program, as it is.
    fn windows_program(&mut self, name: &str, path: PathBuf, size: u64, at: &str) -> Content {
        let patch = self.resources(name).and_then(|resources| {
            let mut file = std::fs::File::open(&path).map_err(landfall_pe::Error::Io)?;
            let mut magic = [0; 2];
            if file.read(&mut magic)? < magic.len() || magic != *b"MZ" {
                return Ok(None);
            }
            match landfall_pe::Patch::new(&mut file, &resources) {
                Err(landfall_pe::Error::Signed) => Ok(None),
                patch => patch.map(Some),
            }
        });
        match patch {
            Ok(Some(patch)) => Content::Program { path, patch },
            Ok(None) => Content::Source { path, size },
            Err(error @ landfall_pe::Error::Icon(_)) => {
                let hint = "name an .ico file with images of 16, 32, 48 and 256 pixels";
                self.problem("/product/windows-icon", error.to_string(), hint);
                Content::Source { path, size }
            }
            Err(error @ landfall_pe::Error::Version(_)) => {
                self.problem("/product/version", error.to_string(), "choose smaller numbers");
                Content::Source { path, size }
            }
            Err(error) => {
                let message = format!("program \"{name}\" cannot be given a version and an icon: {error}");
                self.problem(at, message, "is the file complete?");
                Content::Source { path, size }
            }
        }
    }

    /// What the properties of a Windows program show.
    fn resources(&self, name: &str) -> landfall_pe::Result<landfall_pe::Resources> {
        let product = self.product;
        let icon = self.icon.as_deref().map(landfall_pe::Icon::parse);
        let version = self.layout.version;
        let title = product.title.as_deref().unwrap_or(&product.name);
        let vendor = vendor(product);
        let copyright = product.copyright.as_deref().unwrap_or(&vendor);
        let strings = [
            ("CompanyName", vendor.clone()),
            // Windows shows it as the program's name.
            ("FileDescription", title.to_owned()),
            ("FileVersion", version.to_owned()),
            ("InternalName", name.to_owned()),
            ("LegalCopyright", format!("Copyright {copyright}")),
            ("OriginalFilename", format!("{name}.exe")),
            ("ProductName", title.to_owned()),
            ("ProductVersion", version.to_owned()),
        ];
        Ok(landfall_pe::Resources {
            version: Some(landfall_pe::Version {
                number: landfall_pe::Version::number(version)?,
                strings: strings.map(|(key, text)| (key.to_owned(), text)).to_vec(),
            }),
            manifest: Some(landfall_pe::Manifest::default()),
            icon: icon.transpose()?,
        })
    }

    fn file(&mut self, file: &FileEntry, at: &str) {
        let Selection::Formats(formats) = self.select(&file.only, &file.except, at) else { return };
        let destination = self.expand(&file.destination);
        let mode = file.mode.as_deref().and_then(|m| values::mode(m).ok());
        let base = Entry {
            path: clean(&destination),
            kind: EntryKind::Ghost,
            mode: mode.unwrap_or(if file.role == Role::Program { 0o755 } else { 0o644 }),
            owner: file.owner.clone().unwrap_or_else(|| "root".into()),
            group: file.group.clone().unwrap_or_else(|| "root".into()),
            role: file.role,
            formats,
        };
        if file.ghost {
            return self.add(base, at);
        }
        if let Some(link) = &file.symlink {
            let kind = EntryKind::Symlink(self.expand(link));
            return self.add(Entry { kind, mode: 0o777, ..base }, at);
        }
        if let Some(text) = &file.content {
            let kind = EntryKind::File(Content::Bytes(text.as_bytes().into()));
            return self.add(Entry { kind, ..base }, at);
        }
        let Some(source) = &file.source else { return };
        let source = self.expand(source);
        let pointer = format!("{at}/source");
        let found = match sources::find(self.document.folder(), &source) {
            Ok(found) => found,
            Err((message, hint)) => return self.problem(&pointer, message, hint),
        };
        for one in found {
            let path = match one.relative.as_str() {
                "" if file.destination.ends_with('/') => {
                    let name = one.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    format!("{destination}/{name}")
                }
                "" => destination.clone(),
                relative => format!("{destination}/{relative}"),
            };
            let single = one.relative.is_empty();
            let mut entry = Entry { path: clean(&path), ..base.clone() };
            match one.kind {
                FoundKind::Directory => {
                    entry.kind = EntryKind::Directory;
                    entry.mode = 0o755;
                    entry.role = Role::Data;
                }
                FoundKind::Symlink(link) => {
                    entry.kind = EntryKind::Symlink(link);
                    entry.mode = 0o777;
                }
                FoundKind::File { size, executable } => {
                    if mode.is_none() && !single && executable {
                        entry.mode = 0o755;
                    }
                    entry.kind = EntryKind::File(Content::Source { path: one.path, size });
                }
            }
            if entry.role == Role::ManualPage && self.target.os == Os::Linux {
                self.compress_manual_page(&mut entry, &pointer);
            }
            self.add(entry, at);
        }
    }

    /// Every Linux distribution keeps manual pages compressed.
    fn compress_manual_page(&mut self, entry: &mut Entry, pointer: &str) {
        if entry.path.ends_with(".gz") {
            return;
        }
        let EntryKind::File(Content::Source { path, .. }) = &entry.kind else { return };
        let compressed = read_text(path).and_then(|text| {
            landfall_codecs::gzip_bytes(text.as_bytes(), 9).map_err(|e| format!("cannot compress it: {e}"))
        });
        match compressed {
            Ok(bytes) => {
                entry.kind = EntryKind::File(Content::Bytes(bytes.into()));
                entry.path.push_str(".gz");
            }
            Err(e) => self.problem(pointer, e, "a manual page is a roff text"),
        }
    }

    fn verification(&mut self, manifest: &model::Manifest) -> Verification {
        let verify = &manifest.verify;
        Verification {
            settings: verify.settings.iter().map(|(name, v)| (name.clone(), self.expand(v))).collect(),
            companion: verify.companion.as_ref().map(|c| Companion {
                program: self.layout.program(&c.program, manifest),
                arguments: c.arguments.iter().map(|a| self.expand(a)).collect(),
                ready: c.ready.clone(),
            }),
            script: verify.script.as_deref().map(|path| self.text(path, "/verify/script")),
            leftovers: verify
                .leftovers
                .iter()
                .map(|l| (clean(&self.expand(&l.path)), l.reason.trim().to_owned()))
                .collect(),
        }
    }

    /// The service's own directories, and folders that settings name below them.
    fn writable(
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
    fn directories(
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
    fn service_files(
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

    fn hooks(&mut self, scripts: &model::Scripts) -> Hooks {
        let Selection::Formats(formats) = self.select(&scripts.only, &[], "/scripts") else {
            return Hooks::default();
        };
        let mut read = |key: &str, path: &Option<String>| {
            path.as_deref().map(|p| self.script(p, &format!("/scripts/{key}")))
        };
        Hooks {
            before_install: read("before-install", &scripts.before_install),
            after_install: read("after-install", &scripts.after_install),
            before_remove: read("before-remove", &scripts.before_remove),
            after_remove: read("after-remove", &scripts.after_remove),
            formats,
        }
    }

    fn native_scripts(&mut self, p: &model::Packages) -> BTreeMap<(Format, String), String> {
        let (deb, rpm, apk, arch) = (&p.deb.scripts, &p.rpm.scripts, &p.apk.scripts, &p.arch.scripts);
        let all: [(Format, &str, &Option<String>); 22] = [
            (Format::Deb, "preinst", &deb.preinst),
            (Format::Deb, "postinst", &deb.postinst),
            (Format::Deb, "prerm", &deb.prerm),
            (Format::Deb, "postrm", &deb.postrm),
            (Format::Rpm, "pretrans", &rpm.pretrans),
            (Format::Rpm, "pre", &rpm.pre),
            (Format::Rpm, "post", &rpm.post),
            (Format::Rpm, "preun", &rpm.preun),
            (Format::Rpm, "postun", &rpm.postun),
            (Format::Rpm, "posttrans", &rpm.posttrans),
            (Format::Apk, "pre-install", &apk.pre_install),
            (Format::Apk, "post-install", &apk.post_install),
            (Format::Apk, "pre-upgrade", &apk.pre_upgrade),
            (Format::Apk, "post-upgrade", &apk.post_upgrade),
            (Format::Apk, "pre-deinstall", &apk.pre_deinstall),
            (Format::Apk, "post-deinstall", &apk.post_deinstall),
            (Format::Arch, "pre-install", &arch.pre_install),
            (Format::Arch, "post-install", &arch.post_install),
            (Format::Arch, "pre-upgrade", &arch.pre_upgrade),
            (Format::Arch, "post-upgrade", &arch.post_upgrade),
            (Format::Arch, "pre-remove", &arch.pre_remove),
            (Format::Arch, "post-remove", &arch.post_remove),
        ];
        let mut scripts = BTreeMap::new();
        for (format, name, path) in all {
            if let Some(path) = path {
                let text = self.script(path, &format!("/package/{format}/scripts/{name}"));
                scripts.insert((format, name.to_owned()), text);
            }
        }
        scripts
    }

    /// A shell script's text without its `#!` line, which must name a POSIX shell.
    fn script(&mut self, path: &str, pointer: &str) -> String {
        let text = self.text(path, pointer);
        let Some(first) = text.strip_prefix("#!") else { return text };
        let (interpreter, rest) = first.split_once('\n').unwrap_or((first, ""));
        if !["/bin/sh", "/bin/sh -e", "/usr/bin/sh", "/usr/bin/env sh"].contains(&interpreter.trim()) {
            self.problem(
                pointer,
                format!("\"{path}\" asks for the interpreter {}", interpreter.trim()),
                "package scripts run in /bin/sh, the one shell that is everywhere",
            );
        }
        rest.to_owned()
    }

    fn text(&mut self, path: &str, pointer: &str) -> String {
        let read =
            sources::find(self.document.folder(), path).and_then(|found| match sources::single(&found) {
                Some((path, _)) => read_text(path).map_err(|e| (e, "it must be a UTF-8 text")),
                None => Err((format!("\"{path}\" is not one file"), "name a file")),
            });
        read.unwrap_or_else(|(message, hint)| {
            self.problem(pointer, message, hint);
            String::new()
        })
    }

    fn changelog(&mut self, path: Option<&str>, version: &str, epoch: i64) -> Vec<ChangelogEntry> {
        let default = self.document.folder().join("CHANGELOG.md");
        let text = match path {
            Some(path) => self.text(path, "/product/changelog"),
            None => read_text(&default).unwrap_or_default(),
        };
        let mut releases = changelog::parse(&text);
        // Nothing in a package may be younger than the package.
        for release in &mut releases {
            release.time = release.time.min(epoch);
        }
        if releases.first().is_none_or(|r| r.version != version) {
            let items = vec![format!("Release {version}.")];
            releases.insert(0, ChangelogEntry { version: version.to_owned(), time: epoch, items });
        }
        releases
    }

    /// Adds the directories that lead to the product's files and belong to nobody else.
    fn parents(&mut self, writable: &[WritableDirectory]) {
        if self.target.os != Os::Linux {
            return;
        }
        let mut wanted: BTreeMap<String, (Option<Vec<Format>>, String)> = BTreeMap::new();
        for (entry, pointer) in &self.entries {
            for parent in Path::new(&entry.path).ancestors().skip(1) {
                let parent = parent.to_string_lossy().into_owned();
                if layout::is_system_directory(&parent) || writable.iter().any(|w| w.path == parent) {
                    break;
                }
                let formats =
                    &mut wanted.entry(parent).or_insert_with(|| (Some(Vec::new()), pointer.clone())).0;
                match (formats.as_mut(), &entry.formats) {
                    (Some(all), Some(more)) => all.extend(more),
                    _ => *formats = None,
                }
            }
        }
        // By path: looking through all entries for each of them would take time that grows with the square.
        for (entry, _) in self.entries.iter().filter(|(e, _)| matches!(e.kind, EntryKind::Directory)) {
            wanted.remove(&entry.path);
        }
        for (path, (formats, pointer)) in wanted {
            let formats = formats.map(|mut f| {
                f.sort();
                f.dedup();
                f
            });
            let entry = Entry { formats, ..Entry::directory(path) };
            self.entries.push((entry, pointer));
        }
    }

    /// Sorts the entries, finds two for one destination, and looks into executables.
    fn sorted(&mut self) -> Vec<Entry> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        let mut clashes = Vec::new();
        for (i, (a, first)) in entries.iter().enumerate() {
            for (b, second) in entries[i + 1..].iter().take_while(|(b, _)| b.path == a.path) {
                let both_directories =
                    matches!((&a.kind, &b.kind), (EntryKind::Directory, EntryKind::Directory));
                if overlap(a, b) && !both_directories {
                    clashes.push((second.clone(), first.clone(), a.path.clone()));
                }
            }
        }
        for (second, first, path) in clashes {
            let other = match self.document.span(&first) {
                Some(span) => format!("the other is at line {}", self.document.line(span.start)),
                None => "the other is generated".to_owned(),
            };
            self.problem(&second, format!("two files have the destination {path}"), other);
        }
        entries.dedup_by(|b, a| {
            a.0.path == b.0.path
                && matches!((&a.0.kind, &b.0.kind), (EntryKind::Directory, EntryKind::Directory))
        });
        for (entry, pointer) in &entries {
            let EntryKind::File(Content::Source { path, .. }) = &entry.kind else { continue };
            if self.target.os != Os::Linux || entry.mode & 0o111 == 0 {
                continue;
            }
            match binary::elf_needs(path, &entry.path) {
                Ok(needs) => self.needs.extend(needs),
                Err(e) => self.found.push(
                    self.document
                        .error(pointer, format!("cannot read the program \"{}\": {e}", path.display()))
                        .hint("is the file complete?"),
                ),
            }
        }
        entries.into_iter().map(|(entry, _)| entry).collect()
    }
}

fn overlap(a: &Entry, b: &Entry) -> bool {
    match (&a.formats, &b.formats) {
        (Some(a), Some(b)) => a.iter().any(|f| b.contains(f)),
        _ => true,
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let shown = PathBuf::from(path);
    let file = std::fs::File::open(path).map_err(|e| format!("cannot read \"{}\": {e}", shown.display()))?;
    let mut text = String::new();
    file.take(TEXT_LIMIT)
        .read_to_string(&mut text)
        .map_err(|e| format!("cannot read \"{}\": {e}", shown.display()))?;
    Ok(text)
}
