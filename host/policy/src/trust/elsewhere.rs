use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use cofferdam_system::disk::OpenOptionsExt as _;

use super::{content, failed, no_directory, no_file, symbolic_link};
use crate::error::PolicyError;

/// A directory that is no link. Who can change it is for the access control of
/// the directories above it to say, which are the user's own.
pub(crate) struct TrustedDirectory {
    path: PathBuf,
}

impl TrustedDirectory {
    /// Looks at a directory. `None` when there is none.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, PolicyError> {
        match fs::symlink_metadata(path) {
            Ok(status) if status.is_dir() => Ok(Some(Self { path: path.to_owned() })),
            Ok(_) => Err(no_directory(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(path, error)),
        }
    }

    /// The same for a directory in this one.
    pub(crate) fn directory(&self, name: &str) -> Result<Option<Self>, PolicyError> {
        Self::open(&self.path.join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The names in it that are wanted, in their order. One that is not UTF-8
    /// is told with replacement characters.
    pub(crate) fn names(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, PolicyError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(|error| failed(&self.path, error))? {
            let entry = entry.map_err(|error| failed(&self.path, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if wanted(&name) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Reads a file that has to be there.
    pub(crate) fn file(&self, name: &str) -> Result<Vec<u8>, PolicyError> {
        let missing = || failed(&self.path.join(name), io::ErrorKind::NotFound);
        self.file_if_exists(name)?.ok_or_else(missing)
    }

    /// Reads a file and checks it. `None` when there is none.
    pub(crate) fn file_if_exists(&self, name: &str) -> Result<Option<Vec<u8>>, PolicyError> {
        let path = self.path.join(name);
        let file = match OpenOptions::new().read(true).unfollowed().open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, error)),
        };
        let status = file.metadata().map_err(|error| failed(&path, error))?;
        if status.is_symlink() {
            return Err(symbolic_link(&path));
        }
        if !status.is_file() {
            return Err(no_file(&path));
        }
        content(file, status.len(), &path).map(Some)
    }
}
