//! This executable once more, as a process of its own.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{again, apart_from_terminal};
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{again, apart_from_terminal};
