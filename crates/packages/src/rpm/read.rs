//! Reading any RPM package, of any builder, format V3 to V6: everything comes from the headers; the payload is only
//! touched for a visitor that wants the files' content.

use std::collections::BTreeMap;
use std::io::{self, Read, SeekFrom};

use landfall_codecs::Kind as Compression;
use landfall_payload::Format;
use sha2::{Digest, Sha256};

use super::header::{Header, HeaderError};
use super::signature::{ALIGN, LEAD, LEAD_MAGIC};
use super::tags::{self, Tag, file, sense, sig};
use super::unpack;
use crate::{Error, FileRecord, Inspection, Kind, ReadSeek, Script, Visitor};

/// Most files, and most folders, of a package. The largest packages of the distributions have a third of it.
const MAX_FILES: usize = 1_000_000;
/// Most text in a description of a package: paths share their folders in a header, but not in the description.
const MAX_TEXT: usize = 256 << 20;

/// Reads a package.
pub(super) fn read(input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
    let mut input: &mut dyn ReadSeek = input;
    let mut lead = [0; LEAD];
    input.read_exact(&mut lead).map_err(|e| in_package(e.into()))?;
    if !lead.starts_with(&LEAD_MAGIC) {
        return Err(malformed("it does not begin with an RPM lead"));
    }
    let signature = Header::read(&mut input).map_err(in_package)?;
    let padding = signature.size().next_multiple_of(ALIGN) - signature.size();
    input.read_exact(&mut [0; ALIGN][..padding]).map_err(|e| in_package(e.into()))?;
    let header = Header::read(&mut input).map_err(in_package)?;
    if let Some(digest) = signature.string(sig::SHA256) {
        let [index, store] = header.parts();
        let found = Sha256::new().chain_update(index).chain_update(store).finalize();
        if !digest.eq_ignore_ascii_case(&hex::encode(found)) {
            return Err(malformed("its header does not match the SHA-256 in its signature header"));
        }
    }
    let start = input.stream_position()?;
    let mut payload = Vec::new();
    input.take(6).read_to_end(&mut payload)?;
    let mut description = describe(&header, &payload)?;
    description.seals = seals(&signature, &header);
    if visitor.wants_content() {
        input.seek(SeekFrom::Start(start))?;
        let expected = header
            .string(tags::PAYLOADDIGEST)
            .filter(|_| header.number(tags::PAYLOADDIGESTALGO) == Some(u64::from(tags::SHA256)));
        unpack::visit(input, Compression::sniff(&payload), expected.as_deref(), &description.files, visitor)?;
    }
    Ok(description)
}

/// The digests and signatures of a package, by the names of their tags.
fn seals(signature: &Header, header: &Header) -> Vec<String> {
    let in_signature = [
        ("SHA1HEADER", sig::SHA1),
        ("SHA256HEADER", sig::SHA256),
        ("SIGMD5", sig::MD5),
        ("DSAHEADER", sig::DSA),
        ("RSAHEADER", sig::RSA),
        ("OPENPGP", sig::OPENPGP),
        ("SIGPGP", sig::PGP),
        ("SIGGPG", sig::GPG),
    ];
    let in_header = [("PAYLOADDIGEST", tags::PAYLOADDIGEST), ("PAYLOADDIGESTALT", tags::PAYLOADDIGESTALT)];
    let found = in_signature.iter().filter(|(_, tag)| signature.has(*tag));
    found.chain(in_header.iter().filter(|(_, tag)| header.has(*tag))).map(|(n, _)| (*n).to_owned()).collect()
}

/// Describes the package with this header, whose payload begins with these bytes.
fn describe(header: &Header, payload: &[u8]) -> Result<Inspection, Error> {
    let mut text = Budget(MAX_TEXT);
    let compression = header.string(tags::PAYLOADCOMPRESSOR);
    Ok(Inspection {
        format: Format::Rpm,
        name: text.one(header, tags::NAME)?,
        version: version(header, &mut text)?,
        architecture: architecture(header, &mut text)?,
        compression: compression
            .map_or_else(|| Compression::sniff(payload).name().into(), |c| c.into_owned()),
        fields: fields(header, &mut text)?,
        scripts: scripts(header, &mut text)?,
        files: files(header, &mut text)?,
        members: Vec::new(),
        seals: Vec::new(),
        consistency: Vec::new(),
        metadata: BTreeMap::new(),
    })
}

/// How much text may still be taken from the header.
struct Budget(usize);

impl Budget {
    fn spend(&mut self, text: impl Into<String>) -> Result<String, Error> {
        let text = text.into();
        // An item costs more than its letters, so that a list of empty ones is bounded too.
        self.0 = self
            .0
            .checked_sub(text.len() + 16)
            .ok_or_else(|| malformed("its header expands beyond reason"))?;
        Ok(text)
    }

    /// The first string of an entry, empty where there is none.
    fn one(&mut self, header: &Header, tag: Tag) -> Result<String, Error> {
        self.spend(header.string(tag).unwrap_or_default())
    }
}

fn version(header: &Header, text: &mut Budget) -> Result<String, Error> {
    let epoch = header.number(tags::EPOCH).map(|e| format!("{e}:")).unwrap_or_default();
    let (version, release) = (text.one(header, tags::VERSION)?, text.one(header, tags::RELEASE)?);
    text.spend(format!("{epoch}{version}-{release}"))
}

/// A source package has no source package of its own.
fn architecture(header: &Header, text: &mut Budget) -> Result<String, Error> {
    if header.has(tags::SOURCERPM) {
        text.one(header, tags::ARCH)
    } else if header.has(tags::NOSOURCE) || header.has(tags::NOPATCH) {
        Ok("nosrc".into())
    } else {
        Ok("src".into())
    }
}

fn fields(header: &Header, text: &mut Budget) -> Result<Vec<(String, String)>, Error> {
    use tags::*;
    let mut fields = Vec::new();
    let simple: [(&str, Tag); 18] = [
        ("Name", NAME),
        ("Epoch", tags::EPOCH),
        ("Version", VERSION),
        ("Release", RELEASE),
        ("Architecture", ARCH),
        ("Summary", SUMMARY),
        ("License", LICENSE),
        ("Group", GROUP),
        ("URL", URL),
        ("Vendor", VENDOR),
        ("Packager", PACKAGER),
        ("Distribution", DISTRIBUTION),
        ("Size", if header.has(LONGSIZE) { LONGSIZE } else { tags::SIZE }),
        ("Source RPM", SOURCERPM),
        ("Build Host", BUILDHOST),
        ("Build Time", BUILDTIME),
        ("RPM Version", RPMVERSION),
        ("Description", DESCRIPTION),
    ];
    for (name, tag) in simple {
        let value = match header.string(tag) {
            Some(value) => value.into_owned(),
            None => header.number(tag).map(|n| n.to_string()).unwrap_or_default(),
        };
        if !value.is_empty() {
            fields.push((name.to_owned(), text.spend(value)?));
        }
    }
    let dependencies = [
        ("Provides", PROVIDENAME, PROVIDEVERSION, PROVIDEFLAGS),
        ("Requires", REQUIRENAME, REQUIREVERSION, REQUIREFLAGS),
        ("Conflicts", CONFLICTNAME, CONFLICTVERSION, CONFLICTFLAGS),
        ("Obsoletes", OBSOLETENAME, OBSOLETEVERSION, OBSOLETEFLAGS),
        ("Recommends", RECOMMENDNAME, RECOMMENDVERSION, RECOMMENDFLAGS),
        ("Suggests", SUGGESTNAME, SUGGESTVERSION, SUGGESTFLAGS),
        ("Supplements", SUPPLEMENTNAME, SUPPLEMENTVERSION, SUPPLEMENTFLAGS),
        ("Enhances", ENHANCENAME, ENHANCEVERSION, ENHANCEFLAGS),
    ];
    for (kind, names, versions, flags) in dependencies {
        let (mut versions, mut flags) = (header.strings(versions), header.numbers(flags));
        for name in header.strings(names) {
            let flags = flags.next().unwrap_or_default() as u32;
            let version = versions.next().unwrap_or_default();
            let value = match operator(flags) {
                "" => name.into_owned(),
                operator => format!("{name} {operator} {version}"),
            };
            fields.push((text.spend(qualified(kind, flags))?, text.spend(value)?));
        }
    }
    Ok(fields)
}

fn operator(flags: u32) -> &'static str {
    match flags & (sense::LESS | sense::GREATER | sense::EQUAL) {
        0b0010 => "<",
        0b0100 => ">",
        0b1000 => "=",
        0b1010 => "<=",
        0b1100 => ">=",
        _ => "",
    }
}

/// `Requires(pre,postun)`, as a spec file says it.
fn qualified(kind: &str, flags: u32) -> String {
    let scripts = [
        ("pretrans", sense::PRETRANS),
        ("pre", sense::SCRIPT_PRE),
        ("post", sense::SCRIPT_POST),
        ("preun", sense::SCRIPT_PREUN),
        ("postun", sense::SCRIPT_POSTUN),
        ("posttrans", sense::POSTTRANS),
        ("verify", sense::SCRIPT_VERIFY),
    ];
    let named: Vec<&str> =
        scripts.iter().filter(|(_, flag)| flags & flag != 0).map(|(name, _)| *name).collect();
    if kind != "Requires" || named.is_empty() { kind.into() } else { format!("{kind}({})", named.join(",")) }
}

fn scripts(header: &Header, text: &mut Budget) -> Result<Vec<Script>, Error> {
    use tags::*;
    let mut scripts = Vec::new();
    for (name, script, program) in [
        ("%pretrans", PRETRANS, PRETRANSPROG),
        ("%pre", PREIN, PREINPROG),
        ("%post", POSTIN, POSTINPROG),
        ("%preun", PREUN, PREUNPROG),
        ("%postun", POSTUN, POSTUNPROG),
        ("%posttrans", POSTTRANS, POSTTRANSPROG),
        ("%preuntrans", PREUNTRANS, PREUNTRANSPROG),
        ("%postuntrans", POSTUNTRANS, POSTUNTRANSPROG),
        ("%verifyscript", VERIFYSCRIPT, VERIFYSCRIPTPROG),
    ] {
        if header.has(script) || header.has(program) {
            let mut interpreter = String::new();
            for word in header.strings(program) {
                let gap = if interpreter.is_empty() { "" } else { " " };
                interpreter.push_str(&text.spend(format!("{gap}{word}"))?);
            }
            let interpreter = Some(interpreter).filter(|i| !i.is_empty()).unwrap_or_else(|| "/bin/sh".into());
            scripts.push(Script { name: name.into(), interpreter, text: text.one(header, script)? });
        }
    }
    for (prefix, [script, program, name, flags, index]) in [
        ("trigger", [TRIGGERSCRIPTS, TRIGGERSCRIPTPROG, TRIGGERNAME, TRIGGERFLAGS, TRIGGERINDEX]),
        (
            "filetrigger",
            [FILETRIGGERSCRIPTS, FILETRIGGERSCRIPTPROG, FILETRIGGERNAME, FILETRIGGERFLAGS, FILETRIGGERINDEX],
        ),
        (
            "transfiletrigger",
            [
                TRANSFILETRIGGERSCRIPTS,
                TRANSFILETRIGGERSCRIPTPROG,
                TRANSFILETRIGGERNAME,
                TRANSFILETRIGGERFLAGS,
                TRANSFILETRIGGERINDEX,
            ],
        ),
    ] {
        // A script may have several conditions: the first tells the kind, all of them are named.
        let mut conditions: BTreeMap<u64, (u32, String)> = BTreeMap::new();
        let triggers = header.strings(name).zip(header.numbers(flags)).zip(header.numbers(index));
        for ((name, flags), index) in triggers {
            let (_, names) = conditions.entry(index).or_insert((flags as u32, String::new()));
            names.push_str(&text.spend(format!(" {name}"))?);
        }
        let mut programs = header.strings(program);
        for (at, script) in header.strings(script).enumerate() {
            let (flags, names) = conditions.remove(&(at as u64)).unwrap_or_default();
            scripts.push(Script {
                name: text.spend(format!("%{prefix}{} --{names}", trigger_suffix(flags)))?,
                interpreter: text.spend(programs.next().unwrap_or("/bin/sh".into()))?,
                text: text.spend(script)?,
            });
        }
    }
    Ok(scripts)
}

fn trigger_suffix(flags: u32) -> &'static str {
    match flags {
        f if f & sense::TRIGGERPREIN != 0 => "prein",
        f if f & sense::TRIGGERIN != 0 => "in",
        f if f & sense::TRIGGERUN != 0 => "un",
        f if f & sense::TRIGGERPOSTUN != 0 => "postun",
        _ => "",
    }
}

fn files(header: &Header, text: &mut Budget) -> Result<Vec<FileRecord>, Error> {
    use tags::*;
    for tag in [BASENAMES, DIRNAMES, OLDFILENAMES] {
        if header.count(tag) > MAX_FILES {
            return Err(malformed(&format!("it claims more than {MAX_FILES} files")));
        }
    }
    let folders: Vec<_> = header.strings(DIRNAMES).collect();
    let mut folder_of = header.numbers(DIRINDEXES);
    let sizes = if header.has(LONGFILESIZES) { LONGFILESIZES } else { FILESIZES };
    let (mut sizes, mut modes) = (header.numbers(sizes), header.numbers(FILEMODES));
    let (mut times, mut flags) = (header.numbers(FILEMTIMES), header.numbers(FILEFLAGS));
    let (mut devices, mut inodes) = (header.numbers(FILEDEVICES), header.numbers(FILEINODES));
    let (mut owners, mut groups) = (header.strings(FILEUSERNAME), header.strings(FILEGROUPNAME));
    let (mut links, mut digests) = (header.strings(FILELINKTOS), header.strings(FILEDIGESTS));
    let algorithm = algorithm(header.number(FILEDIGESTALGO).unwrap_or(1));
    let mut by_inode: BTreeMap<(u64, u64), usize> = BTreeMap::new();

    let mut files: Vec<FileRecord> = Vec::new();
    // Before rpm 4.0 a package had whole paths; a source package has names alone.
    for name in header.strings(BASENAMES).chain(header.strings(OLDFILENAMES)) {
        let folder = folder_of.next().and_then(|at| folders.get(usize::try_from(at).ok()?));
        let path = text.spend(format!("{}{name}", folder.map_or("", |f| f)))?;
        let bits = modes.next().unwrap_or_default() as u16;
        let flags = flags.next().unwrap_or_default() as u32;
        let mut target = links.next().filter(|t| !t.is_empty()).map(|t| text.spend(t)).transpose()?;
        let mut kind = match bits & mode::TYPE {
            mode::REGULAR => Kind::File,
            mode::DIRECTORY => Kind::Directory,
            mode::SYMLINK => Kind::Symlink,
            _ => Kind::Special,
        };
        let inode = (devices.next().unwrap_or_default(), inodes.next().unwrap_or_default());
        if kind == Kind::File && flags & file::GHOST == 0 && inode.1 != 0 {
            let first = *by_inode.entry(inode).or_insert(files.len());
            if let Some(first) = files.get(first) {
                kind = Kind::Hardlink;
                target = Some(text.spend(first.path.as_str())?);
            }
        }
        let digest = match digests.next().filter(|d| !d.is_empty()) {
            Some(digest) => Some(text.spend(format!("{algorithm}:{digest}"))?),
            None => None,
        };
        files.push(FileRecord {
            path,
            kind,
            mode: u32::from(bits & !mode::TYPE),
            owner: text.spend(owners.next().unwrap_or_default())?,
            group: text.spend(groups.next().unwrap_or_default())?,
            size: sizes.next().unwrap_or_default(),
            time: times.next().unwrap_or_default() as i64,
            target,
            digest,
            flags: file_flags(flags),
        });
    }
    Ok(files)
}

fn file_flags(flags: u32) -> Vec<String> {
    let names = [
        ("config", file::CONFIG),
        ("noreplace", file::NOREPLACE),
        ("missingok", file::MISSINGOK),
        ("ghost", file::GHOST),
        ("doc", file::DOC),
        ("license", file::LICENSE),
        ("readme", file::README),
        ("specfile", file::SPECFILE),
        ("pubkey", file::PUBKEY),
        ("artifact", file::ARTIFACT),
    ];
    names.iter().filter(|(_, flag)| flags & flag != 0).map(|(name, _)| (*name).to_owned()).collect()
}

/// Name of a digest algorithm (RFC 9580 §9.5).
fn algorithm(number: u64) -> &'static str {
    match number {
        1 => "md5",
        2 => "sha1",
        8 => "sha256",
        9 => "sha384",
        10 => "sha512",
        11 => "sha224",
        12 => "sha3-256",
        14 => "sha3-512",
        _ => "unknown",
    }
}

fn malformed(what: &str) -> Error {
    Error::Malformed { format: Format::Rpm, what: what.to_owned() }
}

fn in_package(error: HeaderError) -> Error {
    match error {
        HeaderError::Bad(what) => malformed(&what),
        HeaderError::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => malformed("it ends too early"),
        HeaderError::Io(e) => Error::Io(e),
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::{HeaderBuilder, Value};
    use super::*;

    fn read_back(builder: &HeaderBuilder) -> Result<Inspection, Error> {
        let bytes = builder.build(tags::HEADERIMMUTABLE).unwrap();
        describe(&Header::read(&mut bytes.as_slice()).unwrap(), b"BZh91AY")
    }

    fn strings(of: &[&str]) -> Value {
        Value::StringArray(of.iter().map(|&s| s.to_owned()).collect())
    }

    #[test]
    fn old_and_source_packages_are_read() {
        let mut h = HeaderBuilder::default();
        h.set(tags::NAME, "old");
        h.set(tags::VERSION, "1");
        h.set(tags::RELEASE, "2");
        h.set(tags::EPOCH, 0);
        h.set(tags::OLDFILENAMES, strings(&["/bin/old", "/bin/older"]));
        h.set(tags::FILEMODES, Value::Int16(vec![0o100_755, 0o100_755]));
        h.set(tags::FILEDEVICES, Value::Int32(vec![1, 1]));
        h.set(tags::FILEINODES, Value::Int32(vec![7, 7]));
        h.set(tags::FILEDIGESTS, strings(&["d41d8cd98f00b204e9800998ecf8427e", ""]));
        h.set(tags::TRIGGERSCRIPTS, strings(&["echo"]));
        h.set(tags::TRIGGERSCRIPTPROG, strings(&["/bin/sh"]));
        h.set(tags::TRIGGERNAME, strings(&["a", "b"]));
        h.set(tags::TRIGGERFLAGS, Value::Int32(vec![sense::TRIGGERUN; 2]));
        h.set(tags::TRIGGERINDEX, Value::Int32(vec![0, 0]));
        h.set(tags::POSTINPROG, "/sbin/ldconfig");
        let read = read_back(&h).unwrap();
        assert_eq!((read.version.as_str(), read.architecture.as_str()), ("0:1-2", "src"));
        assert_eq!(read.compression, "bzip2");
        assert_eq!(read.files[0].digest.as_deref(), Some("md5:d41d8cd98f00b204e9800998ecf8427e"));
        assert_eq!((read.files[1].kind, read.files[1].target.as_deref()), (Kind::Hardlink, Some("/bin/old")));
        let scripts: Vec<_> =
            read.scripts.iter().map(|s| (s.name.as_str(), s.interpreter.as_str())).collect();
        assert_eq!(scripts, [("%post", "/sbin/ldconfig"), ("%triggerun -- a b", "/bin/sh")]);
    }

    #[test]
    fn a_folder_shared_by_many_files_does_not_fill_the_memory() {
        let mut h = HeaderBuilder::default();
        h.set(tags::DIRNAMES, Value::StringArray(vec!["x".repeat(1 << 20)]));
        h.set(tags::BASENAMES, Value::StringArray(vec!["a".into(); 1000]));
        h.set(tags::DIRINDEXES, Value::Int32(vec![0; 1000]));
        assert!(read_back(&h).unwrap_err().to_string().contains("expands beyond reason"));
        h.set(tags::BASENAMES, Value::StringArray(vec![String::new(); MAX_FILES + 1]));
        assert!(read_back(&h).unwrap_err().to_string().contains("more than"));
    }
}
