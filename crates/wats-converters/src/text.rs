//! From bytes to text.

use crate::Refusal;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// Decodes a text file.
///
/// A byte order mark decides; then the encoding that a person names, then the one that the XML declaration names, then
/// UTF-8 if all bytes are, and else windows-1252, which is Latin-1 with the characters that Windows adds: what old
/// testers write. `None` when the bytes are no text at all.
pub(crate) fn decode<'a>(bytes: &'a [u8], named: Option<&str>) -> Result<Option<Cow<'a, str>>, Refusal> {
    let named = match named {
        Some(label) => {
            Some(Encoding::for_label(label.trim().as_bytes()).ok_or_else(|| Refusal::Argument {
                name: "encoding".to_owned(),
                message: format!(
                    "{label:?} is not a known character encoding, such as utf-8 or windows-1252"
                ),
            })?)
        }
        None => None,
    };
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None => named.or_else(|| utf_16_by_zeros(bytes)).or_else(|| declared(bytes)).unwrap_or(UTF_8),
    };
    let (text, _, damaged) = encoding.decode(bytes);
    let text =
        if damaged && encoding == UTF_8 { WINDOWS_1252.decode_without_bom_handling(bytes).0 } else { text };
    // Text has no zeros: archives and images do.
    Ok((!text.as_bytes().contains(&0)).then_some(text))
}

/// UTF-16 without a mark: every second one of the first bytes is zero.
fn utf_16_by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(64)];
    if head.len() < 4 {
        return None;
    }
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).all(|byte| *byte == 0);
    let letters = |odd: usize| head.iter().skip(odd).step_by(2).all(|byte| *byte != 0);
    match () {
        () if zeros(1) && letters(0) => Some(UTF_16LE),
        () if zeros(0) && letters(1) => Some(UTF_16BE),
        () => None,
    }
}

/// The encoding that an XML declaration names, when it is one of single bytes: others show by themselves.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(256)];
    if !head.trim_ascii_start().starts_with(b"<?xml") {
        return None;
    }
    let end = head.iter().position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?;
    let rest = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let label = rest[1..].split(quote).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_single_byte())
}

/// The first `limit` characters of a text.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        decode(bytes, None).unwrap().map_or("none".to_owned(), Cow::into_owned)
    }

    #[test]
    fn encodings_are_noticed() {
        let utf_16: Vec<u8> = "\u{feff}5 Ω".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let unmarked: Vec<u8> = "plain text".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded("\u{feff}5 Ω".as_bytes()), "5 Ω");
        assert_eq!(decoded("5 Ω".as_bytes()), "5 Ω");
        assert_eq!(decoded(&utf_16), "5 Ω");
        assert_eq!(decoded(&unmarked), "plain text");
        assert_eq!(decoded(b"5 k\xb5 \x80"), "5 kµ €");
        assert_eq!(
            decoded(b"<?xml version='1.0' encoding = 'ISO-8859-5'?>\xb0"),
            "<?xml version='1.0' encoding = 'ISO-8859-5'?>А"
        );
        assert_eq!(decoded(b"PK\x03\x04\0\0"), "none");
    }

    #[test]
    fn a_named_encoding_is_used() {
        assert_eq!(decode(b"\x83\xa9", Some("shift_jis")).unwrap().unwrap(), "Λ");
        assert!(decode(b"", Some("klingon")).unwrap_err().to_string().contains("\"klingon\" is not a known"));
    }
}
