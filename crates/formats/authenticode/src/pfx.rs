//! PKCS#12 files (RFC 7292): a key and its certificates, protected by a password.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, KeyInit, KeyIvInit};
use cms::content_info::ContentInfo;
use cms::encrypted_data::EncryptedData;
use der::asn1::{Any, ContextSpecific, OctetString};
use der::{Decode, Encode, Sequence};
use hmac::digest::{Digest, FixedOutputReset, Update, core_api::BlockSizeUser};
use hmac::{Mac, SimpleHmac};
use pkcs8::pkcs5::pbes2;
use pkcs12::authenticated_safe::AuthenticatedSafe;
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use pkcs12::mac_data::MacData;
use pkcs12::pfx::Pfx;
use pkcs12::safe_bag::SafeContents;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use zeroize::Zeroizing;

use crate::{Error, Key, Result, oid};

/// Most rounds of a key derivation; a file that asks for more would keep us busy for minutes.
const MOST_ROUNDS: i32 = 50_000_000;

fn unreadable(reason: impl std::fmt::Display) -> Error {
    Error::Identity { what: "PFX file", reason: reason.to_string() }
}

/// Parameters of the key derivation of PKCS#12 itself.
#[derive(Sequence)]
struct PbeParameters {
    salt: OctetString,
    iterations: i32,
}

/// A private key, encrypted.
#[derive(Sequence)]
struct EncryptedKey {
    algorithm: AlgorithmIdentifierOwned,
    data: OctetString,
}

/// A certificate in its bag.
#[derive(Sequence)]
struct CertBag {
    kind: der::asn1::ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    certificate: OctetString,
}

/// The key and all certificates.
pub(crate) fn read(pfx: &[u8], password: &str) -> Result<(Key, Vec<Certificate>)> {
    let pfx = Pfx::from_der(pfx).map_err(unreadable)?;
    let content = data(&pfx.auth_safe)?;
    if let Some(mac) = &pfx.mac_data {
        check_mac(mac, password, &content)?;
    }
    let safes = AuthenticatedSafe::from_der(&content).map_err(unreadable)?;
    let (mut key, mut certificates) = (None, Vec::new());
    for safe in &safes {
        let bags = match safe.content_type {
            oid::PKCS7_DATA => Zeroizing::new(data(safe)?),
            oid::PKCS7_ENCRYPTED_DATA => {
                let encrypted: EncryptedData = safe.content.decode_as().map_err(unreadable)?;
                let info = encrypted.enc_content_info;
                let bytes = info.encrypted_content.as_ref().map(OctetString::as_bytes).unwrap_or_default();
                decrypt(&info.content_enc_alg, bytes, password)?
            }
            other => return Err(unreadable(format!("it holds content of type {other}"))),
        };
        for bag in SafeContents::from_der(&bags).map_err(unreadable)? {
            match bag.bag_id {
                oid::CERT_BAG => {
                    let cert: ContextSpecific<CertBag> = bag_value(&bag.bag_value)?;
                    let der = cert.value.certificate.as_bytes();
                    certificates.push(Certificate::from_der(der).map_err(unreadable)?);
                }
                oid::PKCS8_SHROUDED_KEY_BAG if key.is_none() => {
                    let shrouded: ContextSpecific<EncryptedKey> = bag_value(&bag.bag_value)?;
                    let EncryptedKey { algorithm, data } = shrouded.value;
                    key = Some(Key::from_pkcs8(&decrypt(&algorithm, data.as_bytes(), password)?)?);
                }
                oid::KEY_BAG if key.is_none() => {
                    let plain: ContextSpecific<Any> = bag_value(&bag.bag_value)?;
                    key = Some(Key::from_pkcs8(&Zeroizing::new(plain.value.to_der()?))?);
                }
                // Secrets, revocation lists and further keys are not needed.
                _ => {}
            }
        }
    }
    match key {
        Some(_) if certificates.is_empty() => Err(unreadable("it holds no certificate")),
        Some(key) => Ok((key, certificates)),
        None => Err(unreadable("it holds no private key")),
    }
}

fn bag_value<'a, T: Decode<'a>>(der: &'a [u8]) -> Result<T> {
    T::from_der(der).map_err(unreadable)
}

fn data(content: &ContentInfo) -> Result<Vec<u8>> {
    if content.content_type != oid::PKCS7_DATA {
        return Err(unreadable("it is not protected by a password alone"));
    }
    let octets: OctetString = content.content.decode_as().map_err(unreadable)?;
    Ok(octets.into_bytes())
}

fn check_mac(mac: &MacData, password: &str, content: &[u8]) -> Result<()> {
    let matches = match mac.mac.algorithm.oid {
        oid::SHA1 => mac_matches::<sha1::Sha1>(mac, password, content),
        oid::SHA256 => mac_matches::<sha2::Sha256>(mac, password, content),
        oid::SHA384 => mac_matches::<sha2::Sha384>(mac, password, content),
        oid::SHA512 => mac_matches::<sha2::Sha512>(mac, password, content),
        other => return Err(unreadable(format!("its integrity is protected by {other}"))),
    }?;
    if matches { Ok(()) } else { Err(Error::Password("PFX file")) }
}

fn mac_matches<D>(mac: &MacData, password: &str, content: &[u8]) -> Result<bool>
where
    D: Digest + FixedOutputReset + BlockSizeUser + Update + Clone,
{
    let size = <D as Digest>::output_size();
    let rounds = rounds(mac.iterations)?;
    let key = derive_key_utf8::<D>(password, mac.mac_salt.as_bytes(), Pkcs12KeyType::Mac, rounds, size);
    let key = Zeroizing::new(key.map_err(unreadable)?);
    let mut hmac = <SimpleHmac<D> as Mac>::new_from_slice(&key).map_err(unreadable)?;
    Mac::update(&mut hmac, content);
    Ok(hmac.verify_slice(mac.mac.digest.as_bytes()).is_ok())
}

fn decrypt(algorithm: &AlgorithmIdentifierOwned, data: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>> {
    let parameters = algorithm.parameters.to_der().map_err(unreadable)?;
    match algorithm.oid {
        oid::PBES2 => pbes2::Parameters::from_der(&parameters)
            .map_err(unreadable)?
            .decrypt(password, data)
            .map(Zeroizing::new)
            .map_err(|error| match error {
                pkcs8::pkcs5::Error::DecryptFailed => Error::Password("PFX file"),
                other => unreadable(other),
            }),
        oid::PBE_SHA_3DES => decrypt_pbe::<des::TdesEde3>(&parameters, data, password, 24),
        oid::PBE_SHA_RC2_40 => decrypt_pbe::<rc2::Rc2>(&parameters, data, password, 5),
        other => Err(unreadable(format!("it is encrypted with {other}: convert it with openssl pkcs12"))),
    }
}

/// The encryption of RFC 7292, appendix C, with SHA-1.
fn decrypt_pbe<C>(parameters: &[u8], data: &[u8], password: &str, size: usize) -> Result<Zeroizing<Vec<u8>>>
where
    C: BlockCipher + BlockDecryptMut + KeyInit,
{
    let parameters = PbeParameters::from_der(parameters).map_err(unreadable)?;
    let (salt, rounds) = (parameters.salt.as_bytes(), rounds(parameters.iterations)?);
    let derive = |kind, size| {
        derive_key_utf8::<sha1::Sha1>(password, salt, kind, rounds, size)
            .map(Zeroizing::new)
            .map_err(unreadable)
    };
    let (key, iv) = (derive(Pkcs12KeyType::EncryptionKey, size)?, derive(Pkcs12KeyType::Iv, 8)?);
    cbc::Decryptor::<C>::new_from_slices(&key, &iv)
        .map_err(unreadable)?
        .decrypt_padded_vec_mut::<Pkcs7>(data)
        .map(Zeroizing::new)
        .map_err(|_| Error::Password("PFX file"))
}

fn rounds(count: i32) -> Result<i32> {
    match count {
        1..=MOST_ROUNDS => Ok(count),
        _ => Err(unreadable(format!("its password takes {count} rounds"))),
    }
}
