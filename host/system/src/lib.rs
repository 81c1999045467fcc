//! What the host takes from the operating system and finds only on Linux,
//! for the parts of it that run everywhere: those with which authors try their
//! plugins, on a network and a node in memory.

pub mod boot;
pub mod disk;
#[cfg(any(test, not(target_os = "linux")))]
mod errno;
pub mod files;
pub mod process;

#[cfg(not(target_os = "linux"))]
pub use errno::Errno;
#[cfg(target_os = "linux")]
pub use nix::errno::Errno;

/// Which of Linux's errors an operation on a file ended with.
#[must_use]
pub fn errno_of(error: &std::io::Error) -> Errno {
    #[cfg(target_os = "linux")]
    let errno = error.raw_os_error().map(Errno::from_raw);
    #[cfg(not(target_os = "linux"))]
    let errno = errno::of(error);
    errno.unwrap_or(Errno::EIO)
}
