//! Programs: where they come from, whether they are for the target, and what Windows shows of them.

use std::io::Read;
use std::path::PathBuf;

use landfall_manifest::model::{self, Role};

use super::selectors::Selection;
use super::{Builder, MissingProgram, sources, vendor};
use crate::Os;
use crate::binary;
use crate::layout::clean;
use crate::model::*;

impl Builder<'_> {
    pub(super) fn program(&mut self, name: &str, program: &model::Program) {
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
    pub(super) fn windows_icon(&mut self) {
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
}
