//! Named pipes of Windows.

use super::{Endpoint, Peer};
use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::{ERROR_PIPE_BUSY, HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, PSECURITY_DESCRIPTOR, RevertToSelf, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::SECURITY_IDENTIFICATION;
use windows_sys::Win32::System::Pipes::{GetNamedPipeClientProcessId, ImpersonateNamedPipeClient};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetCurrentThread, OpenProcessToken, OpenThreadToken,
};

/// How long a client waits before it asks again for a pipe of which every instance is taken.
const PAUSE: Duration = Duration::from_millis(50);

/// A pipe that others connect to.
#[derive(Debug)]
pub(super) struct Listener {
    path: PathBuf,
    security: Security,
    /// The instance for the next peer.
    next: Option<NamedPipeServer>,
}

/// Somebody who has connected.
pub(super) struct Stream(NamedPipeServer);

impl Listener {
    pub(super) fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let security = Security::of_service()?;
        let first = create(&endpoint.path, &security, true).map_err(|error| {
            let hint = "another instance of the service, or another program, has the pipe";
            io::Error::new(error.kind(), format!("{}: {error} ({hint})", endpoint.path.display()))
        })?;
        Ok(Self { path: endpoint.path.clone(), security, next: Some(first) })
    }

    pub(super) async fn accept(&mut self) -> io::Result<Stream> {
        let next = match self.next.take() {
            Some(next) => next,
            None => create(&self.path, &self.security, false)?,
        };
        next.connect().await?;
        // At once, so that there is no moment in which the name is free for others.
        self.next = create(&self.path, &self.security, false).ok();
        Ok(Stream(next))
    }
}

/// With the first instance the name must be free: nobody may have put a pipe of their own there before.
fn create(path: &std::path::Path, security: &Security, first: bool) -> io::Result<NamedPipeServer> {
    let mut attributes = SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).map_err(io::Error::other)?,
        lpSecurityDescriptor: security.descriptor,
        bInheritHandle: 0,
    };
    // SAFETY: the attributes are of the type that is asked for, are complete, and live during the call, as does the
    // descriptor within.
    unsafe {
        ServerOptions::new()
            .first_pipe_instance(first)
            .reject_remote_clients(true)
            .create_with_security_attributes_raw(path, (&raw mut attributes).cast::<c_void>())
    }
}

impl Stream {
    /// Who it is. Who may connect, the pipe's access list has decided.
    pub(super) fn peer(&self) -> io::Result<Peer> {
        let pipe: HANDLE = self.0.as_raw_handle();
        let mut process = 0;
        // SAFETY: the pipe is open, and the number is a variable of our own.
        let known = unsafe { GetNamedPipeClientProcessId(pipe, &raw mut process) } != 0;
        // The pipe has to be taken on before anything can be known of the peer; from here to RevertToSelf nothing may
        // wait, or another task would run as the peer.
        // SAFETY: the pipe is open.
        if unsafe { ImpersonateNamedPipeClient(pipe) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let token = thread_token();
        // SAFETY: takes no arguments.
        if unsafe { RevertToSelf() } == 0 {
            // To go on with somebody else's rights would be worse than to end.
            std::process::abort();
        }
        let account = user_of(&token?)?;
        Ok(Peer { process: known.then_some(process), account })
    }

    pub(super) fn into_inner(self) -> NamedPipeServer {
        self.0
    }
}

/// Connects. The server learns who we are and cannot act for us.
pub(super) async fn connect(endpoint: &Endpoint) -> io::Result<NamedPipeClient> {
    loop {
        match ClientOptions::new().security_qos_flags(SECURITY_IDENTIFICATION).open(&endpoint.path) {
            Err(error) if error.raw_os_error() == i32::try_from(ERROR_PIPE_BUSY).ok() => {
                tokio::time::sleep(PAUSE).await;
            }
            other => return other,
        }
    }
}

/// Who may use the pipe.
#[derive(Debug)]
struct Security {
    descriptor: PSECURITY_DESCRIPTOR,
}

// SAFETY: the descriptor is not changed after it was made.
unsafe impl Send for Security {}
// SAFETY: as above.
unsafe impl Sync for Security {}

impl Security {
    /// SYSTEM, administrators and the account of this process; nothing is inherited.
    fn of_service() -> io::Result<Self> {
        let mut token = ptr::null_mut();
        // SAFETY: the process is our own, and the handle is put into a variable of our own.
        if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above has opened it, and nobody else has it.
        let token = unsafe { OwnedHandle::from_raw_handle(token) };
        let own = user_of(&token)?;
        let text: Vec<u16> =
            format!("D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;{own})").encode_utf16().chain([0]).collect();
        let mut descriptor = ptr::null_mut();
        // SAFETY: the text ends with a zero and lives during the call; the answer is put into a variable of our own.
        let made = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                ptr::null_mut(),
            )
        };
        if made == 0 { Err(io::Error::last_os_error()) } else { Ok(Self { descriptor }) }
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: the descriptor was made by a function that says to free it like this, and is not used again.
        unsafe { LocalFree(self.descriptor) };
    }
}

fn thread_token() -> io::Result<OwnedHandle> {
    let mut token = ptr::null_mut();
    // SAFETY: the thread is our own, and the handle is put into a variable of our own.
    if unsafe { OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, 1, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above has opened it, and nobody else has it.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

/// The security identifier of a token's user, as text.
fn user_of(token: &OwnedHandle) -> io::Result<String> {
    // Room for a TOKEN_USER and the longest identifier behind it, aligned for both.
    let mut room = [0_u64; 32];
    let mut length = 0;
    let size = u32::try_from(size_of_val(&room)).map_err(io::Error::other)?;
    // SAFETY: the token is open, and the room has the size that is given.
    let found = unsafe {
        GetTokenInformation(token.as_raw_handle(), TokenUser, room.as_mut_ptr().cast(), size, &raw mut length)
    };
    if found == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has put a TOKEN_USER there, the alignment of which is that of a pointer.
    let user = unsafe { &*room.as_ptr().cast::<TOKEN_USER>() };
    let mut text = ptr::null_mut();
    // SAFETY: the identifier lies in the room, which still lives; the answer is put into a variable of our own.
    if unsafe { ConvertSidToStringSidW(user.User.Sid, &raw mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut length = 0;
    // SAFETY: the text ends with a zero.
    while unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: so many characters are there.
    let sid = String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, length) });
    // SAFETY: the text was made by a function that says to free it like this, and is not used again.
    unsafe { LocalFree(text.cast()) };
    Ok(sid)
}
