//! Bits in little-endian words of 16, the highest bit of a word first ([MS-PATCH] §2.2).

/// Gathers bits.
#[derive(Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that do not fill a word, right-aligned.
    rest: u64,
    count: u32,
}

impl BitWriter {
    /// Appends the low `count` bits of `value`, at most 32.
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        self.rest = self.rest << count | u64::from(value);
        self.count += count;
        while self.count >= 16 {
            self.count -= 16;
            let word = (self.rest >> self.count) as u16;
            self.bytes.extend_from_slice(&word.to_le_bytes());
        }
        self.rest &= (1 << self.count) - 1;
    }

    /// Fills the word that has begun with zeros.
    pub(crate) fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 16 - self.count);
        }
    }

    /// Appends whole bytes where a word begins.
    pub(crate) fn put_bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.count, 0);
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes out what was written; all of it where a word begins.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_bits_first_in_little_endian_words() {
        let mut bits = BitWriter::default();
        bits.put(0b101, 3);
        bits.put(0xffff_ffff, 32);
        bits.align();
        assert_eq!(bits.take(), [0xff, 0b1011_1111, 0xff, 0xff, 0x00, 0b1110_0000]);
        bits.put(0xabcd, 16);
        bits.align();
        bits.put_bytes(&[1, 2]);
        assert_eq!(bits.take(), [0xcd, 0xab, 1, 2]);
    }
}
