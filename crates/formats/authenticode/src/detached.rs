//! Signatures apart from their files.

use std::io::{Read, Seek, Write};

use der::{Decode, Encode};

use crate::hash::Hash;
use crate::signed_data::Signed;
use crate::spc::SpcIndirectDataContent;
use crate::subject::{self, Kind};
use crate::{Error, Result, oid};

/// Takes the signature out of a signed file: PKCS #7 in DER, its timestamp included.
///
/// # Errors
/// When the file is not signed or is damaged.
pub fn extract(mut input: impl Read + Seek) -> Result<Vec<u8>> {
    let kind = Kind::of(&mut input)?;
    Ok(subject::signature(kind, &mut input)?.der)
}

/// Writes `input` with a signature that [`extract`] took from the same file, or that was made elsewhere. The result
/// is byte for byte what [`sign`](crate::sign()) wrote.
///
/// # Errors
/// [`Error::DigestMismatch`] when it is the signature of another file. Whether it is trusted is for
/// [`verify`](crate::verify()) to say.
pub fn attach<O: Read + Write + Seek>(
    mut input: impl Read + Seek,
    signature: &[u8],
    mut output: O,
) -> Result<O> {
    let signed = Signed::read(signature, oid::SPC_INDIRECT_DATA, "the file")?;
    let content = SpcIndirectDataContent::from_der(&signed.content.to_der()?)?;
    let hash = Hash::from_oid(&content.message_digest.digest_algorithm.oid, "the signature")?;
    let kind = Kind::of(&mut input)?;
    subject::prepare(kind, input, &mut output)?;
    // The signature does not tell whether metadata is part of it; the digest does.
    let extended: &[bool] = if kind == Kind::Msi { &[true, false] } else { &[false] };
    for &extended in extended {
        let digest = subject::digest(kind, &mut output, hash, extended)?;
        if digest == content.message_digest.digest.as_bytes() {
            subject::seal(kind, &mut output, signature, extended)?;
            return Ok(output);
        }
    }
    Err(Error::DigestMismatch)
}

/// Writes `input` without its signature.
///
/// # Errors
/// When the file is damaged or cannot be written.
pub fn remove<O: Read + Write + Seek>(mut input: impl Read + Seek, mut output: O) -> Result<O> {
    let kind = Kind::of(&mut input)?;
    subject::prepare(kind, input, &mut output)?;
    output.flush()?;
    Ok(output)
}
