//! The answer file: what would be typed as flags, one `name = value` a line.
//!
//! ```text
//! # Line 2
//! server-url = https://example.wats.com
//! api-token-file = /root/token.txt
//! start = no
//! ```

use super::failure::{Failure, Result};
use crate::exit::Exit;
use std::collections::BTreeMap;
use std::path::Path;

/// Most bytes of an answer file, or of a file that holds a secret.
pub(crate) const FILE_LIMIT: u64 = 1 << 20;

/// Reads an answer file; `known` are the names that may stand in it.
///
/// # Errors
/// When it cannot be read or has a line that is not understood, with its number.
pub(crate) fn read(file: &Path, known: &[String]) -> Result<BTreeMap<String, String>> {
    parse(&text_of(file)?, known).map_err(|(line, message)| {
        Failure::new(Exit::Configuration, format!("{}:{line}: {message}", file.display()))
    })
}

/// The text of a small file, whichever encoding the editors of Windows gave it.
///
/// # Errors
/// When it cannot be read, is too large or is no text.
pub(crate) fn text_of(file: &Path) -> Result<String> {
    let failure = |text: String| Failure::new(Exit::Configuration, format!("{} {text}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| failure(format!("cannot be read: {error}")))?.len();
    if size > FILE_LIMIT {
        return Err(failure(format!("has {size} bytes; at most {FILE_LIMIT} are read")));
    }
    let bytes = std::fs::read(file).map_err(|error| failure(format!("cannot be read: {error}")))?;
    decode(bytes)
        .ok_or_else(|| failure("is not a text in UTF-8 or UTF-16; save it in one of them".to_owned()))
}

pub(super) fn decode(bytes: Vec<u8>) -> Option<String> {
    let wide = |order: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().copied().map(order).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

/// All answers; an error has the number of its line.
pub(super) fn parse(
    text: &str,
    known: &[String],
) -> std::result::Result<BTreeMap<String, String>, (usize, String)> {
    let mut answers = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let (number, line) = (number + 1, line.trim());
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let (name, value) =
            line.split_once('=').ok_or((number, "must be name = value, such as start = no".to_owned()))?;
        let (name, value) = (name.trim(), unquoted(value.trim()));
        if !known.iter().any(|known| known == name) {
            return Err((
                number,
                format!("there is no answer {name:?}; those known are {}", known.join(", ")),
            ));
        }
        if answers.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err((number, format!("{name} is answered twice")));
        }
    }
    Ok(answers)
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["server-url", "start"].map(str::to_owned).to_vec()
    }

    #[test]
    fn lines_become_answers() {
        let text = "# comment\r\n\r\n server-url = https://x/?a=b \nstart=\"no\"\n";
        let answers = parse(text, &known()).unwrap();
        assert_eq!(answers["server-url"], "https://x/?a=b");
        assert_eq!(answers["start"], "no");
    }

    #[test]
    fn faults_have_a_line() {
        let fault = |text: &str| parse(text, &known()).unwrap_err();
        assert_eq!(fault("start = no\n\nstar = yes").0, 3);
        assert!(fault("star = yes").1.contains("those known are server-url, start"));
        assert_eq!(fault("start = no\nstart = yes"), (2, "start is answered twice".to_owned()));
        assert!(fault("start").1.starts_with("must be name = value"));
    }

    #[test]
    fn editors_of_windows_are_understood() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("answers.txt");
        let wide: Vec<u8> = "\u{feff}start = no\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [wide, b"\xef\xbb\xbfstart = no\r\n".to_vec(), b"start = no".to_vec()] {
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(read(&file, &known()).unwrap()["start"], "no");
        }
        for bytes in [&b"start = \xff"[..], b"\xff\xfes\0t"] {
            std::fs::write(&file, bytes).unwrap();
            assert!(read(&file, &known()).unwrap_err().message.contains("is not a text"));
        }
        let missing = read(&folder.path().join("missing"), &known()).unwrap_err();
        assert_eq!(missing.exit, Exit::Configuration);
    }
}
