use std::{io, path::Path, time::Instant};

use cofferdam_system::{
    Errno,
    files::{self, File, MetadataExt as _, OpenFlags, open_at},
};

use super::{Owner, Records, claim_file::NEXT, survey::Survey};
use crate::{
    AttachmentId, Error, Result,
    fs::{make_directories, remove_at},
    lock,
};

/// The file whose lock is that of the records; the reference plugin takes it,
/// too.
pub(super) const LOCK: &str = "lock";

/// A directory with its lock.
struct Locked {
    directory: File,
    lock: File,
}

impl Records {
    /// Opens the records of a network, making them if need be, and takes
    /// their lock. `state` is the state directory, where the index is.
    ///
    /// # Errors
    /// [`Error::Busy`] at the deadline, [`Error::Untrusted`] for a link in the
    /// directory's place, [`Error::Io`] otherwise.
    pub fn open(
        directory: &Path,
        state: &Path,
        attachment: &AttachmentId,
        owner: Owner,
        deadline: Instant,
    ) -> Result<Self> {
        let mut made = 0;
        loop {
            if let Some(locked) = lock_directory(directory, state, deadline)? {
                let mut records = Self::new(locked, directory, state, attachment, owner);
                records.survey.set_made(made);
                return Ok(records);
            }
            let now = make_directories(directory, 0o755).map_err(|errno| failed("make directory", directory, errno))?;
            made = made.max(now);
        }
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
        match lock_directory(directory, state, deadline) {
            Ok(locked) => Ok(locked.map(|locked| Self::new(locked, directory, state, attachment, owner))),
            // In a file there are no records.
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotADirectory => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn new(locked: Locked, path: &Path, state: &Path, attachment: &AttachmentId, owner: Owner) -> Self {
        let claims = state.join("claims");
        let survey = Survey::read(&claims, path, &locked.directory);
        Self {
            path: path.to_owned(),
            directory: locked.directory,
            _lock: locked.lock,
            network: attachment.network.clone(),
            owner,
            claims,
            survey,
            problems: Vec::new(),
        }
    }
}

/// `None` where there is no such directory.
fn lock_directory(path: &Path, state: &Path, deadline: Instant) -> Result<Option<Locked>> {
    loop {
        let directory = match files::open(path, OpenFlags::O_RDONLY | OpenFlags::O_DIRECTORY, 0) {
            Ok(directory) => directory,
            Err(Errno::ENOENT) => return Ok(None),
            Err(Errno::ENOTDIR | Errno::ELOOP) if is_symlink(path) => return Err(is_link(path)),
            Err(errno) => return Err(failed("open directory", path, errno)),
        };
        let file = path.join(LOCK);
        let lock = match open_lock(&directory) {
            Ok(lock) => lock,
            // The directory was removed since it was opened.
            Err(Errno::ENOENT) => continue,
            Err(errno) => return Err(failed("open", &file, errno)),
        };
        lock::lock(&lock, &file, state, deadline, || {
            format!("the address records {}", path.display())
        })?;
        // Who had it before may have removed it, with the directory.
        let status = lock.metadata().map_err(|error| Error::io("look at", &file, error))?;
        if status.nlink() > 0 {
            // Under the lock it is what a crash left.
            let _ = remove_at(&directory, NEXT);
            return Ok(Some(Locked { directory, lock }));
        }
    }
}

/// On a read-only file system claims can be looked at, if anybody ever made
/// one. A directory in its place has a lock, too.
fn open_lock(directory: &File) -> files::Result<File> {
    match open_at(directory, LOCK, OpenFlags::O_RDWR | OpenFlags::O_CREAT, 0o750) {
        Err(Errno::EROFS) => open_at(directory, LOCK, OpenFlags::O_RDONLY, 0).map_err(|_| Errno::EROFS),
        Err(Errno::EISDIR) => open_at(directory, LOCK, OpenFlags::O_RDONLY | OpenFlags::O_DIRECTORY, 0),
        opened => opened,
    }
}

fn is_symlink(path: &Path) -> bool {
    files::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

fn is_link(path: &Path) -> Error {
    Error::Untrusted {
        path: path.to_owned(),
        why: "it is a symbolic link; put the directory itself there, or name the one that it leads to as dataDir"
            .to_owned(),
    }
}

/// Removes a directory, and as many of those above it as were made with it.
/// One that is used by now stays.
pub(super) fn remove_made(directory: &Path, made: u32) -> Result<()> {
    for path in directory.ancestors().take(usize::try_from(made).unwrap_or(usize::MAX)) {
        match files::remove_dir(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => return Ok(()),
            Err(error) => return Err(Error::io("remove directory", path, error)),
        }
    }
    Ok(())
}

fn failed(action: &'static str, path: &Path, errno: Errno) -> Error {
    Error::io(action, path, errno)
}
