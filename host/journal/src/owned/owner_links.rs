use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, OFlag, readlinkat},
    unistd::symlinkat,
};

use crate::{
    AttachmentId, Error, OwnedBy, Result,
    fs::{make_directories, open_file, remove_at},
    lock,
    state_directory::journal_path,
};

/// The registry of shared objects, below the state directory.
const SHARED: &str = "shared";

/// A directory of symbolic links that lead to owners' names.
#[derive(Clone, Debug)]
pub(crate) struct OwnerLinks {
    state: PathBuf,
    directory: PathBuf,
}

/// What there is under a name.
pub(crate) enum Found {
    Nothing,
    By(OwnedBy),
    /// A shared object has it, by its name in the registry.
    Of(String),
    /// Nothing that was made here: nobody's.
    Garbage,
}

impl OwnerLinks {
    pub(crate) fn new(state: &Path, directory: PathBuf) -> Self {
        Self {
            state: state.to_owned(),
            directory,
        }
    }

    /// Makes a link, and the directory if it is missing. False when there is
    /// something of that name.
    pub(crate) fn make(&self, name: &str, target: &str) -> Result<bool> {
        let path = self.directory.join(name);
        loop {
            match symlinkat(target, AT_FDCWD, &path) {
                Ok(()) => return Ok(true),
                Err(Errno::EEXIST) => return Ok(false),
                Err(Errno::ENOENT) => make_directories(&self.directory, 0o700)
                    .map_err(|errno| Error::io("make directory", &self.directory, errno))?,
                Err(errno) => return Err(Error::io("own", &path, errno)),
            };
        }
    }

    pub(crate) fn read(&self, name: &str) -> Result<Found> {
        let path = self.directory.join(name);
        match readlinkat(AT_FDCWD, &path) {
            Ok(target) => Ok(target.to_str().map_or(Found::Garbage, parse)),
            Err(Errno::ENOENT) => Ok(Found::Nothing),
            Err(Errno::EINVAL) => Ok(Found::Garbage),
            Err(errno) => Err(Error::io("read", &path, errno)),
        }
    }

    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let path = self.directory.join(name);
        remove_at(AT_FDCWD, &path).map_err(|errno| Error::io("give up", &path, errno))?;
        Ok(())
    }

    /// Removes all that leads to this attachment.
    pub(crate) fn remove_all_of(&self, owner: &AttachmentId) -> Result<()> {
        for name in self.names()? {
            if matches!(self.read(&name), Ok(Found::By(by)) if by.attachment == *owner) {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Removes what is nobody's. Under the lock, so that what somebody else
    /// took over meanwhile is not removed.
    pub(crate) fn clear(&self, name: &str, deadline: Instant) -> Result<()> {
        let _lock = self.lock(deadline)?;
        if self.is_left(&self.read(name)?) {
            self.remove(name)?;
        }
        Ok(())
    }

    /// Keeps others from clearing.
    pub(crate) fn lock(&self, deadline: Instant) -> Result<fs::File> {
        let directory = open_file(&self.directory, OFlag::O_RDONLY | OFlag::O_DIRECTORY, 0)
            .map_err(|errno| Error::io("open directory", &self.directory, errno))?;
        lock::lock(&directory, &self.directory, &self.state, deadline, || {
            format!("the registry {}", self.directory.display())
        })?;
        Ok(directory)
    }

    /// The names in the directory; none where there is no directory.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let failed = |error: io::Error| Error::io("read directory", &self.directory, error);
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry.map_err(failed)?.file_name().into_string().ok());
        }
        Ok(names)
    }

    /// Whether something was left by an owner that is gone.
    pub(crate) fn is_left(&self, found: &Found) -> bool {
        match found {
            Found::Nothing => false,
            Found::By(by) => !self.is_live(by),
            Found::Of(object) => is_gone(&self.state.join(SHARED).join(object)),
            Found::Garbage => true,
        }
    }

    /// An owner has a journal as long as it has anything.
    pub(crate) fn is_live(&self, by: &OwnedBy) -> bool {
        !by.is_of_earlier_boot() && !is_gone(&journal_path(&self.state, &by.attachment))
    }
}

/// What leads to a shared object.
pub(crate) fn shared_target(object: &str) -> String {
    format!("{SHARED}/{object}")
}

fn parse(target: &str) -> Found {
    match target.split_once('/') {
        Some((SHARED, object)) if !object.contains('/') => Found::Of(object.to_owned()),
        _ => OwnedBy::parse(target).map_or(Found::Garbage, Found::By),
    }
}

fn is_gone(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
