//! Reads files that nobody but root can have written.

use std::{
    fs::File,
    io::Read as _,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    libc,
    sys::stat::{FileStat, Mode, fstat},
    unistd::geteuid,
};

use crate::error::PolicyError;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 * 1024;

/// Opens a directory and checks it. `None` when there is none.
pub(crate) fn open_directory(path: &Path) -> Result<Option<OwnedFd>, PolicyError> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let directory = match open(path, flags, Mode::empty()) {
        Ok(directory) => directory,
        Err(Errno::ENOENT) => return Ok(None),
        // With O_DIRECTORY a link is reported as no directory.
        Err(Errno::ENOTDIR | Errno::ELOOP) => {
            let reason = "it is a symbolic link or no directory".to_owned();
            return Err(untrusted(path, reason, "put a directory in its place"));
        }
        Err(errno) => return Err(io(path, errno)),
    };
    check_owner_and_mode(&directory, path)?;
    Ok(Some(directory))
}

/// Reads a file of a checked directory; `path` names it in errors.
pub(crate) fn read_file(directory: &impl AsFd, name: &str, path: &Path) -> Result<Vec<u8>, PolicyError> {
    // A FIFO would block an open without O_NONBLOCK.
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = match openat(directory, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::ELOOP) => {
            let reason = "it is a symbolic link".to_owned();
            return Err(untrusted(path, reason, "put the file itself in its place"));
        }
        Err(errno) => return Err(io(path, errno)),
    };
    let status = check_owner_and_mode(&file, path)?;
    if status.st_mode & libc::S_IFMT != libc::S_IFREG {
        let reason = "it is not a regular file".to_owned();
        return Err(untrusted(path, reason, "put a file in its place"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(status.st_size).unwrap_or(0).min(1 << 18));
    File::from(file)
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| PolicyError::Io {
            path: path.to_owned(),
            error,
        })?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        let reason = format!("it has more than {LARGEST} bytes");
        return Err(untrusted(path, reason, "spread it over several files"));
    }
    Ok(bytes)
}

fn check_owner_and_mode(descriptor: &impl AsFd, path: &Path) -> Result<FileStat, PolicyError> {
    let status = fstat(descriptor).map_err(|errno| io(path, errno))?;
    let owner = status.st_uid;
    if owner != 0 && owner != geteuid().as_raw() {
        let reason = format!("it belongs to user {owner}");
        return Err(untrusted(
            path,
            reason,
            "check what it says, then make root its owner (chown root)",
        ));
    }
    if status.st_mode & 0o022 != 0 {
        let reason = format!(
            "others than its owner can write to it (mode {:04o})",
            status.st_mode & 0o7777
        );
        return Err(untrusted(
            path,
            reason,
            "check what it says, then close it (chmod go-w)",
        ));
    }
    Ok(status)
}

fn untrusted(path: &Path, reason: String, remedy: &'static str) -> PolicyError {
    PolicyError::Untrusted {
        path: path.to_owned(),
        reason,
        remedy,
    }
}

pub(crate) fn io(path: &Path, errno: Errno) -> PolicyError {
    PolicyError::Io {
        path: path.to_owned(),
        error: errno.into(),
    }
}
