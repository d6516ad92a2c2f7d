//! The structures of Authenticode, with the specification's names ("Windows Authenticode Portable Executable
//! Signature Format").

use der::asn1::{Any, BmpString, Ia5String, ObjectIdentifier, OctetString};
use der::{Choice, Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;

use crate::hash::Hash;
use crate::subject::Kind;
use crate::{Error, Result, oid};

/// The signed content: what kind of file it is, and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SpcIndirectDataContent {
    pub(crate) data: SpcAttributeTypeAndOptionalValue,
    pub(crate) message_digest: DigestInfo,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SpcAttributeTypeAndOptionalValue {
    pub(crate) kind: ObjectIdentifier,
    #[asn1(optional = "true")]
    pub(crate) value: Option<Any>,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct DigestInfo {
    pub(crate) digest_algorithm: AlgorithmIdentifierOwned,
    pub(crate) digest: OctetString,
}

/// Description and address that Windows shows when it asks for permission.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SpcSpOpusInfo {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) program_name: Option<SpcString>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) more_info: Option<SpcLink>,
}

#[derive(Debug, Clone, PartialEq, Eq, Choice)]
pub(crate) enum SpcString {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Unicode(BmpString),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT")]
    Ascii(Ia5String),
}

impl std::fmt::Display for SpcString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unicode(text) => text.fmt(f),
            Self::Ascii(text) => text.as_str().fmt(f),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Choice)]
pub(crate) enum SpcLink {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Url(Ia5String),
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    File(SpcString),
}

/// `SpcPeImageData`: no flags, and a file link with the text `<<<Obsolete>>>`, as every signer writes it.
const PE_IMAGE_DATA: [u8; 39] = *b"\x30\x25\x03\x01\x00\xa0\x20\xa2\x1e\x80\x1c\
    \0<\0<\0<\0O\0b\0s\0o\0l\0e\0t\0e\0>\0>\0>";

/// `SpcSipInfo`: version 1, the identifier of Windows Installer's subject interface package, five reserved numbers.
const MSI_SIP_INFO: [u8; 38] = *b"\x30\x24\x02\x01\x01\x04\x10\
    \xf1\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0F\
    \x02\x01\0\x02\x01\0\x02\x01\0\x02\x01\0\x02\x01\0";

impl SpcIndirectDataContent {
    /// The content for a file of `kind`.
    pub(crate) fn new(kind: Kind, hash: Hash, digest: Vec<u8>) -> Result<Self> {
        let (kind, value) = match kind {
            Kind::Pe => (oid::SPC_PE_IMAGE_DATA, &PE_IMAGE_DATA[..]),
            Kind::Msi => (oid::SPC_SIPINFO, &MSI_SIP_INFO[..]),
        };
        Ok(Self {
            data: SpcAttributeTypeAndOptionalValue { kind, value: Some(Any::from_der(value)?) },
            message_digest: DigestInfo {
                digest_algorithm: hash.identifier(),
                digest: OctetString::new(digest)?,
            },
        })
    }
}

impl SpcSpOpusInfo {
    /// Description and address in the form in which they are stored.
    pub(crate) fn new(description: Option<&str>, url: Option<&str>) -> Result<Self> {
        let text = |what, value: &str, reason| Error::Text { what, value: value.into(), reason };
        let program_name = description
            .map(|value| {
                BmpString::from_utf8(value)
                    .map(SpcString::Unicode)
                    .map_err(|_| text("description", value, "it has a character beyond U+FFFF"))
            })
            .transpose()?;
        let more_info = url
            .map(|value| {
                Ia5String::new(value)
                    .map(SpcLink::Url)
                    .map_err(|_| text("address", value, "it has a character that is not ASCII: encode it"))
            })
            .transpose()?;
        Ok(Self { program_name, more_info })
    }

    /// As the value of an attribute.
    pub(crate) fn to_any(&self) -> Result<Any> {
        Ok(Any::from_der(&self.to_der()?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_der() {
        for der in [&PE_IMAGE_DATA[..], &MSI_SIP_INFO] {
            assert_eq!(Any::from_der(der).unwrap().to_der().unwrap(), der);
        }
    }

    #[test]
    fn texts_come_back() {
        let info = SpcSpOpusInfo::new(Some("Grüße 1.0"), Some("https://example.com/")).unwrap();
        let again = SpcSpOpusInfo::from_der(&info.to_der().unwrap()).unwrap();
        assert_eq!(again.program_name.unwrap().to_string(), "Grüße 1.0");
        assert!(matches!(again.more_info, Some(SpcLink::Url(url)) if url.as_str() == "https://example.com/"));
        assert!(matches!(SpcSpOpusInfo::new(None, Some("https://exämple.com/")), Err(Error::Text { .. })));
        assert!(matches!(SpcSpOpusInfo::new(Some("😀"), None), Err(Error::Text { .. })));
    }
}
