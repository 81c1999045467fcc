//! The files of state and records: on Linux the kernel's, elsewhere those of a
//! file system in memory that behaves as Linux's do, one for the process.
//!
//! What the journal asks of files is what Linux answers: a name that is made
//! whole or not at all, a file that lasts while it is open, a lock that goes
//! with its holder. Other systems answer otherwise, or have no such thing, and
//! need no state that outlives a process: on them plugins are tried, nothing
//! is attached.
//!
//! What the standard library has is here under the same name, for the same
//! use: `use cofferdam_system::files as fs` in the place of `use std::fs`.
//! Whatever reads, writes or looks at a path below a state directory or a
//! directory of records goes through here, also [`is_there`] and
//! [`is_directory`] in the place of the methods of [`Path`], which ask the
//! system.
//!
//! `--cfg cofferdam_memory_files` gives Linux the file system in memory, too,
//! so that the journal's tests can be run on it.

// A test of one against the other has both.
#[cfg(all(test, target_os = "linux"))]
mod difference;
#[cfg(all(target_os = "linux", any(test, not(cofferdam_memory_files))))]
#[cfg_attr(cofferdam_memory_files, allow(dead_code, unreachable_pub, unused_imports))]
mod kernel;
#[cfg(any(test, not(target_os = "linux"), cofferdam_memory_files))]
#[cfg_attr(
    all(target_os = "linux", not(cofferdam_memory_files)),
    allow(dead_code, unreachable_pub, unused_imports)
)]
mod memory;

use std::path::Path;

#[cfg(all(target_os = "linux", not(cofferdam_memory_files)))]
pub use kernel::*;
#[cfg(any(not(target_os = "linux"), cofferdam_memory_files))]
pub use memory::*;

/// What an operation returns that is a system call of Linux's.
pub type Result<T> = std::result::Result<T, crate::Errno>;

/// Whether a path leads to something, as [`Path::exists`].
pub fn is_there(path: impl AsRef<Path>) -> bool {
    metadata(path).is_ok()
}

/// Whether a path leads to a directory, as [`Path::is_dir`].
pub fn is_directory(path: impl AsRef<Path>) -> bool {
    metadata(path).is_ok_and(|found| found.is_dir())
}
