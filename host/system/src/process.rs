//! Other processes of the machine.

/// Whether the process of a number has certainly ended. Windows tells nothing
/// of a process that is another user's.
#[must_use]
pub fn has_ended(number: u32) -> bool {
    system::has_ended(number)
}

#[cfg(target_os = "linux")]
mod system {
    use std::path::Path;

    pub(super) fn has_ended(number: u32) -> bool {
        !Path::new(&format!("/proc/{number}")).exists()
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod system {
    use nix::{errno::Errno, sys::signal::kill, unistd::Pid};

    pub(super) fn has_ended(number: u32) -> bool {
        match i32::try_from(number) {
            Ok(number) if number > 0 => kill(Pid::from_raw(number), None) == Err(Errno::ESRCH),
            _ => true,
        }
    }
}

#[cfg(windows)]
mod system {
    pub(super) fn has_ended(_: u32) -> bool {
        false
    }
}
