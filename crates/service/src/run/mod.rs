//! One entry for a program that may be started by anybody.

mod context;
#[cfg(unix)]
mod init;
mod keeper;
#[cfg(windows)]
mod scm;
mod signals;

pub use context::{Context, Reload, Stop};

use crate::log::{Log, event};
use crate::{Exit, Failure, Host};
use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

#[cfg(unix)]
pub(crate) use init::is_below_own_init;

/// What the service manager gives a service for its end by default is between 5 and 90 s; Docker's is this.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A service: its name, and what is to be known before it starts.
#[derive(Debug)]
pub struct Service {
    name: String,
    stop_timeout: Duration,
    pre_shutdown_timeout: Option<Duration>,
    log: Log,
    runtime: fn() -> io::Result<Runtime>,
}

impl Service {
    /// A service of this name: the one under which the service manager knows it, in lower case, with no spaces.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            stop_timeout: STOP_TIMEOUT,
            pre_shutdown_timeout: None,
            log: Log::new(),
            runtime: || Builder::new_current_thread().enable_all().build(),
        }
    }

    /// The longest time that the service takes to stop; 10 s unless set. After that it is ended where it stands, with
    /// [`Exit::TimedOut`]. The service manager should be told of a slightly longer time.
    #[must_use]
    pub fn stop_timeout(mut self, limit: Duration) -> Self {
        self.stop_timeout = limit;
        self
    }

    /// The longest time that the service takes to stop when Windows announces that it is about to shut down, before
    /// any service is told to. Without it the service is not told so early.
    ///
    /// The same time has to be in the service's registration, or Windows 10 and later grant 10 s.
    #[must_use]
    pub fn pre_shutdown_timeout(mut self, limit: Duration) -> Self {
        self.pre_shutdown_timeout = Some(limit);
        self
    }

    /// How the service logs: unless set, everything from `INFO` on, to where its host looks.
    #[must_use]
    pub fn log(mut self, log: Log) -> Self {
        self.log = log;
        self
    }

    /// The runtime for the main function, in place of one that does everything in one thread.
    #[must_use]
    pub fn runtime(mut self, build: fn() -> io::Result<Runtime>) -> Self {
        self.runtime = build;
        self
    }

    /// Runs the service until its main function returns, and gives what the program's `main` is to return.
    ///
    /// The main function should end soon after [`Context::stopped`]. When it ends without having been asked, with
    /// `Ok` or `Err`, so does the service. What comes before this call in the program's `main` should take no time:
    /// Windows waits 30 s for it, and as process 1 of a container it is done twice.
    pub fn run<M, F>(self, main: M) -> ExitCode
    where
        M: FnOnce(Context) -> F + Send + 'static,
        F: Future<Output = Result<(), Failure>>,
    {
        #[cfg(unix)]
        if let Some(code) = init::run() {
            return code;
        }
        #[cfg(windows)]
        let (service, main) = match scm::run(self, main) {
            scm::Outcome::Ended(exit) => return exit.into(),
            scm::Outcome::NotStartedByIt(service, main) => (service, main),
        };
        #[cfg(not(windows))]
        let service = self;
        let context = Context::new(&service.name, Host::detect());
        service.run_with(context, main).into()
    }

    /// Runs the service in this thread, for a manager that is known by now.
    fn run_with<M, F>(mut self, context: Context, main: M) -> Exit
    where
        M: FnOnce(Context) -> F,
        F: Future<Output = Result<(), Failure>>,
    {
        self.start_log(context.host());
        let runtime = match (self.runtime)() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!("the service cannot start, its runtime is not to be had: {error}");
                return Exit::General;
            }
        };
        let exit = runtime.block_on(self.attend(context, main));
        // A thread that waits for a slow disk does not keep the program.
        runtime.shutdown_background();
        exit
    }

    fn start_log(&mut self, host: Host) {
        std::mem::replace(&mut self.log, Log::off()).start(&self.name, host);
    }

    /// Runs the main function, and beside it what the service manager wants.
    async fn attend<M, F>(self, context: Context, main: M) -> Exit
    where
        M: FnOnce(Context) -> F,
        F: Future<Output = Result<(), Failure>>,
    {
        let signals = match signals::listen(&context) {
            Ok(signals) => tokio::spawn(signals),
            Err(error) => {
                tracing::error!("the service cannot start, it cannot listen to signals: {error}");
                return Exit::General;
            }
        };
        let keeper = tokio::spawn(keeper::keep(context.clone()));
        let limit = async {
            context.stopped().await;
            let limit = match context.stop_reason() {
                Some(Stop::PreShutdown) => self.pre_shutdown_timeout.unwrap_or(self.stop_timeout),
                _ => self.stop_timeout,
            };
            context.out_of_time(limit).await;
            limit
        };
        let exit = tokio::select! {
            biased;
            result = main(context.clone()) => {
                context.tell_stopping();
                match result {
                    Ok(()) => {
                        if context.host() == Host::WindowsService {
                            tracing::info!(event_id = event::STOPPED, "{} has stopped", self.name);
                        }
                        Exit::Success
                    }
                    Err(failure) => {
                        tracing::error!(event_id = event::FAILED, "{} ends: {failure}", self.name);
                        failure.exit()
                    }
                }
            }
            limit = limit => {
                tracing::error!(
                    event_id = event::KILLED,
                    "{} did not stop within {} s and is ended where it stands",
                    self.name,
                    limit.as_secs()
                );
                Exit::TimedOut
            }
        };
        signals.abort();
        keeper.abort();
        exit
    }
}
