//! Any bytes as a tar or ar archive; and what a tar archive held, written again and read again, is the same.
#![no_main]

use landfall_archives::{ar, tar};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

/// Largest content that is read of a member.
const CONTENT: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut reader) = ar::Reader::new(bytes) {
        while let Ok(Some(_)) = reader.next_header() {}
    }
    let mut reader = tar::Reader::new(bytes);
    let mut members = Vec::new();
    while let Ok(Some(mut header)) = reader.next_header() {
        let mut content = Vec::new();
        if (&mut reader).take(CONTENT).read_to_end(&mut content).is_err() || members.len() > 1000 {
            break;
        }
        header.size = content.len() as u64;
        members.push((header, content));
    }
    for dialect in [tar::Dialect::Gnu, tar::Dialect::Pax] {
        let mut writer = tar::Writer::new(Vec::new(), dialect);
        let mut written = Vec::new();
        for (header, content) in &members {
            let before = written.len();
            if writer.append_bytes(header, content).is_ok() {
                written.push(header.path.clone());
            }
            // What was refused half-way leaves an archive that is of no use.
            if written.len() == before {
                return;
            }
        }
        let Ok(archive) = writer.finish() else { return };
        let mut reader = tar::Reader::new(&archive[..]);
        for path in written {
            let header = reader.next_header().expect("what was written can be read").expect("all members");
            assert_eq!(header.path, path);
        }
    }
});
