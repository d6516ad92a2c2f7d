//! DPAPI: what is encrypted can only be decrypted on this machine. The file's access list says by whom.

use std::io;
use std::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Cryptography::{
    CRYPT_INTEGER_BLOB, CRYPTPROTECT_LOCAL_MACHINE, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData,
    CryptUnprotectData,
};

/// Keeps other programs' data from being taken for ours.
const PURPOSE: &[u8] = b"wats-client secret";
/// Nobody is there to be asked, and the service has another account than whoever stores a secret for it.
const FLAGS: u32 = CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN;

fn blob(bytes: &[u8]) -> io::Result<CRYPT_INTEGER_BLOB> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok(CRYPT_INTEGER_BLOB { cbData: length, pbData: bytes.as_ptr().cast_mut() })
}

/// Copies what the system has allocated, and gives it back.
fn taken(output: CRYPT_INTEGER_BLOB) -> Vec<u8> {
    // SAFETY: the function that filled the blob has succeeded, so it holds that many bytes until it is freed.
    let bytes = unsafe { std::slice::from_raw_parts(output.pbData, output.cbData as usize) }.to_vec();
    // SAFETY: allocated by the same function with `LocalAlloc`, and freed once.
    unsafe { LocalFree(output.pbData.cast()) };
    bytes
}

/// Encrypts.
pub(super) fn protect(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let (input, purpose) = (blob(bytes)?, blob(PURPOSE)?);
    let mut output = CRYPT_INTEGER_BLOB { cbData: 0, pbData: null_mut() };
    // SAFETY: both inputs are valid for the call and only read; the description may be null; the output is ours.
    let done = unsafe { CryptProtectData(&input, null(), &purpose, null(), null(), FLAGS, &mut output) };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(taken(output)) }
}

/// Decrypts.
pub(super) fn unprotect(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let (input, purpose) = (blob(bytes)?, blob(PURPOSE)?);
    let mut output = CRYPT_INTEGER_BLOB { cbData: 0, pbData: null_mut() };
    // SAFETY: as above; no description is asked for.
    let done =
        unsafe { CryptUnprotectData(&input, null_mut(), &purpose, null(), null(), FLAGS, &mut output) };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(taken(output)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_comes_back() {
        let hidden = protect(b"hush").unwrap();
        assert!(!hidden.windows(4).any(|bytes| bytes == b"hush"));
        assert_eq!(unprotect(&hidden).unwrap(), b"hush");
        assert!(unprotect(b"something else").is_err());
    }
}
