use std::{io, os::windows::process::CommandExt as _, process::Command};

/// `CREATE_NEW_PROCESS_GROUP`
const OWN_GROUP: u32 = 0x200;

/// A call of this executable. It keeps the variables, without some of which
/// Windows starts nothing.
///
/// # Errors
/// Nobody knows where the executable is.
pub(crate) fn again() -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.current_dir(std::env::temp_dir());
    Ok(command)
}

/// What ends this command at a terminal is not for that one.
pub(crate) fn apart_from_terminal(command: &mut Command) -> &mut Command {
    command.creation_flags(OWN_GROUP)
}
