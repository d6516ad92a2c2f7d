//! Verifying signatures.

use std::io::{Read, Seek};

use cms::content_info::ContentInfo;
use der::{Decode, Encode};
use x509_cert::Certificate;
use x509_cert::time::Time;

use crate::certificate::{Purpose, chain, subject as name};
use crate::hash::Hash;
use crate::signed_data::Signed;
use crate::spc::{SpcIndirectDataContent, SpcLink, SpcSpOpusInfo};
use crate::subject::{self, Kind};
use crate::timestamp;
use crate::{Error, Result, oid};

/// Who is trusted. Nobody is by default: which roots Windows trusts is for the caller to bring.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Roots of code signing certificates. A signer's own certificate may stand here as well.
    pub code_signing: Vec<Certificate>,
    /// Roots of timestamp authorities.
    pub timestamps: Vec<Certificate>,
}

/// What a signature that holds says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// Kind of the file.
    pub kind: Kind,
    /// Subjects of the certificates, from the signer to the root.
    pub chain: Vec<String>,
    /// The description.
    pub description: Option<String>,
    /// The address.
    pub url: Option<String>,
    /// The signing time that the signer states, in seconds after 1970.
    pub signing_time: Option<i64>,
    /// The confirmed time.
    pub timestamp: Option<Timestamp>,
    /// Whether the metadata of an MSI is signed.
    pub msi_metadata: bool,
}

/// A confirmed time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    /// When the signature was there, in seconds after 1970.
    pub time: i64,
    /// Subjects of the certificates, from the authority to the root.
    pub chain: Vec<String>,
}

/// Verifies the signature of a file: that the file is what was signed, that the signer's certificate is meant for
/// code signing and leads to a trusted root, and that it was valid at the time that a timestamp confirms, or without
/// one, `now` (seconds after 1970). A timestamp that is there must hold as well. Revocation is not looked at.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(mut input: impl Read + Seek, trust: &Trust, now: i64) -> Result<Verification> {
    let kind = Kind::of(&mut input)?;
    let found = subject::signature(kind, &mut input)?;
    let signed = Signed::read(&found.der, oid::SPC_INDIRECT_DATA, "the file")?;
    check_digest(kind, &mut input, &signed, found.extended)?;
    let timestamp = check_timestamp(&signed, trust)?;
    let at = timestamp.as_ref().map_or(now, |timestamp| timestamp.time);
    let purpose = Purpose::CodeSigning;
    let chain = chain(&signed.certificate, &signed.certificates, &trust.code_signing, purpose, at)?;
    let (description, url) = texts(&signed);
    let signing_time: Option<Time> = signed.signed_attribute(oid::SIGNING_TIME)?;
    Ok(Verification {
        kind,
        chain: chain.iter().map(name).collect(),
        description,
        url,
        signing_time: signing_time.map(|time| time.to_unix_duration().as_secs() as i64),
        timestamp,
        msi_metadata: found.extended,
    })
}

/// What a signature says of itself. Whether its certificate is to be trusted is left open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Subject of the signer's certificate.
    pub signer: String,
    /// Who issued it.
    pub issuer: String,
    /// The description.
    pub description: Option<String>,
    /// The address.
    pub url: Option<String>,
    /// The time that a timestamp states, in seconds after 1970.
    pub timestamp: Option<i64>,
    /// Whether the file is the one that was signed.
    pub unchanged: bool,
}

/// Reads the signature of a file without asking whether it is to be trusted, for which there is [`verify`].
///
/// # Errors
/// When there is none, or it is damaged.
pub fn state(mut input: impl Read + Seek) -> Result<Statement> {
    let kind = Kind::of(&mut input)?;
    let found = subject::signature(kind, &mut input)?;
    let signed = Signed::read(&found.der, oid::SPC_INDIRECT_DATA, "the file")?;
    let unchanged = match check_digest(kind, &mut input, &signed, found.extended) {
        Err(Error::DigestMismatch) => false,
        other => other.map(|()| true)?,
    };
    let timestamp = match signed.unsigned_attribute::<ContentInfo>(oid::RFC3161_COUNTER_SIGN)? {
        Some(token) => Some(timestamp::read(&token.to_der()?, signed.signer.signature.as_bytes())?.0.time),
        None => None,
    };
    let (description, url) = texts(&signed);
    let certificate = &signed.certificate;
    let issuer = certificate.tbs_certificate.issuer.to_string();
    Ok(Statement { signer: name(certificate), issuer, description, url, timestamp, unchanged })
}

/// Description and address. In a form that is not known here they are not shown; they decide nothing.
fn texts(signed: &Signed) -> (Option<String>, Option<String>) {
    let opus: Option<SpcSpOpusInfo> =
        signed.signed_attribute(oid::SPC_SP_AGENCY_INFO_OPUS).unwrap_or_default();
    let (description, link) = opus.map_or((None, None), |opus| (opus.program_name, opus.more_info));
    let link = link.map(|link| match link {
        SpcLink::Url(url) => url.to_string(),
        SpcLink::File(file) => file.to_string(),
    });
    (description.map(|text| text.to_string()), link)
}

fn check_digest(kind: Kind, input: &mut (impl Read + Seek), signed: &Signed, extended: bool) -> Result<()> {
    let content = SpcIndirectDataContent::from_der(&signed.content.to_der()?)?;
    let expected = match kind {
        Kind::Pe => oid::SPC_PE_IMAGE_DATA,
        Kind::Msi => oid::SPC_SIPINFO,
    };
    if content.data.kind != expected {
        return Err(Error::Malformed("it was made for a file of another kind".into()));
    }
    let info = content.message_digest;
    let hash = Hash::from_oid(&info.digest_algorithm.oid, "the signature")?;
    if subject::digest(kind, input, hash, extended)? == info.digest.as_bytes() {
        Ok(())
    } else {
        Err(Error::DigestMismatch)
    }
}

fn check_timestamp(signed: &Signed, trust: &Trust) -> Result<Option<Timestamp>> {
    let Some(token) = signed.unsigned_attribute::<ContentInfo>(oid::RFC3161_COUNTER_SIGN)? else {
        return Ok(None);
    };
    let (info, authority) = timestamp::read(&token.to_der()?, signed.signer.signature.as_bytes())?;
    let purpose = Purpose::TimeStamping;
    let chain =
        chain(&authority.certificate, &authority.certificates, &trust.timestamps, purpose, info.time)?;
    Ok(Some(Timestamp { time: info.time, chain: chain.iter().map(name).collect() }))
}
