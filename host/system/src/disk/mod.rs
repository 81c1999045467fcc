//! Files on the disk, which are real on every system: policies, components,
//! recordings, projects. What is on record of attachments is not among them.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{
    fs::{Metadata, OpenOptions},
    io,
    path::Path,
};

#[cfg(unix)]
use self::unix as system;
#[cfg(windows)]
use self::windows as system;

/// How a file is opened, where systems have other words for it.
pub trait OpenOptionsExt {
    /// Who may do what with a file that is made: Unix's bits, which Windows
    /// has no use for. There the directory says it.
    fn mode(&mut self, mode: u32) -> &mut Self;

    /// A symbolic link in its place is not followed. Unix opens none; Windows
    /// opens the link itself, which its metadata tell.
    fn unfollowed(&mut self) -> &mut Self;
}

impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut Self {
        system::mode(self, mode)
    }

    fn unfollowed(&mut self) -> &mut Self {
        system::unfollowed(self)
    }
}

/// Makes a directory and those above it that are missing, each with Unix's bits.
///
/// # Errors
/// The system refuses.
pub fn make_directories(path: &Path, mode: u32) -> io::Result<()> {
    system::directory_builder(mode).recursive(true).create(path)
}

/// Makes one directory, which may not be there yet.
///
/// # Errors
/// It is there, or the system refuses.
pub fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    system::directory_builder(mode).create(path)
}

/// Whether a file is this user's own. On Windows that is for the directory's
/// access control to see to.
#[must_use]
pub fn is_own(metadata: &Metadata) -> bool {
    system::is_own(metadata)
}

/// Whether others than the owner may write to a file. On Windows the same as
/// of [`is_own`] goes.
#[must_use]
pub fn is_open_to_others(metadata: &Metadata) -> bool {
    system::is_open_to_others(metadata)
}
