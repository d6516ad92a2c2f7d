//! Asking a person.

use std::io::{self, BufRead, IsTerminal, Write};

/// Whether somebody is there to ask: questions go to standard error, answers come from standard input.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for one line; the end of the input counts as an empty one.
///
/// # Errors
/// When the terminal is gone.
pub(crate) fn ask(question: &str) -> io::Result<String> {
    let mut err = io::stderr().lock();
    write!(err, "{question}")?;
    err.flush()?;
    line()
}

/// Asks for one line that does not appear on the screen.
///
/// # Errors
/// When the terminal is gone or cannot be told to be quiet.
pub(crate) fn ask_secret(question: &str) -> io::Result<String> {
    let mut err = io::stderr().lock();
    write!(err, "{question}")?;
    err.flush()?;
    let quiet = Quiet::begin()?;
    let answer = line();
    drop(quiet);
    writeln!(err)?;
    answer
}

fn line() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().lock().read_line(&mut text)?;
    Ok(text.trim().to_owned())
}

/// While it lives, the terminal shows nothing of what is typed.
#[cfg(unix)]
struct Quiet(rustix::termios::Termios);

#[cfg(unix)]
impl Quiet {
    fn begin() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Quiet {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Flush, &self.0);
    }
}

/// While it lives, the console shows nothing of what is typed.
#[cfg(windows)]
struct Quiet(u32);

#[cfg(windows)]
impl Quiet {
    fn begin() -> io::Result<Self> {
        use std::os::windows::io::AsRawHandle;
        use windows_sys::Win32::System::Console::{ENABLE_ECHO_INPUT, GetConsoleMode, SetConsoleMode};
        let handle = io::stdin().as_raw_handle();
        let mut mode = 0;
        // SAFETY: the handle is this process's standard input, and `mode` outlives the call.
        if unsafe { GetConsoleMode(handle, &mut mode) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        if unsafe { SetConsoleMode(handle, mode & !ENABLE_ECHO_INPUT) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(mode))
    }
}

#[cfg(windows)]
impl Drop for Quiet {
    fn drop(&mut self) {
        use std::os::windows::io::AsRawHandle;
        // SAFETY: the handle is this process's standard input.
        unsafe { windows_sys::Win32::System::Console::SetConsoleMode(io::stdin().as_raw_handle(), self.0) };
    }
}
