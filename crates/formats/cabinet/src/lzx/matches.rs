//! Where the content stands earlier in the window: chains of positions with the same hash.

use super::{MAX_MATCH, MIN_MATCH, Token};

/// Bits of the hash over four bytes.
const HASH4: u32 = 20;
/// Bits of the hash over three bytes.
const HASH3: u32 = 15;
/// Positions that are looked at for one match.
const MOST_STEPS: usize = 64;
/// Matches of two bytes farther away cost more than the bytes.
const MOST_OFFSET2: usize = 1 << 11;
/// A match that is good enough not to look for others in its course.
pub(crate) const NICE: usize = 96;

/// Finds matches in a piece of content with its history.
pub(crate) struct Finder<'a> {
    data: &'a [u8],
    /// Farthest offset.
    reach: usize,
    /// The last position of each hash, plus one.
    heads: Vec<u32>,
    /// The position before with the same hash over four bytes, plus one.
    chain: Vec<u32>,
    last3: Vec<u32>,
    last2: Vec<u32>,
}

impl<'a> Finder<'a> {
    /// A finder that knows no position yet.
    pub(crate) fn new(data: &'a [u8], window: u8) -> Self {
        Self {
            data,
            // The formatted offset has to stay below the window.
            reach: (1 << window) - 3,
            heads: vec![0; 1 << HASH4],
            chain: vec![0; data.len()],
            last3: vec![0; 1 << HASH3],
            last2: vec![0; 1 << 16],
        }
    }

    /// Makes a position known without looking for matches.
    pub(crate) fn insert(&mut self, at: usize) {
        let Some(bytes) = self.data[at..].first_chunk::<4>() else { return };
        let (hash4, hash3, hash2) = hashes(*bytes);
        self.chain[at] = std::mem::replace(&mut self.heads[hash4], at as u32 + 1);
        self.last3[hash3] = at as u32 + 1;
        self.last2[hash2] = at as u32 + 1;
    }

    /// Appends the matches at a position to `found`, longer and longer, each at the nearest place, none longer than
    /// `limit`; then makes the position known. Returns the longest length.
    pub(crate) fn find(&mut self, at: usize, limit: usize, found: &mut Vec<Token>) -> usize {
        let limit = limit.min(MAX_MATCH);
        let Some(bytes) = self.data[at..].first_chunk::<4>() else { return 0 };
        let (hash4, hash3, hash2) = hashes(*bytes);
        let floor = at.saturating_sub(self.reach);
        let mut best = MIN_MATCH - 1;
        for (last, most) in [(self.last2[hash2], MOST_OFFSET2), (self.last3[hash3], self.reach)] {
            let Some(position) = (last as usize).checked_sub(1).filter(|p| *p >= floor && at - p <= most)
            else {
                continue;
            };
            let length = common(self.data, position, at, limit);
            if length > best {
                best = length;
                found.push(Token::a_match(length, (at - position) as u32));
            }
        }
        let mut next = self.heads[hash4];
        for _ in 0..MOST_STEPS {
            let Some(position) = (next as usize).checked_sub(1).filter(|p| *p >= floor) else { break };
            if best >= limit {
                break;
            }
            // Only what is longer than the best so far matters, and it must have this byte.
            if self.data[position + best] == self.data[at + best] {
                let length = common(self.data, position, at, limit);
                if length > best {
                    best = length;
                    found.push(Token::a_match(length, (at - position) as u32));
                    if length >= NICE {
                        break;
                    }
                }
            }
            next = self.chain[position];
        }
        self.insert(at);
        if best >= MIN_MATCH { best } else { 0 }
    }
}

/// Length that two places have in common.
pub(crate) fn common(data: &[u8], earlier: usize, at: usize, limit: usize) -> usize {
    let (a, b) = (&data[earlier..earlier + limit], &data[at..at + limit]);
    let mut length = 0;
    for (x, y) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        let differs = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differs != 0 {
            return length + differs.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + a[length..].iter().zip(&b[length..]).take_while(|(x, y)| x == y).count()
}

/// Hashes over four and three bytes, and two bytes as they are.
fn hashes(bytes: [u8; 4]) -> (usize, usize, usize) {
    let word = u32::from_le_bytes(bytes);
    let hash = |value: u32, bits: u32| (value.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize;
    (hash(word, HASH4), hash(word << 8, HASH3), word as usize & 0xffff)
}
