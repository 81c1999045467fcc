use std::path::{Path, PathBuf};

use cofferdam_http::{Carrier, Courier, CourierError, wire::Orders};

/// What sends requests.
const PROGRAM: &str = "cofferdam-courier";
/// This executable, whatever it was executed as.
const ITSELF: &str = "/proc/self/exe";

/// Starts the courier that is installed beside this executable.
pub(crate) fn start(orders: &Orders) -> Result<Box<dyn Carrier>, CourierError> {
    let program = program().map_err(|error| CourierError::Program {
        program: PROGRAM.into(),
        error,
    })?;
    Ok(Box::new(Courier::start(&program, orders)?))
}

fn program() -> std::io::Result<PathBuf> {
    let itself = std::fs::read_link(ITSELF)?;
    Ok(itself.parent().unwrap_or(Path::new("/")).join(PROGRAM))
}
