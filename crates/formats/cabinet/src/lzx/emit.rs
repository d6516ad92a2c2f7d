//! Writing blocks: their headers, the trees as differences to those before, and the elements.

use super::bits::BitWriter;
use super::huffman::Code;
use super::parse::Parsed;
use super::statistics::Statistics;
use super::{ALIGNED, Elements, FRAME, LENGTHS, Recent, Token, main_elements};

/// Longest codes of the main and the length tree.
const MOST_LENGTH: usize = 16;
/// Longest codes of the aligned offset tree: their lengths have three bits.
const MOST_ALIGNED: usize = 7;
/// Longest codes of a pretree: their lengths have four bits.
const MOST_PRETREE: usize = 15;
/// Elements of a pretree.
const PRETREE: usize = 20;

/// How a block is written (`BlockType`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockType {
    Verbatim = 1,
    Aligned = 2,
    Uncompressed = 3,
}

/// Writes the blocks of one folder, one after the other.
pub(crate) struct Emitter {
    bits: BitWriter,
    recent: Recent,
    /// Lengths of the codes of the block before.
    main: Vec<u8>,
    length: Vec<u8>,
    /// Content of the frame that is being written.
    filled: usize,
}

impl Emitter {
    /// Begins a stream whose calls were translated with this size.
    pub(crate) fn new(window: u8, translated: i32) -> Self {
        let mut bits = BitWriter::default();
        bits.put(1, 1);
        bits.put(translated as u32, 32);
        let main = vec![0; main_elements(window)];
        Self { bits, recent: Recent::new(), main, length: vec![0; LENGTHS], filled: 0 }
    }

    /// Writes a block, whose content is `content`. Hands out each frame that it completes: its content's size and its
    /// bytes.
    pub(crate) fn block<E>(
        &mut self,
        block: &Parsed,
        content: &[u8],
        frame: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statistics = Statistics::new();
        statistics.count(&block.tokens, &mut self.recent.clone());
        let main = Code::new(&statistics.main[..self.main.len()], MOST_LENGTH);
        let length = Code::new(&statistics.length, MOST_LENGTH);
        let aligned = Code::new(&statistics.aligned, MOST_ALIGNED);
        let trees = main.cost(&statistics.main) + length.cost(&statistics.length);
        let verbatim = trees + statistics.verbatim_bits;
        let with_aligned =
            trees + statistics.aligned_bits + aligned.cost(&statistics.aligned) + 3 * ALIGNED as u64;
        // A frame that is not compressed has 16 bytes before its content; trees are hardly smaller.
        if verbatim.min(with_aligned) / 8 >= content.len() as u64 {
            return self.uncompressed(content, frame);
        }
        let kind = if with_aligned < verbatim { BlockType::Aligned } else { BlockType::Verbatim };
        self.header(kind, block.size);
        if kind == BlockType::Aligned {
            aligned.lengths.iter().for_each(|length| self.bits.put((*length).into(), 3));
        }
        let (bytes, matches) = main.lengths.split_at(256);
        write_lengths(&mut self.bits, &self.main[..256], bytes);
        write_lengths(&mut self.bits, &self.main[256..], matches);
        write_lengths(&mut self.bits, &self.length, &length.lengths);
        let aligned = (kind == BlockType::Aligned).then_some(&aligned);
        for token in &block.tokens {
            self.token(*token, &main, &length, aligned);
            self.advance(token.length(), frame)?;
        }
        (self.main, self.length) = (main.lengths, length.lengths);
        Ok(())
    }

    /// Ends the stream: hands out the frame that has begun.
    pub(crate) fn finish<E>(
        mut self,
        frame: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.filled > 0 { self.end_frame(frame) } else { Ok(()) }
    }

    fn header(&mut self, kind: BlockType, size: usize) {
        self.bits.put(kind as u32, 3);
        self.bits.put(size as u32, 24);
    }

    fn token(&mut self, token: Token, main: &Code, length: &Code, aligned: Option<&Code>) {
        let mut put = |(code, bits)| self.bits.put(code, bits);
        let Some(offset) = token.offset() else { return put(main.get(token.byte().into())) };
        let elements = Elements::new(token.length(), self.recent.format(offset));
        put(main.get(elements.main));
        if let Some(element) = elements.length {
            put(length.get(element));
        }
        match aligned {
            Some(code) if elements.bits >= 3 => {
                put((elements.low >> 3, elements.bits - 3));
                put(code.get(elements.low as usize & 7));
            }
            _ => put((elements.low, elements.bits)),
        }
    }

    /// Content as it is, in one block for each frame, so that only the last of all can have an odd size.
    fn uncompressed<E>(
        &mut self,
        content: &[u8],
        frame: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        for piece in content.chunks(FRAME) {
            self.header(BlockType::Uncompressed, piece.len());
            // Blocks begin with a frame, so there is always a bit to fill, as the format demands.
            self.bits.align();
            for offset in self.recent.0 {
                self.bits.put_bytes(&offset.to_le_bytes());
            }
            self.bits.put_bytes(piece);
            if !piece.len().is_multiple_of(2) {
                self.bits.put_bytes(&[0]);
            }
            self.advance(piece.len(), frame)?;
        }
        Ok(())
    }

    fn advance<E>(
        &mut self,
        count: usize,
        frame: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.filled += count;
        if self.filled == FRAME { self.end_frame(frame) } else { Ok(()) }
    }

    fn end_frame<E>(&mut self, frame: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        self.bits.align();
        frame(std::mem::take(&mut self.filled), self.bits.take())
    }
}

/// One element of a pretree with the bits that follow it.
struct Item {
    element: usize,
    value: u32,
    bits: u32,
}

/// Writes the lengths of codes as differences to those of the block before ([MS-PATCH] §2.6).
fn write_lengths(bits: &mut BitWriter, before: &[u8], now: &[u8]) {
    let items = items(before, now);
    let mut counts = [0; PRETREE];
    items.iter().for_each(|item| counts[item.element] += 1);
    let pretree = Code::new(&counts, MOST_PRETREE);
    pretree.lengths.iter().for_each(|length| bits.put((*length).into(), 4));
    for item in items {
        let (code, length) = pretree.get(item.element);
        bits.put(code, length);
        bits.put(item.value, item.bits);
    }
}

fn items(before: &[u8], now: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < now.len() {
        let length = now[at];
        let run = now[at..].iter().take_while(|other| **other == length).count();
        let difference = (17 + usize::from(before[at]) - usize::from(length)) % 17;
        let taken = match (length, run) {
            (0, 20..) => {
                let taken = run.min(20 + 31);
                items.push(Item { element: 18, value: taken as u32 - 20, bits: 5 });
                taken
            }
            (0, 4..) => {
                items.push(Item { element: 17, value: run as u32 - 4, bits: 4 });
                run
            }
            (_, 4..) => {
                let taken = run.min(5);
                items.push(Item { element: 19, value: taken as u32 - 4, bits: 1 });
                items.push(Item { element: difference, value: 0, bits: 0 });
                taken
            }
            _ => {
                items.push(Item { element: difference, value: 0, bits: 0 });
                1
            }
        };
        at += taken;
    }
    items
}
