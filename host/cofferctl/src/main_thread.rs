//! The thread that does the work.

use std::process::ExitCode;

/// Runs in the process's first thread.
#[cfg(not(windows))]
pub(crate) fn within(work: fn() -> ExitCode) -> ExitCode {
    work()
}

/// Runs in a thread with room for what compiles and runs components: Windows
/// gives the first one a megabyte.
#[cfg(windows)]
pub(crate) fn within(work: fn() -> ExitCode) -> ExitCode {
    const BYTES: usize = 16 << 20;
    let thread = std::thread::Builder::new().stack_size(BYTES).spawn(work);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // Its panic said why.
        Ok(Err(_)) => ExitCode::FAILURE,
        Err(error) => {
            crate::output::complain(&format!("start a thread: {error}"));
            ExitCode::FAILURE
        }
    }
}
