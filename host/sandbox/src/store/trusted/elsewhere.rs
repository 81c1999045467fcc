use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
};

use cofferdam_system::disk::OpenOptionsExt as _;

use super::{failed, symbolic_link, untrusted};
use crate::StoreError;

/// A directory that is no link. Who can change it is for the access control of
/// the directories above it to say, which are the user's own.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let status = fs::symlink_metadata(path).map_err(|error| failed("open", path, error))?;
        if status.is_symlink() {
            return Err(symbolic_link(path));
        }
        if !status.is_dir() {
            let reason = "it is no directory".to_owned();
            return Err(untrusted(path, reason, "put a directory in its place"));
        }
        Ok(Self(path.to_owned()))
    }

    /// The directory of that name in this one, whose path is `path`.
    pub(super) fn descend(&self, name: &Path, _: &Path) -> Result<Self, StoreError> {
        Self::open(&self.0.join(name))
    }

    /// The same of a file, with the bytes that it has.
    pub(super) fn file(&self, _: &str, path: &Path) -> Result<(File, u64), StoreError> {
        let opened = OpenOptions::new().read(true).unfollowed().open(path);
        let file = opened.map_err(|error| failed("open", path, error))?;
        let status = file.metadata().map_err(|error| failed("look at", path, error))?;
        if status.is_symlink() {
            return Err(symbolic_link(path));
        }
        if !status.is_file() {
            let reason = "it is no regular file".to_owned();
            return Err(untrusted(path, reason, "put a file in its place"));
        }
        Ok((file, status.len()))
    }
}
