use std::{
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use cofferdam_system::{
    Errno,
    files::{self, CURRENT_DIRECTORY, File, OpenFlags},
};

use crate::{
    AttachmentId, Error, OwnedBy, Result,
    fs::{make_directories, remove_at},
    lock,
    state_directory::journal_path,
};

/// The registry of shared objects, below the state directory.
const SHARED: &str = "shared";

/// A directory of symbolic links that lead to owners' names. A link's name may
/// be a path below it: directories on the way are made with their first link
/// and go with the last.
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
            match files::make_link(target, &path) {
                Ok(()) => return Ok(true),
                Err(Errno::EEXIST) => return Ok(false),
                Err(Errno::ENOENT) => self.make_directories_of(&path)?,
                Err(errno) => return Err(Error::io("own", &path, errno)),
            }
        }
    }

    /// Somebody may remove them at the same time, being empty: then they have
    /// to be made again.
    fn make_directories_of(&self, path: &Path) -> Result<()> {
        let shelf = path.parent().unwrap_or(&self.directory);
        for directory in [&*self.directory, shelf] {
            match make_directories(directory, 0o700) {
                Ok(_) | Err(Errno::ENOENT) => {}
                Err(errno) => return Err(Error::io("make directory", directory, errno)),
            }
        }
        Ok(())
    }

    pub(crate) fn read(&self, name: &str) -> Result<Found> {
        let path = self.directory.join(name);
        match files::link_target(&path) {
            Ok(target) => Ok(target.to_str().map_or(Found::Garbage, parse)),
            Err(Errno::ENOENT) => Ok(Found::Nothing),
            Err(Errno::EINVAL) => Ok(Found::Garbage),
            Err(errno) => Err(Error::io("read", &path, errno)),
        }
    }

    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let path = self.directory.join(name);
        remove_at(CURRENT_DIRECTORY, &path).map_err(|errno| Error::io("give up", &path, errno))?;
        let shelves = path.ancestors().skip(1).take_while(|shelf| *shelf != self.directory);
        for shelf in shelves {
            if files::remove_dir(shelf).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes all that leads to this attachment.
    pub(crate) fn remove_all_of(&self, owner: &AttachmentId) -> Result<()> {
        for path in self.paths("")? {
            if matches!(self.read(&path), Ok(Found::By(by)) if by.attachment == *owner) {
                self.remove(&path)?;
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
    pub(crate) fn lock(&self, deadline: Instant) -> Result<File> {
        let directory = files::open(&self.directory, OpenFlags::O_RDONLY | OpenFlags::O_DIRECTORY, 0)
            .map_err(|errno| Error::io("open directory", &self.directory, errno))?;
        lock::lock(&directory, &self.directory, &self.state, deadline, || {
            format!("the registry {}", self.directory.display())
        })?;
        Ok(directory)
    }

    /// The links in a directory below this one, and in those below it, by
    /// their paths from here; none where there is no directory. It is this one
    /// where the path is empty.
    pub(crate) fn paths(&self, shelf: &str) -> Result<Vec<String>> {
        let mut paths = Vec::new();
        for (name, is_directory) in self.entries(shelf)? {
            let path = match shelf {
                "" => name,
                shelf => format!("{shelf}/{name}"),
            };
            if is_directory {
                paths.extend(self.paths(&path)?);
            } else {
                paths.push(path);
            }
        }
        Ok(paths)
    }

    /// The names of the directories in one.
    pub(crate) fn directories(&self, shelf: &str) -> Result<Vec<String>> {
        let entries = self.entries(shelf)?.into_iter();
        Ok(entries
            .filter_map(|(name, is_directory)| is_directory.then_some(name))
            .collect())
    }

    fn entries(&self, shelf: &str) -> Result<Vec<(String, bool)>> {
        let directory = self.directory.join(shelf);
        let failed = |error: io::Error| Error::io("read directory", &directory, error);
        let entries = match files::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let is_directory = entry.file_type().map_err(failed)?.is_dir();
            found.extend(entry.file_name().into_string().ok().map(|name| (name, is_directory)));
        }
        Ok(found)
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
    files::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
