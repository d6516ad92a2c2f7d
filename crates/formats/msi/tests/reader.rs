//! Reading databases: what was written, and what is damaged.

mod common;

use std::io::{Cursor, Read};

use common::{product, write};
use landfall_msi::installer::FileContent;
use landfall_msi::{Error, Reader, Value, ice};

fn package() -> Vec<u8> {
    write(&product("1.2.3", FileContent::bytes(vec![7; 100_000]))).unwrap()
}

#[test]
fn reads_what_was_written() {
    let mut reader = Reader::open(Cursor::new(package())).unwrap();
    let expected = product("1.2.3", FileContent::bytes(vec![7; 100_000])).database().unwrap();
    let database = reader.database().unwrap();
    for table in expected.tables() {
        let mut rows = database.table(&table.name).map(|t| t.rows.clone()).unwrap_or_default();
        let mut wanted = table.rows.clone();
        rows.sort();
        wanted.sort();
        if table.name == "Property" {
            rows.retain(|row| row[0].text() != "ProductCode");
        }
        assert_eq!(rows, wanted, "{}", table.name);
        assert_eq!(database.table(&table.name).unwrap().columns, table.columns, "{}", table.name);
    }
    let summary = reader.summary().unwrap().unwrap();
    assert_eq!((summary.subject.as_str(), summary.schema), ("Kestrel Demo", Some(500)));

    let mut cabinet = Vec::new();
    reader.stream("product.cab").unwrap().unwrap().read_to_end(&mut cabinet).unwrap();
    assert!(cabinet.starts_with(b"MSCF"));
    let streams = reader.streams();
    assert_eq!(streams.iter().find(|s| s.name == "product.cab").unwrap().size, cabinet.len() as u64);
    let hash = reader.table("MsiFileHash").unwrap().unwrap();
    let empty = hash.rows.iter().find(|row| row[0].text() == "empty").unwrap();
    assert_eq!(empty[2..], [Value::Int(0), Value::Int(0), Value::Int(0), Value::Int(0)]);
}

#[test]
fn another_crate_reads_it_too() {
    let mut other = msi::Package::open(Cursor::new(package())).unwrap();
    let select = msi::Select::table("File");
    let names: Vec<String> =
        other.select_rows(select).unwrap().map(|row| row["FileName"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 3);
    assert!(names.contains(&"KESTRE~1.EXE|kestrel-demo.exe".to_owned()), "{names:?}");
    assert!(other.has_stream("product.cab"));
    assert_eq!(other.summary_info().subject(), Some("Kestrel Demo"));
}

/// Reads everything that can be read.
fn read(bytes: &[u8]) -> Result<(), Error> {
    let mut reader = Reader::open(Cursor::new(bytes))?;
    let database = reader.database()?;
    ice::check(&database);
    for stream in reader.streams() {
        if let Some(content) = reader.stream(&stream.name)? {
            std::io::copy(&mut content.take(1 << 20), &mut std::io::sink())?;
        }
    }
    Ok(())
}

#[test]
fn damage_never_panics_or_hangs() {
    let sound = package();
    read(&sound).unwrap();
    // A fixed sequence of pseudo-random numbers (xorshift), so that a failure can be repeated.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut refused = 0;
    for round in 0..4000 {
        let mut bytes = sound.clone();
        for _ in 0..=round % 4 {
            // Most of a database's numbers lie in the header and the tables.
            let at = if round % 2 == 0 { next(bytes.len().min(16 << 10)) } else { next(bytes.len()) };
            bytes[at] = [0, 1, 0x7F, 0xFE, 0xFF, next(256) as u8][next(6)];
        }
        if round % 16 == 0 {
            bytes.truncate(next(sound.len()));
        }
        refused += usize::from(read(&bytes).is_err());
    }
    assert!(refused > 400, "only {refused} of 4000 damaged files were refused");
}

#[test]
fn says_what_is_no_database() {
    for bytes in [&b""[..], b"MZ", &[0; 5000], &landfall_msi::compound::MAGIC] {
        let error = Reader::open(Cursor::new(bytes)).unwrap_err();
        assert!(matches!(error, Error::Malformed(_)), "{error}");
    }
}
