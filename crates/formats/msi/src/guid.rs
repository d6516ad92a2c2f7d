//! Globally unique identifiers as Windows Installer writes them.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

/// An identifier; written `{8-4-4-4-12}` in upper case, as every GUID column of a database asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// The identifier that `name` has within `namespace` (RFC 9562, version 5): the same on every machine.
    pub fn derived(namespace: Guid, name: &str) -> Self {
        let digest = Sha1::new().chain_update(namespace.0).chain_update(name).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes[6] = bytes[6] & 0x0F | 0x50;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        Self(bytes)
    }

    /// The bytes as Windows lays a GUID out in memory: the first three groups are little-endian numbers.
    pub fn to_windows(self) -> [u8; 16] {
        let b = self.0;
        [b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]]
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, byte) in self.0.iter().enumerate() {
            let dash = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02X}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no GUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no GUID; write it as {{01234567-89AB-CDEF-0123-456789ABCDEF}}")]
pub struct NoGuid(String);

impl FromStr for Guid {
    type Err = NoGuid;

    /// Takes upper and lower case, with or without braces.
    fn from_str(text: &str) -> Result<Self, NoGuid> {
        let no_guid = || NoGuid(text.chars().take(64).collect());
        let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        let dashes_fit = inner.bytes().enumerate().all(|(i, b)| (b == b'-') == matches!(i, 8 | 13 | 18 | 23));
        if inner.len() != 36 || !dashes_fit {
            return Err(no_guid());
        }
        let digits: Vec<u8> = inner.bytes().filter(|b| *b != b'-').collect();
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |d: u8| char::from(d).to_digit(16).ok_or_else(no_guid);
            // Two digits of base 16 fit into a byte.
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The DNS namespace of RFC 9562, appendix A.
    const DNS: Guid = Guid([
        0x6B, 0xA7, 0xB8, 0x10, 0x9D, 0xAD, 0x11, 0xD1, 0x80, 0xB4, 0x00, 0xC0, 0x4F, 0xD4, 0x30, 0xC8,
    ]);

    #[test]
    fn derives_as_the_standard_says() {
        // RFC 9562, appendix A.4.
        let derived = Guid::derived(DNS, "www.example.com");
        assert_eq!(derived.to_string(), "{2ED6657D-E927-568B-95E1-2665A8AEA6A2}");
    }

    #[test]
    fn reads_what_it_writes() {
        let text = "{6BA7B810-9DAD-11D1-80B4-00C04FD430C8}";
        assert_eq!(text.parse::<Guid>().unwrap(), DNS);
        assert_eq!(DNS.to_string(), text);
        assert_eq!("6ba7b810-9dad-11d1-80b4-00c04fd430c8".parse::<Guid>().unwrap(), DNS);
        for wrong in
            ["", "{}", "{6BA7B810-9DAD-11D1-80B4-00C04FD430C}", "6BA7B8109DAD11D180B400C04FD430C8XXXX"]
        {
            assert!(wrong.parse::<Guid>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn is_laid_out_as_windows_does() {
        assert_eq!(DNS.to_windows()[..8], [0x10, 0xB8, 0xA7, 0x6B, 0xAD, 0x9D, 0xD1, 0x11]);
    }
}
