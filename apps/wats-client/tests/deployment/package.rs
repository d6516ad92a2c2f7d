//! Packages of the program that is tested.

use crate::page::repository;
use landfall_packages::{Level, Options, packager};
use landfall_payload::{Format, Payload, Target};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The payload of the repository's manifest, with the program of this test and a version. `folder` gets what the
/// manifest names.
pub(crate) fn payload(folder: &Path, version: &str) -> Payload {
    let repository = repository();
    let mut manifest: Table = fs::read_to_string(repository.join("landfall.toml")).unwrap().parse().unwrap();
    let program = Table::from_iter([("path".to_owned(), Value::from("wats-client"))]);
    manifest["programs"]["wats-client"] = program.into();
    manifest["product"]["version"] = Value::from(version);
    let packaging = "apps/wats-client/packaging";
    fs::create_dir_all(folder.join(packaging)).unwrap();
    for entry in fs::read_dir(repository.join(packaging)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join(packaging).join(entry.file_name())).unwrap();
    }
    for file in ["LICENSE-MIT", "apps/wats-client/README.md"] {
        fs::copy(repository.join(file), folder.join(file)).unwrap();
    }
    fs::copy(env!("CARGO_BIN_EXE_wats-client"), folder.join("wats-client")).unwrap();
    let loaded = landfall_manifest::parse(&folder.join("landfall.toml"), manifest.to_string())
        .unwrap_or_else(|report| panic!("{report}"));
    let version = landfall_payload::version(&loaded, &|_| None).unwrap_or_else(|report| panic!("{report}"));
    let built = landfall_payload::build(&loaded, &Target::host(), &version, 1_700_000_000);
    built.unwrap_or_else(|report| panic!("{report}")).payload
}

/// Writes a package, named as `landfall build` names it.
pub(crate) fn write(folder: &Path, payload: &Payload, format: Format) -> PathBuf {
    let packager = packager(format);
    let path = folder.join(packager.file_name(payload).unwrap());
    let options = Options {
        level: Level::Fast,
        compression: None,
        threads: 2,
        scratch: folder.to_owned(),
        progress: &|_| {},
    };
    packager.write(payload, &options, &mut File::create(&path).unwrap()).unwrap();
    path
}
