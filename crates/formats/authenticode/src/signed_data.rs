//! `SignedData` (RFC 5652 §5): what Authenticode and timestamps have in common.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode, Encode, Tagged};
use x509_cert::Certificate;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use crate::certificate::subject;
use crate::error::malformed;
use crate::hash::Hash;
use crate::public_key::{PublicKey, hash_of};
use crate::{Error, Identity, Result, oid};

/// A signature whose parts belong together; whether its signer is trusted is another question.
#[derive(Debug)]
pub(crate) struct Signed {
    /// The signed content.
    pub(crate) content: Any,
    pub(crate) signer: SignerInfo,
    /// The signer's certificate.
    pub(crate) certificate: Certificate,
    /// All certificates that came with it.
    pub(crate) certificates: Vec<Certificate>,
}

impl Signed {
    /// Reads a signature of `what` over content of type `kind` and checks it.
    pub(crate) fn read(der: &[u8], kind: ObjectIdentifier, what: &'static str) -> Result<Self> {
        let info = ContentInfo::from_der(der)?;
        if info.content_type != oid::PKCS7_SIGNED_DATA {
            return Err(malformed(format!("it is of type {}", info.content_type)));
        }
        let data: SignedData = info.content.decode_as()?;
        if data.encap_content_info.econtent_type != kind {
            return Err(malformed(format!(
                "it signs content of type {}",
                data.encap_content_info.econtent_type
            )));
        }
        // Fields that nobody signs have one allowed value each. PKCS #7 is version 1, timestamps are CMS version 3.
        let version = if kind == oid::TST_INFO { CmsVersion::V3 } else { CmsVersion::V1 };
        if data.version != version {
            return Err(malformed(format!("its version is not {version:?}")));
        }
        let content = data.encap_content_info.econtent.ok_or_else(|| malformed("it has no content"))?;
        let mut signers = data.signer_infos.0.into_vec();
        let (Some(signer), true) = (signers.pop(), signers.is_empty()) else {
            return Err(malformed("it has not exactly one signer"));
        };
        if data.digest_algorithms.as_slice() != [signer.digest_alg.clone()] {
            return Err(malformed("its list of digests is not that of its signer"));
        }
        let by_issuer = matches!(signer.sid, SignerIdentifier::IssuerAndSerialNumber(_));
        if signer.version != if by_issuer { CmsVersion::V1 } else { CmsVersion::V3 } {
            return Err(malformed("the version of its signer is wrong"));
        }
        let certificates: Vec<Certificate> = data
            .certificates
            .map(|set| set.0.into_vec())
            .unwrap_or_default()
            .into_iter()
            .filter_map(|choice| match choice {
                CertificateChoices::Certificate(certificate) => Some(certificate),
                CertificateChoices::Other(_) => None,
            })
            .collect();
        let certificate = find(&certificates, &signer.sid)?.ok_or(Error::MissingCertificate { what })?;
        let signed = Self { content, signer, certificate, certificates };
        signed.check(kind, what)?;
        Ok(signed)
    }

    fn check(&self, kind: ObjectIdentifier, what: &'static str) -> Result<()> {
        let hash = Hash::from_oid(&self.signer.digest_alg.oid, what)?;
        for algorithm in [&self.signer.digest_alg, &self.signer.signature_algorithm] {
            if algorithm.parameters.as_ref().is_some_and(|parameters| !parameters.is_null()) {
                return Err(Error::Algorithm { what, algorithm: format!("parameters of {}", algorithm.oid) });
            }
        }
        if self.signer.signed_attrs.is_none() {
            return Err(malformed("it has no signed attributes"));
        }
        let content_type: Option<ObjectIdentifier> = self.signed_attribute(oid::CONTENT_TYPE)?;
        let digest: Option<OctetString> = self.signed_attribute(oid::MESSAGE_DIGEST)?;
        if content_type != Some(kind) {
            return Err(malformed("its content is of another type than it signs"));
        }
        let mismatch = || Error::SignatureMismatch { what, signer: subject(&self.certificate) };
        // Authenticode leaves tag and length of the content out of the digest, as PKCS #7 does.
        if digest.as_ref().map(OctetString::as_bytes) != Some(&hash.digest(self.content.value())) {
            return Err(mismatch());
        }
        let key = PublicKey::new(&self.certificate.tbs_certificate.subject_public_key_info, what)?;
        let hash = hash_of(&self.signer.signature_algorithm, Some(hash), what)?;
        let digest = hash.digest(&self.signer.signed_attrs.to_der()?);
        if key.verifies(hash, &digest, self.signer.signature.as_bytes()) { Ok(()) } else { Err(mismatch()) }
    }

    /// The value of a signed attribute.
    pub(crate) fn signed_attribute<T: for<'a> Decode<'a>>(&self, id: ObjectIdentifier) -> Result<Option<T>> {
        attribute(self.signer.signed_attrs.as_ref(), id)
    }

    /// The value of an attribute that is not signed.
    pub(crate) fn unsigned_attribute<T: for<'a> Decode<'a>>(
        &self,
        id: ObjectIdentifier,
    ) -> Result<Option<T>> {
        attribute(self.signer.unsigned_attrs.as_ref(), id)
    }
}

fn attribute<T: for<'a> Decode<'a>>(
    attributes: Option<&Attributes>,
    id: ObjectIdentifier,
) -> Result<Option<T>> {
    let mut found = attributes.into_iter().flat_map(|all| all.iter()).filter(|attribute| attribute.oid == id);
    let Some(attribute) = found.next() else { return Ok(None) };
    match (attribute.values.as_slice(), found.next()) {
        ([value], None) => Ok(Some(T::from_der(&value.to_der()?)?)),
        _ => Err(malformed(format!("it has the attribute {id} more than once"))),
    }
}

fn find(certificates: &[Certificate], sid: &SignerIdentifier) -> Result<Option<Certificate>> {
    for certificate in certificates {
        let tbs = &certificate.tbs_certificate;
        let matches = match sid {
            SignerIdentifier::IssuerAndSerialNumber(id) => {
                id.issuer == tbs.issuer && id.serial_number == tbs.serial_number
            }
            SignerIdentifier::SubjectKeyIdentifier(id) => {
                matches!(tbs.get::<SubjectKeyIdentifier>()?, Some((_, own)) if own == *id)
            }
        };
        if matches {
            return Ok(Some(certificate.clone()));
        }
    }
    Ok(None)
}

/// An attribute with one value.
pub(crate) fn single(id: ObjectIdentifier, value: &(impl Encode + Tagged)) -> Result<Attribute> {
    Ok(Attribute { oid: id, values: SetOfVec::try_from(vec![Any::from_der(&value.to_der()?)?])? })
}

/// Signs `content`. `countersign` gets the signature and may add an attribute that is not signed.
pub(crate) fn create(
    identity: &Identity,
    kind: ObjectIdentifier,
    content: Any,
    mut attributes: Vec<Attribute>,
    countersign: impl FnOnce(&[u8]) -> Result<Option<Attribute>>,
) -> Result<Vec<u8>> {
    let hash = Hash::Sha256;
    attributes.push(single(oid::CONTENT_TYPE, &kind)?);
    attributes.push(single(oid::MESSAGE_DIGEST, &OctetString::new(hash.digest(content.value()))?)?);
    let attributes = Attributes::try_from(attributes)?;
    let mut digest = [0; 32];
    digest.copy_from_slice(&hash.digest(&attributes.to_der()?));
    let (key, signature) = identity.sign(&digest)?;
    let unsigned = countersign(&signature)?;
    let tbs = &identity.certificate().tbs_certificate;
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: tbs.issuer.clone(),
            serial_number: tbs.serial_number.clone(),
        }),
        digest_alg: hash.identifier(),
        signed_attrs: Some(attributes),
        signature_algorithm: key.sha256_algorithm(),
        signature: OctetString::new(signature)?,
        unsigned_attrs: unsigned.map(|attribute| Attributes::try_from(vec![attribute])).transpose()?,
    };
    let certificates: Vec<_> = identity.carried().into_iter().map(CertificateChoices::Certificate).collect();
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![hash.identifier()])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: kind, econtent: Some(content) },
        certificates: Some(CertificateSet(SetOfVec::try_from(certificates)?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
    };
    let info = ContentInfo { content_type: oid::PKCS7_SIGNED_DATA, content: Any::from_der(&data.to_der()?)? };
    Ok(info.to_der()?)
}
