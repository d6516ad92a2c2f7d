//! Limits of a program on Windows: a job object.

use crate::Limits;
use std::io;
use std::mem;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::ptr;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
    JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, JOB_OBJECT_LIMIT_JOB_MEMORY,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject, TerminateJobObject,
};

/// Most processes of a program.
const PROCESSES: u32 = 64;
/// CREATE_NO_WINDOW: a service has no desktop to show one on.
const NO_WINDOW: u32 = 0x0800_0000;

/// What keeps a program within its limits. When it goes, all processes in it end.
pub(super) struct Fence {
    job: OwnedHandle,
}

/// A program that runs, with all that it starts.
pub(super) struct Fenced {
    child: Child,
    fence: Fence,
}

impl Fence {
    /// Makes a job for a program that is to be started.
    pub(super) fn around(command: &mut Command, limits: &Limits, _: bool) -> io::Result<Self> {
        command.creation_flags(NO_WINDOW);
        // SAFETY: No attributes and no name; the new handle belongs to nobody else.
        let job = unsafe {
            let job = CreateJobObjectW(ptr::null(), ptr::null());
            if job.is_null() {
                return Err(io::Error::last_os_error());
            }
            OwnedHandle::from_raw_handle(job)
        };
        let mut bounds = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        bounds.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
            | JOB_OBJECT_LIMIT_JOB_MEMORY
            | JOB_OBJECT_LIMIT_ACTIVE_PROCESS
            | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
        bounds.BasicLimitInformation.ActiveProcessLimit = PROCESSES;
        bounds.JobMemoryLimit = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        // SAFETY: The structure is the one that this class of information asks for, with its own size.
        let set = unsafe {
            SetInformationJobObject(
                job.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const bounds).cast(),
                mem::size_of_val(&bounds) as u32,
            )
        };
        if set == 0 { Err(io::Error::last_os_error()) } else { Ok(Self { job }) }
    }

    /// Puts the program into the job. It has been running for a moment: what it started in that moment is outside.
    pub(super) fn close(self, mut child: Child) -> io::Result<Fenced> {
        // SAFETY: Both handles are open.
        if unsafe { AssignProcessToJobObject(self.job.as_raw_handle(), child.as_raw_handle()) } == 0 {
            let error = io::Error::last_os_error();
            // One that has ended already cannot be put anywhere, and needs no fence.
            if child.try_wait()?.is_none() {
                let _ = child.kill();
                return Err(error);
            }
        }
        Ok(Fenced { child, fence: self })
    }
}

impl Fenced {
    /// Whether the program has ended. What it has started may run on.
    pub(super) fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Ends the program and all in its job.
    pub(super) fn end(&mut self) -> io::Result<ExitStatus> {
        if self.child.try_wait()?.is_none() {
            let _ = self.child.kill();
        }
        // SAFETY: The handle is open.
        let _ = unsafe { TerminateJobObject(self.fence.job.as_raw_handle(), 1) };
        self.child.wait()
    }
}
