//! The Service Control Manager: `CreateService` and its relatives.

use super::live::Undo;
use super::registry;
use super::strings::{failure, last_failure, narrow_at, wide, wide_list};
use super::{INSTALLED_BY, Registered};
use crate::exit::Exit;
use crate::install::failure::{Failure, Result};
use landfall_service_definition::windows::{Service, SidType, StartType};
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_LEVEL, ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_DOES_NOT_EXIST,
    ERROR_SERVICE_NOT_ACTIVE, GetLastError,
};
use windows_sys::Win32::System::Services::{
    ChangeServiceConfig2W, ChangeServiceConfigW, CloseServiceHandle, ControlService, CreateServiceW,
    DeleteService, OpenSCManagerW, OpenServiceW, QUERY_SERVICE_CONFIGW, QueryServiceConfigW,
    QueryServiceStatusEx, SC_ACTION, SC_ACTION_RESTART, SC_HANDLE, SC_MANAGER_CONNECT,
    SC_MANAGER_CREATE_SERVICE, SC_STATUS_PROCESS_INFO, SERVICE_ALL_ACCESS, SERVICE_AUTO_START,
    SERVICE_CONFIG_DELAYED_AUTO_START_INFO, SERVICE_CONFIG_DESCRIPTION, SERVICE_CONFIG_FAILURE_ACTIONS,
    SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, SERVICE_CONFIG_PRESHUTDOWN_INFO,
    SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, SERVICE_CONFIG_SERVICE_SID_INFO, SERVICE_CONTROL_STOP,
    SERVICE_DELAYED_AUTO_START_INFO, SERVICE_DEMAND_START, SERVICE_DESCRIPTIONW, SERVICE_ERROR_NORMAL,
    SERVICE_FAILURE_ACTIONS_FLAG, SERVICE_FAILURE_ACTIONSW, SERVICE_PRESHUTDOWN_INFO, SERVICE_QUERY_CONFIG,
    SERVICE_QUERY_STATUS, SERVICE_REQUIRED_PRIVILEGES_INFOW, SERVICE_RUNNING, SERVICE_SID_INFO,
    SERVICE_SID_TYPE_UNRESTRICTED, SERVICE_START, SERVICE_STATUS, SERVICE_STATUS_PROCESS, SERVICE_STOP,
    SERVICE_STOPPED, SERVICE_WIN32_OWN_PROCESS, StartServiceW,
};

/// Longest wait for a start or a stop.
const LIMIT: Duration = Duration::from_secs(120);

/// A handle of the Service Control Manager.
struct Handle(SC_HANDLE);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open and ours alone.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// What was registered of a service before it was changed.
#[derive(Debug)]
pub(in crate::install) struct Before {
    name: String,
    command: String,
    start: u32,
    account: String,
    display_name: String,
}

fn manager(access: u32) -> Result<Handle> {
    // SAFETY: null names this machine and its active database.
    let handle = unsafe { OpenSCManagerW(null(), null(), access) };
    if handle.is_null() {
        Err(last_failure("the Service Control Manager does not let us in"))
    } else {
        Ok(Handle(handle))
    }
}

/// A service; `None` where there is none of the name.
fn open(name: &str, access: u32) -> Result<Option<Handle>> {
    let manager = manager(SC_MANAGER_CONNECT)?;
    let wide = wide(name);
    // SAFETY: the handle is open and the name ends with a zero.
    let handle = unsafe { OpenServiceW(manager.0, wide.as_ptr(), access) };
    if !handle.is_null() {
        return Ok(Some(Handle(handle)));
    }
    // SAFETY: it only reads a number of this thread.
    match unsafe { GetLastError() } {
        ERROR_SERVICE_DOES_NOT_EXIST => Ok(None),
        code => Err(failure(&format!("the service {name} cannot be opened"), code)),
    }
}

fn existing(name: &str, access: u32) -> Result<Handle> {
    let missing = || Failure::new(Exit::NotInstalled, format!("there is no service {name}"));
    open(name, access)?.ok_or_else(missing)
}

fn state(handle: &Handle, name: &str) -> Result<SERVICE_STATUS_PROCESS> {
    let mut status = SERVICE_STATUS_PROCESS::default();
    let size = size_of::<SERVICE_STATUS_PROCESS>() as u32;
    let mut needed = 0;
    // SAFETY: the structure has the size that is told, and outlives the call.
    let done = unsafe {
        QueryServiceStatusEx(handle.0, SC_STATUS_PROCESS_INFO, (&raw mut status).cast(), size, &mut needed)
    };
    if done == 0 { Err(last_failure(&format!("the state of {name} cannot be asked"))) } else { Ok(status) }
}

fn configuration(handle: &Handle, name: &str) -> Result<Before> {
    let mut needed = 0;
    // SAFETY: without a buffer only the size is told.
    unsafe { QueryServiceConfigW(handle.0, null_mut(), 0, &mut needed) };
    // Of 64-bit units, for the structure holds pointers.
    let mut buffer = vec![0u64; (needed as usize).div_ceil(8).max(1)];
    let size = (buffer.len() * 8) as u32;
    let config: *mut QUERY_SERVICE_CONFIGW = buffer.as_mut_ptr().cast();
    // SAFETY: the buffer is aligned and has the size that is told.
    if unsafe { QueryServiceConfigW(handle.0, config, size, &mut needed) } == 0 {
        return Err(last_failure(&format!("what is registered of {name} cannot be asked")));
    }
    // SAFETY: the call has filled the structure; its texts are in the buffer, which lives on.
    let config = unsafe { &*config };
    // SAFETY: as above.
    let text = |pointer| unsafe { narrow_at(pointer) };
    Ok(Before {
        name: name.to_owned(),
        command: text(config.lpBinaryPathName),
        start: config.dwStartType,
        account: text(config.lpServiceStartName),
        display_name: text(config.lpDisplayName),
    })
}

pub(super) fn query(name: &str) -> Result<Option<Registered>> {
    let Some(handle) = open(name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS)? else { return Ok(None) };
    let before = configuration(&handle, name)?;
    let key = format!("{}\\Parameters", registry::service_key(name));
    Ok(Some(Registered {
        installer: registry::text(&key, INSTALLED_BY),
        command: before.command,
        active: state(&handle, name)?.dwCurrentState != SERVICE_STOPPED,
    }))
}

pub(super) fn register(service: &Service, password: Option<&str>, undo: &mut dyn FnMut(Undo)) -> Result<()> {
    let name = &service.name;
    let start = match service.start {
        StartType::AutomaticDelayed => SERVICE_AUTO_START,
        StartType::Demand => SERVICE_DEMAND_START,
    };
    let (key, title, command) = (wide(name), wide(&service.display_name), wide(&service.command_line));
    let (account, dependencies) = (wide(&service.account.name), wide_list(&service.dependencies));
    let password = password.map(wide);
    let password = password.as_ref().map_or(null(), |text| text.as_ptr());
    let handle = match open(name, SERVICE_ALL_ACCESS)? {
        Some(handle) => {
            undo(Undo::Restore(Box::new(configuration(&handle, name)?)));
            // SAFETY: all texts end with a zero and outlive the call; null leaves what is not to change.
            let done = unsafe {
                ChangeServiceConfigW(
                    handle.0,
                    SERVICE_WIN32_OWN_PROCESS,
                    start,
                    SERVICE_ERROR_NORMAL,
                    command.as_ptr(),
                    null(),
                    null_mut(),
                    dependencies.as_ptr(),
                    account.as_ptr(),
                    password,
                    title.as_ptr(),
                )
            };
            if done == 0 {
                return Err(last_failure(&format!("the service {name} cannot be changed")));
            }
            handle
        }
        None => {
            let manager = manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE)?;
            // SAFETY: all texts end with a zero and outlive the call.
            let handle = unsafe {
                CreateServiceW(
                    manager.0,
                    key.as_ptr(),
                    title.as_ptr(),
                    SERVICE_ALL_ACCESS,
                    SERVICE_WIN32_OWN_PROCESS,
                    start,
                    // Never more: a client that is not configured yet must not hold up the start of the machine.
                    SERVICE_ERROR_NORMAL,
                    command.as_ptr(),
                    null(),
                    null_mut(),
                    dependencies.as_ptr(),
                    account.as_ptr(),
                    password,
                )
            };
            if handle.is_null() {
                return Err(last_failure(&format!("the service {name} cannot be registered")));
            }
            undo(Undo::Delete(name.clone()));
            Handle(handle)
        }
    };
    detail(&handle, service)
}

/// What `CreateService` has no parameters for.
fn detail(handle: &Handle, service: &Service) -> Result<()> {
    let set = |level: u32, what: &str, info: *const std::ffi::c_void| -> Result<()> {
        // SAFETY: each structure below is the one of its level; it and what it leads to outlive the call.
        let done = unsafe { ChangeServiceConfig2W(handle.0, level, info) } != 0;
        // SAFETY: it only reads a number of this thread.
        // Wine does not know all of this; every Windows on which this program runs does.
        if done || unsafe { GetLastError() } == ERROR_INVALID_LEVEL {
            return Ok(());
        }
        Err(last_failure(&format!("the {what} of {} cannot be set", service.name)))
    };
    let mut text = wide(&service.description);
    let info = SERVICE_DESCRIPTIONW { lpDescription: text.as_mut_ptr() };
    set(SERVICE_CONFIG_DESCRIPTION, "description", (&raw const info).cast())?;
    if service.start == StartType::AutomaticDelayed {
        let info = SERVICE_DELAYED_AUTO_START_INFO { fDelayedAutostart: 1 };
        set(SERVICE_CONFIG_DELAYED_AUTO_START_INFO, "delayed start", (&raw const info).cast())?;
    }
    if let Some(recovery) = &service.recovery {
        let action = |delay: u64| SC_ACTION { Type: SC_ACTION_RESTART, Delay: clamp(delay) };
        let mut actions = recovery.restart_after.map(action);
        let info = SERVICE_FAILURE_ACTIONSW {
            dwResetPeriod: clamp(recovery.reset_after),
            lpRebootMsg: null_mut(),
            lpCommand: null_mut(),
            cActions: actions.len() as u32,
            lpsaActions: actions.as_mut_ptr(),
        };
        set(SERVICE_CONFIG_FAILURE_ACTIONS, "recovery", (&raw const info).cast())?;
        let info = SERVICE_FAILURE_ACTIONS_FLAG {
            fFailureActionsOnNonCrashFailures: i32::from(recovery.also_without_crash),
        };
        set(SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, "recovery", (&raw const info).cast())?;
    }
    let info = SERVICE_SID_INFO {
        dwServiceSidType: match service.sid {
            SidType::Unrestricted => SERVICE_SID_TYPE_UNRESTRICTED,
        },
    };
    set(SERVICE_CONFIG_SERVICE_SID_INFO, "security identifier", (&raw const info).cast())?;
    if let Some(privileges) = &service.required_privileges {
        let mut list = wide_list(privileges);
        let info = SERVICE_REQUIRED_PRIVILEGES_INFOW { pmszRequiredPrivileges: list.as_mut_ptr() };
        set(SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, "privileges", (&raw const info).cast())?;
    }
    let info = SERVICE_PRESHUTDOWN_INFO { dwPreshutdownTimeout: clamp(service.preshutdown_timeout) };
    set(SERVICE_CONFIG_PRESHUTDOWN_INFO, "time before a shutdown", (&raw const info).cast())
}

fn clamp(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Registers a service as it was. Its password, which nobody can ask for, stays as it is.
pub(super) fn restore(before: &Before) -> Result<()> {
    let handle = existing(&before.name, SERVICE_ALL_ACCESS)?;
    let (command, account) = (wide(&before.command), wide(&before.account));
    let title = wide(&before.display_name);
    // SAFETY: all texts end with a zero and outlive the call; null leaves what is not to change.
    let done = unsafe {
        ChangeServiceConfigW(
            handle.0,
            SERVICE_WIN32_OWN_PROCESS,
            before.start,
            SERVICE_ERROR_NORMAL,
            command.as_ptr(),
            null(),
            null_mut(),
            null(),
            account.as_ptr(),
            null(),
            title.as_ptr(),
        )
    };
    if done == 0 {
        Err(last_failure(&format!("the service {} cannot be restored", before.name)))
    } else {
        Ok(())
    }
}

pub(super) fn start(name: &str) -> Result<()> {
    let handle = existing(name, SERVICE_START | SERVICE_QUERY_STATUS)?;
    // SAFETY: the handle is open; there are no arguments.
    if unsafe { StartServiceW(handle.0, 0, null()) } == 0 {
        // SAFETY: it only reads a number of this thread.
        let code = unsafe { GetLastError() };
        if code != ERROR_SERVICE_ALREADY_RUNNING {
            return Err(Failure {
                exit: Exit::StartFailed,
                ..failure(&format!("{name} does not start"), code)
            });
        }
    }
    let end = Instant::now() + LIMIT;
    loop {
        let status = state(&handle, name)?;
        match status.dwCurrentState {
            SERVICE_RUNNING => return Ok(()),
            SERVICE_STOPPED => {
                let (code, own) = (status.dwWin32ExitCode, status.dwServiceSpecificExitCode);
                return Err(Failure::new(
                    Exit::StartFailed,
                    format!("{name} has ended at once with {code} (own code {own}); the event log says why"),
                ));
            }
            _ => pause(end, name, "start")?,
        }
    }
}

pub(super) fn stop(name: &str) -> Result<()> {
    let handle = existing(name, SERVICE_STOP | SERVICE_QUERY_STATUS)?;
    let mut status = SERVICE_STATUS::default();
    // SAFETY: the handle is open, and the structure outlives the call.
    if unsafe { ControlService(handle.0, SERVICE_CONTROL_STOP, &mut status) } == 0 {
        // SAFETY: it only reads a number of this thread.
        let code = unsafe { GetLastError() };
        if code != ERROR_SERVICE_NOT_ACTIVE {
            return Err(Failure {
                exit: Exit::StopFailed,
                ..failure(&format!("{name} does not stop"), code)
            });
        }
    }
    let end = Instant::now() + LIMIT;
    while state(&handle, name)?.dwCurrentState != SERVICE_STOPPED {
        pause(end, name, "stop")?;
    }
    Ok(())
}

fn pause(end: Instant, name: &str, what: &str) -> Result<()> {
    if Instant::now() > end {
        let text = format!("{name} did not {what} within {} s", LIMIT.as_secs());
        return Err(Failure::new(Exit::TimedOut, text));
    }
    std::thread::sleep(Duration::from_millis(50));
    Ok(())
}

pub(super) fn delete(name: &str) -> Result<()> {
    let handle = existing(name, SERVICE_ALL_ACCESS)?;
    // SAFETY: the handle is open.
    if unsafe { DeleteService(handle.0) } == 0 {
        return Err(last_failure(&format!("the service {name} cannot be removed")));
    }
    Ok(())
}
