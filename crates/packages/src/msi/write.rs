//! From payload to package.

use std::io::Write;

use landfall_msi::ice::{Finding, Severity};
use landfall_msi::installer::{
    Compression, EnvironmentVariable, Feature, INSTALLDIR, Icon, Package, Property, Timing,
};
use landfall_msi::{Guid, Interface};
use landfall_payload::{EntryKind, Format, Payload, Role};

use super::actions::{Run, literal, run};
use super::files::{self, FEATURE, id};
use super::{architecture, error, inexpressible, service, settings, version};
use crate::{Error, Level, Options};

/// Namespace of upgrade codes that derive from a product's identifier.
const PRODUCTS: Guid =
    Guid([0x8B, 0x57, 0xE0, 0x1C, 0x3D, 0x92, 0x4C, 0x61, 0xB1, 0x0E, 0x6A, 0xF3, 0x29, 0x75, 0xD4, 0x08]);
/// Largest licence that is shown, in bytes; as rich text it must fit into 64 KiB.
const LARGEST_LICENSE: u64 = 48 << 10;
/// Longest text of a feature's description.
const LONGEST_DESCRIPTION: usize = 255;

/// Writes a package.
pub(super) fn write(payload: &Payload, options: &Options<'_>, output: &mut dyn Write) -> Result<(), Error> {
    let package = package(payload)?;
    check(&package)?;
    let compression = match options.level {
        Level::Fast => Compression::Mszip { level: 1 },
        // Smaller than what wixl writes; higher ones take a tenth longer for a thousandth.
        Level::Default => Compression::Mszip { level: 5 },
        // The largest window that Windows Installer unpacks.
        Level::Best => Compression::Lzx { window: 21 },
    };
    let options = landfall_msi::installer::Options {
        compression,
        threads: options.threads,
        scratch: options.scratch.clone(),
        application: "Landfall".to_owned(),
        progress: options.progress,
    };
    package.write(&options, output).map_err(error)?;
    Ok(())
}

/// Runs the internal consistency evaluators over everything but the content of files.
pub(super) fn check(package: &Package) -> Result<(), Error> {
    let mut database = package.database().map_err(error)?;
    // It derives from the content.
    let code = Guid::derived(PRODUCTS, "checked").to_string();
    database.insert("Property", landfall_msi::row!["ProductCode", code]).map_err(error)?;
    judge(&landfall_msi::ice::check(&database))
}

/// What is wrong by the rules of the format is an error.
fn judge(findings: &[Finding]) -> Result<(), Error> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let findings: String = errors.map(|finding| format!("\n  {finding}")).collect();
    if findings.is_empty() { Ok(()) } else { Err(Error::Rules { format: Format::Msi, findings }) }
}

/// The description of the package.
pub(super) fn package(payload: &Payload) -> Result<Package, Error> {
    let product = &payload.product;
    let upgrade_code = match &payload.options.msi.upgrade_code {
        Some(code) => {
            code.parse().map_err(|error| inexpressible(format!("package.msi.upgrade-code: {error}")))?
        }
        None => Guid::derived(PRODUCTS, &product.identifier),
    };
    let mut package = Package::new(&product.title, &product.vendor, version(payload)?, upgrade_code);
    package.architecture = architecture(payload)?;
    package.epoch = payload.epoch;
    package.comments.clone_from(&product.summary);
    let mut feature = Feature::required(id(FEATURE)?, &product.title);
    feature.description = product.summary.chars().take(LONGEST_DESCRIPTION).collect();
    package.features.push(feature);

    files::add(payload, &mut package)?;
    let mut interface = Interface { license: license(payload)?, fields: Vec::new() };
    settings::add(payload, &mut package, &mut interface)?;
    package.interface = Some(interface);
    if let Some(definition) = &payload.service {
        service::add(payload, definition, &mut package)?;
    }
    // A tool is for people to call; a service only where the manifest says so.
    if payload.options.msi.path.unwrap_or(payload.service.is_none()) {
        add_to_path(&mut package)?;
    }
    if let Some(icon) = &product.windows_icon {
        package.icons.push(Icon { id: id("Product.ico")?, bytes: icon.to_vec(), of_product: true });
    }
    list_of_programs(payload, &mut package);
    purge(payload, &mut package)?;
    Ok(package)
}

/// Text of the first licence among the files.
fn license(payload: &Payload) -> Result<Option<String>, Error> {
    let entry = payload.entries(Format::Msi).find(|entry| entry.role == Role::License);
    let Some(EntryKind::File(content)) = entry.map(|entry| &entry.kind) else { return Ok(None) };
    if content.size() > LARGEST_LICENSE {
        return Ok(None);
    }
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut content.open()?, &mut text)?;
    Ok(String::from_utf8(text).ok())
}

/// Programs can be called by their names, as on every other system.
fn add_to_path(package: &mut Package) -> Result<(), Error> {
    let path = EnvironmentVariable {
        id: id("Path")?,
        name: "PATH".to_owned(),
        value: format!("[{INSTALLDIR}]"),
        append: true,
    };
    let component = package.components.iter_mut().find(|component| {
        component.directory.as_str() == INSTALLDIR && component.files.iter().any(|f| f.name.ends_with(".exe"))
    });
    if let Some(component) = component {
        component.environment.push(path);
    }
    Ok(())
}

/// What the list of installed programs shows.
fn list_of_programs(payload: &Payload, package: &mut Package) {
    let product = &payload.product;
    let texts = [
        ("ARPCOMMENTS", Some(product.summary.clone())),
        ("ARPCONTACT", Some(product.maintainer.clone())),
        ("ARPHELPLINK", product.homepage.clone()),
        ("ARPURLINFOABOUT", product.homepage.clone()),
        // Repair and removal; there is nothing to choose.
        ("ARPNOMODIFY", Some("1".to_owned())),
    ];
    for (name, value) in texts {
        package.properties.extend(value.map(|value| Property::fixed(name, value)));
    }
}

/// A removal with `PURGE=1` takes with it what a removal leaves: edited configuration, settings, and what the service
/// wrote. At its very end, so that a removal that fails has lost nothing.
fn purge(payload: &Payload, package: &mut Package) -> Result<(), Error> {
    let condition = "REMOVE = \"ALL\" AND PURGE = \"1\" AND NOT UPGRADINGPRODUCTCODE";
    let folder = format!("[CommonAppDataFolder]{}", literal(&payload.product.name));
    let key = format!(r"HKLM\{}", literal(&settings::registry_key(payload)));
    for (name, command) in [
        ("PurgeFolder", format!("\"[System64Folder]cmd.exe\" /d /c rmdir /s /q \"{folder}\"")),
        ("PurgeSettings", format!("\"[System64Folder]reg.exe\" delete \"{key}\" /f")),
    ] {
        run(
            Run {
                name,
                command,
                after: "RemoveFiles",
                condition: Some(condition.to_owned()),
                timing: Timing::Commit,
                hidden: false,
            },
            package,
        )?;
    }
    Ok(())
}
