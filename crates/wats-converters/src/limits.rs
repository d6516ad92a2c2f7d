//! What a file may cost at most. Test equipment stays far below; whoever made a larger file did not make a report.

/// Largest source, in bytes, that a text or XML converter reads.
pub(crate) const SOURCE_BYTES: usize = 64 << 20;
/// Most steps of all reports of a file together.
pub(crate) const STEPS: usize = 250_000;
/// Most measurements of all reports of a file together.
pub(crate) const MEASUREMENTS: usize = 1_000_000;
/// Most reports in a file.
pub(crate) const REPORTS: usize = 10_000;
/// Deepest nesting of sequences. A report is JSON, two levels deep for each, and readers of JSON stop at 128.
pub(crate) const SEQUENCE_DEPTH: usize = 50;
/// Deepest nesting of XML elements.
pub(crate) const XML_DEPTH: usize = 256;
/// Most XML elements.
pub(crate) const XML_ELEMENTS: usize = 3_000_000;
/// Most attributes of one XML element.
pub(crate) const XML_ATTRIBUTES: usize = 256;
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
