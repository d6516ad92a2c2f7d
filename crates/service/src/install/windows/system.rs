//! What pre-flight asks of Windows itself.

use super::strings::wide;
use std::ptr::null_mut;
use windows_sys::Wdk::System::SystemServices::RtlGetVersion;
use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::Security::{GetTokenInformation, TOKEN_ELEVATION, TOKEN_QUERY, TokenElevation};
use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
use windows_sys::Win32::System::SystemInformation::OSVERSIONINFOW;
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// Whether this process has the rights of an administrator, and not only its user.
pub(crate) fn is_elevated() -> bool {
    let mut token: HANDLE = null_mut();
    // SAFETY: the handle of this process needs no closing; the token is closed below.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) } == 0 {
        return false;
    }
    let mut elevation = TOKEN_ELEVATION::default();
    let mut needed = 0;
    let size = size_of::<TOKEN_ELEVATION>() as u32;
    // SAFETY: the structure has the size that is told, and outlives the call.
    let done =
        unsafe { GetTokenInformation(token, TokenElevation, (&raw mut elevation).cast(), size, &mut needed) };
    // SAFETY: the token is open and ours alone.
    unsafe { CloseHandle(token) };
    done != 0 && elevation.TokenIsElevated != 0
}

/// The build of Windows, such as 17763.
pub(crate) fn windows_build() -> Option<u32> {
    let mut version =
        OSVERSIONINFOW { dwOSVersionInfoSize: size_of::<OSVERSIONINFOW>() as u32, ..Default::default() };
    // SAFETY: the structure says its size and outlives the call.
    let status = unsafe { RtlGetVersion(&mut version) };
    (status == 0).then_some(version.dwBuildNumber)
}

/// Bytes that are free for whoever asks, on the disk of a folder.
pub(crate) fn free_bytes(folder: &std::path::Path) -> Option<u64> {
    let name = wide(folder.to_str()?);
    let mut free = 0;
    // SAFETY: the name ends with a zero, and the number outlives the call.
    let done = unsafe { GetDiskFreeSpaceExW(name.as_ptr(), &mut free, null_mut(), null_mut()) };
    (done != 0).then_some(free)
}
