//! Signing files.

use std::io::{Read, Seek, Write};

use der::asn1::{Any, ObjectIdentifier};
use der::{Decode, Encode};
use x509_cert::time::Time;

use crate::certificate::{Purpose, check_purpose, check_validity};
use crate::hash::Hash;
use crate::signed_data::{create, single};
use crate::spc::{SpcIndirectDataContent, SpcSpOpusInfo};
use crate::subject::{self, Kind};
use crate::{Error, Identity, Result, TimestampAuthority, oid};

/// How to sign.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Now, in seconds after 1970: the certificate must be valid at this moment. It is no part of the signature.
    pub now: i64,
    /// What Windows calls the file when it asks for permission. Without it, it shows the name of a temporary file for
    /// an MSI.
    pub description: Option<String>,
    /// Where more is told about it.
    pub url: Option<String>,
    /// A signing time to be part of the signature, in seconds after 1970. It is the signer's word alone.
    pub signing_time: Option<i64>,
    /// Sign names, sizes and times of the streams of an MSI as well (`MsiDigitalSignatureEx`).
    pub msi_metadata: bool,
    /// Who confirms the time.
    pub timestamp: Option<TimestampAuthority<'a>>,
}

impl Options<'_> {
    /// Nothing but a signature, that of an MSI with its metadata.
    pub fn new(now: i64) -> Self {
        Self { now, description: None, url: None, signing_time: None, msi_metadata: true, timestamp: None }
    }
}

/// Signs `input` and writes the signed file to `output`, which should be empty. A signature that is there is replaced.
///
/// An MSI is written anew, its streams in a fixed order; a PE stays as it is but for the signature, the fields that
/// name it, and the checksum.
///
/// # Errors
/// When the file is no PE or MSI or is damaged, when the certificate is not valid now or not meant for code signing,
/// when signer or timestamp authority fail. The output is of no use then.
pub fn sign<O: Read + Write + Seek>(
    mut input: impl Read + Seek,
    mut output: O,
    identity: &Identity,
    options: &Options<'_>,
) -> Result<O> {
    check_validity(identity.certificate(), options.now)?;
    check_purpose(identity.certificate(), Purpose::CodeSigning)?;
    let attributes = vec![
        opus_info(options)?,
        single(oid::SPC_STATEMENT_TYPE, &vec![oid::SPC_INDIVIDUAL_SP_KEY_PURPOSE] as &Vec<ObjectIdentifier>)?,
    ];
    let kind = Kind::of(&mut input)?;
    subject::prepare(kind, input, &mut output)?;
    let extended = kind == Kind::Msi && options.msi_metadata;
    let digest = subject::digest(kind, &mut output, Hash::Sha256, extended)?;
    let content = SpcIndirectDataContent::new(kind, Hash::Sha256, digest)?;
    let content = Any::from_der(&content.to_der()?)?;
    let attributes = attributes.into_iter().chain(signing_time(options)?).collect();
    let signature = create(identity, oid::SPC_INDIRECT_DATA, content, attributes, |signature| {
        options.timestamp.as_ref().map(|authority| authority.countersign(signature)).transpose()
    })?;
    subject::seal(kind, &mut output, &signature, extended)?;
    Ok(output)
}

fn opus_info(options: &Options<'_>) -> Result<x509_cert::attr::Attribute> {
    let info = SpcSpOpusInfo::new(options.description.as_deref(), options.url.as_deref())?;
    single(oid::SPC_SP_AGENCY_INFO_OPUS, &info.to_any()?)
}

fn signing_time(options: &Options<'_>) -> Result<Option<x509_cert::attr::Attribute>> {
    let Some(seconds) = options.signing_time else { return Ok(None) };
    let wrong = || Error::Text {
        what: "signing time",
        value: seconds.to_string(),
        reason: "it is no moment between 1970 and 9999",
    };
    let since = std::time::Duration::from_secs(u64::try_from(seconds).map_err(|_| wrong())?);
    // RFC 5652 §11.3: up to 2049 in the short form.
    let time = match der::asn1::UtcTime::from_unix_duration(since) {
        Ok(time) => Time::UtcTime(time),
        Err(_) => der::asn1::GeneralizedTime::from_unix_duration(since)
            .map(Time::GeneralTime)
            .map_err(|_| wrong())?,
    };
    single(oid::SIGNING_TIME, &time).map(Some)
}
