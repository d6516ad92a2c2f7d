//! WATS Client: carries test reports from a factory floor to a WATS server and never loses one.

use std::process::ExitCode;

fn main() -> ExitCode {
    wats_client::main()
}
