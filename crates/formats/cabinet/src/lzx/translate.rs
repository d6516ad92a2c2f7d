//! Calls of x86 code: relative targets become absolute, so that calls of the same function look the same
//! ([MS-PATCH] §2.4, "E8 call translation").

use super::FRAME;

/// The operation code of a call with a relative target of 32 bits.
const CALL: u8 = 0xe8;
/// Calls this close to the end of a frame stay as they are.
const TAIL: usize = 10;
/// Frames from here on stay as they are: positions do not fit any more.
const MOST_FRAMES: u64 = 0x8000;

/// Translates whole frames; `position` is where `data` begins in the content, `size` the size of the content as the
/// stream tells it.
pub(crate) fn translate(data: &mut [u8], position: u64, size: i32) {
    for (number, frame) in data.chunks_mut(FRAME).enumerate() {
        let begin = position + (number * FRAME) as u64;
        if begin / (FRAME as u64) < MOST_FRAMES && frame.len() > TAIL {
            // Fewer than 2^30, by the condition above.
            translate_frame(frame, begin as i32, size);
        }
    }
}

fn translate_frame(frame: &mut [u8], begin: i32, size: i32) {
    let mut at = 0;
    let end = frame.len() - TAIL;
    while at < end {
        if frame[at] != CALL {
            at += 1;
            continue;
        }
        let Some(field) = frame.get_mut(at + 1..).and_then(|rest| rest.first_chunk_mut::<4>()) else {
            return;
        };
        let (here, relative) = (begin + at as i32, i32::from_le_bytes(*field));
        // The reader turns back exactly what lies in this range.
        if relative >= -here && relative < size {
            let absolute = if relative < size - here { relative + here } else { relative - size };
            *field = absolute.to_le_bytes();
        }
        at += 5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_calls_of_one_function_look_the_same() {
        let mut code = vec![0x90; 200];
        for at in [20_usize, 100] {
            code[at] = CALL;
            code[at + 1..at + 5].copy_from_slice(&(150 - at as i32).to_le_bytes());
        }
        let before = code.clone();
        translate(&mut code, 0, 200);
        assert_eq!(code[20..25], code[100..105]);
        assert_eq!(code[21..25], 150_i32.to_le_bytes());
        // Too near to the end of a frame.
        let mut short = before[..108].to_vec();
        translate(&mut short, 0, 200);
        assert_eq!(short[100..], before[100..108]);
        // Far into the content, positions are no longer followed.
        let mut far = before.clone();
        translate(&mut far, 1 << 30, 200);
        assert_eq!(far, before);
    }
}
