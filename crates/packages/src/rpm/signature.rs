//! The lead and the signature header: what stands in front of a package's header.

use landfall_payload::Architecture;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::header::{HeaderBuilder, TooLarge, Value};
use super::payload::Packed;
use super::tags::{self, sig};

/// Size of the lead.
pub(super) const LEAD: usize = 96;
/// What the lead begins with.
pub(super) const LEAD_MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
/// The signature header is filled up to a multiple of this.
pub(super) const ALIGN: usize = 8;

/// The lead: rpm reads nothing of it but the magic number; `file(1)` reads it all.
pub(super) fn lead(name: &str, architecture: Architecture) -> [u8; LEAD] {
    let mut lead = [0; LEAD];
    lead[..4].copy_from_slice(&LEAD_MAGIC);
    lead[4] = 3; // major version of the format, constant since 1999
    lead[8..10].copy_from_slice(&number(architecture).to_be_bytes());
    // The name ends with a NUL byte within its 66 bytes.
    let name = &name.as_bytes()[..name.len().min(65)];
    lead[10..10 + name.len()].copy_from_slice(name);
    lead[76..78].copy_from_slice(&1u16.to_be_bytes()); // Linux
    lead[78..80].copy_from_slice(&5u16.to_be_bytes()); // a signature header follows
    lead
}

/// Number of an architecture (rpmrc, `arch_canon`).
fn number(architecture: Architecture) -> u16 {
    match architecture {
        Architecture::X86_64 | Architecture::I686 => 1,
        Architecture::Armv7 | Architecture::Armv6 => 12,
        Architecture::S390x => 15,
        Architecture::Powerpc64le => 16,
        Architecture::Aarch64 => 19,
        Architecture::Riscv64 => 22,
        Architecture::Loongarch64 => 23,
    }
}

/// The signature header with its padding: digests of the header, and sizes.
///
/// The payload's own digest stands in the header, so that the header's SHA-256 covers everything. There is no MD5
/// of header and payload: rpm 4.14 and later do without, and machines in FIPS mode refuse it.
pub(super) fn signature(header: &[u8], packed: &Packed, is_large: bool) -> Result<Vec<u8>, TooLarge> {
    let mut entries = HeaderBuilder::default();
    entries.set(sig::SHA1, hex::encode(Sha1::digest(header)));
    entries.set(sig::SHA256, hex::encode(Sha256::digest(header)));
    set_sizes(&mut entries, header.len() as u64 + packed.size, packed.archive_size, is_large);
    let mut bytes = entries.build(tags::HEADERSIGNATURES)?;
    bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
    Ok(bytes)
}

/// Sizes of header and payload, and of the archive; with 64 bits where one may need them.
fn set_sizes(entries: &mut HeaderBuilder, size: u64, archive_size: u64, is_large: bool) {
    if is_large {
        entries.set(sig::LONGSIZE, Value::Int64(vec![size]));
        entries.set(sig::LONGARCHIVESIZE, Value::Int64(vec![archive_size]));
    } else {
        entries.set(sig::SIZE, size as u32);
        entries.set(sig::PAYLOADSIZE, archive_size as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::Header;
    use super::*;

    #[test]
    fn sizes_get_64_bits_where_needed() {
        for (size, archive, tag) in
            [(5, 9, sig::SIZE), (5, 1 << 32, sig::LONGSIZE), (1 << 32, 5, sig::LONGSIZE)]
        {
            let mut entries = HeaderBuilder::default();
            set_sizes(&mut entries, size, archive, tag == sig::LONGSIZE);
            let bytes = entries.build(tags::HEADERSIGNATURES).unwrap();
            let header = Header::read(&mut bytes.as_slice()).unwrap();
            assert_eq!(header.number(tag), Some(size));
            assert_eq!(header.has(sig::LONGARCHIVESIZE), tag == sig::LONGSIZE);
        }
    }

    #[test]
    fn a_long_name_is_cut_in_the_lead() {
        let lead = lead(&"n".repeat(100), Architecture::X86_64);
        assert_eq!(lead[10..76].iter().filter(|&&b| b == b'n').count(), 65);
    }
}
