//! The verbs, one file each.

mod add;
mod check;
mod del;
mod formerly;
mod gc;
mod reference_leftovers;
#[cfg(feature = "simulation")]
mod simulated;
mod status;

use cofferdam_protocol::{CniError, Verb};

pub(crate) use self::add::journal_failure;
#[cfg(feature = "simulation")]
pub use self::simulated::{Again, Detached, Rehearsed};
use crate::call::Call;

/// Serves a request. The text is for standard output.
pub(crate) fn serve(call: &Call) -> Result<String, CniError> {
    match call.verb {
        Verb::Add => add::add(call),
        Verb::Del => del::del(call),
        Verb::Check => check::check(call),
        Verb::Gc => gc::gc(call),
        Verb::Status => status::status(call),
        // Answered before anything was read.
        Verb::Version => Ok(String::new()),
    }
}
