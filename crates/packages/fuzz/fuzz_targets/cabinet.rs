//! Any bytes as a cabinet; and any content, packed in any way and unpacked, is the same.
#![no_main]

use landfall_cabinet::{Cabinet, Compression, DateTime, File, Folder, Reader, Writer};
use libfuzzer_sys::fuzz_target;
use std::io::{Cursor, Read};

/// Content that is read of one cabinet.
const CONTENT: u64 = 16 << 20;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut reader) = Reader::new(Cursor::new(bytes)) {
        let mut left = CONTENT;
        let _ = reader.each(|member, content| {
            let _ = member.path();
            left -= std::io::copy(&mut content.take(left), &mut std::io::sink())?;
            Ok(())
        });
    }
    let Some((way, content)) = bytes.split_first() else { return };
    let compression = match way % 4 {
        0 => Compression::None,
        1 => Compression::Mszip { level: 6 },
        2 => Compression::Lzx { window: 15 },
        _ => Compression::Lzx { window: 18 },
    };
    let mut folder = Folder::new(compression);
    let when = DateTime::from_unix(1_700_000_000).expect("a time");
    folder.files = vec![File::new("a", content.len() as u64, when)];
    let mut writer = Writer::new(Cabinet::new(vec![folder]), 1, Cursor::new(Vec::new())).expect("a plan");
    writer.append(content).expect("content of that size");
    let cabinet = writer.finish().expect("a cabinet").into_inner();
    let mut unpacked = Vec::new();
    let mut reader = Reader::new(Cursor::new(cabinet)).expect("a cabinet of ours");
    reader.each(|_, content| Ok(drop(content.read_to_end(&mut unpacked)?))).expect("its content");
    assert_eq!(unpacked, content);
});
