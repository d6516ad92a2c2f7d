//! What a file may cost at most. Test equipment stays far below; whoever made a larger file did not make a report.
//!
//! Everything that takes more memory than its bytes in the file is counted while it is read, so that no file takes more
//! than a gigabyte.

use crate::Refusal;

/// Largest source, in bytes, that a converter takes; a larger one need not be read.
pub const SOURCE_BYTES: usize = 64 << 20;
/// Most steps of all reports of a file together.
pub(crate) const STEPS: usize = 250_000;
/// Most measurements of all reports of a file together.
pub(crate) const MEASUREMENTS: usize = 1_000_000;
/// Most of what stands in other lists of all reports of a file together: misc infos, units, failures, series.
pub(crate) const ITEMS: usize = 250_000;
/// Most reports in a file.
pub(crate) const REPORTS: usize = 10_000;
/// Deepest nesting of sequences. A report is JSON, two levels deep for each, and readers of JSON stop at 128.
pub(crate) const SEQUENCE_DEPTH: usize = 50;
/// Deepest nesting of XML elements.
pub(crate) const XML_DEPTH: usize = 256;
/// Most XML elements and attributes.
pub(crate) const XML_NODES: usize = 3_000_000;
/// Most attributes of one XML element.
pub(crate) const XML_ATTRIBUTES: usize = 256;
/// Most fields and lines of a text.
pub(crate) const FIELDS: usize = 5_000_000;
/// Most fields of one line.
pub(crate) const LINE_FIELDS: usize = 50_000;
/// Most records of a text in which records stand in each other.
pub(crate) const RECORDS: usize = 1_500_000;
/// Heaviest JSON; see [`json_weight`].
pub(crate) const JSON_WEIGHT: usize = 5_000_000;
/// Bytes at the start of a source that tell its format.
pub(crate) const HEAD_BYTES: usize = 16 << 10;
/// Most files in the folder that belongs to a source.
pub(crate) const COMPANIONS: usize = 256;
/// Most bytes of all files in that folder.
pub(crate) const COMPANION_BYTES: u64 = 32 << 20;
/// Most bytes that one entry of an archive may unpack to.
pub(crate) const ENTRY_BYTES: u64 = 32 << 20;
/// Most bytes that all entries of an archive may unpack to.
pub(crate) const ARCHIVE_BYTES: u64 = 128 << 20;

/// What JSON weighs in memory once it is read, in values of about 100 bytes. The length of the text
/// says little about that: `[0,0,…` takes fifty times as much.
pub fn json_weight(text: &[u8]) -> usize {
    let weight = |byte: &u8| match byte {
        b',' | b'[' => 1,
        b'{' => 4,
        _ => 0,
    };
    text.iter().map(weight).sum()
}

/// Refuses a text that consists of too many parts, which begin or end with these characters.
pub(crate) fn check_parts(text: &str, marks: &[u8], limit: usize, what: &str) -> Result<(), Refusal> {
    // One mark at a time is counted many bytes at a time.
    let count: usize =
        marks.iter().map(|mark| text.as_bytes().iter().filter(|byte| *byte == mark).count()).sum();
    if count > limit { Err(Refusal::TooLarge(format!("it has more than {limit} {what}"))) } else { Ok(()) }
}

/// Refuses a source that is longer than any report.
pub(crate) fn check_size(bytes: usize) -> Result<(), Refusal> {
    if bytes > SOURCE_BYTES {
        return Err(Refusal::TooLarge(format!("it has more than {} MiB", SOURCE_BYTES >> 20)));
    }
    Ok(())
}
