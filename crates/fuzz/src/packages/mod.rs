//! Packages, what they are made of, and what they are made from.

use crate::{Target, files};

mod containers;
mod demo;
mod manifest;
mod programs;
mod read;
mod versions;
mod written;

const SUITE: &str = "packages";

pub(crate) fn targets() -> Vec<Target> {
    let mut targets = read::targets();
    targets.extend([
        Target::new(SUITE, "write", written::any_name_and_content).with(written::seeds()),
        Target::new(SUITE, "archive", containers::archive).with(containers::archives()),
        Target::new(SUITE, "cabinet", containers::cabinet).with(containers::cabinets()),
        Target::new(SUITE, "codecs", containers::codecs).with(containers::streams()),
        Target::new(SUITE, "installer", containers::installer).with(demo::installer()),
        Target::new(SUITE, "program", programs::windows).with(programs::smallest_for_windows()),
        Target::new(SUITE, "icon", programs::icon).with(files("../apps/wats-client/packaging", "icon.ico")),
        Target::new(SUITE, "headers", programs::headers).with(programs::smallest()),
        Target::new(SUITE, "authenticode", programs::authenticode).with(demo::installer()),
        Target::new(SUITE, "manifest", manifest::manifest).with(manifest::examples()),
        Target::new(SUITE, "versions", versions::order).with(versions::examples()),
    ]);
    targets
}
