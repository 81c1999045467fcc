//! What a guest that has escaped from its sandbox would try, made from where
//! it would be: inside the host's process. For tests, and in nothing that
//! ships.
//!
//! The attempts do no harm where they succeed.

mod calls;
mod files;
mod process;

use std::io;

use libc::{EACCES, EPERM};
use serde::Deserialize;

pub use calls::{Call, REFUSED, REFUSED_OF_X86};

/// What a message begins with that has an escape simulated; [`Targets`] as
/// JSON follow.
pub const SIGN: &str = "simulate an escape: ";

/// A variable that the process is to be started with.
pub const VARIABLE: &str = "COFFERDAM_SECRET";
/// A descriptor that it is to be started with.
pub const DESCRIPTOR: i32 = 200;

/// Files that are reached for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// To be read.
    pub read: Vec<String>,
    /// Directories to be listed.
    pub list: Vec<String>,
    /// To be written, or made.
    pub write: Vec<String>,
    /// To be made, as symbolic links.
    pub link: Vec<String>,
}

/// Something that was tried, and what came of it.
#[derive(Debug)]
struct Attempt {
    name: String,
    outcome: io::Result<()>,
}

impl Attempt {
    fn new<T>(name: impl Into<String>, outcome: io::Result<T>) -> Self {
        Self {
            name: name.into(),
            outcome: outcome.map(drop),
        }
    }

    /// One line: `escape: open /etc/shadow: refused`.
    fn line(&self) -> String {
        let outcome = match &self.outcome {
            Ok(()) => "got through".to_owned(),
            Err(error) if matches!(error.raw_os_error(), Some(EPERM | EACCES)) => "refused".to_owned(),
            Err(error) => format!("got through to the kernel, which says: {error}"),
        };
        format!("escape: {}: {outcome}", self.name)
    }
}

/// Tries everything, if the message says so, and tells of each attempt in a
/// line.
#[must_use]
pub fn attempt(message: &str) -> Vec<String> {
    let Some(targets) = message.strip_prefix(SIGN) else {
        return Vec::new();
    };
    let targets: Targets = match serde_json::from_str(targets) {
        Ok(targets) => targets,
        Err(error) => return vec![format!("escape: not tried: {error}")],
    };
    let mut attempts = calls();
    attempts.extend(process::attempts());
    attempts.extend(files::attempts(&targets));
    attempts.iter().map(Attempt::line).collect()
}

fn calls() -> Vec<Attempt> {
    let attempt = |call: &Call| {
        let outcome = match call.make() {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        };
        Attempt::new(format!("{} {}", call.name, call.arguments()), outcome)
    };
    REFUSED.iter().chain(REFUSED_OF_X86).map(attempt).collect()
}
