//! Who may use a folder.

use super::accounts::service_sid;
use super::live::Undo;
use super::strings::{failure, last_failure, narrow_at, wide};
use crate::install::failure::Result;
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW,
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1,
    SE_FILE_OBJECT, SetNamedSecurityInfoW,
};
use windows_sys::Win32::Security::{
    ACL, DACL_SECURITY_INFORMATION, GetSecurityDescriptorControl, GetSecurityDescriptorDacl,
    PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SE_DACL_PROTECTED,
    UNPROTECTED_DACL_SECURITY_INFORMATION,
};

/// A security descriptor that the system has allocated.
struct Descriptor(PSECURITY_DESCRIPTOR);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the system has allocated it for us.
        unsafe { LocalFree(self.0) };
    }
}

/// Sets the rights; `{service}` in them stands for the service's own identifier.
pub(super) fn set_access(path: &str, rights: &str, service: &str, undo: &mut dyn FnMut(Undo)) -> Result<()> {
    let own = service_sid(service);
    undo(Undo::FolderAccess(path.to_owned(), descriptor(path)?));
    set_descriptor(path, &rights.replace("{service}", &own))
}

/// The rights of a folder (MS-DTYP §2.5.1).
fn descriptor(path: &str) -> Result<String> {
    let name = wide(path);
    let mut descriptor = null_mut();
    // SAFETY: the name ends with a zero; only the whole descriptor is asked for, and freed below.
    let code = unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            &mut descriptor,
        )
    };
    if code != 0 {
        return Err(failure(&format!("the rights of {path} cannot be read"), code));
    }
    let descriptor = Descriptor(descriptor);
    let mut text = null_mut();
    // SAFETY: the descriptor is whole; the text is freed below.
    let done = unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor.0,
            SDDL_REVISION_1,
            DACL_SECURITY_INFORMATION,
            &mut text,
            null_mut(),
        )
    };
    if done == 0 {
        return Err(last_failure(&format!("the rights of {path} cannot be written down")));
    }
    // SAFETY: the call has made a text with a zero at its end.
    let result = unsafe { narrow_at(text) };
    // SAFETY: the call has allocated it for us.
    unsafe { LocalFree(text.cast()) };
    Ok(result)
}

/// Sets the rights of a folder; what they hand down goes to everything in it.
pub(super) fn set_descriptor(path: &str, rights: &str) -> Result<()> {
    let text = wide(rights);
    let mut descriptor = null_mut();
    // SAFETY: the text ends with a zero; the descriptor is freed when it is dropped.
    let done = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &mut descriptor,
            null_mut(),
        )
    };
    if done == 0 {
        return Err(last_failure(&format!("the rights {rights} are not understood")));
    }
    let descriptor = Descriptor(descriptor);
    let mut list: *mut ACL = null_mut();
    let (mut present, mut defaulted, mut control, mut revision) = (0, 0, 0, 0);
    // SAFETY: the descriptor is whole and outlives the list, which is in it.
    let done = unsafe {
        GetSecurityDescriptorDacl(descriptor.0, &mut present, &mut list, &mut defaulted) != 0
            && GetSecurityDescriptorControl(descriptor.0, &mut control, &mut revision) != 0
    };
    if !done {
        return Err(last_failure(&format!("the rights {rights} cannot be used")));
    }
    let protection = match control & SE_DACL_PROTECTED {
        0 => UNPROTECTED_DACL_SECURITY_INFORMATION,
        _ => PROTECTED_DACL_SECURITY_INFORMATION,
    };
    let name = wide(path);
    // SAFETY: the name ends with a zero; the list is in the descriptor, which outlives the call.
    let code = unsafe {
        SetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION | protection,
            null_mut(),
            null_mut(),
            list,
            null_mut(),
        )
    };
    if code == 0 { Ok(()) } else { Err(failure(&format!("the rights of {path} cannot be set"), code)) }
}
