use std::{fs, fs::File, path::Path, time::Instant};

use nix::{errno::Errno, fcntl::OFlag};

use super::{Owner, Records, is_missing, survey::Survey};
use crate::{
    AttachmentId, Error, Result,
    fs::{make_directories, open_at, open_file},
    lock,
};

/// The file whose lock is that of the records; the reference plugin takes it,
/// too.
pub(super) const LOCK: &str = "lock";

impl Records {
    /// Opens the records of a network, making them if need be, and takes
    /// their lock. `state` is the state directory, where the index is.
    ///
    /// # Errors
    /// [`Error::Busy`] at the deadline, [`Error::Io`] otherwise.
    pub fn open(
        directory: &Path,
        state: &Path,
        attachment: &AttachmentId,
        owner: Owner,
        deadline: Instant,
    ) -> Result<Self> {
        let claims = state.join("claims");
        let mut made = 0;
        let opened = match open_directory(directory) {
            Err(errno) if is_missing(errno) => {
                made =
                    make_directories(directory, 0o755).map_err(|errno| failed("make directory", directory, errno))?;
                open_directory(directory)
            }
            opened => opened,
        };
        let opened = opened.map_err(|errno| failed("open directory", directory, errno))?;
        let lock = take_lock(&opened, directory, deadline)?;
        let mut survey = Survey::read(&claims, directory);
        survey.made = survey.made.max(made);
        Ok(Self {
            path: directory.to_owned(),
            directory: opened,
            _lock: lock,
            network: attachment.network.clone(),
            owner,
            claims,
            survey,
            problems: Vec::new(),
        })
    }

    /// The same, but `None`, and nothing is made, where there are none.
    ///
    /// # Errors
    /// As [`Records::open`].
    pub fn open_existing(
        directory: &Path,
        state: &Path,
        attachment: &AttachmentId,
        owner: Owner,
        deadline: Instant,
    ) -> Result<Option<Self>> {
        match open_directory(directory) {
            Err(errno) if is_missing(errno) => Ok(None),
            Err(errno) => Err(failed("open directory", directory, errno)),
            Ok(_) => Self::open(directory, state, attachment, owner, deadline).map(Some),
        }
    }
}

fn open_directory(directory: &Path) -> nix::Result<File> {
    open_file(directory, OFlag::O_RDONLY | OFlag::O_DIRECTORY, 0)
}

fn take_lock(opened: &File, directory: &Path, deadline: Instant) -> Result<File> {
    let path = directory.join(LOCK);
    let file =
        open_at(opened, LOCK, OFlag::O_RDWR | OFlag::O_CREAT, 0o750).map_err(|errno| failed("open", &path, errno))?;
    lock::lock(&file, &path, deadline, || {
        format!("the address records {}", directory.display())
    })?;
    Ok(file)
}

/// Removes a directory, and as many of those above it as were made with it.
/// One that is used by now stays.
pub(super) fn remove_made(directory: &Path, made: u32) -> Result<()> {
    let mut path = directory;
    for _ in 0..made {
        match fs::remove_dir(path) {
            Ok(()) => {}
            Err(error) if path != directory && error.kind() == std::io::ErrorKind::DirectoryNotEmpty => return Ok(()),
            Err(error) => return Err(Error::io("remove directory", path, error)),
        }
        match path.parent() {
            Some(parent) => path = parent,
            None => return Ok(()),
        }
    }
    Ok(())
}

fn failed(action: &'static str, path: &Path, errno: Errno) -> Error {
    Error::io(action, path, errno)
}
