//! Conffiles: deb-conffiles(5).

use landfall_payload::{Entry, EntryKind, Role};

/// Whether an entry is a conffile: every configuration file, and whatever else is shipped below `/etc`, since
/// an administrator's changes there must survive (Debian Policy §10.7). Only regular files can be conffiles.
pub(super) fn is_conffile(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::File(_))
        && (entry.role == Role::Config || entry.path.starts_with("/etc/"))
}
