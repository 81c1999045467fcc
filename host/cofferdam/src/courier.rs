use std::path::{Path, PathBuf};

use cofferdam_http::{Carrier, Courier, CourierError, wire::Orders};

/// What sends requests, and asks firewalld.
const PROGRAM: &str = "cofferdam-courier";
/// This executable, whatever it was executed as.
const ITSELF: &str = "/proc/self/exe";

/// Starts the courier that is installed beside this executable.
pub(crate) fn start(orders: &Orders) -> Result<Box<dyn Carrier>, CourierError> {
    Ok(Box::new(Courier::start(&program(), orders)?))
}

/// The courier beside this executable. Where that is can't be told without
/// `/proc`; then nothing is found by the name alone, and told so.
pub(crate) fn program() -> PathBuf {
    let itself = std::fs::read_link(ITSELF).unwrap_or_default();
    itself.parent().unwrap_or(Path::new("/")).join(PROGRAM)
}
