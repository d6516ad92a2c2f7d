//! The object file, linked by GNU ld and read by GNU objdump.

use landfall_message_table::{Machine, MessageTable};
use std::fs;
use std::io::Write;
use std::process::Command;

#[test]
fn a_linker_takes_it_and_the_resource_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let table = MessageTable::default().message(1000, "The folder %1 is full.");
    fs::write(path("messages.o"), table.to_object(Machine::X64)).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .output()
            .map(|output| (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
    };
    let emulations = run("ld", &["-V"]).map(|(_, text)| text).unwrap_or_default();
    if !emulations.contains("i386pep") {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs an ld for PE (apt-get install binutils)");
        return;
    }
    let (messages, program) = (path("messages.o"), path("program.dll"));
    let linked = run("ld", &["-m", "i386pep", "--shared", "-e", "0", "-o", &program, &messages]).unwrap();
    assert!(linked.0, "{}", linked.1);
    let (_, text) = run("objdump", &["-p", &program]).unwrap();
    // objdump walks the resource directory and follows the relocated address.
    for line in ["Type Table", "ID: 0x00000b", "ID: 0x000001", "ID: 0x000409"] {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
    assert!(!text.contains("Corrupt"), "{text}");
    let bytes = fs::read(&program).unwrap();
    let sentence: Vec<u8> = "The folder %1 is full.\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(bytes.windows(sentence.len()).any(|window| window == sentence));
}
