#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
};

#[cfg(not(unix))]
use self::elsewhere::Directory;
#[cfg(unix)]
use self::unix::Directory;
use super::StoreError;

/// A directory that nobody but root can have written to, and neither any of
/// the directories on the way to it.
#[derive(Debug)]
pub struct TrustedDirectory {
    directory: Directory,
    path: PathBuf,
}

impl TrustedDirectory {
    /// Opens `relative` below `base`, part by part, without following links,
    /// and checks the owner and the mode of each, `base` included, where the
    /// system has these. What is above `base` is the caller's to vouch for.
    ///
    /// # Errors
    /// A part is missing, a link, somebody else's, or writable by others.
    pub fn open(base: &Path, relative: &Path) -> Result<Self, StoreError> {
        let mut directory = Self {
            directory: Directory::open(base)?,
            path: base.to_owned(),
        };
        for part in relative.components() {
            if let Component::Normal(part) = part {
                directory = directory.descend(Path::new(part))?;
            }
        }
        Ok(directory)
    }

    /// Opens a directory below this one.
    ///
    /// # Errors
    /// As for [`TrustedDirectory::open`].
    pub fn descend(&self, name: &Path) -> Result<Self, StoreError> {
        let path = self.path.join(name);
        let directory = self.directory.descend(name, &path)?;
        Ok(Self { directory, path })
    }

    /// Reads a file of this directory, of at most `limit` bytes.
    ///
    /// # Errors
    /// It is missing, a link, somebody else's, writable by others, or larger.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, StoreError> {
        let (mut file, size) = self.open_file(name, limit)?;
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        file.by_ref()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| failed("read", &self.path.join(name), error))?;
        Ok(bytes)
    }

    /// Opens a file of this directory, of at most `limit` bytes, and says how
    /// many it has.
    ///
    /// # Errors
    /// As for [`TrustedDirectory::read`].
    pub fn open_file(&self, name: &str, limit: u64) -> Result<(File, u64), StoreError> {
        let path = self.path.join(name);
        let (file, size) = self.directory.file(name, &path)?;
        if size > limit {
            return Err(untrusted(
                &path,
                format!("it has {size} bytes, more than the {limit} that it may have"),
                "remove it",
            ));
        }
        Ok((file, size))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn symbolic_link(path: &Path) -> StoreError {
    let reason = "it is a symbolic link".to_owned();
    untrusted(path, reason, "put the real thing in its place")
}

fn untrusted(path: &Path, reason: String, remedy: &str) -> StoreError {
    StoreError::Untrusted {
        path: path.to_owned(),
        reason,
        remedy: remedy.to_owned(),
    }
}

fn failed(action: &'static str, path: &Path, error: impl Into<io::Error>) -> StoreError {
    StoreError::Io {
        action,
        path: path.to_owned(),
        error: error.into(),
    }
}
