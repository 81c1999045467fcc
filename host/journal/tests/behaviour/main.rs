//! The journal, the registry, the records and the undoing, on real files and
//! the real kernel. What needs network namespaces is skipped, and says so,
//! where they can't be made.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod allocation;
mod cases;
mod damage;
mod difference;
mod fixture;
mod ground;
mod inverses;
mod leftovers;
mod looking;
mod note;
mod owned;
mod quota;
mod records;
mod registry;
mod state_files;
mod steps;
// It mounts file systems of the kernel.
#[cfg(not(cofferdam_memory_files))]
mod storage;
mod things;
mod undo;
