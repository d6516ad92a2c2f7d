//! Accounts: their security identifiers and rights.

use super::strings::{failure, last_failure, wide};
use crate::exit::Exit;
use crate::install::failure::{Failure, Result};
use sha1::{Digest, Sha1};
use std::ptr::{null, null_mut};
use windows_sys::Win32::Security::Authentication::Identity::{
    LSA_HANDLE, LSA_OBJECT_ATTRIBUTES, LSA_UNICODE_STRING, LsaAddAccountRights, LsaClose,
    LsaNtStatusToWinError, LsaOpenPolicy, POLICY_CREATE_ACCOUNT, POLICY_LOOKUP_NAMES,
};
use windows_sys::Win32::Security::LookupAccountNameW;

/// Lets an account log on as a service. It stays when the service goes: others may rely on it.
pub(super) fn grant_logon(account: &str) -> Result<()> {
    let mut sid = sid(account)?;
    let attributes = LSA_OBJECT_ATTRIBUTES::default();
    let mut policy: LSA_HANDLE = 0;
    // SAFETY: null names this machine; the structures outlive the call.
    let status = unsafe {
        LsaOpenPolicy(null(), &attributes, (POLICY_CREATE_ACCOUNT | POLICY_LOOKUP_NAMES) as u32, &mut policy)
    };
    if status != 0 {
        return Err(refused(account, status));
    }
    let mut right: Vec<u16> = "SeServiceLogonRight".encode_utf16().collect();
    let bytes = (right.len() * 2) as u16;
    let text = LSA_UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: right.as_mut_ptr() };
    // SAFETY: the policy is open; SID and text outlive the call.
    let status = unsafe { LsaAddAccountRights(policy, sid.as_mut_ptr().cast(), &text, 1) };
    // SAFETY: the policy is open and ours alone.
    unsafe { LsaClose(policy) };
    if status == 0 { Ok(()) } else { Err(refused(account, status)) }
}

fn refused(account: &str, status: i32) -> Failure {
    // SAFETY: it turns one number into another.
    let code = unsafe { LsaNtStatusToWinError(status) };
    failure(&format!("{account} cannot be granted \"log on as a service\""), code)
}

/// The security identifier of an account, in units that are aligned for it.
fn sid(account: &str) -> Result<Vec<u32>> {
    // `.\name` is for the Service Control Manager; here the bare name means this machine.
    let name = wide(account.strip_prefix(".\\").unwrap_or(account));
    let (mut size, mut domain_size, mut kind) = (0, 0, 0);
    // SAFETY: without buffers only the sizes are told.
    unsafe {
        LookupAccountNameW(
            null(),
            name.as_ptr(),
            null_mut(),
            &mut size,
            null_mut(),
            &mut domain_size,
            &mut kind,
        )
    };
    let mut sid = vec![0u32; (size as usize).div_ceil(4)];
    let mut domain = vec![0u16; domain_size as usize];
    if sid.is_empty() {
        let text = last_failure(&format!("there is no account {account}")).message;
        return Err(Failure::new(Exit::Configuration, text));
    }
    // SAFETY: both buffers have the sizes that are told.
    let done = unsafe {
        LookupAccountNameW(
            null(),
            name.as_ptr(),
            sid.as_mut_ptr().cast(),
            &mut size,
            domain.as_mut_ptr(),
            &mut domain_size,
            &mut kind,
        )
    };
    if done == 0 { Err(last_failure(&format!("the account {account} cannot be looked up"))) } else { Ok(sid) }
}

/// The security identifier of a service as a text: `S-1-5-80-` and the SHA-1 of the name in capitals, as five numbers.
/// It follows from the name alone, so it can be given rights before the service is registered.
pub(super) fn service_sid(service: &str) -> String {
    let name: Vec<u8> = service.to_uppercase().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digest = Sha1::digest(&name);
    let (numbers, _) = digest.as_chunks::<4>();
    numbers.iter().fold("S-1-5-80".to_owned(), |sid, number| format!("{sid}-{}", u32::from_le_bytes(*number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_follows_from_the_name() {
        let known = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
        assert_eq!(service_sid("TrustedInstaller"), known);
    }
}
