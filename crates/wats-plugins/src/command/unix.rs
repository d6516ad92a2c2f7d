//! Limits of a program on Unix.

use crate::Limits;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, kill_process_group, setrlimit, waitid,
};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

/// Most files that a program may have open.
const OPEN_FILES: u64 = 256;
/// Most processes of a program, where they are counted apart from the others of the same user.
#[cfg(target_os = "linux")]
const PROCESSES: u64 = 64;

/// What keeps a program within its limits.
pub(super) struct Fence;

/// A program that runs, with all that it starts.
pub(super) struct Fenced {
    child: Child,
    group: Pid,
    ended: bool,
}

impl Fence {
    /// Sets the limits of a program that is to be started.
    pub(super) fn around(command: &mut Command, limits: &Limits, isolated: bool) -> io::Result<Self> {
        let limits = *limits;
        command.process_group(0);
        // SAFETY: Between fork and exec only system calls are made, straight through rustix, on values that were copied
        // here; nothing is allocated, locked or read from memory that other threads might be changing.
        unsafe {
            command.pre_exec(move || confine(&limits, isolated));
        }
        Ok(Self)
    }

    /// Takes charge of the program once it runs.
    pub(super) fn close(self, child: Child) -> io::Result<Fenced> {
        let group = Pid::from_child(&child);
        Ok(Fenced { child, group, ended: false })
    }
}

impl Fenced {
    /// Whether the program has ended. What it has started may run on.
    pub(super) fn has_ended(&mut self) -> io::Result<bool> {
        // It stays to be collected, so that nobody else gets its number before its group is ended.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.group), options)?.is_some())
    }

    /// Ends the program and its group.
    pub(super) fn end(&mut self) -> io::Result<ExitStatus> {
        self.ended = true;
        // The group may be empty.
        let _ = kill_process_group(self.group, Signal::KILL);
        self.child.wait()
    }
}

impl Drop for Fenced {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.end();
        }
    }
}

/// Runs in the new process, before the program.
fn confine(limits: &Limits, isolated: bool) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::set_parent_process_death_signal;
        use rustix::thread::set_no_new_privs;
        set_parent_process_death_signal(Some(Signal::KILL))?;
        set_no_new_privs(true)?;
        isolate(isolated)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = isolated;
    let seconds = limits.time.as_secs().saturating_add(1);
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Cpu, seconds),
        (Resource::Nofile, OPEN_FILES),
        // One more byte than is allowed, so that too much can be told from just enough.
        (Resource::Fsize, limits.output.saturating_add(1)),
    ] {
        lower(resource, most)?;
    }
    // Not every system obeys or even takes it.
    let memory = lower(Resource::As, limits.memory);
    if cfg!(target_os = "linux") { memory } else { Ok(()) }
}

/// Lowers a limit; one that is lower already stays.
fn lower(resource: Resource, most: u64) -> io::Result<()> {
    let own = rustix::process::getrlimit(resource);
    let most = own.maximum.map_or(most, |own| own.min(most));
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// Leaves the network for an empty one, where the system allows it.
#[cfg(target_os = "linux")]
fn isolate(required: bool) -> io::Result<()> {
    use rustix::thread::{UnshareFlags, unshare_unsafe};
    // SAFETY: This process has one thread, and the flags share no memory or open files anew.
    let leave = |flags| unsafe { unshare_unsafe(flags) };
    if leave(UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWIPC).is_ok() {
        // In a user namespace of their own its processes are counted apart.
        return lower(Resource::Nproc, PROCESSES);
    }
    let left = leave(UnshareFlags::NEWNET);
    if required { Ok(left?) } else { Ok(()) }
}
