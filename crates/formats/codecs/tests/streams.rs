//! Every codec: round trips, independence of threads and of the cut of the writes, and the golden bytes.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use landfall_codecs::{Codec, Effort, Encoder, Kind, decoder, gzip_bytes};
use sha2::{Digest, Sha256};

const CODECS: [Codec; 8] = [
    Codec::None,
    Codec::gzip(1),
    Codec::Gzip { level: 1, fourth: 9 },
    Codec::gzip(9),
    Codec::Zstd { level: 3 },
    Codec::Zstd { level: 13 },
    Codec::Xz { preset: 0 },
    Codec::Xz { preset: 2 },
];

/// Words in an order that repeats itself only in part, the same on every machine.
fn text(length: usize) -> Vec<u8> {
    let words = ["install ", "upgrade ", "service ", "unit\n", "queue ", "0x7f", "\0\u{1}\u{2}", "report "];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut out = Vec::with_capacity(length + 16);
    while out.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(words[(state >> 33) as usize % words.len()].as_bytes());
        if state.is_multiple_of(11) {
            out.extend_from_slice(&state.to_le_bytes());
        }
    }
    out.truncate(length);
    out
}

fn compress(codec: Codec, threads: usize, data: &[u8], cut: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(codec, threads, Vec::new()).unwrap();
    for piece in data.chunks(cut) {
        encoder.write_all(piece).unwrap();
        encoder.flush().unwrap();
    }
    encoder.finish().unwrap()
}

fn decompress(kind: Kind, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    decoder(kind, data).unwrap().read_to_end(&mut out).unwrap();
    out
}

#[test]
fn what_goes_in_comes_out() {
    for length in [0, 1, 511 << 10, 512 << 10, (512 << 10) + 1, (3 << 20) + 7] {
        let data = text(length);
        for codec in CODECS {
            let packed = compress(codec, 2, &data, 60_000);
            assert_eq!(Kind::sniff(&packed), if codec == Codec::None { Kind::None } else { codec.kind() });
            assert_eq!(decompress(codec.kind(), &packed), data, "{codec:?} of {length} bytes");
        }
    }
}

#[test]
fn every_gzip_level_uses_the_block_before() {
    let data = text((512 << 10) * 3 + 100);
    for level in 0..=9 {
        let packed = compress(Codec::gzip(level), 2, &data, 1 << 20);
        assert_eq!(decompress(Kind::Gzip, &packed), data, "level {level}");
    }
    // A block that only repeats the end of the one before costs next to nothing.
    let mut noise = text(512 << 10);
    noise
        .iter_mut()
        .enumerate()
        .for_each(|(i, b)| *b = b.wrapping_mul(31).wrapping_add(((i * i) >> 7) as u8));
    let one = compress(Codec::gzip(9), 1, &noise, 1 << 20).len();
    let end = noise[(512 << 10) - (16 << 10)..].to_vec();
    let two = compress(Codec::gzip(9), 1, &[noise, end].concat(), 1 << 20).len();
    assert!(two < one + 500, "{one} {two}");
}

#[test]
fn neither_threads_nor_the_cut_of_writes_change_the_bytes() {
    // Several blocks and jobs of every codec.
    let data = text(18 << 20);
    for codec in [
        Codec::gzip(6),
        Codec::Gzip { level: 4, fourth: 5 },
        Codec::Zstd { level: 3 },
        Codec::Zstd { level: 10 },
        Codec::Xz { preset: 0 },
    ] {
        let one = compress(codec, 1, &data, 1 << 16);
        for (threads, cut) in [(2, 1 << 16), (4, 4099), (64, 5 << 20), (0, data.len())] {
            assert!(
                one == compress(codec, threads, &data, cut),
                "{codec:?} with {threads} threads, {cut} bytes"
            );
        }
        assert!(decompress(codec.kind(), &one) == data);
    }
}

#[test]
fn golden_bytes() {
    // A change here means that packages built before no longer rebuild to the same bytes: only with a new encoder
    // version, and said in the changelog.
    let data = text(9 << 20);
    let golden = [
        (Codec::gzip(3), "ef5c331ef835ebd3a24f08b003e7d5ae80f05d7d2ae835be3c4cf72ca24bd754"),
        (Codec::gzip(5), "4cc9e1f63182bfa7059854b63dc34eaf9d2b8d701c1761145ef6206163c245b4"),
        (Codec::gzip(9), "2735e49d66b7c6f0c10aea28fbf3fb6f1247ef631afc2b110952153049c1ecf4"),
        (Codec::Zstd { level: 2 }, "bbfc5a28f3bda3aa8e9fec877d54ade21174dc36dfd5f4e5a2b4c89f2a75c03d"),
        (Codec::Zstd { level: 5 }, "83a4c5949505224957ce982215cf759ca0ed3316c87b302a73b3d7aba420b212"),
        (Codec::Zstd { level: 19 }, "84d2e2708da11bcf09589f43325acf37fa2847cb3fc6709114ac8277f6502178"),
        (Codec::Xz { preset: 0 }, "d2ad239b26c7ae5ae09fd4acdade45599f26ddce17deddaf3944cef802885610"),
        (Codec::Xz { preset: 2 }, "37d30298ec0dba4c0c6c5b25416c55b4d5ce0f276ce9dce25d4c53b16004601a"),
        (Codec::Xz { preset: 6 }, "4cf5e4193771cc8e0ecbdbc4f2b0e5c6ad38696b8e5bf0c001de71a7e2473342"),
    ];
    let others = [
        (
            Codec::Gzip { level: 4, fourth: 5 },
            "cb825ff5545eda9f38c64a8d0cc2e8be56e892ab8c540cba481ca1ab514e2896",
        ),
        (Codec::Zstd { level: 3 }, "ec8cd3ca726b0914b6e8e99c35666b15bb13cd6c8704a6cba6771f534b98f9a7"),
        (
            Codec::Gzip { level: 7, fourth: 9 },
            "9345608b0554424d2524836bb38b7d1c24d6c080616a0b5d741ee20cd9d5a5c5",
        ),
    ];
    assert_eq!(
        hex::encode(Sha256::digest(&data)),
        "c4ca92cddb6c5a025e9644ec77ea93f8ae819a2d1351e914075cffddb9461728",
        "the test's own data"
    );
    let efforts = [Kind::Gzip, Kind::Zstd, Kind::Xz]
        .iter()
        .flat_map(|kind| [Effort::Fast, Effort::Default, Effort::Best].map(|effort| kind.at(effort)));
    assert!(
        efforts.eq(golden.map(|(codec, _)| codec)),
        "every codec that an effort stands for has its digest"
    );
    for (codec, hash) in golden.into_iter().chain(others) {
        assert_eq!(hex::encode(Sha256::digest(compress(codec, 2, &data, 1 << 20))), hash, "{codec:?}");
    }
}

#[test]
fn a_small_gzip_has_no_time_and_no_name() {
    let packed = gzip_bytes(b"changelog\n", 9).unwrap();
    assert_eq!(packed[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    assert_eq!(decompress(Kind::Gzip, &packed), b"changelog\n");
    assert!(gzip_bytes(b"", 10).is_err());
}

#[test]
fn joined_streams_are_read_to_the_end() {
    for codec in [Codec::gzip(6), Codec::Zstd { level: 1 }, Codec::Xz { preset: 0 }] {
        let joined = [compress(codec, 1, b"one ", 10), compress(codec, 1, b"two", 10)].concat();
        assert_eq!(decompress(codec.kind(), &joined), b"one two");
    }
}

#[test]
fn damage_is_an_error() {
    let data = text(100_000);
    for codec in [Codec::gzip(6), Codec::Zstd { level: 1 }, Codec::Xz { preset: 0 }] {
        let packed = compress(codec, 1, &data, 1 << 20);
        let mut out = Vec::new();
        assert!(decoder(codec.kind(), &packed[..packed.len() - 9]).unwrap().read_to_end(&mut out).is_err());
        let mut flipped = packed.clone();
        flipped[packed.len() / 2] ^= 0x55;
        assert!(decoder(codec.kind(), &flipped[..]).unwrap().read_to_end(&mut out).is_err(), "{codec:?}");
    }
}

#[test]
fn bzip2_is_read() {
    // printf hello | bzip2
    let packed =
        hex::decode("425a68393141592653591931653d00000081000244a000219a68334d07338bb9229c28480c98b29e80")
            .unwrap();
    assert_eq!(Kind::sniff(&packed), Kind::Bzip2);
    assert_eq!(decompress(Kind::Bzip2, &packed), b"hello");
}

#[test]
fn levels_out_of_range_are_refused() {
    for codec in [
        Codec::gzip(10),
        Codec::Gzip { level: 9, fourth: 10 },
        Codec::Zstd { level: 0 },
        Codec::Zstd { level: 23 },
        Codec::Xz { preset: 10 },
    ] {
        let Err(error) = Encoder::new(codec, 1, Vec::new()) else { panic!("{codec:?}") };
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
}

#[test]
fn more_effort_is_smaller() {
    let data = text(4 << 20);
    for kind in [Kind::Gzip, Kind::Zstd, Kind::Xz] {
        let sizes: Vec<usize> = [Effort::Fast, Effort::Default, Effort::Best]
            .map(|effort| compress(kind.at(effort), 2, &data, 1 << 20).len())
            .into();
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{kind:?} {sizes:?}");
    }
}

#[test]
fn the_output_s_error_comes_back() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for codec in CODECS {
        let result = Encoder::new(codec, 2, Full).and_then(|mut encoder| {
            encoder.write_all(&text(3 << 20))?;
            encoder.finish().map(|_| ())
        });
        assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::StorageFull, "{codec:?}");
    }
}

/// What a foreign program makes of `data`, or `None` with a visible line where it is missing.
fn foreign(program: &str, package: &str, arguments: &[&str], data: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {program} (apt-get install {package})");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let data = data.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&data));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}");
    writer.join().unwrap().unwrap();
    Some(output.stdout)
}

#[test]
fn the_reference_programs_read_it() {
    let data = text(10 << 20);
    for (codec, program, package) in [
        (Codec::gzip(6), "gzip", "gzip"),
        (Codec::Zstd { level: 9 }, "zstd", "zstd"),
        (Codec::Xz { preset: 1 }, "xz", "xz-utils"),
    ] {
        let packed = compress(codec, 2, &data, 1 << 20);
        if let Some(unpacked) = foreign(program, package, &["-dc"], &packed) {
            assert!(unpacked == data, "{program}");
        }
        let theirs = foreign(program, package, &["-c"], &data);
        assert!(theirs.is_none_or(|theirs| decompress(codec.kind(), &theirs) == data));
    }
    let theirs = foreign("bzip2", "bzip2", &["-c"], &data);
    assert!(theirs.is_none_or(|theirs| decompress(Kind::Bzip2, &theirs) == data));
}
