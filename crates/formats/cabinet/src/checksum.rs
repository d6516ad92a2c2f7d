//! The checksum of a block ([MS-CAB] §3.1).

/// Adds `data` to a checksum: little-endian words of four bytes, xored; of what is left over, the first byte is the
/// highest.
pub(crate) fn checksum(data: &[u8], seed: u32) -> u32 {
    let (words, rest) = data.as_chunks::<4>();
    let sum = words.iter().fold(seed, |sum, word| sum ^ u32::from_le_bytes(*word));
    rest.iter().fold(0, |last, byte| last << 8 | u32::from(*byte)) ^ sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_is_left_over() {
        assert_eq!(checksum(&[], 7), 7);
        assert_eq!(checksum(&[1, 0, 0, 0, 2, 0, 0, 0], 0), 3);
        assert_eq!(checksum(&[0xaa, 0xbb, 0xcc], 0), 0x00aa_bbcc);
        assert_eq!(checksum(&[1, 2, 3, 4, 0xaa], 0), 0x0403_0201 ^ 0xaa);
    }
}
