use std::{io, os::unix::process::CommandExt as _, path::PathBuf, process::Command};

/// A call of this executable that keeps no directory busy, and is told nothing
/// but by its arguments.
///
/// # Errors
/// Nobody knows where the executable is.
pub(crate) fn again() -> io::Result<Command> {
    let mut command = Command::new(executable()?);
    command.env_clear().current_dir("/");
    Ok(command)
}

/// What ends this command at a terminal is not for that one.
pub(crate) fn apart_from_terminal(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

/// On Linux even one that was replaced meanwhile.
fn executable() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        Ok(PathBuf::from("/proc/self/exe"))
    } else {
        std::env::current_exe()
    }
}
