//! How often elements occur, and what they cost.

use super::{ALIGNED, Elements, LENGTHS, MOST_MAIN, Recent, Token, slot, split_length};

/// A bit in the unit of costs.
pub(crate) const BIT: u32 = 32;

/// How often each element of the trees occurs.
#[derive(Clone)]
pub(crate) struct Statistics {
    pub(crate) main: Vec<u32>,
    pub(crate) length: Vec<u32>,
    pub(crate) aligned: Vec<u32>,
    /// Bits of offsets that no tree tells.
    pub(crate) verbatim_bits: u64,
    /// The same where the lowest three bits are in the aligned offset tree.
    pub(crate) aligned_bits: u64,
}

impl Statistics {
    pub(crate) fn new() -> Self {
        Self {
            main: vec![0; MOST_MAIN],
            length: vec![0; LENGTHS],
            aligned: vec![0; ALIGNED],
            verbatim_bits: 0,
            aligned_bits: 0,
        }
    }

    /// Counts tokens, beginning with these offsets.
    pub(crate) fn count(&mut self, tokens: &[Token], recent: &mut Recent) {
        for token in tokens {
            let Some(offset) = token.offset() else {
                self.main[usize::from(token.byte())] += 1;
                continue;
            };
            let elements = Elements::new(token.length(), recent.format(offset));
            self.main[elements.main] += 1;
            if let Some(length) = elements.length {
                self.length[length] += 1;
            }
            self.verbatim_bits += u64::from(elements.bits);
            if elements.bits >= 3 {
                self.aligned[elements.low as usize & 7] += 1;
                self.aligned_bits += u64::from(elements.bits - 3);
            } else {
                self.aligned_bits += u64::from(elements.bits);
            }
        }
    }

    /// Adds what `other` counted.
    pub(crate) fn add(&mut self, other: &Self) {
        let pairs = [(&mut self.main, &other.main), (&mut self.length, &other.length)];
        for (own, others) in pairs.into_iter().chain([(&mut self.aligned, &other.aligned)]) {
            own.iter_mut().zip(others).for_each(|(own, other)| *own += other);
        }
        self.verbatim_bits += other.verbatim_bits;
        self.aligned_bits += other.aligned_bits;
    }

    /// About how many bits the elements take, in the unit of costs; without what describes the trees.
    pub(crate) fn estimate(&self) -> u64 {
        let tree = |counts: &[u32]| -> u64 {
            let total: u32 = counts.iter().sum();
            let each = counts.iter().filter(|count| **count > 0);
            each.map(|count| u64::from(*count) * u64::from(log2(total) - log2(*count))).sum()
        };
        tree(&self.main) + tree(&self.length) + self.verbatim_bits * u64::from(BIT)
    }
}

/// What each element costs, as the parser asks for it.
pub(crate) struct Costs {
    pub(crate) literal: Vec<u32>,
    /// The main element of a match by slot and primary length, with the bits of the offset that no tree tells.
    main: Vec<u32>,
    /// The length element by length.
    length: Vec<u32>,
    /// The lowest three bits of an offset.
    aligned: [u32; ALIGNED],
}

impl Costs {
    /// Costs before anything was counted.
    pub(crate) fn first() -> Self {
        let mut main = vec![7 * BIT; MOST_MAIN - 256];
        // Offsets that repeat are frequent.
        main[..24].fill(5 * BIT);
        Self::with_offsets(vec![15 * BIT / 2; 256], main, vec![5 * BIT; LENGTHS], [3 * BIT; ALIGNED])
    }

    /// Costs by what was counted.
    pub(crate) fn by(statistics: &Statistics) -> Self {
        let aligned: Vec<u32> = costs(&statistics.aligned);
        let total: u32 = statistics.aligned.iter().sum();
        let tree: u64 =
            statistics.aligned.iter().zip(&aligned).map(|(n, c)| u64::from(*n) * u64::from(*c)).sum();
        // Worth a tree only where it saves more than the tree takes.
        let worth = tree + u64::from(40 * BIT) < u64::from(total) * u64::from(3 * BIT);
        let aligned =
            if worth { std::array::from_fn(|i| aligned[i].max(BIT / 2)) } else { [3 * BIT; ALIGNED] };
        let main = costs(&statistics.main);
        Self::with_offsets(main[..256].to_vec(), main[256..].to_vec(), costs(&statistics.length), aligned)
    }

    fn with_offsets(
        literal: Vec<u32>,
        mut main: Vec<u32>,
        lengths: Vec<u32>,
        aligned: [u32; ALIGNED],
    ) -> Self {
        for (number, costs) in main.chunks_mut(8).enumerate() {
            let bits = match number {
                0..4 => 0,
                4..36 => number as u32 / 2 - 1,
                _ => 17,
            };
            // The lowest three are added with the aligned offset tree.
            let alone = if bits >= 3 { bits - 3 } else { bits };
            costs.iter_mut().for_each(|cost| *cost += alone * BIT);
        }
        let length = (0..=super::MAX_MATCH)
            .map(|length| {
                let element = length.checked_sub(super::MIN_MATCH).and_then(|_| split_length(length).1);
                element.map_or(0, |element| lengths[element])
            })
            .collect();
        Self { literal, main, length, aligned }
    }

    /// The cost of matches with a formatted offset, by their length.
    pub(crate) fn of_offset(&self, formatted: u32) -> impl Fn(usize) -> u32 + '_ {
        let (slot, bits) = slot(formatted);
        let low = if bits >= 3 { self.aligned[formatted as usize & 7] } else { 0 };
        let main = &self.main[slot * 8..slot * 8 + 8];
        move |length| main[(length - super::MIN_MATCH).min(7)] + self.length[length] + low
    }
}

/// The cost of each symbol by how often it occurs.
fn costs(counts: &[u32]) -> Vec<u32> {
    let total: u32 = counts.iter().sum();
    // What did not occur counts as half an occurrence: it may yet pay.
    counts
        .iter()
        .map(|count| (log2(total * 2 + 1) - log2((count * 2).max(1))).clamp(BIT / 4, 16 * BIT))
        .collect()
}

/// The binary logarithm in the unit of costs. In whole numbers, because the bytes of the output hang on it and
/// processors differ in the last place of others.
fn log2(value: u32) -> u32 {
    let Some(whole) = value.checked_ilog2() else { return 0 };
    // Square the mantissa, between 1 and 2 in 31 fractional bits, for one more bit of the result each time.
    let mut mantissa = u64::from(value) << (31 - whole);
    let mut result = whole;
    for _ in 0..BIT.ilog2() {
        mantissa = (mantissa * mantissa) >> 31;
        let carry = (mantissa >> 32) as u32;
        mantissa >>= carry;
        result = result * 2 + carry;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms() {
        for (value, result) in
            [(0, 0), (1, 0), (2, 32), (3, 50), (1024, 320), (1_000_000, 637), (u32::MAX, 1023)]
        {
            assert_eq!(log2(value), result, "{value}");
        }
    }
}
