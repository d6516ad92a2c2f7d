//! How long a SPEA file of 13,000 rows takes: `cargo bench -p wats-converters`.
//!
//! Exits with a failure when the fastest of all runs is over the target.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use wats::Station;
use wats_converters::{AUTO, Arguments, Source, convert};

const ROWS: usize = 13_000;
const RUNS: usize = 21;
const TARGET: Duration = Duration::from_millis(50);

/// Ten boards in a file of about 1.4 MB, with rows as a tester writes them.
fn file() -> Vec<u8> {
    let mut text = "FORMAT;mmdd\n".to_owned();
    for board in 0..10 {
        text += "START;Programme;23462-TS;1.0.2;23462-TS;Test Operator op1;10/12/2024;16:15:03\nLOT;\n";
        for row in 0..ROWS / 10 {
            let part = row / 4;
            text += &match row % 4 {
                0 => format!(
                    "ANL;1;DSC-CP[C{part}];{part};1;DSC-CP[C{part}] Connect Scanner of this part;;PASS;0.000000e+00;0.000000e+00;0.000000e+00;;;{row}\n"
                ),
                kind => format!(
                    "ANL;1;DSC-CP[C{part}];{part};{kind};DSC-CP[C{part}] Verify capacitor discharge;;PASS;-9.062500e-04;-1.000000e-01;1.000000e-01;V;179 30 ;{row}\n"
                ),
            };
        }
        text += &format!("SN;S{board}\nBOARDRESULT;PASS\nEND;PASS;10/12/2024;16:16:03\n");
    }
    text.into_bytes()
}

fn main() -> ExitCode {
    let bytes = file();
    let mut times: Vec<Duration> = Vec::new();
    let mut whole: Vec<Duration> = Vec::new();
    for _ in 0..RUNS {
        let source = Source::new("results.csv", bytes.clone());
        let start = Instant::now();
        let Ok(conversion) = convert(AUTO, &source, &Arguments::default()) else {
            eprintln!("the file is refused");
            return ExitCode::FAILURE;
        };
        times.push(start.elapsed());
        let station = Station { name: "N".into(), location: "L".into(), purpose: "P".into() };
        let mut size = 0;
        for mut report in conversion.reports {
            report.fill_station(&station);
            report.prepare();
            size += report.to_json().len();
        }
        whole.push(start.elapsed());
        black_box(size);
    }
    times.sort();
    whole.sort();
    println!("SPEA, {:.2} MB, {ROWS} rows, 10 reports; {RUNS} runs", bytes.len() as f64 / 1e6);
    println!("converted             fastest {:>8.2?}   median {:>8.2?}", times[0], times[RUNS / 2]);
    println!("and made JSON of it   fastest {:>8.2?}   median {:>8.2?}", whole[0], whole[RUNS / 2]);
    if times[0] > TARGET {
        eprintln!("slower than the target of {TARGET:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
