//! The part of the registry that belongs to the machine (`HKEY_LOCAL_MACHINE`).

use super::live::Undo;
use super::strings::{failure, narrow, wide, wide_list};
use crate::install::failure::Result;
use std::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_QUERY_VALUE, KEY_SET_VALUE, KEY_WOW64_64KEY, REG_DWORD, REG_EXPAND_SZ,
    REG_MULTI_SZ, REG_OPTION_NON_VOLATILE, REG_SZ, RegCloseKey, RegCreateKeyExW, RegDeleteTreeW,
    RegDeleteValueW, RegOpenKeyExW, RegQueryValueExW, RegSetValueExW,
};

/// Longest value that is read, in bytes.
const VALUE_LIMIT: u32 = 1 << 20;

/// A value as it was.
#[derive(Debug)]
pub(in crate::install) struct Before {
    key: String,
    name: String,
    value: Option<(u32, Vec<u8>)>,
}

/// Key of a service.
pub(super) fn service_key(service: &str) -> String {
    format!(r"SYSTEM\CurrentControlSet\Services\{service}")
}

struct Key(HKEY);

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key is open and ours alone.
        unsafe { RegCloseKey(self.0) };
    }
}

fn open(key: &str) -> Option<Key> {
    let mut handle = null_mut();
    let name = wide(key);
    // SAFETY: the name ends with a zero, and the handle outlives the call.
    let code = unsafe {
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, name.as_ptr(), 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY, &mut handle)
    };
    (code == ERROR_SUCCESS).then_some(Key(handle))
}

fn create(key: &str) -> Result<Key> {
    let mut handle = null_mut();
    let name = wide(key);
    // SAFETY: the name ends with a zero; null stands for what is not needed; the handle outlives the call.
    let code = unsafe {
        RegCreateKeyExW(
            HKEY_LOCAL_MACHINE,
            name.as_ptr(),
            0,
            null(),
            REG_OPTION_NON_VOLATILE,
            KEY_QUERY_VALUE | KEY_SET_VALUE | KEY_WOW64_64KEY,
            null(),
            &mut handle,
            null_mut(),
        )
    };
    if code == ERROR_SUCCESS {
        Ok(Key(handle))
    } else {
        Err(failure(&format!("the registry key HKLM\\{key} cannot be made"), code))
    }
}

fn query(key: &Key, name: &str) -> Option<(u32, Vec<u8>)> {
    let name = wide(name);
    let (mut kind, mut size) = (0, 0);
    // SAFETY: without a buffer only kind and size are told.
    let code = unsafe { RegQueryValueExW(key.0, name.as_ptr(), null(), &mut kind, null_mut(), &mut size) };
    if code != ERROR_SUCCESS || size > VALUE_LIMIT {
        return None;
    }
    let mut bytes = vec![0; size as usize];
    // SAFETY: the buffer has the size that is told.
    let code =
        unsafe { RegQueryValueExW(key.0, name.as_ptr(), null(), &mut kind, bytes.as_mut_ptr(), &mut size) };
    bytes.truncate(size as usize);
    (code == ERROR_SUCCESS).then_some((kind, bytes))
}

fn store(key: &Key, path: &str, name: &str, kind: u32, bytes: &[u8]) -> Result<()> {
    let wide_name = wide(name);
    // SAFETY: the name ends with a zero, and the buffer has the size that is told.
    let code =
        unsafe { RegSetValueExW(key.0, wide_name.as_ptr(), 0, kind, bytes.as_ptr(), bytes.len() as u32) };
    if code == ERROR_SUCCESS {
        Ok(())
    } else {
        Err(failure(&format!("the registry value {name} of HKLM\\{path} cannot be written"), code))
    }
}

fn set(path: &str, name: &str, kind: u32, bytes: &[u8], undo: &mut dyn FnMut(Undo)) -> Result<()> {
    let key = create(path)?;
    undo(Undo::Registry(Before { key: path.to_owned(), name: name.to_owned(), value: query(&key, name) }));
    store(&key, path, name, kind, bytes)
}

fn bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// Sets a text.
pub(super) fn set_text(key: &str, name: &str, text: &str, undo: &mut dyn FnMut(Undo)) -> Result<()> {
    set(key, name, REG_SZ, &bytes(&wide(text)), undo)
}

/// Sets a path, in which variables of the environment are replaced when it is read.
pub(super) fn set_path(key: &str, name: &str, text: &str, undo: &mut dyn FnMut(Undo)) -> Result<()> {
    set(key, name, REG_EXPAND_SZ, &bytes(&wide(text)), undo)
}

/// Sets a list of texts.
pub(super) fn set_lines(key: &str, name: &str, lines: &[String], undo: &mut dyn FnMut(Undo)) -> Result<()> {
    set(key, name, REG_MULTI_SZ, &bytes(&wide_list(lines)), undo)
}

/// Sets a number.
pub(super) fn set_number(key: &str, name: &str, number: u32, undo: &mut dyn FnMut(Undo)) -> Result<()> {
    set(key, name, REG_DWORD, &number.to_le_bytes(), undo)
}

/// A text; `None` where there is none.
pub(super) fn text(key: &str, name: &str) -> Option<String> {
    let (kind, bytes) = query(&open(key)?, name)?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    (kind == REG_SZ || kind == REG_EXPAND_SZ).then(|| narrow(&units))
}

/// A list of texts; `None` where there is none.
pub(super) fn lines(key: &str, name: &str) -> Option<Vec<String>> {
    let (kind, bytes) = query(&open(key)?, name)?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let texts = units.split(|unit| *unit == 0).filter(|text| !text.is_empty());
    (kind == REG_MULTI_SZ).then(|| texts.map(narrow).collect())
}

/// A number; `None` where there is none.
pub(crate) fn number(key: &str, name: &str) -> Option<u32> {
    let (kind, bytes) = query(&open(key)?, name)?;
    (kind == REG_DWORD).then(|| bytes.try_into().ok().map(u32::from_le_bytes)).flatten()
}

/// Whether a key is there.
pub(super) fn exists(key: &str) -> bool {
    open(key).is_some()
}

/// Sets a value as it was.
pub(super) fn restore(before: &Before) -> Result<()> {
    let Before { key: path, name, value } = before;
    // A key that is gone has taken its values along.
    if !exists(path) {
        return Ok(());
    }
    let key = create(path)?;
    match value {
        Some((kind, bytes)) => store(&key, path, name, *kind, bytes),
        None => {
            let wide_name = wide(name);
            // SAFETY: the key is open, and the name ends with a zero.
            match unsafe { RegDeleteValueW(key.0, wide_name.as_ptr()) } {
                ERROR_SUCCESS | ERROR_FILE_NOT_FOUND => Ok(()),
                code => Err(failure(
                    &format!("the registry value {name} of HKLM\\{path} cannot be removed"),
                    code,
                )),
            }
        }
    }
}

/// Removes a key with everything in it, if it is there.
pub(super) fn remove_key(key: &str) -> Result<()> {
    let name = wide(key);
    // SAFETY: the name ends with a zero.
    match unsafe { RegDeleteTreeW(HKEY_LOCAL_MACHINE, name.as_ptr()) } {
        ERROR_SUCCESS | ERROR_FILE_NOT_FOUND => Ok(()),
        code => Err(failure(&format!("the registry key HKLM\\{key} cannot be removed"), code)),
    }
}
