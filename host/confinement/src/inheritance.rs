//! What the process got from the one that started it, and needs no more.

use std::{ffi::OsStr, os::fd::BorrowedFd};

use crate::{
    ConfinementError,
    unsafe_calls::{close_all_but, is_alone, wipe_variables},
};

/// Closes all descriptors that the process inherited but standard input,
/// output and error, and those that are named.
///
/// # Errors
/// The kernel is older than 5.9.
///
/// # Safety
/// Nothing in the process owns another descriptor yet. That is so at the
/// start of `main`; later on, somebody's file would be closed under them.
#[allow(unsafe_code)]
pub unsafe fn close_inherited_descriptors(keep: &[BorrowedFd<'_>]) -> Result<(), ConfinementError> {
    // SAFETY: the caller vouches for it.
    unsafe { close_all_but(keep) }.map_err(ConfinementError::Descriptors)
}

/// Takes all variables out of the environment for whose names `keep` says
/// no, and overwrites them in memory. What is kept others can still see in
/// `/proc/PID/environ`.
///
/// # Errors
/// Other threads run, which might read the environment just now.
pub fn clear_environment(keep: impl Fn(&OsStr) -> bool) -> Result<(), ConfinementError> {
    if !is_alone() {
        return Err(ConfinementError::EnvironmentInUse);
    }
    // SAFETY: there is one thread, and it is here: it came with no pointer,
    // since the standard library gives copies of variables only.
    #[allow(unsafe_code)]
    unsafe {
        wipe_variables(keep);
    }
    Ok(())
}
