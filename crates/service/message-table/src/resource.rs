//! `MESSAGE_RESOURCE_DATA`, winnt.h.

use std::collections::BTreeMap;

/// `MESSAGE_RESOURCE_UNICODE`: the text is in UTF-16.
const UNICODE: u16 = 1;
/// Bytes of a `MESSAGE_RESOURCE_BLOCK`.
const BLOCK: usize = 12;

/// Blocks of consecutive numbers, then the entries of all blocks.
pub(crate) fn message_table(messages: &BTreeMap<u16, String>) -> Vec<u8> {
    let mut blocks: Vec<(u16, u16, Vec<u8>)> = Vec::new();
    for (&number, text) in messages {
        let entry = entry(text);
        match blocks.last_mut() {
            Some((_, high, entries)) if *high + 1 == number => {
                *high = number;
                entries.extend(entry);
            }
            _ => blocks.push((number, number, entry)),
        }
    }
    let count = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
    let mut table = count.to_le_bytes().to_vec();
    let mut offset = 4 + BLOCK * blocks.len();
    for (low, high, entries) in &blocks {
        for value in [u32::from(*low), u32::from(*high), u32::try_from(offset).unwrap_or(u32::MAX)] {
            table.extend(value.to_le_bytes());
        }
        offset += entries.len();
    }
    for (_, _, entries) in blocks {
        table.extend(entries);
    }
    table
}

/// `MESSAGE_RESOURCE_ENTRY`: length, flags, text, zeroes up to a multiple of 4.
fn entry(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = format!("{text}\r\n\0").encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let length = u16::try_from(bytes.len() + 4).unwrap_or(u16::MAX);
    let mut entry = length.to_le_bytes().to_vec();
    entry.extend(UNICODE.to_le_bytes());
    entry.extend(bytes);
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_table_is_as_the_header_file_says() {
        let messages = [(1, "a"), (2, "%1"), (5, "b")].map(|(number, text)| (number, text.to_owned()));
        let table = message_table(&messages.into());
        let words: Vec<u32> =
            table.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
        // Two blocks: 1 to 2 and 5 to 5, their entries after 28 and 28 + 12 + 16 bytes.
        assert_eq!(words[..7], [2, 1, 2, 28, 5, 5, 56]);
        assert_eq!(table[28..40], [12, 0, 1, 0, b'a', 0, b'\r', 0, b'\n', 0, 0, 0]);
        assert_eq!(table[40..56], [16, 0, 1, 0, b'%', 0, b'1', 0, b'\r', 0, b'\n', 0, 0, 0, 0, 0]);
        assert_eq!(table.len(), 56 + 12);
    }
}
