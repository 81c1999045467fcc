//! The journal, the registry, the records and the undoing, on real files and
//! the real kernel. What needs network namespaces is skipped, and says so,
//! where they can't be made. Where there is no Linux files are in memory, and
//! what needs a kernel is left out.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

mod allocation;
mod damage;
mod fixture;
mod leftovers;
mod looking;
mod note;
mod owned;
mod quota;
mod records;
mod registry;
mod things;

#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod difference;
#[cfg(target_os = "linux")]
mod ground;
#[cfg(target_os = "linux")]
mod inverses;
#[cfg(target_os = "linux")]
mod state_files;
#[cfg(target_os = "linux")]
mod steps;
// It mounts file systems of the kernel.
#[cfg(all(target_os = "linux", not(cofferdam_memory_files)))]
mod storage;
#[cfg(target_os = "linux")]
mod undo;
