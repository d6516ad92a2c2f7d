//! The functions that the WATS Client calls. A plug-in of your own can take this file as it is.

use serde_json::Value;
use std::slice;

/// Gives memory for an input of this length. It is never given back: the instance ends after one file.
#[unsafe(no_mangle)]
extern "C" fn wats_alloc(length: usize) -> *mut u8 {
    Vec::leak(vec![0; length]).as_mut_ptr()
}

/// Where the description lies.
#[unsafe(no_mangle)]
extern "C" fn wats_describe() -> u64 {
    answer(&super::describe())
}

/// How sure the plug-in is of a file, in percent.
#[unsafe(no_mangle)]
unsafe extern "C" fn wats_confidence(_: *const u8, _: usize, head: *const u8, length: usize) -> i32 {
    // SAFETY: The caller has filled what wats_alloc gave for this length.
    super::confidence(unsafe { slice::from_raw_parts(head, length) })
}

/// Where the reports lie, or the refusal.
#[unsafe(no_mangle)]
unsafe extern "C" fn wats_convert(
    request: *const u8,
    request_length: usize,
    file: *const u8,
    file_length: usize,
) -> u64 {
    // SAFETY: The caller has filled what wats_alloc gave for these lengths.
    let (request, file) =
        unsafe { (slice::from_raw_parts(request, request_length), slice::from_raw_parts(file, file_length)) };
    let request = serde_json::from_slice(request).unwrap_or_default();
    answer(&super::convert(&request, file).unwrap_or_else(Value::from))
}

/// Leaves a text in memory and says where: its address above its length.
fn answer(value: &Value) -> u64 {
    let text = value.to_string().into_bytes().leak();
    (text.as_ptr() as u64) << 32 | text.len() as u64
}
