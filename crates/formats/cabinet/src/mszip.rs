//! MSZIP: deflate in blocks ([MS-MCI]).

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::{BLOCK, Result, error::damaged};

/// What every block begins with.
const SIGNATURE: [u8; 2] = *b"CK";
/// What ends the deflate stream of a block behind a flush: an empty last block with fixed codes (RFC 1951 §3.2.6).
const END: [u8; 2] = [3, 0];

/// Compresses `data` from `start` on in blocks; what stands before it is history.
pub(crate) fn compress(level: u32, data: &[u8], start: usize) -> io::Result<Vec<Vec<u8>>> {
    // One state for all of them, which has seen what stands before each: a tenth faster than telling it every time. It
    // begins anew with every call, because one that was reset keeps traces of before that reach the bytes.
    let mut state = Compress::new(Compression::new(level), false);
    let history = &data[start.saturating_sub(BLOCK)..start];
    if !history.is_empty() {
        state.set_dictionary(history).map_err(io::Error::other)?;
    }
    data[start..].chunks(BLOCK).map(|content| compress_block(&mut state, content)).collect()
}

fn compress_block(state: &mut Compress, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut block = Vec::with_capacity(BLOCK + BLOCK / 4);
    block.extend_from_slice(&SIGNATURE);
    let (begin, mut taken) = (state.total_in(), 0);
    // A flush ends on a byte boundary; it is complete when it leaves room.
    while taken < content.len() || block.len() == block.capacity() {
        block.reserve(BLOCK / 4);
        state.compress_vec(&content[taken..], &mut block, FlushCompress::Sync).map_err(io::Error::other)?;
        taken = (state.total_in() - begin) as usize;
    }
    block.extend_from_slice(&END);
    if block.len() > content.len() + 7 {
        store(content, &mut block);
    }
    Ok(block)
}

/// Writes one stored deflate block (RFC 1951 §3.2.4).
fn store(content: &[u8], block: &mut Vec<u8>) {
    let length = content.len() as u16;
    block.truncate(SIGNATURE.len());
    block.push(1);
    block.extend_from_slice(&length.to_le_bytes());
    block.extend_from_slice(&(!length).to_le_bytes());
    block.extend_from_slice(content);
}

/// Expands one block of `size` bytes after the content of the block before it.
pub(crate) fn expand(history: &[u8], block: &[u8], size: usize) -> Result<Vec<u8>> {
    let Some(stream) = block.strip_prefix(&SIGNATURE) else {
        return Err(damaged("an MSZIP block does not begin with CK"));
    };
    let mut state = Decompress::new(false);
    if !history.is_empty() {
        state.set_dictionary(history).map_err(io::Error::other)?;
    }
    // One byte more than there may be, to notice a block that has more.
    let mut content = Vec::with_capacity(size + 1);
    let status = state.decompress_vec(stream, &mut content, FlushDecompress::Finish);
    match status {
        Ok(Status::StreamEnd) if content.len() == size => Ok(content),
        Ok(_) => Err(damaged(format!("an MSZIP block does not have the {size} bytes of its head"))),
        Err(error) => Err(damaged(format!("an MSZIP block is no deflate stream: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn what_cannot_be_compressed_is_stored() {
        let block = compress(9, &noise(BLOCK), 0).unwrap().remove(0);
        assert!(block.len() <= BLOCK + 7, "{}", block.len());
        assert_eq!(expand(&[], &block, BLOCK).unwrap(), noise(BLOCK));
    }

    #[test]
    fn a_block_refers_to_the_one_before() {
        // The second block repeats the end of the first.
        let data = [noise(BLOCK), noise(BLOCK).split_off(BLOCK / 2)].concat();
        let blocks = compress(6, &data, 0).unwrap();
        assert_eq!(expand(&[], &blocks[0], BLOCK).unwrap(), data[..BLOCK]);
        assert_eq!(expand(&data[..BLOCK], &blocks[1], BLOCK / 2).unwrap(), data[BLOCK..]);
        assert!(blocks[1].len() < 200, "{}", blocks[1].len());
    }
}
