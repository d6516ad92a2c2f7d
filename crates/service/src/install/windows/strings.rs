//! Texts as Windows takes them.

use crate::exit::Exit;
use crate::install::failure::Failure;

/// UTF-16 with a zero at its end.
pub(super) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// Several texts, each with a zero at its end, and one more at the end of all (`REG_MULTI_SZ`).
pub(super) fn wide_list<T: AsRef<str>>(texts: &[T]) -> Vec<u16> {
    let mut all: Vec<u16> = texts.iter().flat_map(|text| wide(text.as_ref())).collect();
    all.push(0);
    if texts.is_empty() {
        all.push(0);
    }
    all
}

/// The text up to its first zero.
pub(super) fn narrow(wide: &[u16]) -> String {
    let end = wide.iter().position(|&unit| unit == 0).unwrap_or(wide.len());
    String::from_utf16_lossy(&wide[..end])
}

/// The text that a pointer leads to; empty for none.
///
/// # Safety
/// `text` must be null or lead to UTF-16 with a zero at its end, valid during the call.
pub(super) unsafe fn narrow_at(text: *const u16) -> String {
    if text.is_null() {
        return String::new();
    }
    let mut length = 0;
    // SAFETY: the caller promises a zero at the end, so every unit up to it is there.
    while unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: as above.
    String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, length) })
}

/// What did not work, with the code and the text of the system.
pub(super) fn failure(what: &str, code: u32) -> Failure {
    use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SERVICE_MARKED_FOR_DELETE};
    let error = std::io::Error::from_raw_os_error(code as i32);
    let (exit, advice) = match code {
        ERROR_ACCESS_DENIED => (Exit::Requirement, "; open the command prompt with \"Run as administrator\""),
        ERROR_SERVICE_MARKED_FOR_DELETE => {
            (Exit::General, "; close the window of services and other tools that look at it, and run again")
        }
        _ => (Exit::General, ""),
    };
    Failure::new(exit, format!("{what}: {error}{advice}"))
}

/// The same with the code that the last call left.
pub(super) fn last_failure(what: &str) -> Failure {
    // SAFETY: it only reads a number of this thread.
    failure(what, unsafe { windows_sys::Win32::Foundation::GetLastError() })
}
