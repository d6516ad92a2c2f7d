//! A transform that sets properties, as an administrator makes one with an editor of installer databases.

use landfall_msi::Guid;
use landfall_msi::compound::{self, Content, Stream};

/// Class of a transform.
const CLASS: Guid = Guid([0x00, 0x0C, 0x10, 0x82, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
/// Comes before each row: it is new, and has two columns.
const NEW_ROW: u16 = 2 << 8 | 1;

/// A transform that adds rows to the table `Property`.
pub(crate) fn setting(properties: &[(&str, &str)]) -> Vec<u8> {
    let mut rows = Vec::new();
    let (mut pool, mut data) = (65_001_u32.to_le_bytes().to_vec(), Vec::new());
    let mut texts = 0_u16;
    for (name, value) in properties {
        rows.extend(NEW_ROW.to_le_bytes());
        for text in [name, value] {
            texts += 1;
            rows.extend(texts.to_le_bytes());
            // Its length, and how often it is used.
            pool.extend((text.len() as u16).to_le_bytes());
            pool.extend(1_u16.to_le_bytes());
            data.extend(text.as_bytes());
        }
    }
    let stream = |name: &str, bytes| Stream { name: packed(name), content: Content::Bytes(bytes) };
    let streams = vec![stream("Property", rows), stream("_StringPool", pool), stream("_StringData", data)];
    let mut bytes = Vec::new();
    compound::write(CLASS, streams, &mut bytes).unwrap();
    bytes
}

/// The name of a table's stream: two characters in one.
fn packed(table: &str) -> String {
    let alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
    let numbers: Vec<u32> = table.chars().map(|one| alphabet.find(one).unwrap() as u32).collect();
    let pairs = numbers.chunks(2).map(|pair| match *pair {
        [first, second] => 0x3800 + first + (second << 6),
        _ => 0x4800 + pair[0],
    });
    std::iter::once(0x4840).chain(pairs).map(|unit| char::from_u32(unit).unwrap()).collect()
}
