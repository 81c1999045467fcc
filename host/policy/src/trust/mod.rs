//! Reads files that nobody but root can have written.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

#[cfg(not(unix))]
pub(crate) use self::elsewhere::TrustedDirectory;
#[cfg(unix)]
pub(crate) use self::unix::TrustedDirectory;
use crate::error::PolicyError;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 * 1024;

/// What is in a file that was checked, and had so many bytes then.
fn content(file: File, size: u64, path: &Path) -> Result<Vec<u8>, PolicyError> {
    let expected = size.min(LARGEST);
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1);
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(path, error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        let reason = format!("it has more than {LARGEST} bytes");
        return Err(untrusted(path, reason, "spread it over several files"));
    }
    Ok(bytes)
}

fn no_directory(path: &Path) -> PolicyError {
    let reason = "it is a symbolic link or no directory".to_owned();
    untrusted(path, reason, "put a directory in its place")
}

fn symbolic_link(path: &Path) -> PolicyError {
    let reason = "it is a symbolic link".to_owned();
    untrusted(path, reason, "put the file itself in its place")
}

fn no_file(path: &Path) -> PolicyError {
    let reason = "it is not a regular file".to_owned();
    untrusted(path, reason, "put a file in its place")
}

fn untrusted(path: &Path, reason: String, remedy: &'static str) -> PolicyError {
    PolicyError::Untrusted {
        path: path.to_owned(),
        reason,
        remedy,
    }
}

fn failed(path: &Path, error: impl Into<io::Error>) -> PolicyError {
    PolicyError::Io {
        path: path.to_owned(),
        error: error.into(),
    }
}
