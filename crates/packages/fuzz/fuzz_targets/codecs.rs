//! Any bytes as a compressed stream of each kind; and any content, compressed and read again, is the same.
#![no_main]

use landfall_codecs::{Effort, Encoder, Kind, decoder};
use libfuzzer_sys::fuzz_target;
use std::io::{self, Read, Write};

/// Content that is read of one stream.
const CONTENT: u64 = 16 << 20;

fuzz_target!(|bytes: &[u8]| {
    let _ = Kind::sniff(bytes);
    for kind in [Kind::Gzip, Kind::Zstd, Kind::Xz, Kind::Bzip2] {
        if let Ok(stream) = decoder(kind, bytes) {
            let _ = io::copy(&mut stream.take(CONTENT), &mut io::sink());
        }
        let mut encoder = Encoder::new(kind.at(Effort::Fast), 1, Vec::new()).expect("an encoder");
        encoder.write_all(bytes).expect("room in memory");
        let packed = encoder.finish().expect("a stream");
        let kind = if kind == Kind::Bzip2 { Kind::None } else { kind };
        let mut content = Vec::new();
        decoder(kind, &packed[..]).expect("a decoder").read_to_end(&mut content).expect("a stream of ours");
        assert_eq!(content, bytes);
    }
});
