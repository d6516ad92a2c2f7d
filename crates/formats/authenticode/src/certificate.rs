//! Certificates and the chains between them (RFC 5280 §6, as far as code signing needs it).

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

use crate::hash::Hash;
use crate::public_key::{PublicKey, hash_of};
use crate::{Error, Result, oid};

/// Longest chain, the root included.
const MOST_CHAIN: usize = 10;
/// Most issuers that are tried for one chain: certificates of a signature are anybody's data.
const MOST_TRIES: usize = 100;

/// What a certificate is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    CodeSigning,
    TimeStamping,
}

impl Purpose {
    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::CodeSigning => oid::KP_CODE_SIGNING,
            Self::TimeStamping => oid::KP_TIME_STAMPING,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::CodeSigning => "code signing",
            Self::TimeStamping => "timestamps",
        }
    }
}

/// Reads the certificates of a PEM file, in their order.
///
/// # Errors
/// [`Error::Identity`] when there is none or one cannot be read.
pub fn certificates_from_pem(pem: &[u8]) -> Result<Vec<Certificate>> {
    let unreadable = |reason: String| Error::Identity { what: "certificate file", reason };
    let mut certificates = Vec::new();
    // Other blocks, for instance keys, and text between them are passed over.
    let text = String::from_utf8_lossy(pem);
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    for block in text.split(begin).skip(1) {
        let Some((block, _)) = block.split_once(end) else {
            return Err(unreadable("a certificate has no end".into()));
        };
        let pem = format!("{begin}{block}{end}\n");
        let certificate: Certificate =
            der::DecodePem::from_pem(pem).map_err(|error: der::Error| unreadable(error.to_string()))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() { Err(unreadable("it holds no certificate".into())) } else { Ok(certificates) }
}

/// The subject as text.
pub(crate) fn subject(certificate: &Certificate) -> String {
    certificate.tbs_certificate.subject.to_string()
}

/// Fails unless the certificate is valid at `at`.
pub(crate) fn check_validity(certificate: &Certificate, at: i64) -> Result<()> {
    let validity = &certificate.tbs_certificate.validity;
    let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs() as i64;
    let (from, to) = (seconds(validity.not_before), seconds(validity.not_after));
    if (from..=to).contains(&at) {
        Ok(())
    } else {
        Err(Error::NotValid { subject: subject(certificate), from, to, at })
    }
}

/// Fails unless the certificate may sign code or timestamps itself.
pub(crate) fn check_purpose(certificate: &Certificate, purpose: Purpose) -> Result<()> {
    let wrong = || Error::Purpose { subject: subject(certificate), purpose: purpose.name() };
    let usage: Option<KeyUsage> = extension(certificate, oid::KEY_USAGE)?;
    if usage.is_some_and(|KeyUsage(usage)| !usage.contains(KeyUsages::DigitalSignature)) {
        return Err(wrong());
    }
    let extended: Option<ExtendedKeyUsage> = extension(certificate, oid::EXTENDED_KEY_USAGE)?;
    match extended {
        Some(ExtendedKeyUsage(purposes)) if purposes.contains(&purpose.oid()) => Ok(()),
        _ => Err(wrong()),
    }
}

/// The chain from `leaf` over certificates of `pool` to one of `roots`, all valid at `at`.
pub(crate) fn chain(
    leaf: &Certificate,
    pool: &[Certificate],
    roots: &[Certificate],
    purpose: Purpose,
    at: i64,
) -> Result<Vec<Certificate>> {
    check_purpose(leaf, purpose)?;
    check_validity(leaf, at)?;
    check_critical(leaf)?;
    let mut search = Search { pool, roots, purpose, at, tries: 0, closest: None };
    let mut found = vec![leaf.clone()];
    if search.extend(&mut found)? {
        return Ok(found);
    }
    match search.closest {
        Some(error @ Error::NotValid { .. }) => Err(error),
        Some(error) => Err(Error::Untrusted { subject: subject(leaf), reason: error.to_string() }),
        None => {
            let reason = format!("{} is not known", found[0].tbs_certificate.issuer);
            Err(Error::Untrusted { subject: subject(leaf), reason })
        }
    }
}

struct Search<'a> {
    pool: &'a [Certificate],
    roots: &'a [Certificate],
    purpose: Purpose,
    at: i64,
    tries: usize,
    /// Why the last issuer that was found did not serve.
    closest: Option<Error>,
}

impl Search<'_> {
    /// Completes the chain; false where no issuer leads to a root.
    fn extend(&mut self, found: &mut Vec<Certificate>) -> Result<bool> {
        let Some(last) = found.last().cloned() else { return Ok(false) };
        if self.roots.contains(&last) {
            return Ok(true);
        }
        if found.len() == MOST_CHAIN {
            return Ok(false);
        }
        for candidate in self.roots.iter().chain(self.pool) {
            if candidate.tbs_certificate.subject != last.tbs_certificate.issuer || found.contains(candidate) {
                continue;
            }
            self.tries += 1;
            if self.tries > MOST_TRIES {
                return Ok(false);
            }
            if let Err(error) = self.check_issuer(candidate, &last, found.len() - 1) {
                self.closest = Some(error);
                continue;
            }
            found.push(candidate.clone());
            if self.extend(found)? {
                return Ok(true);
            }
            found.pop();
        }
        Ok(false)
    }

    /// Whether `issuer` issued `issued`, below which stand `below` certificates of authorities.
    fn check_issuer(&self, issuer: &Certificate, issued: &Certificate, below: usize) -> Result<()> {
        let not_an_authority =
            || Error::Purpose { subject: subject(issuer), purpose: "issuing certificates" };
        check_validity(issuer, self.at)?;
        check_critical(issuer)?;
        let constraints: Option<BasicConstraints> = extension(issuer, oid::BASIC_CONSTRAINTS)?;
        let allowed = constraints.is_some_and(|constraints| {
            constraints.ca && constraints.path_len_constraint.is_none_or(|most| below <= usize::from(most))
        });
        let usage: Option<KeyUsage> = extension(issuer, oid::KEY_USAGE)?;
        if !allowed || usage.is_some_and(|KeyUsage(usage)| !usage.contains(KeyUsages::KeyCertSign)) {
            return Err(not_an_authority());
        }
        // Where an authority is limited to purposes, what it issues is limited to them as well.
        let extended: Option<ExtendedKeyUsage> = extension(issuer, oid::EXTENDED_KEY_USAGE)?;
        let purposes = [self.purpose.oid(), oid::ANY_EXTENDED_KEY_USAGE];
        if extended.is_some_and(|ExtendedKeyUsage(allowed)| !allowed.iter().any(|p| purposes.contains(p))) {
            return Err(Error::Purpose { subject: subject(issuer), purpose: self.purpose.name() });
        }
        check_issued(issuer, issued)
    }
}

/// Fails unless the key of `issuer` signed `issued`.
fn check_issued(issuer: &Certificate, issued: &Certificate) -> Result<()> {
    let what = "a certificate";
    let key = PublicKey::new(&issuer.tbs_certificate.subject_public_key_info, what)?;
    if issued.signature_algorithm != issued.tbs_certificate.signature {
        return Err(Error::Malformed("a certificate names two signature algorithms".into()));
    }
    let hash: Hash = hash_of(&issued.signature_algorithm, None, what)?;
    let digest = hash.digest(&issued.tbs_certificate.to_der()?);
    let signature = issued.signature.as_bytes().unwrap_or_default();
    if key.verifies(hash, &digest, signature) {
        Ok(())
    } else {
        Err(Error::SignatureMismatch { what, signer: subject(issuer) })
    }
}

/// Fails when the certificate has a critical extension that is not looked at here (RFC 5280 §4.2).
fn check_critical(certificate: &Certificate) -> Result<()> {
    const KNOWN: [ObjectIdentifier; 7] = [
        oid::SUBJECT_KEY_IDENTIFIER,
        oid::KEY_USAGE,
        oid::SUBJECT_ALT_NAME,
        oid::BASIC_CONSTRAINTS,
        oid::CERTIFICATE_POLICIES,
        oid::AUTHORITY_KEY_IDENTIFIER,
        oid::EXTENDED_KEY_USAGE,
    ];
    let extensions = certificate.tbs_certificate.extensions.as_deref().unwrap_or_default();
    match extensions.iter().find(|extension| extension.critical && !KNOWN.contains(&extension.extn_id)) {
        Some(extension) => Err(Error::Algorithm {
            what: "a certificate",
            algorithm: format!("the critical extension {}", extension.extn_id),
        }),
        None => Ok(()),
    }
}

/// The value of an extension; an error where it stands twice.
fn extension<'a, T: Decode<'a>>(certificate: &'a Certificate, id: ObjectIdentifier) -> Result<Option<T>> {
    let extensions = certificate.tbs_certificate.extensions.as_deref().unwrap_or_default();
    let mut found = extensions.iter().filter(|extension| extension.extn_id == id);
    let value = found.next().map(|extension| T::from_der(extension.extn_value.as_bytes())).transpose()?;
    match found.next() {
        Some(_) => Err(Error::Malformed(format!("a certificate has the extension {id} twice"))),
        None => Ok(value),
    }
}
