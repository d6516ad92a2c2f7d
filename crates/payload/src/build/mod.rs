//! From manifest and target to payload.

mod files;
mod programs;
mod scripts;
mod selectors;
mod services;
mod sources;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use landfall_manifest::model::{self, VersionSource};
use landfall_manifest::variables::{self, PRODUCT};
use landfall_manifest::{Diagnostic, Document, Loaded, Report, Version};
use landfall_service_definition::Platform;

use crate::changelog;
use crate::layout::{Layout, Place, clean};
use crate::model::*;
use crate::service;
use crate::{Os, Target};
use selectors::Selection;

/// Largest text file (script, changelog, unit, manual page) that is taken, in bytes: it is read into memory.
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

    fn text(&mut self, path: &str, pointer: &str) -> String {
        let read =
            sources::find(self.document.folder(), path).and_then(|found| match sources::single(&found) {
                Some((path, _)) => {
                    read_text(path).map_err(|e| (e, "it must be a UTF-8 text of at most 16 MiB"))
                }
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
}

fn read_text(path: &Path) -> Result<String, String> {
    let failed = |e| format!("cannot read \"{}\": {e}", path.display());
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    let size = file.take(TEXT_LIMIT + 1).read_to_string(&mut text).map_err(failed)?;
    if size as u64 > TEXT_LIMIT {
        return Err(format!("\"{}\" is longer than {} MiB", path.display(), TEXT_LIMIT >> 20));
    }
    Ok(text)
}
