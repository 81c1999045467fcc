use std::{
    io::{self, Read as _, Write as _},
    path::Path,
};

use super::File;

/// As [`std::fs::read`].
///
/// # Errors
/// It can't be opened or read.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// As [`std::fs::read_to_string`].
///
/// # Errors
/// It can't be opened or read, or is no text.
pub fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// As [`std::fs::write`].
///
/// # Errors
/// It can't be opened.
pub fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    File::create(path)?.write_all(bytes.as_ref())
}
