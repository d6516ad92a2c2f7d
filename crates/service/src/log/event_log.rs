//! Windows' Event Log.

use super::{Record, Sink};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use tracing::Level;
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS, HANDLE};
use windows_sys::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
    RegisterEventSourceW, ReportEventW,
};
use windows_sys::Win32::System::Registry::{
    HKEY_LOCAL_MACHINE, REG_DWORD, REG_EXPAND_SZ, RegDeleteKeyW, RegSetKeyValueW,
};

/// Where sources of the log «Application» are registered.
const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";
/// Characters that a string of an event may have: ReportEventW.
const LIMIT: usize = 31_839;

/// The log «Application» of this machine.
#[derive(Debug)]
pub struct EventLog {
    handle: HANDLE,
}

// SAFETY: ReportEventW may be called for the same handle by several threads; the handle is closed once, by drop.
unsafe impl Send for EventLog {}
// SAFETY: as above.
unsafe impl Sync for EventLog {}

impl EventLog {
    /// Events of this source. One that was not registered works as well, only that the viewer has no sentences.
    ///
    /// # Errors
    /// When the log does not take the source.
    pub fn new(source: &str) -> io::Result<Self> {
        let source = wide(source);
        // SAFETY: the name ends with a zero and lives during the call.
        let handle = unsafe { RegisterEventSourceW(ptr::null(), source.as_ptr()) };
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Self { handle }) }
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        // SAFETY: the handle comes from RegisterEventSourceW and is not used again.
        unsafe { DeregisterEventSource(self.handle) };
    }
}

impl Sink for EventLog {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        let kind = match record.level() {
            Level::ERROR => EVENTLOG_ERROR_TYPE,
            Level::WARN => EVENTLOG_WARNING_TYPE,
            _ => EVENTLOG_INFORMATION_TYPE,
        };
        let mut text = wide(&record.line());
        if text.len() > LIMIT {
            text.truncate(LIMIT - 1);
            text.push(0);
        }
        let strings = [text.as_ptr()];
        // SAFETY: one string, which ends with a zero and lives during the call; no account and no data.
        let written = unsafe {
            ReportEventW(
                self.handle,
                kind,
                0,
                u32::from(record.event()),
                ptr::null_mut(),
                1,
                0,
                strings.as_ptr(),
                ptr::null(),
            )
        };
        if written == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// Registers a source of the log «Application», whose sentences are in this program (see `landfall-message-table`).
/// Needs the rights of an administrator. One that is there is overwritten.
///
/// # Errors
/// When the registry does not take it.
pub fn register(source: &str, program: &Path) -> io::Result<()> {
    let mut file: Vec<u16> = program.as_os_str().encode_wide().collect();
    file.push(0);
    let file: Vec<u8> = file.into_iter().flat_map(u16::to_le_bytes).collect();
    set(source, "EventMessageFile", REG_EXPAND_SZ, &file)?;
    let kinds = u32::from(EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE);
    set(source, "TypesSupported", REG_DWORD, &kinds.to_le_bytes())
}

/// Takes back what [`register`] did. One that is not there is no error.
///
/// # Errors
/// When the registry does not let it go.
pub fn unregister(source: &str) -> io::Result<()> {
    let key = wide(&format!(r"{SOURCES}\{source}"));
    // SAFETY: the name ends with a zero and lives during the call.
    match unsafe { RegDeleteKeyW(HKEY_LOCAL_MACHINE, key.as_ptr()) } {
        ERROR_SUCCESS | ERROR_FILE_NOT_FOUND => Ok(()),
        error => Err(io::Error::from_raw_os_error(error.cast_signed())),
    }
}

fn set(source: &str, name: &str, kind: u32, value: &[u8]) -> io::Result<()> {
    let (key, name) = (wide(&format!(r"{SOURCES}\{source}")), wide(name));
    let length = u32::try_from(value.len()).map_err(io::Error::other)?;
    // SAFETY: both names end with a zero, the value has the length that is given, and all live during the call.
    let error = unsafe {
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, key.as_ptr(), name.as_ptr(), kind, value.as_ptr().cast(), length)
    };
    if error == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(error.cast_signed())) }
}

/// UTF-16 with a zero at the end. A zero within would end it early.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().filter(|unit| *unit != 0).chain([0]).collect()
}
