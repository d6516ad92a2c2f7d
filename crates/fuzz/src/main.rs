//! Runs the target that the variable `FUZZ_TARGET` names under libFuzzer; without one it lists them, a suite and a name
//! in each line. Seeds are written to the folder that `FUZZ_SEEDS` names.
#![no_main]

use landfall_fuzz::{Target, targets};
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::process::exit;
use std::sync::LazyLock;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let Ok(name) = std::env::var("FUZZ_TARGET") else {
        for target in targets() {
            println!("{} {}", target.suite, target.name);
        }
        exit(0)
    };
    let Some(target) = targets().into_iter().find(|target| target.name == name) else {
        eprintln!("fuzz: there is no target {name}");
        exit(64)
    };
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
        for (number, seed) in target.seeds.iter().enumerate() {
            let file = Path::new(&folder).join(format!("seed-{number}"));
            if let Err(error) = std::fs::write(&file, seed) {
                eprintln!("fuzz: cannot write {}: {error}", file.display());
                exit(74)
            }
        }
    }
    target
});

fuzz_target!(init: LazyLock::force(&TARGET), |bytes: &[u8]| (TARGET.run)(bytes));
