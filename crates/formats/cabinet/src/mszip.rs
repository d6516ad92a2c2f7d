//! MSZIP: deflate in blocks ([MS-MCI]).

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::{BLOCK, Result, error::damaged};

/// What every block begins with.
const SIGNATURE: [u8; 2] = *b"CK";
/// Most bytes of a compressed block: its signature, content that cannot be compressed, and room for the headers.
pub(crate) const MOST: usize = BLOCK + 12;

/// Compresses `data` from `start` on in blocks; what stands before it is history.
pub(crate) fn compress(level: u32, data: &[u8], start: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut blocks = Vec::with_capacity((data.len() - start).div_ceil(BLOCK));
    for begin in (start..data.len()).step_by(BLOCK) {
        let history = &data[begin.saturating_sub(BLOCK)..begin];
        blocks.push(compress_block(level, history, &data[begin..data.len().min(begin + BLOCK)])?);
    }
    Ok(blocks)
}

fn compress_block(level: u32, history: &[u8], content: &[u8]) -> io::Result<Vec<u8>> {
    // A new state for every block: a reset one keeps traces of earlier blocks that reach the bytes.
    let mut state = Compress::new(Compression::new(level), false);
    if !history.is_empty() {
        state.set_dictionary(history).map_err(io::Error::other)?;
    }
    let mut block = Vec::with_capacity(MOST);
    block.extend_from_slice(&SIGNATURE);
    let status = state.compress_vec(content, &mut block, FlushCompress::Finish).map_err(io::Error::other)?;
    // A result that does not fit is larger than the content as it is.
    if status != Status::StreamEnd || block.len() > content.len() + 7 {
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
        let block = compress_block(9, &[], &noise(BLOCK)).unwrap();
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
