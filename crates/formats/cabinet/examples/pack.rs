//! Packs files into a cabinet: `pack none|mszip LEVEL THREADS OUTPUT FILE…`, as the benchmark uses it.

use std::fs;
use std::io::BufWriter;
use std::path::Path;

use landfall_cabinet::{Cabinet, Compression, DateTime, File, Folder, Writer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [method, level, threads, output, files @ ..] = arguments.as_slice() else {
        return Err("usage: pack none|mszip LEVEL THREADS OUTPUT FILE…".into());
    };
    let compression = match method.as_str() {
        "none" => Compression::None,
        "mszip" => Compression::Mszip { level: level.parse()? },
        _ => return Err(format!("unknown method {method}").into()),
    };
    let mut folder = Folder::new(compression);
    for file in files {
        let name = Path::new(file).file_name().ok_or("a file without a name")?.to_string_lossy();
        folder.files.push(File::new(name, fs::metadata(file)?.len(), DateTime::EARLIEST));
    }
    let output = BufWriter::new(fs::File::create(output)?);
    let mut writer = Writer::new(Cabinet::new(vec![folder]), threads.parse()?, output)?;
    for file in files {
        writer.append(fs::File::open(file)?)?;
    }
    writer.finish()?;
    Ok(())
}
