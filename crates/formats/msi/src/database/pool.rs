//! The pool of strings: every text of a database once, with the number of places that use it.

use std::collections::HashMap;

use super::Codepage;
use crate::Error;

/// Most uses of one text.
const MOST_USES: u32 = 0xFFFF;
/// Set beside the code page when references take three bytes.
const LONG_REFERENCES: u32 = 0x8000_0000;

/// A pool under construction.
#[derive(Debug, Default)]
pub(super) struct Pool {
    strings: Vec<(String, u32)>,
    numbers: HashMap<String, u32>,
}

impl Pool {
    /// The number of `text`, which is counted as used once more.
    pub(super) fn intern(&mut self, text: &str) -> Result<u32, Error> {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => {
                self.strings.push((text.to_owned(), 0));
                // Number 0 stands for nothing.
                let number = self.strings.len() as u32;
                self.numbers.insert(text.to_owned(), number);
                number
            }
        };
        let uses = &mut self.strings[number as usize - 1].1;
        *uses += 1;
        if *uses > MOST_USES {
            let start: String = text.chars().take(60).collect();
            return Err(Error::Limit(format!(
                "the text {start:?} is used in more than 65,535 rows, and a database counts no further; split the \
                 product into several packages"
            )));
        }
        Ok(number)
    }

    /// How many bytes a reference takes.
    pub(super) fn reference_width(&self) -> usize {
        if self.strings.len() > 0xFFFF { 3 } else { 2 }
    }

    /// The streams `_StringPool` and `_StringData`.
    pub(super) fn encode(&self, codepage: Codepage) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let mut head = u32::from(codepage.number());
        if self.reference_width() == 3 {
            head |= LONG_REFERENCES;
        }
        let mut pool = head.to_le_bytes().to_vec();
        let mut data = Vec::new();
        for (text, uses) in &self.strings {
            let bytes = codepage.encode(text).ok_or_else(|| {
                let start: String = text.chars().take(60).collect();
                Error::Limit(format!(
                    "code page {} lacks a character of {start:?}; use UTF-8 (65001)",
                    codepage.number()
                ))
            })?;
            // Long texts take an entry of length 0 and their length in the next one, upper half first.
            if let Ok(length) = u16::try_from(bytes.len()) {
                pool.extend(length.to_le_bytes());
                pool.extend((*uses as u16).to_le_bytes());
            } else {
                let length = bytes.len() as u32;
                pool.extend(0_u16.to_le_bytes());
                pool.extend((*uses as u16).to_le_bytes());
                pool.extend((length as u16).to_le_bytes());
                pool.extend(((length >> 16) as u16).to_le_bytes());
            }
            data.extend(bytes);
        }
        Ok((pool, data))
    }
}

/// The strings of a pool that was read, by number.
#[derive(Debug)]
pub(super) struct Strings {
    pub(super) codepage: Codepage,
    /// How many bytes a reference takes.
    pub(super) reference_width: usize,
    strings: Vec<String>,
}

impl Strings {
    /// Reads the two streams of a pool. What leaves the data is refused.
    pub(super) fn decode(pool: &[u8], data: &[u8]) -> Result<Self, Error> {
        let word = |at: usize| {
            pool.get(at..at + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let Some(head) = word(0) else { return Err(Error::Malformed("the string pool is empty".into())) };
        let codepage = Codepage::from_number(head as u16);
        let mut strings = vec![String::new()];
        let (mut at, mut start) = (4, 0_usize);
        while let Some(entry) = word(at) {
            at += 4;
            let (mut length, uses) = (entry & 0xFFFF, entry >> 16);
            if length == 0 && uses != 0 {
                // The halves of a long text's length in reading order: lower in the low half.
                length = word(at).ok_or_else(|| Error::Malformed("the string pool ends early".into()))?;
                at += 4;
            }
            let end = start.saturating_add(length as usize);
            let bytes = data
                .get(start..end)
                .ok_or_else(|| Error::Malformed("a string lies outside the string data".into()))?;
            strings.push(codepage.decode(bytes));
            start = end;
        }
        let reference_width = if head & LONG_REFERENCES != 0 { 3 } else { 2 };
        Ok(Self { codepage, reference_width, strings })
    }

    /// The string with this number; `None` when there is none.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        self.strings.get(number).map(String::as_str)
    }
}
