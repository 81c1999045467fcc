use std::io;

pub use nix::errno::Errno;

/// The number that the kernel gave.
pub(super) fn of(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw)
}

/// None is: the kernel's are the standard library's own.
pub(super) fn carried(_: &io::Error) -> Option<Errno> {
    None
}
