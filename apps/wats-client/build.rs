//! Embeds what service managers must know of the service, so that `install-service` says the same as the packages:
//! both take it from the `[service]` of landfall.toml. The program for Windows also gets the sentences of its events.

use landfall_payload::{Os, Target, service};
use landfall_service_definition::Platform;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    let manifest = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../../landfall.toml");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", manifest.display());
    let loaded = landfall_manifest::load(&manifest).map_err(|report| report.to_string())?;
    let target: Target = variable("TARGET")?.parse()?;
    let platform = match target.os {
        Os::Linux => Platform::Linux,
        Os::Macos => Platform::Macos,
        Os::Windows => Platform::Windows,
    };
    let version = variable("CARGO_PKG_VERSION")?;
    let definition = service::definition(&loaded.manifest, &target, &version, platform)
        .ok_or("landfall.toml has no [service]")?;
    let file = Path::new(&variable("OUT_DIR")?).join("definition.json");
    std::fs::write(file, serde_json::to_string(&definition)?)?;
    landfall_message_table::MessageTable::default().link()?;
    Ok(())
}
