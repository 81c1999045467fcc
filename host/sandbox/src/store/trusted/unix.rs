use std::{
    fs::File,
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

use super::{failed, symbolic_link, untrusted};
use crate::StoreError;

/// A directory is only gone through, which takes no right to list it.
#[cfg(target_os = "linux")]
const WAY: OFlag = OFlag::O_PATH;
#[cfg(not(target_os = "linux"))]
const WAY: OFlag = OFlag::O_RDONLY;

/// A directory that was checked: what it holds is found through its descriptor.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::checked(open(path, directory_flags(), Mode::empty()), path)
    }

    /// The directory of that name in this one, whose path is `path`.
    pub(super) fn descend(&self, name: &Path, path: &Path) -> Result<Self, StoreError> {
        Self::checked(openat(&self.0, name, directory_flags(), Mode::empty()), path)
    }

    fn checked(opened: nix::Result<OwnedFd>, path: &Path) -> Result<Self, StoreError> {
        let descriptor = opened.map_err(|errno| io("open", path, errno))?;
        check(&descriptor, path)?;
        Ok(Self(descriptor))
    }

    /// The same of a file, with the bytes that it has.
    pub(super) fn file(&self, name: &str, path: &Path) -> Result<(File, u64), StoreError> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let descriptor = openat(&self.0, name, flags, Mode::empty()).map_err(|errno| io("open", path, errno))?;
        let status = check(&descriptor, path)?;
        let size = u64::try_from(status.st_size).unwrap_or(u64::MAX);
        Ok((File::from(descriptor), size))
    }
}

fn check(descriptor: &impl AsFd, path: &Path) -> Result<FileStat, StoreError> {
    let status = fstat(descriptor).map_err(|errno| io("look at", path, errno))?;
    let owner = status.st_uid;
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(untrusted(
            path,
            format!("it belongs to user {owner}"),
            "make root its owner (chown root)",
        ));
    }
    // A sticky directory such as /tmp lets nobody replace another's entry;
    // for a file the bit means nothing.
    let is_directory = status.st_mode & libc::S_IFMT == libc::S_IFDIR;
    let sticky = is_directory && status.st_mode & libc::S_ISVTX != 0;
    let writable = status.st_mode & 0o022 != 0;
    if writable && !sticky {
        let mode = status.st_mode & 0o7777;
        return Err(untrusted(
            path,
            format!("others may write to it (mode {mode:04o})"),
            "close it (chmod go-w)",
        ));
    }
    Ok(status)
}

fn directory_flags() -> OFlag {
    WAY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC
}

fn io(action: &'static str, path: &Path, errno: Errno) -> StoreError {
    match errno {
        // FreeBSD says EMLINK, which Linux never does here.
        Errno::ELOOP | Errno::EMLINK => symbolic_link(path),
        errno => failed(action, path, errno),
    }
}
