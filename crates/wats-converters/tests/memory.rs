//! What a file costs in memory, whatever is in it: files that are as dense as their format allows, with nothing but
//! the smallest things that become something larger.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use wats_converters::{Arguments, Companion, Source, convert};

mod support;
use support::archive;

/// Counts what is allocated.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grow(bytes: usize) {
    PEAK.fetch_max(NOW.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}

// SAFETY: Everything is handed to the system's allocator as it comes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: As our caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: As our caller promises.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        NOW.fetch_sub(layout.size(), Relaxed);
        grow(size);
        // SAFETY: As our caller promises.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Size of the files. The largest that are read take long without optimisation.
const SIZE: usize = if cfg!(debug_assertions) { 12 << 20 } else { 63 << 20 };
/// Most memory that converting one may take, without the file itself.
const MOST: usize = 1 << 30;

const SPEA: &str = "START;P;p;7;PN;op;03/14/2025;09:30:00\nSN;A\n";
const WSTF: &str = "--Header-Start--\nSerialNumber\tS\nPartNumber\tP\nStartDateTime\t14.03.2025 09:00:00\n";
const STEPS: &str = "--Step-Data-Start--\nStepType\tStepName\tMeasureName\tValue\n";
const WSXF: &str = "<Reports><Report SN='1' PN='1' Result='Passed' Start='2026-01-15T10:00:00'>";
const UUR: &str = "<Reports><Report type='UUR' SN='1' PN='1' Start='2026-01-15T10:00:00'>";
const ATML: &str = "<TestResults><ResultSet startDateTime='2026-01-15T10:00:00'><Outcome value='Passed'/>";
const SEICA: &str = "<R><ST NM='P_1'/><ET NF='0'/>";
const TESTSTAND: &str = "<TSReport><Prop Name='MainSequenceResults'><Prop Name='TS'><Prop Name='SequenceCall'><Prop Name='ResultList'>";
const GR228X: &str = "D:\\p.obc[31-JUL-12  14:17:35\n@31-JUL-12  14:18:51 SN 1\n";

/// Converter, start of the file, what is repeated, and its end.
const FILES: &[(&str, &str, &str, &str)] = &[
    ("wsjf", "[", "0,", "0]"),
    ("wsjf", "[", "[],", "0]"),
    ("wsjf", "[", "{\"\":0},", "0]"),
    ("wsjf", "{\"a\":\"", "x", "\"}"),
    ("spea", SPEA, "A;;;;;;;PASS;;\n", "END;PASS"),
    ("spea", SPEA, ";", "\nEND;PASS"),
    ("spea", SPEA, "a\n", "END;PASS"),
    ("csv", "SN;Start;Result;1", ";1", "\na;2026-01-15 10:00:00;P;1\n"),
    ("csv", "SN;PN;Start;Result\n", "a;b;2026-01-15 10:00:00;P\n", ""),
    ("csv", "SN;PN;Start;Value\n", "a;b;2026-01-15 10:00:00;1\n", ""),
    ("csv", "SN;PN;Start;Value\n", ";", ""),
    ("wstf", WSTF, "subunit\n", "--UUT-End--"),
    ("wstf", WSTF, "a\tb\n", "--UUT-End--"),
    ("wstf", WSTF, "\t", "\n--UUT-End--"),
    ("gr228x", GR228X, "a=\n", "\"31-JUL-12  14:19:49"),
    (
        "gr228x",
        "D:\\p.obc[31-JUL-12  14:17:35\n@31-JUL-12  14:18:51 SN 1\n(F 1+\n",
        "1+\n",
        "1\n\"31-JUL-12  14:19:49",
    ),
    ("i3070", "{@BATCH|P{@BTEST|I1|0|250314091500", "{@D-T|0}", "}}"),
    ("i3070", "{@BATCH|P{@BTEST|I1|0|250314091500", "{@}", "}}"),
    ("i3070", "{@BATCH|P{@BTEST|I1|0|250314091500", "|", "}}"),
    ("spectrum", "(PROGRAM_NAME: a)", "(A:)", ""),
    ("spectrum", "(PROGRAM_NAME: a)", "(USER:a:b)", ""),
    ("spectrum", "(PROGRAM_NAME: a)", "(STEP:(STAT: PASS))", ""),
    ("klippel", "Results_Pass=", "a\t", "\n"),
    ("klippel", "", "=\n", "\n"),
    ("wsxf", "<Reports>", "<a/>", "</Reports>"),
    ("wsxf", "<Reports>", "<a b='' c='' d='' e=''/>", "</Reports>"),
    ("wsxf", WSXF, "<MiscInfo Description='a'/>", "</Report></Reports>"),
    ("wsxf", WSXF, "<Step/>", "</Report></Reports>"),
    ("wsxf", "<Reports><Report><Step>", "<NumericLimit/>", "</Step></Report></Reports>"),
    ("wsxf", "<Reports><Report><Step><Chart>", "<Series/>", "</Chart></Step></Report></Reports>"),
    ("wsxf", UUR, "<PartInfo/><Failure/>", "</Report></Reports>"),
    ("wrml", WSXF, "<Step/>", "</Report></Reports>"),
    ("atml", ATML, "<SessionAction/>", "</ResultSet></TestResults>"),
    ("atml", ATML, "<Test><TestResult/></Test>", "</ResultSet></TestResults>"),
    ("teststand", TESTSTAND, "<Value><Prop/></Value>", "</Prop></Prop></Prop></Prop></TSReport>"),
    ("testexec-sl", "<Results><TestSequence>", "<Test/>", "</TestSequence></Results>"),
    ("testexec-sl", "<Results><TestSequence><Test>", "<Measurement/>", "</Test></TestSequence></Results>"),
    ("seica", SEICA, "<BI BC='1' SD='14-03-2025 09:10:00'/>", "</R>"),
    ("seica", "<R><ST NM='P_1'/><ET NF='0'/><BI BC='1' SD='14-03-2025 09:10:00'>", "<TEST/>", "</BI></R>"),
];

/// The most that was allocated while a file was converted, in MiB, and what became of it.
fn cost(converter: &str, source: &Source) -> (usize, String) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let outcome = convert(converter, source, &Arguments::default());
    let most = PEAK.load(Relaxed) - before;
    let said = match outcome {
        Ok(conversion) => format!("{} reports", conversion.reports.len()),
        Err(refusal) => refusal.to_string().chars().take(60).collect(),
    };
    assert!(most < MOST, "{converter}, {:?}: {} MiB, {said}", source.name(), most >> 20);
    (most >> 20, said)
}

fn filled(size: usize, start: &str, unit: &str, end: &str) -> Vec<u8> {
    [start, &unit.repeat((size - start.len() - end.len()) / unit.len()), end].concat().into_bytes()
}

/// Makes a file when it is its turn: all of them at once would be too many.
type Maker = Box<dyn Fn() -> Source>;

#[test]
fn no_file_takes_more_than_a_gigabyte() {
    let mut sources: Vec<(&str, Maker)> = Vec::new();
    for (converter, start, unit, end) in FILES {
        let make = move || Source::new(format!("{unit:?}"), filled(SIZE, start, unit, end));
        sources.push((converter, Box::new(make)));
    }
    // Rows of a WSTF table, and what goes on with a row.
    for (row, further) in [
        ("ActionStep\n", ""),
        ("NumericLimitTest\ta\tb\t1\n", "NumericLimitTest\t\tb\t1\n"),
        ("Chart\n", "Series\n"),
    ] {
        let unit = if further.is_empty() { row } else { further };
        let start = format!("{WSTF}{STEPS}{row}");
        sources.push((
            "wstf",
            Box::new(move || {
                Source::new(format!("{unit:?}"), filled(SIZE, &start, unit, "--Step-Data-End--\n--UUT-End--"))
            }),
        ));
    }
    // Measurements in measurements, so that each looks through all below it.
    let (open, close) = ("<Item name='Measurement[0]'>".repeat(240), "</Item>".repeat(240));
    let (start, end) = (format!("{ATML}<Test>{open}"), format!("{close}</Test></ResultSet></TestResults>"));
    sources.push((
        "atml",
        Box::new(move || {
            Source::new(
                "measurements in each other",
                filled(SIZE, &start, "<Item name='a'><Datum value=''/></Item>", &end),
            )
        }),
    ));
    // A table with many columns and many rows.
    let wide = move || {
        let file = b"Cfg_DutStartTime=2020-5-20-135-5-14-10-1-37-563-120-1\nCtrl_OverallVerdict=1\nCfg_SerialNumber=1\nCfg_DatabasePath=a".to_vec();
        let columns = "a\t".repeat(1_000_000);
        let table = |name: &str, start: &str| Companion {
            name: name.to_owned(),
            bytes: [start, &columns, "\n", &"1\n".repeat(1_000_000)].concat().into_bytes(),
        };
        let files = vec![table("a-imp.txt", "frq\t"), table("a-values.txt", "name\tvalue\t")];
        Source::new("wide tables", file).with_companions(files)
    };
    sources.push(("klippel", Box::new(wide)));
    let functions =
        filled(SIZE.min(31 << 20), "<testrun><testgroup>", "<testfunction/>", "</testgroup></testrun>");
    sources
        .push(("xjtag", Box::new(move || Source::new("functions", archive(&[("Run 1.xml", &functions)])))));

    for (converter, make) in &sources {
        let source = make();
        let (most, said) = cost(converter, &source);
        let line = format!("{most:>5} MiB  {converter:<12} {:<40} {said}\n", source.name());
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
