//! Which report is which: content hashes and the ids derived from them.

use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// Name space of all derived report ids. Never change it: ids of reports already sent would change with it.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d1c_57a6_0f5e_4b0e_9a35_6a1c_92be_7d41);

/// SHA-256 of a source file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Hashes the bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// The id of the report at `index` (from 0) in a source file, made by the named converter: a UUID version 5 over
/// all three.
///
/// The converter is part of the id because two converters make two different reports of one file.
pub fn report_id(content: &ContentHash, converter: &str, index: u32) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{content}/{converter}/{index}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_never_change() {
        let content = ContentHash::of(b"{}");
        assert_eq!(content.to_string(), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
        assert_eq!(report_id(&content, "wsjf", 0), report_id(&ContentHash::of(b"{}"), "wsjf", 0));
        assert_ne!(report_id(&content, "wsjf", 0), report_id(&content, "wsjf", 1));
        assert_ne!(report_id(&content, "wsjf", 0), report_id(&content, "wsxf", 0));
        assert_eq!(report_id(&content, "wsjf", 0).get_version_num(), 5);
    }
}
