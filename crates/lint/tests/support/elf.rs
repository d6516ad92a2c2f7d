//! ELF files with nothing in them but what is looked at.

pub(crate) const X86_64: u16 = 62;
pub(crate) const AARCH64: u16 = 183;

/// A 64-bit program. With `libraries` (a library and the versions of its symbols) it is started by glibc's
/// loader.
pub(crate) fn program(machine: u16, symbols: bool, libraries: &[(&str, &[&str])]) -> Vec<u8> {
    const HEADER: usize = 64;
    const SEGMENT: usize = 56;
    const SECTION: usize = 64;
    let dynamic = !libraries.is_empty();
    let segments = if dynamic { 3 } else { 1 };
    let mut body = Vec::new();
    let start = HEADER + segments * SEGMENT;
    let mut place = |bytes: &[u8]| {
        body.resize(body.len().next_multiple_of(8), 0);
        let at = start.next_multiple_of(8) + body.len();
        body.extend_from_slice(bytes);
        at as u64
    };
    let interpreter = b"/lib64/ld-linux-x86-64.so.2\0";
    let interpreter_at = place(interpreter);

    let mut strings = vec![0];
    let mut string = |text: &str| {
        let at = strings.len() as u64;
        strings.extend_from_slice(text.as_bytes());
        strings.push(0);
        at
    };
    let mut needed = Vec::new();
    let mut versions = Vec::new();
    for (index, (library, symbols)) in libraries.iter().enumerate() {
        let name = string(library);
        needed.push(name);
        let last = index + 1 == libraries.len();
        let next = if last { 0 } else { 16 + 16 * symbols.len() as u32 };
        versions.extend([1, 0, symbols.len() as u8, 0]);
        for number in [name as u32, 16, next] {
            versions.extend(number.to_le_bytes());
        }
        for (at, symbol) in symbols.iter().enumerate() {
            let name = string(symbol) as u32;
            versions.extend([0; 4]);
            versions.extend([0, 0, 2, 0]);
            versions.extend(name.to_le_bytes());
            versions.extend(if at + 1 == symbols.len() { 0_u32 } else { 16 }.to_le_bytes());
        }
    }
    let strings_at = place(&strings);
    let versions_at = place(&versions);
    let mut entries: Vec<(u64, u64)> = needed.iter().map(|at| (1, *at)).collect();
    entries.extend([(5, strings_at), (10, strings.len() as u64), (0x6fff_fffe, versions_at)]);
    entries.extend([(0x6fff_ffff, libraries.len() as u64), (0, 0)]);
    let table: Vec<u8> =
        entries.iter().flat_map(|(t, v)| [t.to_le_bytes(), v.to_le_bytes()].concat()).collect();
    let dynamic_at = place(&table);
    let mut section = vec![0; SECTION];
    section[4] = 2; // SHT_SYMTAB
    let sections_at = place(&section);

    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend(2_u16.to_le_bytes());
    file.extend(machine.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    let section_start = if symbols { sections_at } else { 0 };
    for number in [0, HEADER as u64, section_start] {
        file.extend(number.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    let sections = u16::from(symbols);
    for number in [HEADER as u16, SEGMENT as u16, segments as u16, SECTION as u16, sections, 0] {
        file.extend(number.to_le_bytes());
    }
    let total = (start.next_multiple_of(8) + body.len()) as u64;
    let mut segment = |kind: u32, at: u64, size: u64| {
        file.extend(kind.to_le_bytes());
        file.extend(4_u32.to_le_bytes());
        for number in [at, at, at, size, size, 8] {
            file.extend(number.to_le_bytes());
        }
    };
    segment(1, 0, total);
    if dynamic {
        segment(3, interpreter_at, interpreter.len() as u64);
        segment(2, dynamic_at, table.len() as u64);
    }
    file.resize(file.len().next_multiple_of(8), 0);
    file.extend(body);
    file
}
