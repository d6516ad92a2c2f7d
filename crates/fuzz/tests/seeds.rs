//! Every target with its seeds, whole and damaged: targets hold between two times of fuzzing, and run at all.

use landfall_fuzz::{Target, targets};

/// How often a seed is damaged in each way.
const DAMAGES: usize = 8;

#[test]
fn converters_take_damaged_seeds() {
    run("converters");
}

#[test]
fn readers_of_packages_take_damaged_seeds() {
    run("packages");
}

#[test]
fn services_take_damaged_seeds() {
    run("service");
}

#[test]
fn clients_take_damaged_seeds() {
    run("client");
}

fn run(suite: &str) {
    for target in targets().iter().filter(|target| target.suite == suite) {
        assert!(!target.seeds.is_empty(), "{} has no seed", target.name);
        try_with(target, b"", "nothing".into());
        for (number, seed) in target.seeds.iter().enumerate() {
            try_with(target, seed, format!("seed {number}"));
            for step in 0..DAMAGES.min(seed.len()) {
                // Both ends, and places between that are none of the format's own.
                let at = (seed.len() - 1) * step / (DAMAGES - 1);
                try_with(target, &seed[..at], format!("the first {at} bytes of seed {number}"));
                let mut damaged = seed.clone();
                damaged[at] ^= 1 << (step % 8);
                try_with(
                    target,
                    &damaged,
                    format!("seed {number} with bit {} of byte {at} turned", step % 8),
                );
            }
        }
    }
}

fn try_with(target: &Target, bytes: &[u8], what: String) {
    let _case = Case { target: &target.name, what };
    (target.run)(bytes);
}

/// Says which one it was, when a target panics.
struct Case<'a> {
    target: &'a str,
    what: String,
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was the target {} with {}", self.target, self.what);
        }
    }
}
