//! Huffman codes of limited length, in the canonical order ([MS-PATCH] §2.6).

/// A code: length and bits of each symbol.
pub(crate) struct Code {
    pub(crate) lengths: Vec<u8>,
    codes: Vec<u16>,
}

impl Code {
    /// The code for symbols that occur this often, none longer than `most` bits. It is complete as readers demand:
    /// where only one symbol occurs, a second gets a code. Without any symbol it is empty.
    pub(crate) fn new(frequencies: &[u32], most: usize) -> Self {
        let lengths = lengths(frequencies, most);
        let codes = canonical(&lengths);
        Self { lengths, codes }
    }

    /// Bits of a symbol and their number.
    pub(crate) fn get(&self, symbol: usize) -> (u32, u32) {
        (self.codes[symbol].into(), self.lengths[symbol].into())
    }

    /// Bits that all symbols take together.
    pub(crate) fn cost(&self, frequencies: &[u32]) -> u64 {
        self.lengths
            .iter()
            .zip(frequencies)
            .map(|(length, count)| u64::from(*length) * u64::from(*count))
            .sum()
    }
}

fn lengths(frequencies: &[u32], most: usize) -> Vec<u8> {
    let mut lengths = vec![0; frequencies.len()];
    let mut symbols: Vec<usize> = (0..frequencies.len()).filter(|symbol| frequencies[*symbol] > 0).collect();
    match symbols[..] {
        [] => return lengths,
        [only] => {
            lengths[only] = 1;
            lengths[usize::from(only == 0)] = 1;
            return lengths;
        }
        _ => {}
    }
    // Rare ones first; equal ones in their order, so that the result is the same everywhere.
    symbols.sort_by_key(|symbol| (frequencies[*symbol], *symbol));
    let weights: Vec<u64> = symbols.iter().map(|symbol| frequencies[*symbol].into()).collect();
    let mut counts = limit(&depths(&weights), most);
    // The rarest symbols get the longest codes.
    let mut length = most;
    for symbol in symbols {
        while counts[length] == 0 {
            length -= 1;
        }
        counts[length] -= 1;
        lengths[symbol] = length as u8;
    }
    lengths
}

/// Depth of every leaf of the Huffman tree over ascending weights.
fn depths(weights: &[u64]) -> Vec<usize> {
    // Leaves, then inner nodes in the order in which they are made, which is that of their weights.
    let leaves = weights.len();
    let mut weights = weights.to_vec();
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut inner) = (0, leaves);
    while weights.len() < 2 * leaves - 1 {
        let node = weights.len();
        let mut sum = 0;
        for _ in 0..2 {
            let next = if leaf < leaves && (inner >= node || weights[leaf] <= weights[inner]) {
                &mut leaf
            } else {
                &mut inner
            };
            sum += weights[*next];
            parents[*next] = node;
            *next += 1;
        }
        weights.push(sum);
    }
    let mut depths = vec![0; 2 * leaves - 1];
    for node in (0..2 * leaves - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    depths.truncate(leaves);
    depths
}

/// How many codes there are of each length, after those above `most` were shortened at the cost of others.
fn limit(depths: &[usize], most: usize) -> Vec<usize> {
    let mut counts = vec![0; most + 1];
    for depth in depths {
        counts[(*depth).min(most)] += 1;
    }
    // Codes of `most` bits that the others leave room for, and that there are.
    let taken: usize =
        counts.iter().enumerate().skip(1).map(|(length, count)| count << (most - length)).sum();
    for _ in (1 << most)..taken {
        // One code moves down by one bit and makes room for one of those that are too many.
        if let Some(length) = (1..most).rev().find(|length| counts[*length] > 0) {
            counts[most] -= 1;
            counts[length] -= 1;
            counts[length + 1] += 2;
        }
    }
    counts
}

fn canonical(lengths: &[u8]) -> Vec<u16> {
    let mut codes = vec![0; lengths.len()];
    let mut next = 0_u32;
    for length in 1..=16 {
        for (symbol, _) in lengths.iter().enumerate().filter(|(_, own)| **own == length) {
            codes[symbol] = next as u16;
            next += 1;
        }
        next <<= 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kraft(lengths: &[u8]) -> u64 {
        lengths.iter().filter(|length| **length > 0).map(|length| 1 << (16 - length)).sum()
    }

    #[test]
    fn codes_are_complete_and_short_enough() {
        // Frequencies that double give the longest codes.
        let doubling: Vec<u32> = (0..30).map(|i| 1 << i).collect();
        let flat = vec![7; 656];
        for frequencies in [&doubling[..], &flat, &[1, 1], &[0, 5, 0, 0, 1, 9]] {
            for most in [7, 10, 16] {
                if frequencies.len() > 1 << most {
                    continue;
                }
                let code = Code::new(frequencies, most);
                assert_eq!(kraft(&code.lengths), 1 << 16, "{most}");
                assert!(code.lengths.iter().all(|length| usize::from(*length) <= most));
                let used =
                    code.lengths.iter().zip(frequencies).all(|(length, count)| (*length > 0) == (*count > 0));
                assert!(used);
            }
        }
    }

    #[test]
    fn a_single_symbol_gets_company() {
        assert_eq!(Code::new(&[0, 0, 9], 16).lengths, [1, 0, 1]);
        assert_eq!(Code::new(&[9, 0, 0], 16).lengths, [1, 1, 0]);
        assert_eq!(Code::new(&[0, 0, 0], 16).lengths, [0, 0, 0]);
    }

    #[test]
    fn canonical_order() {
        let code = Code { codes: canonical(&[2, 1, 3, 3]), lengths: vec![2, 1, 3, 3] };
        assert_eq!(
            [code.get(0), code.get(1), code.get(2), code.get(3)],
            [(0b10, 2), (0, 1), (0b110, 3), (0b111, 3)]
        );
    }
}
