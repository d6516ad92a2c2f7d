//! Code pages of a database's text.

/// How text is encoded in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codepage {
    /// Western Europe; understood by every part of Windows Installer.
    Windows1252,
    /// UTF-8. Windows shows it; Microsoft supports it only in part.
    Utf8,
    /// Another one of a database that was read; of its text, only ASCII is understood.
    Other(u16),
}

/// What the bytes 0x80 to 0x9F mean in Windows-1252; 0: nothing.
const UPPER: [u16; 32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
    0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
    0x0153, 0, 0x017E, 0x0178,
];

impl Codepage {
    /// The code page with this number.
    pub fn from_number(number: u16) -> Self {
        match number {
            1252 => Self::Windows1252,
            65001 => Self::Utf8,
            other => Self::Other(other),
        }
    }

    /// Its number.
    pub fn number(self) -> u16 {
        match self {
            Self::Windows1252 => 1252,
            Self::Utf8 => 65001,
            Self::Other(number) => number,
        }
    }

    /// The bytes of `text`; `None` when the code page lacks one of its characters.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        if text.is_ascii() || self == Self::Utf8 {
            return Some(text.as_bytes().to_vec());
        }
        text.chars().map(|c| self.encode_character(c)).collect()
    }

    fn encode_character(self, character: char) -> Option<u8> {
        match u32::from(character) {
            code @ 0..0x80 => Some(code as u8),
            code if self != Self::Windows1252 => {
                debug_assert!(code >= 0x80);
                None
            }
            code @ 0xA0..0x100 => Some(code as u8),
            code => UPPER.iter().position(|u| *u != 0 && u32::from(*u) == code).map(|i| i as u8 + 0x80),
        }
    }

    /// The text of `bytes`; what cannot be understood becomes U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            _ => bytes.iter().map(|byte| self.decode_byte(*byte)).collect(),
        }
    }

    fn decode_byte(self, byte: u8) -> char {
        match (self, byte) {
            (_, 0..0x80) | (Self::Windows1252, 0xA0..) => char::from(byte),
            (Self::Windows1252, 0x80..0xA0) => match UPPER[usize::from(byte - 0x80)] {
                0 => char::REPLACEMENT_CHARACTER,
                code => char::from_u32(u32::from(code)).unwrap_or(char::REPLACEMENT_CHARACTER),
            },
            _ => char::REPLACEMENT_CHARACTER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_western_europe() {
        let page = Codepage::Windows1252;
        assert_eq!(page.encode("Grüße – 5 €").unwrap(), b"Gr\xFC\xDFe \x96 5 \x80");
        assert_eq!(page.decode(b"Gr\xFC\xDFe \x96 5 \x80"), "Grüße – 5 €");
        assert_eq!(page.encode("日本"), None);
        assert_eq!(page.decode(b"\x81"), "\u{FFFD}");
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert_eq!(Codepage::Other(932).encode("é"), None);
        assert_eq!(Codepage::Other(932).encode("ascii").unwrap(), b"ascii");
        assert_eq!(Codepage::Other(932).decode(b"a\x82"), "a\u{FFFD}");
    }
}
