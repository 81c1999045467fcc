//! Files and directories of a user's own.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use anyhow::Context as _;
use cofferdam_system::disk::{self, OpenOptionsExt as _};

#[cfg(unix)]
pub(crate) use self::unix::{access_of_others, real_path};
#[cfg(windows)]
pub(crate) use self::windows::{access_of_others, real_path};

/// For the owner alone.
const DIRECTORY: u32 = 0o700;
const FILE: u32 = 0o600;

/// Makes a directory, and those above it. One that is there is taken as it is.
///
/// # Errors
/// It can't be made.
pub(crate) fn make_directory(path: &Path) -> anyhow::Result<()> {
    disk::make_directories(path, DIRECTORY).with_context(|| format!("make {}", path.display()))
}

/// Makes a directory that was not there.
///
/// # Errors
/// It can't be made, or is there.
pub(crate) fn make_new_directory(path: &Path) -> anyhow::Result<()> {
    disk::make_directory(path, DIRECTORY).with_context(|| format!("make {}", path.display()))
}

/// Writes a file.
///
/// # Errors
/// It can't be written.
pub(crate) fn write(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(FILE).open(path);
    let written = opened.and_then(|mut file| file.write_all(text));
    written.with_context(|| format!("write {}", path.display()))
}

/// Opens a file to write to that was not there.
///
/// # Errors
/// It can't be made, or is there.
pub(crate) fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Waits until nobody else has the lock that a file stands for. It goes with
/// the file that is given back.
///
/// # Errors
/// The file can't be opened, or not locked.
pub(crate) fn lock(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(false).mode(FILE).open(path);
    let file = opened.with_context(|| format!("open {}", path.display()))?;
    file.lock().with_context(|| format!("lock {}", path.display()))?;
    Ok(file)
}
