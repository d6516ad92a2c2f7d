//! The program alone: one file for Windows that runs wherever it is put.

use std::collections::BTreeMap;
use std::io::{self, Read};

use landfall_payload::{Content, Entry, EntryKind, Format, Os, Payload};

use crate::content::Packing;
use crate::listing::{damaged, malformed};
use crate::{Error, FileRecord, Inspection, Kind, Options, Package, ReadSeek, Visitor, WriteSeek};

/// `Machine` of a program's header, and what it is called here.
const MACHINES: [(u16, &str); 4] =
    [(0x014c, "i686"), (0x01c4, "armv7"), (0x8664, "x86_64"), (0xaa64, "aarch64")];

/// A Windows program without anything around it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExecutablePackage;

impl Package for ExecutablePackage {
    fn format(&self) -> Format {
        Format::Exe
    }

    /// `name-version-target.exe`.
    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        program(payload)?;
        let product = &payload.product;
        Ok(format!("{}-{}-{}.exe", product.name, product.version, payload.target))
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        let (entry, content) = program(payload)?;
        let mut source = Packing::open(content, &entry.path, options.progress)?;
        let outcome = io::copy(&mut source, output);
        source.finish(outcome)?;
        Ok(())
    }

    fn recognises(&self, head: &[u8], file_name: &str) -> bool {
        head.starts_with(b"MZ") && file_name.to_ascii_lowercase().ends_with(".exe")
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        read(input, visitor)
    }
}

/// The only program of a product for Windows.
fn program(payload: &Payload) -> Result<(&Entry, &Content), Error> {
    let refuse = |what: String| Err(Error::Inexpressible { format: Format::Exe, what });
    if payload.target.os != Os::Windows {
        return refuse(format!("the target {}", payload.target));
    }
    let programs: Vec<_> = payload
        .entries(Format::Exe)
        .filter_map(|entry| match &entry.kind {
            EntryKind::File(content) => Some((entry, content)),
            _ => None,
        })
        .collect();
    match programs[..] {
        [program] => Ok(program),
        _ => refuse(format!("{} programs; it is one", programs.len())),
    }
}

fn read(input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
    let program = landfall_pe::Program::read(&mut *input).map_err(|error| match error {
        landfall_pe::Error::Io(error) => damaged(Format::Exe, error),
        other => malformed(Format::Exe, other.to_string()),
    })?;
    let version = program.version();
    let strings = version.as_ref().map(|version| version.strings.clone()).unwrap_or_default();
    let text = |key: &str| {
        strings.iter().find(|(name, _)| name == key).map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let machine = MACHINES.iter().find(|(machine, _)| *machine == program.machine);
    let size = input.seek(io::SeekFrom::End(0))?;
    let original = text("OriginalFilename");
    let file = FileRecord {
        path: if original.is_empty() { "program.exe".to_owned() } else { original },
        kind: Kind::File,
        mode: 0o755,
        owner: String::new(),
        group: String::new(),
        size,
        time: 0,
        target: None,
        digest: None,
        flags: Vec::new(),
    };
    if visitor.wants_content() {
        input.rewind()?;
        visitor.file(&file, &mut input.take(size))?;
    }
    let mut fields = strings.clone();
    fields.push((
        "Subsystem".to_owned(),
        if program.subsystem == 2 { "windows" } else { "console" }.to_owned(),
    ));
    fields.extend(program.manifest().map(|manifest| ("Manifest".to_owned(), manifest)));
    Ok(Inspection {
        format: Format::Exe,
        name: text("InternalName"),
        version: text("ProductVersion"),
        architecture: machine
            .map_or_else(|| format!("{:#06x}", program.machine), |(_, name)| (*name).to_owned()),
        compression: "none".to_owned(),
        fields,
        scripts: Vec::new(),
        files: vec![file],
        members: program.sections.into_iter().map(|(name, ..)| name).collect(),
        seals: if program.signed { vec!["Authenticode".to_owned()] } else { Vec::new() },
        consistency: Vec::new(),
        metadata: BTreeMap::new(),
    })
}
