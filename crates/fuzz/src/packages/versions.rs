//! Versions of packages, whoever wrote them.

use landfall_lint::compare_versions;
use landfall_payload::Format;
use std::cmp::Ordering;

/// Any two texts: each format puts them in one order, whichever is asked for first.
pub(super) fn order(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == b'\n').map(String::from_utf8_lossy);
    let mut next = || parts.next().unwrap_or_default();
    let (one, other) = (next(), next());
    for format in Format::ALL {
        let order = compare_versions(format, &one, &other);
        let back = compare_versions(format, &other, &one);
        assert_eq!(order, back.map(Ordering::reverse), "{format}: {one:?}, {other:?}");
        if let Some(same) = compare_versions(format, &one, &one) {
            assert_eq!(same, Ordering::Equal, "{format}: {one:?}");
        }
    }
}

/// What versions look like in the formats.
pub(super) fn examples() -> Vec<Vec<u8>> {
    let examples = [
        "1.0~rc1-1\n1:0.9-2ubuntu1.1",
        "1.2.3_rc1-r0\n1.2.3_p1-r0",
        "2:1.0.r5.g1234567-1\n1.0.0^20260101git-2",
        "1.2.3\n1.2.3.0",
        "1.0.0-beta.2\n1.0.0+build.5",
    ];
    examples.map(|example| example.as_bytes().to_vec()).into()
}
