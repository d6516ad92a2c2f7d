//! Windows Installer packages: compound files with the signature in a stream.

use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cfb::{CompoundFile, Entry, Version};
use sha2::digest::DynDigest;

use super::{Extended, Found, MOST_SIGNATURE};
use crate::error::damaged;
use crate::hash::Hash;
use crate::{Error, Result};

/// The stream of the signature.
const SIGNATURE: &str = "\u{5}DigitalSignature";
/// The stream of the digest over the metadata.
const SIGNATURE_EX: &str = "\u{5}MsiDigitalSignatureEx";
/// Storages within storages: packages have at most two levels.
const MOST_DEPTH: usize = 8;
/// 1601-01-01T00:00:00Z, where compound files begin to count time.
const TIME_ORIGIN: Duration = Duration::from_secs(11_644_473_600);

/// Writes the package anew as a compound file of version 3 with its streams one after the other, without signature.
///
/// Windows and others read a package in any order, but verifiers of signatures exist that cannot follow every legal
/// arrangement; and the same package gets the same bytes whatever its file went through.
pub(super) fn prepare<O: Read + Write + Seek>(input: impl Read + Seek, output: &mut O) -> Result<()> {
    let mut source = open(input)?;
    let mut copy = CompoundFile::create_with_version(Version::V3, output)?;
    let mut storages = vec![source.root_entry()];
    copy_storage(&mut source, Path::new("/"), &mut copy, &mut storages, 0)?;
    for storage in &storages {
        copy.set_storage_clsid(storage.path(), *storage.clsid())?;
        copy.set_created_time(storage.path(), storage.created())?;
        copy.set_modified_time(storage.path(), storage.modified())?;
        copy.set_state_bits(storage.path(), storage.state_bits())?;
    }
    copy.flush()?;
    Ok(())
}

fn copy_storage<I: Read + Seek, O: Read + Write + Seek>(
    source: &mut CompoundFile<I>,
    path: &Path,
    copy: &mut CompoundFile<O>,
    storages: &mut Vec<Entry>,
    depth: usize,
) -> Result<()> {
    for entry in children(source, path, depth)? {
        if entry.is_stream() {
            let mut target = copy.create_new_stream(entry.path())?;
            io::copy(&mut source.open_stream(entry.path())?, &mut target)?;
            target.flush()?;
            drop(target);
            copy.set_state_bits(entry.path(), entry.state_bits())?;
        } else {
            copy.create_storage(entry.path())?;
            copy_storage(source, entry.path(), copy, storages, depth + 1)?;
            storages.push(entry);
        }
    }
    Ok(())
}

/// The digest of all streams and the class identifiers of their storages; before it, where metadata is signed as
/// well, the digest of that.
pub(super) fn digest(file: &mut (impl Read + Seek), hash: Hash, extended: Extended) -> Result<Vec<u8>> {
    let mut package = open(file)?;
    let mut running = hash.start();
    if extended {
        running.update(&metadata_digest(&mut package, hash)?);
    }
    let root = package.root_entry();
    digest_storage(&mut package, &root, &mut *running, 0)?;
    Ok(running.finalize().into_vec())
}

fn digest_storage<F: Read + Seek>(
    package: &mut CompoundFile<F>,
    storage: &Entry,
    running: &mut dyn DynDigest,
    depth: usize,
) -> Result<()> {
    for entry in children(package, storage.path(), depth)? {
        if entry.is_stream() {
            let mut stream = package.open_stream(entry.path())?;
            let mut buffer = vec![0; 64 << 10];
            loop {
                match stream.read(&mut buffer)? {
                    0 => break,
                    count => running.update(&buffer[..count]),
                }
            }
        } else {
            digest_storage(package, &entry, running, depth + 1)?;
        }
    }
    running.update(&storage.clsid().to_bytes_le());
    Ok(())
}

fn metadata_digest<F: Read + Seek>(package: &mut CompoundFile<F>, hash: Hash) -> Result<Vec<u8>> {
    let mut running = hash.start();
    let root = package.root_entry();
    digest_metadata(package, &root, &mut *running, 0)?;
    Ok(running.finalize().into_vec())
}

/// Name, class identifier or size, state bits and times of everything; the root has neither name nor times.
fn digest_metadata<F: Read + Seek>(
    package: &mut CompoundFile<F>,
    entry: &Entry,
    running: &mut dyn DynDigest,
    depth: usize,
) -> Result<()> {
    if !entry.is_root() {
        running.update(&utf16(entry.name()));
    }
    if entry.is_stream() {
        running.update(&(entry.len() as u32).to_le_bytes());
    } else {
        running.update(&entry.clsid().to_bytes_le());
    }
    running.update(&entry.state_bits().to_le_bytes());
    if !entry.is_root() {
        running.update(&file_time(entry.created()).to_le_bytes());
        running.update(&file_time(entry.modified()).to_le_bytes());
    }
    if entry.is_storage() || entry.is_root() {
        for child in children(package, entry.path(), depth)? {
            digest_metadata(package, &child, running, depth + 1)?;
        }
    }
    Ok(())
}

/// The signature of a package.
pub(super) fn signature(file: &mut (impl Read + Seek)) -> Result<Found> {
    let mut package = open(file)?;
    let Some(der) = read_stream(&mut package, SIGNATURE)? else { return Err(Error::NotSigned) };
    let extended = match read_stream(&mut package, SIGNATURE_EX)? {
        None => false,
        Some(stored) => {
            // Its length tells the algorithm.
            let hash = match stored.len() {
                32 => Hash::Sha256,
                48 => Hash::Sha384,
                64 => Hash::Sha512,
                other => return Err(damaged(format!("the digest of its metadata has {other} bytes"))),
            };
            if metadata_digest(&mut package, hash)? != stored {
                return Err(Error::DigestMismatch);
            }
            true
        }
    };
    Ok(Found { der, extended })
}

/// Adds the streams of a signature to a prepared package.
pub(super) fn seal(file: &mut (impl Read + Write + Seek), der: &[u8], extended: Extended) -> Result<()> {
    let mut package = open(file)?;
    let mut streams = vec![(SIGNATURE, der.to_vec())];
    if extended {
        streams.push((SIGNATURE_EX, metadata_digest(&mut package, Hash::Sha256)?));
    }
    for (name, content) in streams {
        let mut stream = package.create_new_stream(root(name))?;
        stream.write_all(&content)?;
        stream.flush()?;
    }
    package.flush()?;
    Ok(())
}

fn open<F: Read + Seek>(file: F) -> Result<CompoundFile<F>> {
    CompoundFile::open(file).map_err(|error| damaged(error.to_string()))
}

fn root(name: &str) -> PathBuf {
    Path::new("/").join(name)
}

fn read_stream<F: Read + Seek>(package: &mut CompoundFile<F>, name: &str) -> Result<Option<Vec<u8>>> {
    if !package.is_stream(root(name)) {
        return Ok(None);
    }
    let stream = package.open_stream(root(name))?;
    if stream.len() > MOST_SIGNATURE {
        return Err(damaged(format!("its signature has {} bytes", stream.len())));
    }
    let mut content = Vec::new();
    stream.take(MOST_SIGNATURE).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// What stands in a storage but signatures, in the order in which it is signed: by the bytes of the names.
fn children<F: Read + Seek>(package: &mut CompoundFile<F>, path: &Path, depth: usize) -> Result<Vec<Entry>> {
    if depth > MOST_DEPTH {
        return Err(damaged("its storages are nested too deeply"));
    }
    let mut children: Vec<Entry> = package
        .read_storage(path)?
        .filter(|entry| depth > 0 || ![SIGNATURE, SIGNATURE_EX].contains(&entry.name()))
        .collect();
    children.sort_by_cached_key(|entry| utf16(entry.name()));
    Ok(children)
}

fn utf16(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Steps of 100 ns since 1601.
fn file_time(time: SystemTime) -> u64 {
    let origin = SystemTime::UNIX_EPOCH - TIME_ORIGIN;
    time.duration_since(origin).map_or(0, |since| (since.as_nanos() / 100) as u64)
}
