//! Any bytes as a package of each format: read in bounded time and memory, judged, or refused.

use super::{SUITE, demo, programs};
use crate::Target;
use landfall_codecs::{Effort, Encoder, Kind, decoder};
use landfall_lint::{Package as Judged, lint, platform, platform_findings};
use landfall_packages::{FileRecord, Package, Visitor, all};
use landfall_payload::Format;
use std::io::{self, Cursor, Read, Write};

/// Content that is read of one package: what it unpacks to is bounded by who reads it.
const CONTENT: u64 = 16 << 20;

pub(super) fn targets() -> Vec<Target> {
    all().into_iter().map(|package| target(package, package.format())).collect()
}

fn target(package: &'static dyn Package, format: Format) -> Target {
    let target = Target::new(SUITE, format.to_string(), move |bytes| {
        read(package, bytes);
        if let Some(packed) = packed(format, bytes) {
            read(package, &packed);
        }
    });
    let seeds = match format {
        Format::Exe => programs::smallest_for_windows().into_iter().collect(),
        Format::Rpm => vec![demo::package(format), without_digests(demo::package(format))],
        _ => {
            let whole = demo::package(format);
            let unpacked = packed(format, b"").is_some().then(|| unpacked(&whole));
            unpacked.into_iter().chain([whole]).collect()
        }
    };
    target.with(seeds)
}

struct All(u64);

impl Visitor for All {
    fn file(&mut self, _: &FileRecord, content: &mut dyn Read) -> io::Result<()> {
        self.0 = self.0.saturating_sub(io::copy(&mut content.take(self.0), &mut io::sink())?);
        Ok(())
    }
}

fn read(package: &dyn Package, bytes: &[u8]) {
    package.recognises(&bytes[..bytes.len().min(512)], "demo");
    if let Err(error) = package.read(&mut Cursor::new(bytes)) {
        assert!(!error.to_string().is_empty());
    }
    let _ = package.examine(&mut Cursor::new(bytes), &mut All(CONTENT));
    if let Ok(package) = Judged::read(&mut Cursor::new(bytes), &format!("demo.{}", package.format())) {
        let findings = lint(&package);
        assert!(findings.iter().all(|finding| !finding.what.is_empty()));
        for platform in platform::ALL {
            platform_findings(&package, platform);
        }
    }
}

/// What a package of this format would be whose archive these bytes are: checksums of compressed streams keep damage
/// from what is in them. `None` where the format or the bytes are not compressed, or already.
fn packed(format: Format, bytes: &[u8]) -> Option<Vec<u8>> {
    let kind = match format {
        Format::Apk | Format::TarGz => Kind::Gzip,
        Format::Arch | Format::TarZst => Kind::Zstd,
        _ => return None,
    };
    if Kind::sniff(bytes) != Kind::None {
        return None;
    }
    let mut encoder = Encoder::new(kind.at(Effort::Fast), 1, Vec::new()).expect("an encoder");
    encoder.write_all(bytes).expect("room in memory");
    Some(encoder.finish().expect("a stream"))
}

fn unpacked(package: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut decoder = decoder(Kind::sniff(package), package).expect("a decoder");
    decoder.read_to_end(&mut archive).expect("a stream of ours");
    archive
}

/// The package with its digests under numbers that nobody knows, so that damage to its headers is not seen at once.
fn without_digests(mut package: Vec<u8>) -> Vec<u8> {
    // Tag and type of RPMSIGTAG_SHA256 and RPMTAG_PAYLOADDIGEST.
    for (tag, kind) in [(273_u32, 6_u32), (5092, 8)] {
        let entry = [tag.to_be_bytes(), kind.to_be_bytes()].concat();
        if let Some(at) = package.windows(8).position(|bytes| bytes == entry) {
            package[at + 1] = 1;
        }
    }
    package
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds that no reader takes would find little.
    #[test]
    fn each_reader_takes_its_seeds() {
        for package in all() {
            let format = package.format();
            for seed in target(package, format).seeds {
                let seed = packed(format, &seed).unwrap_or(seed);
                let read = package.examine(&mut Cursor::new(&seed), &mut All(CONTENT));
                assert!(read.is_ok(), "{format}: {read:?}");
            }
        }
    }
}
