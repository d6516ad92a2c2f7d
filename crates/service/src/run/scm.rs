//! Windows' service control manager.

use super::{Context, Service, Stop};
use crate::{Exit, Failure};
use std::ffi::OsString;
use std::future::Future;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::{define_windows_service, service_dispatcher};
use windows_sys::Win32::Foundation::{ERROR_FAILED_SERVICE_CONTROLLER_CONNECT, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};

/// How long the manager may wait for the next checkpoint while the service starts or stops.
const WAIT_HINT: Duration = Duration::from_secs(10);

/// What came of asking the manager.
pub(super) enum Outcome<M> {
    /// It had started the program, and the service has ended.
    Ended(Exit),
    /// Somebody else has started the program.
    NotStartedByIt(Service, M),
}

type Job = Box<dyn FnOnce() -> Exit + Send>;

// The manager calls plain functions, so what they need stands in statics.
static JOB: Mutex<Option<Job>> = Mutex::new(None);
static EXIT: OnceLock<Exit> = OnceLock::new();
static CONTEXT: OnceLock<Context> = OnceLock::new();

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the service, if the manager has started the program. Returns when the service has ended.
pub(super) fn run<M, F>(service: Service, main: M) -> Outcome<M>
where
    M: FnOnce(Context) -> F + Send + 'static,
    F: Future<Output = Result<(), Failure>>,
{
    if !may_be_a_service() {
        return Outcome::NotStartedByIt(service, main);
    }
    let name = service.name.clone();
    let slot = Arc::new(Mutex::new(Some((service, main))));
    let job = slot.clone();
    *lock(&JOB) = Some(Box::new(move || match lock(&job).take() {
        Some((service, main)) => serve(service, main),
        None => Exit::General,
    }));
    let answer = service_dispatcher::start(name, service_main);
    let error = match answer {
        Ok(()) => return Outcome::Ended(EXIT.get().copied().unwrap_or(Exit::General)),
        Err(windows_service::Error::Winapi(error)) => error,
        Err(error) => std::io::Error::other(error),
    };
    let not_by_it = i32::try_from(ERROR_FAILED_SERVICE_CONTROLLER_CONNECT).ok();
    match lock(&slot).take() {
        Some((service, main)) if error.raw_os_error() == not_by_it => Outcome::NotStartedByIt(service, main),
        _ => {
            eprintln!("the service control manager does not answer: {error}");
            Outcome::Ended(Exit::General)
        }
    }
}

/// The manager starts its services itself. So nobody at a desk waits for it to say no, which takes a moment, and ten
/// seconds under Wine. Whatever cannot be found out may be.
fn may_be_a_service() -> bool {
    let own = std::process::id();
    let processes = processes();
    let parent = processes.iter().find(|(id, ..)| *id == own).map(|(_, parent, _)| *parent);
    let name = processes.iter().find(|(id, ..)| Some(*id) == parent).map(|(.., name)| name);
    // A parent that has ended was none: the manager ends with the machine.
    parent.is_none() || name.is_some_and(|name| name.eq_ignore_ascii_case("services.exe"))
}

/// Number, parent's number and program of every process; none when the system does not say.
fn processes() -> Vec<(u32, u32, String)> {
    // SAFETY: takes two numbers.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Vec::new();
    }
    // SAFETY: the call above has opened it, and nobody else has it.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
    // SAFETY: all of it are numbers, for which zero is a value.
    let mut entry: PROCESSENTRY32W = unsafe { std::mem::zeroed() };
    entry.dwSize = u32::try_from(size_of::<PROCESSENTRY32W>()).unwrap_or(0);
    let mut found = Vec::new();
    // SAFETY: the snapshot is open, and the entry says how large it is.
    let mut more = unsafe { Process32FirstW(snapshot.as_raw_handle(), &raw mut entry) };
    while more != 0 {
        let name: Vec<u16> = entry.szExeFile.into_iter().take_while(|unit| *unit != 0).collect();
        found.push((entry.th32ProcessID, entry.th32ParentProcessID, String::from_utf16_lossy(&name)));
        // SAFETY: as above.
        more = unsafe { Process32NextW(snapshot.as_raw_handle(), &raw mut entry) };
    }
    found
}

define_windows_service!(service_main, entered);

/// In a thread of the manager's. The name among the arguments is ours: a program with one service has it anyway.
fn entered(_arguments: Vec<OsString>) {
    let job = lock(&JOB).take();
    if let Some(job) = job {
        let _ = EXIT.set(job());
    }
}

fn serve<M, F>(mut service: Service, main: M) -> Exit
where
    M: FnOnce(Context) -> F,
    F: Future<Output = Result<(), Failure>>,
{
    // The crate frees a handler that captures something at the first request to stop, while others may still come;
    // a plain function has nothing to free.
    let handle = match service_control_handler::register(&service.name, on_control) {
        Ok(handle) => handle,
        Err(error) => {
            service.start_log(crate::Host::WindowsService);
            tracing::error!("the service control manager takes no handler: {error}");
            return Exit::General;
        }
    };
    let scm = Scm::new(handle, service.pre_shutdown_timeout.is_some());
    scm.report(|_| {});
    let context = Context::of_windows_service(&service.name, scm.clone());
    let _ = CONTEXT.set(context.clone());
    let exit = service.run_with(context, main);
    // The last act: the manager may end the process at once.
    scm.stopped(exit);
    exit
}

fn on_control(control: ServiceControl) -> ServiceControlHandlerResult {
    let Some(context) = CONTEXT.get() else { return ServiceControlHandlerResult::NoError };
    let stop = |reason| {
        context.stop_pending();
        context.request_stop(reason);
        ServiceControlHandlerResult::NoError
    };
    match control {
        ServiceControl::Stop => stop(Stop::Requested),
        ServiceControl::Shutdown => stop(Stop::Shutdown),
        ServiceControl::Preshutdown => stop(Stop::PreShutdown),
        ServiceControl::ParamChange => {
            context.request_reload();
            ServiceControlHandlerResult::NoError
        }
        // Asked of every service at any time. The others are not asked for, and agreed to should they come: a
        // refusal of a power event would keep the machine awake.
        ServiceControl::Interrogate
        | ServiceControl::PowerEvent(_)
        | ServiceControl::SessionChange(_)
        | ServiceControl::HardwareProfileChange(_)
        | ServiceControl::TimeChange => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    }
}

/// What the manager knows of the service.
#[derive(Clone)]
pub(super) struct Scm {
    handle: ServiceStatusHandle,
    /// Controls that a running service takes.
    accepted: ServiceControlAccept,
    state: Arc<Mutex<State>>,
}

struct State {
    phase: ServiceState,
    checkpoint: u32,
    wait_hint: Duration,
    exit: ServiceExitCode,
}

impl Scm {
    fn new(handle: ServiceStatusHandle, pre_shutdown: bool) -> Self {
        let last =
            if pre_shutdown { ServiceControlAccept::PRESHUTDOWN } else { ServiceControlAccept::SHUTDOWN };
        Self {
            handle,
            accepted: ServiceControlAccept::STOP | ServiceControlAccept::PARAM_CHANGE | last,
            state: Arc::new(Mutex::new(State {
                phase: ServiceState::StartPending,
                checkpoint: 0,
                wait_hint: WAIT_HINT,
                exit: ServiceExitCode::NO_ERROR,
            })),
        }
    }

    pub(super) fn running(&self) {
        self.report(|state| {
            if state.phase == ServiceState::StartPending {
                state.phase = ServiceState::Running;
            }
        });
    }

    pub(super) fn stop_pending(&self) {
        self.report(|state| {
            if state.phase != ServiceState::Stopped {
                state.phase = ServiceState::StopPending;
            }
        });
    }

    /// Starting or stopping makes progress.
    pub(super) fn progress(&self) {
        let pending = lock(&self.state).phase != ServiceState::Running;
        if pending {
            self.report(|_| {});
        }
    }

    pub(super) fn need_time(&self, more: Duration) {
        self.report(|state| state.wait_hint = more.max(WAIT_HINT).min(Duration::from_secs(86_400)));
    }

    fn stopped(&self, exit: Exit) {
        self.report(|state| {
            state.phase = ServiceState::Stopped;
            state.exit = match exit {
                Exit::Success => ServiceExitCode::NO_ERROR,
                // Recovery actions, and `sc query`, see the number of docs/service-library.md.
                other => ServiceExitCode::ServiceSpecific(other.code().into()),
            };
        });
    }

    /// Changes the state and tells the manager.
    fn report(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        // Nothing may follow the last word.
        if state.phase == ServiceState::Stopped {
            return;
        }
        let before = state.phase;
        change(&mut state);
        if state.phase != before {
            state.checkpoint = 0;
            state.wait_hint = WAIT_HINT;
        }
        let pending = matches!(state.phase, ServiceState::StartPending | ServiceState::StopPending);
        state.checkpoint = if pending { state.checkpoint.saturating_add(1) } else { 0 };
        let status = ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state: state.phase,
            controls_accepted: match state.phase {
                ServiceState::Running => self.accepted,
                _ => ServiceControlAccept::empty(),
            },
            exit_code: state.exit,
            checkpoint: state.checkpoint,
            wait_hint: if pending { state.wait_hint } else { Duration::ZERO },
            process_id: None,
        };
        if let Err(error) = self.handle.set_service_status(status) {
            tracing::debug!("the service control manager cannot be told: {error}");
        }
    }
}
