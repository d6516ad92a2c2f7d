//! Lintian overrides (the Lintian manual, «Overrides»), each with its reason.

use landfall_payload::{Format, Payload, Role};

/// The text of `/usr/share/lintian/overrides/NAME`, or `None` where nothing is overridden.
pub(super) fn overrides(payload: &Payload) -> Option<String> {
    let mut all: Vec<(String, &str)> =
        vec![("initial-upload-closes-no-bugs".into(), "Published by its vendor, not uploaded to Debian.")];
    if payload.entries(Format::Deb).any(|e| e.role == Role::License) {
        all.push((
            "extra-license-file".into(),
            "The licence is shipped in the same place for every distribution.",
        ));
    }
    if payload.needs.iter().any(|file| file.interpreter.is_none() && file.soname.is_none()) {
        all.push(("statically-linked-binary".into(), "One program for every release of every distribution."));
    }
    for (tag, reason) in &payload.options.deb.lintian_overrides {
        all.retain(|(known, _)| known != tag);
        all.push((tag.clone(), reason));
    }
    all.sort();
    let mut text = String::new();
    for (tag, reason) in all {
        for line in reason.lines() {
            text.push_str(&format!("# {}\n", line.trim()));
        }
        text.push_str(&format!("{}: {}\n", payload.product.name, tag.trim().replace('\n', " ")));
    }
    (!text.is_empty()).then_some(text)
}
