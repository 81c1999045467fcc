//! What makes an engine's epoch go on: a timer of the kernel's on Linux, and a
//! thread where there is none.

#[cfg(target_os = "linux")]
mod signal;
#[cfg(any(test, not(target_os = "linux")))]
mod thread;

#[cfg(target_os = "linux")]
pub(crate) use self::signal::start;
#[cfg(not(target_os = "linux"))]
pub(crate) use self::thread::start;
#[cfg(all(test, target_os = "linux"))]
pub(crate) use self::thread::start as start_thread;
