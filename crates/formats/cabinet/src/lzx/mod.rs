//! LZX as cabinets use it ([MS-PATCH] §2, without the parts that are only for differences): matches up to 2 MiB back
//! with a memory of the last three offsets, Huffman codes for each block, and calls of x86 code with absolute
//! targets.
//!
//! The content is parsed in segments that know nothing of each other but the history before them, so they can be
//! parsed side by side; [`emit`] then writes them one after the other.

mod bits;
mod emit;
mod huffman;
mod matches;
mod parse;
mod statistics;
mod translate;

pub(crate) use emit::Emitter;
pub(crate) use parse::{Parsed, parse};
pub(crate) use translate::translate;

use crate::BLOCK;

/// Most content between two points where the bits begin a new word; here a block of the cabinet.
pub(crate) const FRAME: usize = BLOCK;
/// Content of one segment. Part of the bytes: never to be changed without need.
pub(crate) const SEGMENT: usize = 32 * FRAME;

/// Shortest match.
const MIN_MATCH: usize = 2;
/// Longest match.
const MAX_MATCH: usize = 257;
/// Lengths that the main tree tells by itself; longer ones go on in the length tree.
const PRIMARY_LENGTHS: usize = 7;
/// Elements of the length tree.
const LENGTHS: usize = 249;
/// Elements of the aligned offset tree.
const ALIGNED: usize = 8;
/// Most elements of the main tree: that of the largest window.
const MOST_MAIN: usize = 256 + 8 * 50;
/// Offsets that repeat begin with these.
const FIRST_OFFSETS: [u32; 3] = [1, 1, 1];

/// Elements of the main tree: bytes, and for each position slot eight lengths.
fn main_elements(window: u8) -> usize {
    // [MS-PATCH] §2.5: two slots for each power of two, and above 2^18 one for each 2^17.
    let slots = match window {
        20 => 42,
        21 => 50,
        _ => 2 * usize::from(window),
    };
    256 + 8 * slots
}

/// How a formatted offset is written: its position slot, and how many of its low bits follow.
fn slot(formatted: u32) -> (usize, u32) {
    match formatted {
        0..4 => (formatted as usize, 0),
        4..0x4_0000 => {
            let high = formatted.ilog2();
            ((2 * high + (formatted >> (high - 1) & 1)) as usize, high - 1)
        }
        _ => ((formatted >> 17) as usize + 34, 17),
    }
}

/// A byte, or a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u32);

impl Token {
    const OFFSET_BITS: u32 = 21;

    fn literal(byte: u8) -> Self {
        Self(byte.into())
    }

    fn a_match(length: usize, offset: u32) -> Self {
        Self((length as u32) << Self::OFFSET_BITS | offset)
    }

    /// Bytes that it stands for.
    fn length(self) -> usize {
        ((self.0 >> Self::OFFSET_BITS) as usize).max(1)
    }

    /// How far back the match is; `None` for a byte.
    fn offset(self) -> Option<u32> {
        (self.0 >> Self::OFFSET_BITS != 0).then_some(self.0 & ((1 << Self::OFFSET_BITS) - 1))
    }

    fn byte(self) -> u8 {
        self.0 as u8
    }
}

/// The three last offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recent(pub(crate) [u32; 3]);

impl Recent {
    fn new() -> Self {
        Self(FIRST_OFFSETS)
    }

    /// The formatted offset of a match, after which its offset is the last one ([MS-PATCH] §2.7).
    fn format(&mut self, offset: u32) -> u32 {
        let Self(last) = self;
        match last.iter().position(|recent| *recent == offset) {
            Some(place) => {
                // The older two do not move up: the places are exchanged.
                last.swap(0, place);
                place as u32
            }
            None => {
                *last = [offset, last[0], last[1]];
                offset + 2
            }
        }
    }
}

/// The elements of a match: that of the main tree, that of the length tree, and the low bits of its offset with
/// their number.
struct Elements {
    main: usize,
    length: Option<usize>,
    low: u32,
    bits: u32,
}

impl Elements {
    fn new(length: usize, formatted: u32) -> Self {
        let (slot, bits) = slot(formatted);
        let (primary, secondary) = split_length(length);
        Self { main: 256 + slot * 8 + primary, length: secondary, low: formatted & ((1 << bits) - 1), bits }
    }
}

/// The part of a length in the main tree, and the element of the length tree.
fn split_length(length: usize) -> (usize, Option<usize>) {
    let length = length - MIN_MATCH;
    (length.min(PRIMARY_LENGTHS), length.checked_sub(PRIMARY_LENGTHS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        // Base position and footer bits of some slots ([MS-PATCH] §2.5).
        for (number, base, bits) in [
            (0, 0, 0),
            (3, 3, 0),
            (4, 4, 1),
            (5, 6, 1),
            (6, 8, 2),
            (7, 12, 2),
            (29, 24_576, 13),
            (35, 196_608, 16),
            (36, 262_144, 17),
            (37, 393_216, 17),
            (49, 1_966_080, 17),
        ] {
            assert_eq!(slot(base), (number, bits), "{base}");
            if base > 0 {
                assert_eq!(slot(base - 1).0, number - 1, "{base}");
            }
        }
        for (window, elements) in [(15, 30), (18, 36), (19, 38), (20, 42), (21, 50)] {
            assert_eq!(main_elements(window), 256 + 8 * elements);
            assert_eq!(slot((1 << window) - 1).0, elements - 1);
        }
    }

    #[test]
    fn offsets_that_repeat() {
        let mut recent = Recent::new();
        assert_eq!((recent.format(10), recent.0), (12, [10, 1, 1]));
        assert_eq!((recent.format(20), recent.0), (22, [20, 10, 1]));
        assert_eq!((recent.format(10), recent.0), (1, [10, 20, 1]));
        assert_eq!((recent.format(1), recent.0), (2, [1, 20, 10]));
        assert_eq!((recent.format(1), recent.0), (0, [1, 20, 10]));
    }
}
