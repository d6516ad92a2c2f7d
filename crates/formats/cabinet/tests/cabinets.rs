//! Round trips, independence of threads and of the cut of the reads, limits, damage and the golden bytes.

mod common;

use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::sync::LazyLock;

use common::{ALL, Files, code, noise, pack, text, unpack, when};
use landfall_cabinet::{
    Attributes, Cabinet, Compression, DateTime, Error, File, Folder, Method, Reader, Writer,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const BLOCK: usize = 32 << 10;

#[test]
fn sizes_around_blocks_and_batches() {
    for compression in ALL {
        for size in
            [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 16 * BLOCK - 1, 16 * BLOCK, 16 * BLOCK + 1, 40 * BLOCK]
        {
            let data = text(size);
            let cabinet = pack(&[(compression, &[("file", &data)])], 2);
            assert!(
                unpack(&cabinet).unwrap() == [("file".into(), data)],
                "{size} bytes with {compression:?}"
            );
        }
    }
}

/// A reader that hands out a few bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.1 = self.1 % 4099 + 1;
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn neither_threads_nor_the_cut_of_reads_change_the_bytes() {
    let data = [text(1 << 20), noise(100_000), code(1 << 20)].concat();
    for compression in ALL {
        let one = pack(&[(compression, &[("a", &data), ("b", &data[..70_000])])], 1);
        for threads in [0, 2, 16] {
            let again = pack(&[(compression, &[("a", &data), ("b", &data[..70_000])])], threads);
            assert!(one == again, "{compression:?} with {threads} threads");
        }
        let mut folder = Folder::new(compression);
        folder.files = vec![File::new("a", data.len() as u64, when()), File::new("b", 70_000, when())];
        let mut writer = Writer::new(Cabinet::new(vec![folder]), 2, Cursor::new(Vec::new())).unwrap();
        writer.append(Trickle(&data, 0)).unwrap();
        writer.append(Trickle(&data[..70_000], 7)).unwrap();
        assert!(one == writer.finish().unwrap().into_inner(), "{compression:?} in small reads");
    }
}

#[test]
fn everything_of_the_tables_comes_back() {
    let mut first = Folder::new(Compression::Mszip { level: 6 });
    first.reserved = vec![1, 2, 3];
    first.files = vec![
        File { attributes: Attributes::READ_ONLY | Attributes::HIDDEN, ..File::new("dir/a", 3, when()) },
        File::new("ß", 0, DateTime::EARLIEST),
    ];
    let mut second = Folder::new(Compression::None);
    second.reserved = vec![4, 5, 6];
    second.files = vec![File::new("c", 2, when())];
    let cabinet = Cabinet { set_id: 77, index: 5, reserved: vec![9; 20], folders: vec![first, second] };
    // Somewhere inside a larger file.
    let mut output = Cursor::new(b"before".to_vec());
    output.seek(SeekFrom::End(0)).unwrap();
    let mut writer = Writer::new(cabinet, 1, output).unwrap();
    for content in [&b"abc"[..], b"", b"de"] {
        writer.append(content).unwrap();
    }
    let mut output = writer.finish().unwrap();
    assert_eq!(output.position(), output.get_ref().len() as u64);
    output.write_all(b"after").unwrap();
    assert_eq!(output.get_ref()[..6], *b"before");

    output.set_position(6);
    let mut reader = Reader::new(output).unwrap();
    assert_eq!((reader.set(), reader.reserved()), ((77, 5), &[9; 20][..]));
    assert_eq!(reader.folders()[0].reserved, [1, 2, 3]);
    let methods: Vec<Method> = reader.folders().iter().map(|folder| folder.method).collect();
    assert_eq!(methods, [Method::Mszip, Method::None]);
    let members = reader.members().to_vec();
    assert_eq!(members[0].name, r"dir\a");
    assert_eq!(members[0].attributes, Attributes::READ_ONLY | Attributes::HIDDEN);
    assert_eq!(members[0].modified, when());
    assert!(!members[0].attributes.contains(Attributes::NAME_IS_UTF8));
    assert_eq!((members[1].name.as_str(), members[1].modified), ("ß", DateTime::EARLIEST));
    assert!(members[1].attributes.contains(Attributes::NAME_IS_UTF8));
    let mut content = String::new();
    reader.contents(0).unwrap().read_to_string(&mut content).unwrap();
    assert_eq!(content, "abc");
    reader.contents(1).unwrap().read_to_string(&mut content).unwrap();
    assert_eq!(content, "abcde");
    assert!(reader.contents(2).is_err());
}

/// The error of a cabinet with these files; nothing may have been written.
fn refused(compression: Compression, files: Vec<File>) -> Error {
    let mut folder = Folder::new(compression);
    folder.files = files;
    refused_cabinet(Cabinet::new(vec![folder]))
}

fn refused_cabinet(cabinet: Cabinet) -> Error {
    let mut output = Cursor::new(Vec::new());
    let error = Writer::new(cabinet, 1, &mut output).map(|_| ()).unwrap_err();
    assert!(output.into_inner().is_empty(), "bytes were written before {error}");
    error
}

#[test]
fn limits_are_told_before_anything_is_written() {
    let mszip = Compression::Mszip { level: 6 };
    let file = |name: &str| File::new(name, 1, when());
    assert!(matches!(refused(mszip, vec![]), Error::NoFiles));
    assert!(matches!(refused_cabinet(Cabinet::new(vec![])), Error::NoFiles));
    let many: Vec<File> = (0..65_536).map(|i| file(&format!("f{i}"))).collect();
    assert!(matches!(refused(mszip, many), Error::TooManyFiles { count: 65_536 }));
    let folders = (0..65_534).map(|i| Folder { files: vec![file(&format!("f{i}"))], ..Folder::new(mszip) });
    assert!(matches!(
        refused_cabinet(Cabinet::new(folders.collect())),
        Error::TooManyFolders { count: 65_534 }
    ));
    for name in
        ["", "/a", "a//b", "..", "a/../b", r"\\server\x", "C:x", "a*", "a\0b", "tab\t", &"n".repeat(256)]
    {
        assert!(matches!(refused(mszip, vec![file(name)]), Error::Name { .. }), "{name:?}");
    }
    assert!(matches!(refused(mszip, vec![file("a/B"), file(r"A\b")]), Error::SameName { .. }));
    assert!(matches!(refused(Compression::Mszip { level: 0 }, vec![file("a")]), Error::OutOfRange { .. }));
    for window in [14, 22] {
        assert!(matches!(refused(Compression::Lzx { window }, vec![file("a")]), Error::OutOfRange { .. }));
    }
    let most = 65_535 * BLOCK as u64;
    let large = |size| vec![File::new("large", size, when()), file("more")];
    assert!(matches!(refused(mszip, large(most)), Error::FolderTooLarge { end, .. } if end == most + 1));
    assert!(matches!(refused(mszip, large(u64::MAX)), Error::FolderTooLarge { .. }));
    // Without compression the size is known, whatever the content.
    assert!(matches!(refused(Compression::None, large(most - 1)), Error::CabinetTooLarge { .. }));
    let mut reserve = Cabinet::new(vec![Folder { files: vec![file("a")], ..Folder::new(mszip) }]);
    reserve.reserved = vec![0; 60_001];
    assert!(matches!(refused_cabinet(reserve), Error::OutOfRange { .. }));
}

#[test]
fn as_many_files_as_a_cabinet_holds() {
    let mut folder = Folder::new(Compression::Mszip { level: 1 });
    folder.files = (0..65_535).map(|i| File::new(format!("{i}"), 1, when())).collect();
    let mut writer = Writer::new(Cabinet::new(vec![folder]), 1, Cursor::new(Vec::new())).unwrap();
    for i in 0..65_535 {
        writer.append(&[i as u8][..]).unwrap();
    }
    let files = unpack(writer.finish().unwrap().get_ref()).unwrap();
    assert_eq!(files.len(), 65_535);
    assert_eq!(files[65_534], ("65534".into(), vec![65_534_u32 as u8]));
}

#[test]
fn content_has_the_announced_size() {
    let begin = || {
        let mut folder = Folder::new(Compression::None);
        folder.files = vec![File::new("a", 3, when())];
        Writer::new(Cabinet::new(vec![folder]), 1, Cursor::new(Vec::new())).unwrap()
    };
    let error = begin().append(&b"ab"[..]).unwrap_err();
    assert_eq!(error.to_string(), "\"a\" was announced with 3 bytes and has fewer");
    let error = begin().append(&b"abcd"[..]).unwrap_err();
    assert_eq!(error.to_string(), "\"a\" was announced with 3 bytes and has more");
    let mut broken = begin();
    broken.append(&b"ab"[..]).unwrap_err();
    assert!(matches!(broken.append(&b"abc"[..]), Err(Error::Broken)));
    assert!(matches!(broken.finish(), Err(Error::Broken)));
    assert!(matches!(begin().finish(), Err(Error::Unfinished { announced: 1, appended: 0 })));
    let mut writer = begin();
    writer.append(&b"abc"[..]).unwrap();
    assert!(matches!(writer.append(&b""[..]), Err(Error::Unfinished { announced: 1, appended: 2 })));
}

/// A cabinet of every method, for damage.
static SPECIMEN: LazyLock<Vec<u8>> = LazyLock::new(specimen);

/// The same without checksums, so that damage reaches the decoders.
static UNCHECKED: LazyLock<Vec<u8>> = LazyLock::new(|| without_checksums(SPECIMEN.clone()));

fn specimen() -> Vec<u8> {
    let (words, program) = (text(50_000), code(40_000));
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];
    let files: Vec<[(&str, &[u8]); 2]> =
        names.chunks(2).map(|pair| [(pair[0], words.as_slice()), (pair[1], program.as_slice())]).collect();
    let folders: Vec<(Compression, Files<'_>)> = ALL.into_iter().zip(files.iter().map(|f| &f[..])).collect();
    pack(&folders, 1)
}

#[test]
fn every_flipped_bit_of_the_blocks_is_noticed() {
    let cabinet = &*SPECIMEN;
    let data_at = Reader::new(Cursor::new(cabinet)).unwrap().members().len() * 16;
    for at in (data_at + 400..cabinet.len()).step_by(97) {
        let mut damaged = cabinet.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(unpack(&damaged).is_err(), "a change of byte {at} was not noticed");
    }
}

#[test]
fn a_cabinet_that_is_cut_off_is_noticed() {
    let cabinet = &*SPECIMEN;
    for length in (0..cabinet.len()).step_by(211) {
        assert!(unpack(&cabinet[..length]).is_err(), "{length} bytes");
    }
}

/// Replaces the checksum of every block by "none".
fn without_checksums(mut cabinet: Vec<u8>) -> Vec<u8> {
    let folders = usize::from(cabinet[26]);
    for folder in 0..folders {
        let entry = &cabinet[36 + 8 * folder..44 + 8 * folder];
        let mut at = u32::from_le_bytes(entry[..4].try_into().unwrap()) as usize;
        for _ in 0..u16::from_le_bytes(entry[4..6].try_into().unwrap()) {
            cabinet[at..at + 4].fill(0);
            at += 8 + usize::from(u16::from_le_bytes(cabinet[at + 4..at + 6].try_into().unwrap()));
        }
    }
    cabinet
}

#[test]
fn a_missing_checksum_is_none() {
    assert!(*UNCHECKED != *SPECIMEN);
    assert!(unpack(&UNCHECKED).unwrap() == unpack(&SPECIMEN).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Damage may give an error or other content, but neither a panic nor content without end.
    #[test]
    fn damage_does_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut cabinet = UNCHECKED.clone();
        for (at, value) in changes {
            let at = at.index(cabinet.len());
            cabinet[at] = value;
        }
        if let Ok(mut reader) = Reader::new(Cursor::new(&cabinet)) {
            for folder in 0..reader.folders().len() {
                let most = u64::from(reader.folders()[folder].blocks) * BLOCK as u64;
                let Ok(mut contents) = reader.contents(folder) else { continue };
                let size = std::io::copy(&mut contents, &mut std::io::sink());
                prop_assert!(size.is_err() || size.unwrap() <= most);
            }
            let _ = unpack(&cabinet);
        }
    }

    /// The tables alone, where every byte is a number that others hang on.
    #[test]
    fn damaged_tables_do_no_harm(changes in prop::collection::vec((0_usize..300, any::<u8>()), 1..6)) {
        let mut cabinet = UNCHECKED.clone();
        for (at, value) in changes {
            cabinet[at] = value;
        }
        let _ = unpack(&cabinet);
    }

    #[test]
    fn what_goes_in_comes_out(
        files in prop::collection::vec((0_usize..3, 0_usize..100_000), 1..6),
        method in 0..ALL.len(),
        threads in 1_usize..4,
    ) {
        let data: Vec<(String, Vec<u8>)> = files
            .iter()
            .enumerate()
            .map(|(i, (kind, size))| (format!("file{i}"), [text, noise, code][*kind](*size)))
            .collect();
        let given: Vec<(&str, &[u8])> = data.iter().map(|(n, d)| (n.as_str(), d.as_slice())).collect();
        let cabinet = pack(&[(ALL[method], &given)], threads);
        prop_assert!(unpack(&cabinet).unwrap() == data);
    }
}

#[test]
fn memory_does_not_grow_with_a_hostile_header() {
    // 65,535 files and folders announced, nothing there.
    let mut cabinet = pack(&[(Compression::None, &[("a", b"b")])], 1);
    cabinet[26..30].fill(0xff);
    assert!(matches!(Reader::new(Cursor::new(cabinet)), Err(Error::Damaged(_))));
}

#[test]
fn names_that_leave_the_folder_are_not_handed_on_as_paths() {
    let cabinet = pack(&[(Compression::None, &[("aaaaaaaa", b"x")])], 1);
    let at = cabinet.windows(8).position(|w| w == b"aaaaaaaa").unwrap();
    for name in [r"..\..\xx", r"\aaaaaaa", "C:aaaaaa", r"a\..\...", "aa/../..", r"aa\\aaaa"] {
        let mut hostile = cabinet.clone();
        hostile[at..at + 8].copy_from_slice(name.as_bytes());
        let reader = Reader::new(Cursor::new(hostile)).unwrap();
        assert!(matches!(reader.members()[0].path(), Err(Error::Name { .. })), "{name}");
    }
}

#[test]
fn lzx_is_smaller() {
    let data = [text(1 << 20), code(1 << 20)].concat();
    let size = |compression| pack(&[(compression, &[("file", &data)])], 2).len();
    let (mszip, lzx) = (size(Compression::Mszip { level: 9 }), size(Compression::Lzx { window: 21 }));
    assert!(lzx * 10 < mszip * 8, "{lzx} {mszip}");
    // Noise costs no more than its headers, in every method.
    let noise = noise(10 * BLOCK + 777);
    for compression in ALL {
        let packed = pack(&[(compression, &[("file", &noise)])], 1).len();
        assert!(packed < noise.len() + 700, "{packed} with {compression:?}");
    }
}

#[test]
fn the_window_is_no_larger_than_the_content() {
    for (size, window) in
        [(0, 15), (100, 15), (BLOCK, 15), (BLOCK + 1, 16), (1 << 20, 20), ((1 << 20) + 1, 21)]
    {
        let data = text(size);
        let cabinet = pack(&[(Compression::Lzx { window: 21 }, &[("file", &data)])], 1);
        let reader = Reader::new(Cursor::new(cabinet)).unwrap();
        assert_eq!(reader.folders()[0].method, Method::Lzx { window }, "{size}");
    }
}

#[test]
fn every_window_and_long_repetitions() {
    // Repeats at distances around every window, single bytes, pairs, and calls at the edges of frames.
    let part = noise(40_000);
    let mut data = Vec::new();
    for distance in 15..=21 {
        data.extend_from_slice(&part);
        data.resize(data.len() + (1 << distance) - part.len(), distance as u8);
        data.extend_from_slice(&part[..1000]);
        data.extend(std::iter::repeat_n([1, 2], 300).flatten());
        data.extend_from_slice(&[0xe8, 1, 0, 0, 0].repeat(9000));
    }
    for window in 15..=21 {
        let cabinet = pack(&[(Compression::Lzx { window }, &[("file", &data)])], 2);
        assert!(unpack(&cabinet).unwrap()[0].1 == data, "2^{window}");
    }
}

#[test]
fn golden_bytes() {
    // A change here means that packages built before no longer rebuild to the same bytes: only with a new encoder
    // version, and said in the changelog.
    let data = [text(1 << 20), noise(100_000), code(1 << 20)].concat();
    let golden = [
        "0f14df529e016568febf4e949e17d7c1f57f97fd71a74f31c45fc7ce795717d7",
        "60949849e0df1f415745baaa8e5aa5761f4fb07e853bfb726637feda5b155039",
        "6771b638f2e3b97101e53a3baa780b4b005c8d4827273dfc0a4e52353a94f94f",
        "5de2e018eb8ab596ed36da30e071e5728d7ca1110303378ba57f4fbf563d1de1",
        "5756854016be24295b79d85b6071dac79fbe99395b12da5fe60582904bfc1f33",
        "30b0d369a503c750db7f17e3b3b74f9878dbf497d91bd160978807c720ade28d",
    ];
    let now = ALL.map(|c| hex::encode(Sha256::digest(pack(&[(c, &[("file", &data), ("two", b"2")])], 2))));
    assert_eq!(now, golden);
}
