//! What a command gives up that runs components on a network in memory, before
//! the first of them runs: all but the directory that it works in.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{allow_random_numbers, to};
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::to;
