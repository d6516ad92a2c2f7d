//! What WATS Client is told: its configuration, that of other clients, requests to its page, and a server's answers.

mod answers;
mod configuration;
mod page;

use crate::Target;

const SUITE: &str = "client";

pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new(SUITE, "server", answers::to_everything).with(answers::seeds()),
        Target::new(SUITE, "configuration", configuration::file).with(configuration::files()),
        Target::new(SUITE, "order", configuration::order).with(configuration::orders()),
        Target::new(SUITE, "import", configuration::import).with(configuration::imports()),
        Target::new(SUITE, "page", page::request).with(page::seeds()),
    ]
}

/// Names and values of headers.
type Headers = Vec<(String, Vec<u8>)>;

/// What stands in a message of HTTP: its first line, its headers, and after an empty line its body.
fn parts(bytes: &[u8]) -> (&[u8], Headers, &[u8]) {
    let mut rest = bytes;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (line, below) = rest.split_at(end);
        rest = below.get(1..).unwrap_or_default();
        line
    };
    let first = line();
    let mut headers = Vec::new();
    loop {
        let header = line();
        let Some(colon) = header.iter().position(|byte| *byte == b':') else { break };
        let name = String::from_utf8_lossy(&header[..colon]).into_owned();
        headers.push((name, header[colon + 1..].trim_ascii().to_vec()));
    }
    (first, headers, rest)
}
