//! Timestamps of RFC 3161: somebody trusted says when a signature was there, so that it outlives its certificate.

use std::fmt;

use cms::content_info::ContentInfo;
use der::asn1::{Any, BitString, ObjectIdentifier, OctetString};
use der::{Decode, Encode, Reader, Sequence, SliceReader, Tag, Tagged};
use x509_cert::attr::Attribute;

use crate::error::malformed;
use crate::hash::Hash;
use crate::signed_data::{Signed, single};
use crate::spc::DigestInfo;
use crate::{Error, Result, oid};

/// Carries a request to a timestamp authority.
pub trait Transport {
    /// Sends `body` as a POST request to `url` with `Content-Type: application/timestamp-query`, and returns the body
    /// of the answer.
    ///
    /// # Errors
    /// When there is no answer, or none with status 200.
    fn post(
        &self,
        url: &str,
        body: &[u8],
    ) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

impl<F> Transport for F
where
    F: Fn(&str, &[u8]) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>,
{
    fn post(
        &self,
        url: &str,
        body: &[u8],
    ) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        self(url, body)
    }
}

/// Where timestamps come from.
#[derive(Clone)]
pub struct TimestampAuthority<'a> {
    /// Its address.
    pub url: String,
    /// What carries the request.
    pub transport: &'a dyn Transport,
}

impl fmt::Debug for TimestampAuthority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimestampAuthority").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The request (RFC 3161 §2.4.1); optional fields that are not sent are left out.
#[derive(Sequence)]
struct TimeStampReq {
    version: u8,
    message_imprint: DigestInfo,
    cert_req: bool,
}

/// The answer (RFC 3161 §2.4.2).
#[derive(Sequence)]
struct TimeStampResp {
    status: PkiStatusInfo,
    #[asn1(optional = "true")]
    token: Option<ContentInfo>,
}

#[derive(Sequence)]
struct PkiStatusInfo {
    status: u8,
    #[asn1(optional = "true")]
    text: Option<Vec<String>>,
    #[asn1(optional = "true")]
    failure: Option<BitString>,
}

/// What a token says.
#[derive(Debug)]
pub(crate) struct TstInfo {
    imprint: DigestInfo,
    /// Seconds after 1970.
    pub(crate) time: i64,
}

impl TimestampAuthority<'_> {
    /// The attribute that holds a timestamp of `signature`.
    pub(crate) fn countersign(&self, signature: &[u8]) -> Result<Attribute> {
        let failed = |reason: String| Error::TimestampAuthority { url: self.url.clone(), reason };
        let imprint = DigestInfo {
            digest_algorithm: Hash::Sha256.identifier(),
            digest: OctetString::new(Hash::Sha256.digest(signature))?,
        };
        let request = TimeStampReq { version: 1, message_imprint: imprint, cert_req: true }.to_der()?;
        let answer = self.transport.post(&self.url, &request).map_err(|error| failed(error.to_string()))?;
        let answer = TimeStampResp::from_der(&answer)
            .map_err(|error| failed(format!("its answer is no timestamp response ({error})")))?;
        // 0 is granted, 1 granted with modifications.
        if answer.status.status > 1 {
            let text = answer.status.text.unwrap_or_default().join(" ");
            return Err(failed(format!("it refused with status {} {text}", answer.status.status)));
        }
        let token = answer.token.ok_or_else(|| failed("its answer holds no timestamp".into()))?;
        read(&token.to_der()?, signature)
            .map_err(|error| failed(format!("its timestamp is wrong: {error}")))?;
        single(oid::RFC3161_COUNTER_SIGN, &token)
    }
}

/// Reads a token and checks that it is one of `signature`; whether its signer is trusted is another question.
pub(crate) fn read(token: &[u8], signature: &[u8]) -> Result<(TstInfo, Signed)> {
    const WHAT: &str = "the timestamp";
    let signed = Signed::read(token, oid::TST_INFO, WHAT)?;
    if signed.content.tag() != Tag::OctetString {
        return Err(malformed("the content of the timestamp is no octet string"));
    }
    let info = TstInfo::from_der(signed.content.value())?;
    let hash = Hash::from_oid(&info.imprint.digest_algorithm.oid, WHAT)?;
    if info.imprint.digest.as_bytes() != hash.digest(signature) {
        return Err(malformed("the timestamp is that of another signature"));
    }
    Ok((info, signed))
}

impl TstInfo {
    /// The fields that matter (RFC 3161 §2.4.2); those behind the time are optional and passed over.
    fn from_der(der: &[u8]) -> Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let (imprint, time) = reader.sequence(|fields| {
            let _version: u8 = fields.decode()?;
            let _policy: ObjectIdentifier = fields.decode()?;
            let imprint: DigestInfo = fields.decode()?;
            let _serial: Any = fields.decode()?;
            let time: Any = fields.decode()?;
            while !fields.is_finished() {
                let _: Any = fields.decode()?;
            }
            Ok((imprint, time))
        })?;
        let time = (time.tag() == Tag::GeneralizedTime).then(|| seconds(time.value())).flatten();
        Ok(Self { imprint, time: time.ok_or_else(|| malformed("the time of the timestamp is no time"))? })
    }
}

/// Seconds after 1970 of `20231114221320.5Z`; a fraction is dropped.
fn seconds(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 14 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| whole[from..from + 2].parse::<u8>().ok();
    let year = whole[..4].parse().ok()?;
    let moment = der::DateTime::new(year, part(4)?, part(6)?, part(8)?, part(10)?, part(12)?).ok()?;
    Some(moment.unix_duration().as_secs() as i64)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_with_and_without_fraction() {
        assert_eq!(seconds(b"20231114221320Z"), Some(1_700_000_000));
        assert_eq!(seconds(b"20231114221320.123Z"), Some(1_700_000_000));
        for wrong in
            ["20231114221320", "2023111422132Z", "20231314221320Z", "2023111422+320Z", "20231114221320.xZ"]
        {
            assert_eq!(seconds(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
