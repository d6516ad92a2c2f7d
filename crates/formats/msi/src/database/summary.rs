//! Summary information: a property set ([MS-OLEPS]) that Windows reads before it opens the database.

use super::Codepage;
use crate::Error;

/// Name of its stream.
pub(super) const STREAM: &str = "\u{5}SummaryInformation";
/// Largest one that is read.
pub(super) const LARGEST: u64 = 1 << 20;

/// What a database says of itself before it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Code page of the summary; 0: none given.
    pub codepage: u16,
    /// What kind of file it is: «Installation Database».
    pub title: String,
    /// Name of the product.
    pub subject: String,
    /// Manufacturer.
    pub author: String,
    /// Words to find it by, `Installer` among them.
    pub keywords: String,
    /// What it installs.
    pub comments: String,
    /// Platform and languages: `x64;1033`.
    pub template: String,
    /// Package code.
    pub revision: String,
    /// Program that made it.
    pub application: String,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// When it was last changed, in seconds since 1970.
    pub saved: Option<i64>,
    /// Lowest version of Windows Installer, times one hundred.
    pub schema: Option<i32>,
    /// Bits: 1 short names, 2 compressed, 4 administrative image, 8 needs no elevation.
    pub source: Option<i32>,
    /// 0 no restriction, 2 read-only recommended, 4 read-only enforced.
    pub security: Option<i32>,
}

const CODEPAGE: u32 = 1;
const TITLE: u32 = 2;
const SUBJECT: u32 = 3;
const AUTHOR: u32 = 4;
const KEYWORDS: u32 = 5;
const COMMENTS: u32 = 6;
const TEMPLATE: u32 = 7;
const REVISION: u32 = 9;
const CREATED: u32 = 12;
const SAVED: u32 = 13;
const SCHEMA: u32 = 14;
const SOURCE: u32 = 15;
const APPLICATION: u32 = 18;
const SECURITY: u32 = 19;

const VT_I2: u32 = 2;
const VT_I4: u32 = 3;
const VT_LPSTR: u32 = 30;
const VT_FILETIME: u32 = 64;

/// FMTID of summary information, as it lies in the stream.
const FORMAT: [u8; 16] =
    [0xE0, 0x85, 0x9F, 0xF2, 0xF9, 0x4F, 0x68, 0x10, 0xAB, 0x91, 0x08, 0x00, 0x2B, 0x27, 0xB3, 0xD9];
/// Where the only section begins.
const SECTION: usize = 48;
/// Tenths of microseconds from 1601 to 1970.
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;
const TICKS: i64 = 10_000_000;

impl Summary {
    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let codepage = Codepage::from_number(self.codepage);
        let mut properties: Vec<(u32, Vec<u8>)> = Vec::new();
        let mut add = |id, kind: u32, bytes: Vec<u8>| {
            let mut value = kind.to_le_bytes().to_vec();
            value.extend(bytes);
            value.resize(value.len().next_multiple_of(4), 0);
            properties.push((id, value));
        };
        add(CODEPAGE, VT_I2, self.codepage.to_le_bytes().to_vec());
        for (id, text) in [
            (TITLE, &self.title),
            (SUBJECT, &self.subject),
            (AUTHOR, &self.author),
            (KEYWORDS, &self.keywords),
            (COMMENTS, &self.comments),
            (TEMPLATE, &self.template),
            (REVISION, &self.revision),
        ] {
            add(id, VT_LPSTR, text_bytes(codepage, text)?);
        }
        for (id, time) in [(CREATED, self.created), (SAVED, self.saved)] {
            if let Some(time) = time {
                let ticks = time.saturating_mul(TICKS).saturating_add(UNIX_EPOCH);
                add(id, VT_FILETIME, ticks.to_le_bytes().to_vec());
            }
        }
        for (id, number) in [(SCHEMA, self.schema), (SOURCE, self.source)] {
            if let Some(number) = number {
                add(id, VT_I4, number.to_le_bytes().to_vec());
            }
        }
        add(APPLICATION, VT_LPSTR, text_bytes(codepage, &self.application)?);
        if let Some(security) = self.security {
            add(SECURITY, VT_I4, security.to_le_bytes().to_vec());
        }

        let mut stream = vec![0xFE, 0xFF, 0, 0];
        // Written on Windows (2) of version 10.0.
        stream.extend([10, 0, 2, 0]);
        stream.extend([0; 16]);
        stream.extend(1_u32.to_le_bytes());
        stream.extend(FORMAT);
        stream.extend((SECTION as u32).to_le_bytes());
        let values = 8 + properties.len() * 8;
        let size: usize = values + properties.iter().map(|(_, value)| value.len()).sum::<usize>();
        stream.extend((size as u32).to_le_bytes());
        stream.extend((properties.len() as u32).to_le_bytes());
        let mut at = values;
        for (id, value) in &properties {
            stream.extend(id.to_le_bytes());
            stream.extend((at as u32).to_le_bytes());
            at += value.len();
        }
        stream.extend(properties.into_iter().flat_map(|(_, value)| value));
        Ok(stream)
    }

    pub(super) fn decode(stream: &[u8]) -> Result<Self, Error> {
        let damaged = || Error::Malformed("its summary information is damaged".into());
        let word = |at: usize| {
            let bytes = stream.get(at..at.checked_add(4)?)?;
            Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let section = word(44).ok_or_else(damaged)? as usize;
        let count = word(section.saturating_add(4)).ok_or_else(damaged)?;
        let mut found = Vec::new();
        // No one has more properties than these and some of their own.
        for index in 0..count.min(1000) as usize {
            let at = section + 8 + index * 8;
            let id = word(at).ok_or_else(damaged)?;
            let place = section.saturating_add(word(at + 4).ok_or_else(damaged)? as usize);
            found.push((id, place));
        }
        let mut summary = Self::default();
        if let Some((_, place)) = found.iter().find(|(id, _)| *id == CODEPAGE) {
            summary.codepage = word(place + 4).ok_or_else(damaged)? as u16;
        }
        let codepage = Codepage::from_number(summary.codepage);
        for (id, place) in found {
            let kind = word(place).ok_or_else(damaged)?;
            let low = word(place + 4).ok_or_else(damaged)?;
            match kind {
                VT_LPSTR => {
                    let start = place + 8;
                    let end = start.saturating_add(low as usize);
                    let bytes = stream.get(start..end).ok_or_else(damaged)?;
                    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                    if let Some(field) = summary.text_field(id) {
                        *field = codepage.decode(bytes);
                    }
                }
                VT_FILETIME => {
                    let high = word(place + 8).ok_or_else(damaged)?;
                    let ticks = (u64::from(high) << 32 | u64::from(low)) as i64;
                    let time = Some(ticks.saturating_sub(UNIX_EPOCH).div_euclid(TICKS));
                    match id {
                        CREATED => summary.created = time,
                        SAVED => summary.saved = time,
                        _ => {}
                    }
                }
                VT_I4 => match id {
                    SCHEMA => summary.schema = Some(low as i32),
                    SOURCE => summary.source = Some(low as i32),
                    SECURITY => summary.security = Some(low as i32),
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(summary)
    }

    fn text_field(&mut self, id: u32) -> Option<&mut String> {
        Some(match id {
            TITLE => &mut self.title,
            SUBJECT => &mut self.subject,
            AUTHOR => &mut self.author,
            KEYWORDS => &mut self.keywords,
            COMMENTS => &mut self.comments,
            TEMPLATE => &mut self.template,
            REVISION => &mut self.revision,
            APPLICATION => &mut self.application,
            _ => return None,
        })
    }
}

/// Length with the final zero, and the text with it.
fn text_bytes(codepage: Codepage, text: &str) -> Result<Vec<u8>, Error> {
    let encoded = codepage.encode(text).ok_or_else(|| {
        Error::Limit(format!("code page {} lacks a character of {text:?}; use UTF-8", codepage.number()))
    })?;
    let mut bytes = (encoded.len() as u32 + 1).to_le_bytes().to_vec();
    bytes.extend(encoded);
    bytes.push(0);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let summary = Summary {
            codepage: 1252,
            title: "Installation Database".into(),
            subject: "Gerät".into(),
            template: "x64;1033".into(),
            created: Some(1_700_000_000),
            schema: Some(500),
            source: Some(2),
            security: Some(2),
            ..Summary::default()
        };
        assert_eq!(Summary::decode(&summary.encode().unwrap()).unwrap(), summary);
    }

    #[test]
    fn survives_any_cut() {
        let summary = Summary { codepage: 65001, subject: "x".repeat(50), ..Summary::default() };
        let bytes = summary.encode().unwrap();
        for end in 0..bytes.len() {
            // Whatever comes of it, it ends.
            let _ = Summary::decode(&bytes[..end]);
        }
    }
}
