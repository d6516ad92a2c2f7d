//! Windows Installer packages: for all users of a machine, x64 or Arm64.
//!
//! The program goes to `Program Files`, what the service writes and people edit to `ProgramData`. The service is
//! registered by tables; what tables cannot say in a way that Windows honours, recovery and the variables of the
//! service, is said by the system's own `sc.exe` and `reg.exe`.

mod actions;
mod files;
mod read;
mod service;
mod settings;
mod write;

use landfall_msi::installer::{Architecture, ProductVersion};
use landfall_payload::{Format, Os, Payload};

use crate::{Error, Inspection, Options, Package, ReadSeek, Visitor, WriteSeek};

/// The Windows Installer format.
#[derive(Debug, Clone, Copy, Default)]
pub struct MsiPackage;

impl Package for MsiPackage {
    fn format(&self) -> Format {
        Format::Msi
    }

    /// `name-version-x64.msi`.
    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        let product = &payload.product;
        let architecture = architecture(payload)?.template().to_lowercase();
        Ok(format!("{}-{}-{architecture}.msi", product.name, product.version))
    }

    fn check(&self, payload: &Payload) -> Result<(), Error> {
        write::check(&write::package(payload)?)
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        write::write(payload, options, output)
    }

    fn recognises(&self, head: &[u8], file_name: &str) -> bool {
        head.starts_with(&landfall_msi::compound::MAGIC) && file_name.to_ascii_lowercase().ends_with(".msi")
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        read::read(input, visitor)
    }
}

fn inexpressible(what: impl Into<String>) -> Error {
    Error::Inexpressible { format: Format::Msi, what: what.into() }
}

fn architecture(payload: &Payload) -> Result<Architecture, Error> {
    match (payload.target.os, payload.target.architecture.in_format(Format::Msi)) {
        (Os::Windows, Some("x64")) => Ok(Architecture::X64),
        (Os::Windows, Some("arm64")) => Ok(Architecture::Arm64),
        _ => Err(inexpressible(format!("the target {}", payload.target))),
    }
}

/// The three numbers that Windows Installer compares. A pre-release has those of its release; packages of one version
/// replace each other.
fn version(payload: &Payload) -> Result<ProductVersion, Error> {
    let version = payload.product.version.to_string();
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    numbers.parse().map_err(|error: landfall_msi::Error| inexpressible(format!("the version: {error}")))
}

/// What an error of the compiler is to whoever builds a package.
fn error(error: landfall_msi::Error) -> Error {
    match error {
        landfall_msi::Error::Io(error) => Error::Io(error),
        landfall_msi::Error::Source { what, source } => Error::Source { path: what.into(), source },
        landfall_msi::Error::Malformed(what) => Error::Malformed { format: Format::Msi, what },
        landfall_msi::Error::Invalid(what) | landfall_msi::Error::Limit(what) => inexpressible(what),
    }
}
