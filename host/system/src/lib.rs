//! What the host takes from the operating system and finds only on Linux, or
//! under other names, for the parts of it that run everywhere: those with which
//! authors try their plugins, on a network and a node in memory.

#[cfg(target_os = "linux")]
pub mod attendant;
pub mod boot;
pub mod disk;
mod errno;
pub mod files;
pub mod process;

pub use errno::{Errno, errno_of, same_error, words_of};
