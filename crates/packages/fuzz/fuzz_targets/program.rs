//! Any bytes as a Windows program or an icon; and a program that gets resources has them.
#![no_main]

use landfall_pe::{Icon, Manifest, Patch, Program, Resources, Version};
use libfuzzer_sys::fuzz_target;
use std::io::{Cursor, Read};

fuzz_target!(|bytes: &[u8]| {
    let _ = Icon::parse(bytes);
    let Ok(program) = Program::read(Cursor::new(bytes)) else { return };
    let _ = (program.version(), program.manifest());
    let resources = Resources {
        version: Some(Version { number: [1, 2, 3, 4], strings: vec![("ProductName".into(), "demo".into())] }),
        manifest: Some(Manifest::default()),
        icon: None,
    };
    let Ok(patch) = Patch::new(&mut Cursor::new(bytes), &resources) else { return };
    // What a header claims of a file of no length costs nothing; it is not written either.
    if patch.size() > 64 << 20 {
        return;
    }
    let mut patched = Vec::new();
    let Ok(mut content) = patch.open(Cursor::new(bytes)) else { return };
    if content.read_to_end(&mut patched).is_err() {
        return;
    }
    assert_eq!(patched.len() as u64, patch.size());
    let patched = Program::read(Cursor::new(patched)).expect("a program of ours");
    assert_eq!(patched.version().map(|version| version.number), Some([1, 2, 3, 4]));
});
