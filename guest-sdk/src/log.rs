//! Messages for the operator: to the audit log and, for warnings and errors,
//! to standard error, with the plugin's and the attachment's name. Their
//! number and length are bounded by the host.

use crate::bindings::log;

/// For those who look for a cause.
///
/// ```no_run
/// # use cofferdam_guest_sdk::log;
/// log::debug("address 10.22.0.2 is free");
/// ```
pub fn debug(message: &str) {
    log::write(log::Level::Debug, message);
}

/// For those who want to know what happens.
///
/// ```no_run
/// # use cofferdam_guest_sdk::log;
/// log::info("the lease was renewed");
/// ```
pub fn info(message: &str) {
    log::write(log::Level::Info, message);
}

/// Something is not as it should be, and the work goes on.
///
/// ```no_run
/// # use cofferdam_guest_sdk::log;
/// log::warn("the uplink has no carrier");
/// ```
pub fn warn(message: &str) {
    log::write(log::Level::Warn, message);
}

/// Something failed.
///
/// ```no_run
/// # use cofferdam_guest_sdk::log;
/// log::error("the lease is lost");
/// ```
pub fn error(message: &str) {
    log::write(log::Level::Error, message);
}
