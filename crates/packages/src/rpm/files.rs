//! The list of files: what the header says of each.

use std::collections::{BTreeMap, BTreeSet};

use landfall_payload::{Entry, EntryKind, Format, Payload, Role};

use super::header::{HeaderBuilder, Value};
use super::tags::{self, Tag, file, mode};

/// Largest size that a 32-bit size can tell.
const MAX_32BIT: u64 = u32::MAX as u64;

/// A file of the package.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub(super) entry: &'a Entry,
    /// Type and permissions, as in `stat(2)`.
    pub(super) mode: u16,
    /// Bytes in the payload: content, or the target of a link.
    pub(super) size: u64,
}

impl File<'_> {
    /// Whether it is in the payload; a ghost is only in the header.
    pub(super) fn is_packed(&self) -> bool {
        !matches!(self.entry.kind, EntryKind::Ghost)
    }

    fn flags(&self) -> u32 {
        let ghost = if self.is_packed() { 0 } else { file::GHOST };
        let role = match self.entry.role {
            _ if self.mode & mode::TYPE != mode::REGULAR => 0,
            Role::Config => file::CONFIG | file::NOREPLACE,
            Role::Documentation | Role::ManualPage => file::DOC,
            Role::License => file::LICENSE,
            _ => 0,
        };
        ghost | role
    }
}

/// The files of the package, sorted by path: their place is their index in all arrays of the header.
#[derive(Debug)]
pub(super) struct FileList<'a> {
    pub(super) files: Vec<File<'a>>,
    /// Bits of each ELF file, by path.
    elf: BTreeMap<&'a str, u8>,
}

impl<'a> FileList<'a> {
    pub(super) fn new(payload: &'a Payload) -> Self {
        let files = payload.entries(Format::Rpm).map(|entry| {
            let (kind, size) = match &entry.kind {
                EntryKind::File(content) => (mode::REGULAR, content.size()),
                EntryKind::Directory => (mode::DIRECTORY, 0),
                EntryKind::Symlink(target) => (mode::SYMLINK, target.len() as u64),
                EntryKind::Ghost => (mode::REGULAR, 0),
            };
            let permissions = if kind == mode::SYMLINK { 0o777 } else { (entry.mode & 0o7777) as u16 };
            File { entry, mode: kind | permissions, size }
        });
        let bits = |is_64bit| if is_64bit { 64 } else { 32 };
        let elf = payload.needs.iter().map(|n| (n.path.as_str(), bits(n.is_64bit))).collect();
        Self { files: files.collect(), elf }
    }

    /// Whether one is too large for cpio's own header and for 32-bit sizes.
    pub(super) fn has_large_files(&self) -> bool {
        self.files.iter().any(|f| f.size > MAX_32BIT)
    }

    /// Adds the files to the package's header; `digests` are the SHA-256 of each regular file, `time` is of all.
    pub(super) fn describe(&self, header: &mut HeaderBuilder, time: u32) {
        use tags::*;
        if self.files.is_empty() {
            return;
        }
        let regular = self.files.iter().filter(|f| f.mode & mode::TYPE == mode::REGULAR);
        let installed: u64 = regular.map(|f| f.size).sum();
        set_size(header, SIZE, LONGSIZE, &[installed], installed > MAX_32BIT);
        let sizes: Vec<u64> = self.files.iter().map(|f| f.size).collect();
        set_size(header, FILESIZES, LONGFILESIZES, &sizes, self.has_large_files());

        self.names(header);
        self.numbers(header, FILEMODES, |f| f.mode);
        self.numbers(header, FILERDEVS, |_| 0);
        header.set(FILEMTIMES, Value::Int32(vec![time; self.files.len()]));
        header.set(FILEDIGESTALGO, SHA256);
        self.strings(header, FILELINKTOS, |f| match &f.entry.kind {
            EntryKind::Symlink(target) => target,
            _ => "",
        });
        header.set(FILEFLAGS, Value::Int32(self.files.iter().map(File::flags).collect()));
        self.strings(header, FILEUSERNAME, |f| &f.entry.owner);
        self.strings(header, FILEGROUPNAME, |f| &f.entry.group);
        let checks = |f: &File<'_>| if f.is_packed() { verify::ALL } else { verify::GHOST };
        header.set(FILEVERIFYFLAGS, Value::Int32(self.files.iter().map(checks).collect()));
        // Each file has its own inode on the one device 1: none is a hard link of another.
        header.set(FILEDEVICES, Value::Int32(vec![1; self.files.len()]));
        header.set(FILEINODES, Value::Int32((1..=self.files.len() as u32).collect()));
        self.strings(header, FILELANGS, |f| language(&f.entry.path));
        self.classes(header);
    }

    /// Paths, as folder and name.
    fn names(&self, header: &mut HeaderBuilder) {
        let mut folders: Vec<String> = Vec::new();
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        let mut indexes = Vec::with_capacity(self.files.len());
        let mut names = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let (folder, name) = file.entry.path.split_at(file.entry.path.rfind('/').map_or(0, |at| at + 1));
            let index = *known.entry(folder).or_insert_with(|| {
                folders.push(folder.to_owned());
                folders.len() as u32 - 1
            });
            indexes.push(index);
            names.push(name.to_owned());
        }
        header.set(tags::DIRINDEXES, Value::Int32(indexes));
        header.set(tags::BASENAMES, Value::StringArray(names));
        header.set(tags::DIRNAMES, Value::StringArray(folders));
    }

    /// What kind of content each file has, and its colour: rpm lets the file of the preferred colour (1: 32-bit,
    /// 2: 64-bit) win where two packages of a multilib system ship it. Without programs there is nothing to say.
    fn classes(&self, header: &mut HeaderBuilder) {
        if self.elf.is_empty() {
            return;
        }
        let class = |f: &File<'_>| match (f.mode & mode::TYPE, self.elf.get(f.entry.path.as_str())) {
            (mode::DIRECTORY, _) => "directory",
            (mode::REGULAR, Some(64)) => "ELF 64-bit",
            (mode::REGULAR, Some(_)) => "ELF 32-bit",
            _ => "",
        };
        let classes: Vec<&str> = self.files.iter().map(class).collect();
        let dictionary: Vec<&str> = classes.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let index = |class| dictionary.binary_search(&class).unwrap_or_default() as u32;
        let colour = |class| u32::from(class == "ELF 32-bit") + 2 * u32::from(class == "ELF 64-bit");
        header.set(tags::FILECLASS, Value::Int32(classes.iter().copied().map(index).collect()));
        header.set(tags::FILECOLORS, Value::Int32(classes.iter().copied().map(colour).collect()));
        let dictionary = dictionary.into_iter().map(str::to_owned).collect();
        header.set(tags::CLASSDICT, Value::StringArray(dictionary));
    }

    fn numbers(&self, header: &mut HeaderBuilder, tag: Tag, of: impl Fn(&File<'_>) -> u16) {
        header.set(tag, Value::Int16(self.files.iter().map(of).collect()));
    }

    fn strings(&self, header: &mut HeaderBuilder, tag: Tag, of: impl Fn(&File<'a>) -> &'a str) {
        header.set(tag, Value::StringArray(self.files.iter().map(|f| of(f).to_owned()).collect()));
    }
}

/// Sizes with 32 bits under one tag, or with 64 bits under another.
fn set_size(header: &mut HeaderBuilder, short: Tag, long: Tag, sizes: &[u64], is_large: bool) {
    if is_large {
        header.set(long, Value::Int64(sizes.to_vec()));
    } else {
        header.set(short, Value::Int32(sizes.iter().map(|&n| n as u32).collect()));
    }
}

/// Language of a message catalogue or a translated manual page, by which an installation may leave it out.
fn language(path: &str) -> &str {
    let below = |root: &str| path.strip_prefix(root).and_then(|rest| rest.split_once('/'));
    match (below("/usr/share/locale/"), below("/usr/share/man/")) {
        (Some((language, _)), _) => language,
        (_, Some((language, rest))) if rest.contains('/') && !language.starts_with("man") => language,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use landfall_payload::Content;

    use super::super::header::Header;
    use super::*;

    #[test]
    fn files_of_4_gib_get_64_bits() {
        for (size, is_large) in [(u64::from(u32::MAX), false), (1 << 32, true)] {
            let entry = Entry {
                path: "/var/lib/big".into(),
                kind: EntryKind::File(Content::Source { path: "/nowhere".into(), size }),
                mode: 0o644,
                owner: "root".into(),
                group: "root".into(),
                role: Role::Data,
                formats: None,
            };
            let files = vec![File { entry: &entry, mode: mode::REGULAR | 0o644, size }];
            let list = FileList { files, elf: BTreeMap::new() };
            assert_eq!(list.has_large_files(), is_large);
            let mut header = HeaderBuilder::default();
            list.describe(&mut header, 0);
            let bytes = header.build(tags::HEADERIMMUTABLE).unwrap();
            let header = Header::read(&mut bytes.as_slice()).unwrap();
            let (sizes, total) =
                if is_large { (tags::LONGFILESIZES, tags::LONGSIZE) } else { (tags::FILESIZES, tags::SIZE) };
            assert_eq!((header.number(sizes), header.number(total)), (Some(size), Some(size)));
            assert!(!(header.has(tags::FILESIZES) && header.has(tags::LONGFILESIZES)));
        }
    }

    #[test]
    fn languages_are_recognised() {
        assert_eq!(language("/usr/share/locale/de/LC_MESSAGES/demo.mo"), "de");
        assert_eq!(language("/usr/share/man/pt_BR/man1/demo.1.gz"), "pt_BR");
        assert_eq!(language("/usr/share/man/man1/demo.1.gz"), "");
        assert_eq!(language("/usr/share/man/man1"), "");
        assert_eq!(language("/usr/bin/demo"), "");
    }
}
