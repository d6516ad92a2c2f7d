//! What an executable was built for, and what it needs from the system.
//!
//! Only headers and the dynamic section are read, however big the file is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use object::elf;
use object::macho;
use object::pe;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::read::{ReadCache, ReadRef};
use object::{Endianness, FileKind};

use crate::{Architecture, ElfNeeds, Os, Target};

/// More architectures than any universal Mach-O has. A Java class begins with the same four bytes and has its
/// version, 45 or more, in the place of the count.
const MAX_UNIVERSAL: u32 = 40;

/// Largest interpreter path and dynamic section that are read, in bytes: far above what linkers write.
const MAX_INTERPRETER: u64 = 4096;
const MAX_DYNAMIC: u64 = 1 << 20;

/// Most versioned libraries and versions of theirs, together, and longest name of one in bytes.
const MAX_VERSIONS: u64 = 1 << 14;
const MAX_NAME: u64 = 4096;

type Data<'a> = &'a ReadCache<File>;

/// An executable or a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// File format.
    pub kind: BinaryKind,
    /// System it runs on; `None`: one that Landfall does not know.
    pub os: Option<Os>,
    /// Architectures in it that Landfall knows. A universal Mach-O holds several; empty where it knows none.
    pub architectures: Vec<Architecture>,
    /// ELF program interpreter, which tells the C library; `None` for static programs and other formats.
    pub interpreter: Option<String>,
}

/// File format of an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryKind {
    /// Executable and Linkable Format: Linux.
    Elf,
    /// Portable Executable: Windows.
    Pe,
    /// Mach object: macOS.
    MachO,
}

/// Why a program does not fit a target.
#[derive(Debug, thiserror::Error)]
pub enum Mismatch {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What is wrong.
        source: io::Error,
    },
    /// Another architecture or system.
    #[error("built for {built}, but the target is {target}")]
    Other {
        /// What it was built for.
        built: String,
        /// The target's triple.
        target: String,
    },
    /// Nothing that a system could start.
    #[error("neither an executable nor a script that begins with #!, so {0} cannot run it")]
    NotExecutable(String),
}

impl Binary {
    /// Reads a file's headers. `None`: not ELF, PE or Mach-O.
    ///
    /// # Errors
    /// When the file cannot be read or its headers are damaged.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let cache = ReadCache::new(File::open(path)?);
        Self::parse(&cache)
    }

    fn parse(data: Data<'_>) -> io::Result<Option<Self>> {
        let Ok(kind) = FileKind::parse(data) else { return Ok(None) };
        let (kind, os, architectures, interpreter) = match kind {
            FileKind::Elf32 => return elf::<elf::FileHeader32<Endianness>>(data).map(Some),
            FileKind::Elf64 => return elf::<elf::FileHeader64<Endianness>>(data).map(Some),
            FileKind::Pe32 | FileKind::Pe64 => (BinaryKind::Pe, Os::Windows, pe_architecture(data)?, None),
            FileKind::MachO32 | FileKind::MachO64 => {
                (BinaryKind::MachO, Os::Macos, macho_architecture(data)?, None)
            }
            FileKind::MachOFat32 | FileKind::MachOFat64 => {
                let count = data.read_at::<macho::FatHeader>(0).map_err(|()| damaged("header"))?.nfat_arch;
                if count.get(object::BigEndian) > MAX_UNIVERSAL {
                    return Ok(None);
                }
                let all = if kind == FileKind::MachOFat32 {
                    MachOFatFile32::parse(data)
                        .map_err(invalid)?
                        .arches()
                        .iter()
                        .filter_map(|a| mach_cpu(a.cputype()))
                        .collect()
                } else {
                    MachOFatFile64::parse(data)
                        .map_err(invalid)?
                        .arches()
                        .iter()
                        .filter_map(|a| mach_cpu(a.cputype()))
                        .collect()
                };
                (BinaryKind::MachO, Os::Macos, all, None)
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { kind, os: Some(os), architectures, interpreter }))
    }

    /// What it was built for, in words.
    fn describe(&self) -> String {
        let format = match self.kind {
            BinaryKind::Elf => "ELF",
            BinaryKind::Pe => "PE",
            BinaryKind::MachO => "Mach-O",
        };
        let system = self.os.map_or("another system", Os::name);
        if self.architectures.is_empty() {
            return format!("another architecture ({system}, {format})");
        }
        let names: Vec<&str> = self.architectures.iter().map(|a| a.name()).collect();
        let loader = self.interpreter.as_ref().map(|i| format!(", loader {i}")).unwrap_or_default();
        format!("{} ({system}, {format}{loader})", names.join(" and "))
    }

    fn fits(&self, target: &Target) -> bool {
        // The header of a 32-bit Arm program does not tell ARMv6 from ARMv7.
        let arm = |a| matches!(a, Architecture::Armv6 | Architecture::Armv7);
        let architecture =
            |a: &Architecture| *a == target.architecture || arm(*a) && arm(target.architecture);
        let library = match self.interpreter.as_deref() {
            Some(loader) if loader.contains("/ld-musl-") => target.environment.starts_with("musl"),
            Some(loader) if loader.contains("/ld-linux") => !target.environment.starts_with("musl"),
            _ => true,
        };
        self.os == Some(target.os) && self.architectures.iter().any(architecture) && library
    }
}

/// Checks that a program runs on a target. A script (`#!`) runs anywhere; on Windows, which starts files by their
/// name, so does everything that is not an executable of another kind.
///
/// # Errors
/// When it is for something else, or cannot be read.
pub fn check(path: &Path, target: &Target) -> Result<(), Mismatch> {
    let read = |source| Mismatch::Read { path: path.display().to_string(), source };
    match Binary::read(path).map_err(read)? {
        Some(binary) if binary.fits(target) => Ok(()),
        Some(binary) => Err(Mismatch::Other { built: binary.describe(), target: target.to_string() }),
        None if target.os == Os::Windows || is_script(path).map_err(read)? => Ok(()),
        None => Err(Mismatch::NotExecutable(target.os.name().to_owned())),
    }
}

fn is_script(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(File::open(path)?, 2), &mut head)?;
    Ok(head == b"#!")
}

/// What an ELF file needs at run time; `install_path` is where it lands on the machine. `None`: not ELF.
///
/// Versions that are asked for weakly, which the loader does not insist on, are left out.
///
/// # Errors
/// When the file cannot be read or is damaged.
pub fn elf_needs(path: &Path, install_path: &str) -> io::Result<Option<ElfNeeds>> {
    let cache = ReadCache::new(File::open(path)?);
    match FileKind::parse(&cache) {
        Ok(FileKind::Elf32) => needs::<elf::FileHeader32<Endianness>>(&cache, install_path).map(Some),
        Ok(FileKind::Elf64) => needs::<elf::FileHeader64<Endianness>>(&cache, install_path).map(Some),
        _ => Ok(None),
    }
}

fn elf<Elf: FileHeader<Endian = Endianness>>(data: Data<'_>) -> io::Result<Binary> {
    let header = Elf::parse(data).map_err(invalid)?;
    let endian = header.endian().map_err(invalid)?;
    let (wide, little) = (header.is_class_64(), header.is_little_endian());
    let architecture = match header.e_machine(endian) {
        elf::EM_X86_64 if wide => Some(Architecture::X86_64),
        elf::EM_386 => Some(Architecture::I686),
        elf::EM_AARCH64 if wide && little => Some(Architecture::Aarch64),
        elf::EM_ARM if little => Some(Architecture::Armv7),
        elf::EM_RISCV if wide => Some(Architecture::Riscv64),
        elf::EM_PPC64 if little => Some(Architecture::Powerpc64le),
        elf::EM_S390 if wide => Some(Architecture::S390x),
        elf::EM_LOONGARCH if wide => Some(Architecture::Loongarch64),
        _ => None,
    };
    // Most Linux programs carry the neutral mark; GNU's is set where indirect functions are used.
    let linux = matches!(header.e_ident().os_abi, elf::ELFOSABI_NONE | elf::ELFOSABI_LINUX);
    Ok(Binary {
        kind: BinaryKind::Elf,
        os: linux.then_some(Os::Linux),
        architectures: architecture.into_iter().collect(),
        interpreter: interpreter::<Elf>(header, endian, data)?,
    })
}

fn interpreter<'a, Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    data: Data<'a>,
) -> io::Result<Option<String>> {
    for segment in header.program_headers(endian, data).map_err(invalid)? {
        let size: u64 = segment.p_filesz(endian).into();
        if segment.p_type(endian) == elf::PT_INTERP && size <= MAX_INTERPRETER {
            return Ok(segment.interpreter(endian, data).map_err(invalid)?.map(text));
        }
    }
    Ok(None)
}

fn pe_architecture(data: Data<'_>) -> io::Result<Vec<Architecture>> {
    let dos = pe::ImageDosHeader::parse(data).map_err(invalid)?;
    // The file header stands after the four bytes of the signature (PE Format, «Signature»).
    let offset = u64::from(dos.nt_headers_offset()) + 4;
    let header = data.read_at::<pe::ImageFileHeader>(offset).map_err(|()| damaged("file header"))?;
    Ok(match header.machine.get(object::LittleEndian) {
        pe::IMAGE_FILE_MACHINE_AMD64 => vec![Architecture::X86_64],
        pe::IMAGE_FILE_MACHINE_I386 => vec![Architecture::I686],
        pe::IMAGE_FILE_MACHINE_ARM64 => vec![Architecture::Aarch64],
        pe::IMAGE_FILE_MACHINE_ARMNT => vec![Architecture::Armv7],
        _ => vec![],
    })
}

fn macho_architecture(data: Data<'_>) -> io::Result<Vec<Architecture>> {
    let header = data.read_at::<macho::MachHeader32<Endianness>>(0).map_err(|()| damaged("header"))?;
    let big = matches!(header.magic.get(object::BigEndian), macho::MH_MAGIC | macho::MH_MAGIC_64);
    let endian = if big { Endianness::Big } else { Endianness::Little };
    Ok(mach_cpu(header.cputype.get(endian)).into_iter().collect())
}

fn mach_cpu(cpu: macho::CpuType) -> Option<Architecture> {
    match cpu {
        macho::CPU_TYPE_X86_64 => Some(Architecture::X86_64),
        macho::CPU_TYPE_ARM64 => Some(Architecture::Aarch64),
        macho::CPU_TYPE_X86 => Some(Architecture::I686),
        _ => None,
    }
}

/// Reads the dynamic section through the program headers, as the loader does: section headers may be stripped.
fn needs<Elf: FileHeader<Endian = Endianness>>(data: Data<'_>, install_path: &str) -> io::Result<ElfNeeds> {
    let header = Elf::parse(data).map_err(invalid)?;
    let endian = header.endian().map_err(invalid)?;
    let segments = header.program_headers(endian, data).map_err(invalid)?;
    let mut needs = ElfNeeds {
        path: install_path.to_owned(),
        is_64bit: header.is_class_64(),
        interpreter: interpreter::<Elf>(header, endian, data)?,
        libraries: BTreeMap::new(),
        soname: None,
    };
    let Some(segment) = segments.iter().find(|s| s.p_type(endian) == elf::PT_DYNAMIC) else {
        return Ok(needs);
    };
    let size: u64 = segment.p_filesz(endian).into();
    if size > MAX_DYNAMIC {
        return Err(damaged("dynamic section"));
    }
    let entries = segment.dynamic(endian, data).map_err(invalid)?.unwrap_or_default();
    let entries = || {
        let end = |d: &&Elf::Dyn| d.tag(endian) != elf::DT_NULL;
        entries.iter().take_while(end).map(|d| (d.tag(endian), d.val(endian)))
    };
    let value = |tag| entries().find(|(t, _)| *t == tag).map(|(_, v)| v);
    let offset = |address: u64| {
        segments.iter().filter(|s| s.p_type(endian) == elf::PT_LOAD).find_map(|s| {
            let (start, size) = s.file_range(endian);
            let within = address.checked_sub(s.p_vaddr(endian).into()).filter(|within| *within < size)?;
            start.checked_add(within)
        })
    };
    let strings = value(elf::DT_STRTAB).and_then(offset);
    let end = strings.unwrap_or(0).saturating_add(value(elf::DT_STRSZ).unwrap_or(0));
    let string = |at: u64| {
        let start = strings.and_then(|start| start.checked_add(at)).filter(|start| *start < end);
        let found = start.and_then(|start| {
            let end = end.min(start.saturating_add(MAX_NAME));
            data.read_bytes_at_until(start..end, 0).ok()
        });
        found.map(text).ok_or_else(|| damaged("name in the dynamic section"))
    };
    for (tag, at) in entries() {
        match tag {
            elf::DT_NEEDED => {
                needs.libraries.entry(string(at)?).or_default();
            }
            elf::DT_SONAME => needs.soname = Some(string(at)?),
            _ => {}
        }
    }
    let Some(mut at) = value(elf::DT_VERNEED).and_then(offset) else { return Ok(needs) };
    // Each entry says where the next one is: a file may lead in circles.
    let mut left = MAX_VERSIONS;
    let mut count = move || {
        left = left.checked_sub(1).ok_or_else(|| damaged("version section"))?;
        Ok::<_, io::Error>(())
    };
    for _ in 0..value(elf::DT_VERNEEDNUM).unwrap_or(0) {
        count()?;
        let library = read::<elf::Verneed<Endianness>>(data, at)?;
        let versions = needs.libraries.entry(string(library.vn_file.get(endian).into())?).or_default();
        let mut entry = at.saturating_add(library.vn_aux.get(endian).into());
        for _ in 0..library.vn_cnt.get(endian) {
            count()?;
            let version = read::<elf::Vernaux<Endianness>>(data, entry)?;
            if version.vna_flags.get(endian) & elf::VER_FLG_WEAK != elf::VER_FLG_WEAK {
                versions.push(string(version.vna_name.get(endian).into())?);
            }
            entry = entry.saturating_add(version.vna_next.get(endian).into());
        }
        at = at.saturating_add(library.vn_next.get(endian).into());
    }
    for versions in needs.libraries.values_mut() {
        versions.sort();
        versions.dedup();
    }
    Ok(needs)
}

fn read<T: object::Pod>(data: Data<'_>, offset: u64) -> io::Result<&T> {
    data.read_at(offset).map_err(|()| damaged("version section"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn damaged(part: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("its {part} is damaged"))
}

fn invalid(error: object::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests;
