use std::{
    fs::File,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

use nix::{
    dir::Dir,
    errno::Errno,
    fcntl::{OFlag, open, openat},
    libc,
    sys::stat::{FileStat, Mode, fstat},
    unistd::geteuid,
};

use super::{content, failed, no_directory, no_file, symbolic_link, untrusted};
use crate::error::PolicyError;

const DIRECTORY_FLAGS: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_DIRECTORY)
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

/// A directory that only root can have changed, opened once: what it holds is
/// found through the descriptor that was checked.
pub(crate) struct TrustedDirectory {
    directory: Dir,
    path: PathBuf,
}

impl TrustedDirectory {
    /// Opens a directory and checks it. `None` when there is none.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, PolicyError> {
        Self::checked(open(path, DIRECTORY_FLAGS, Mode::empty()), path.to_owned())
    }

    /// The same for a directory in this one.
    pub(crate) fn directory(&self, name: &str) -> Result<Option<Self>, PolicyError> {
        let opened = openat(&self.directory, name, DIRECTORY_FLAGS, Mode::empty());
        Self::checked(opened, self.path.join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn checked(opened: nix::Result<OwnedFd>, path: PathBuf) -> Result<Option<Self>, PolicyError> {
        let descriptor = match opened {
            Ok(descriptor) => descriptor,
            Err(Errno::ENOENT) => return Ok(None),
            // With O_DIRECTORY a link is reported as no directory.
            Err(Errno::ENOTDIR | Errno::ELOOP) => return Err(no_directory(&path)),
            Err(errno) => return Err(failed(&path, errno)),
        };
        check_owner_and_mode(&descriptor, &path)?;
        let directory = Dir::from_fd(descriptor).map_err(|errno| failed(&path, errno))?;
        Ok(Some(Self { directory, path }))
    }

    /// The names in it that are wanted, in their order. One that is not UTF-8
    /// is told with replacement characters.
    pub(crate) fn names(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, PolicyError> {
        let mut names = Vec::new();
        for entry in self.directory.iter() {
            let entry = entry.map_err(|errno| failed(&self.path, errno))?;
            let name = entry.file_name().to_string_lossy();
            if !matches!(name.as_ref(), "." | "..") && wanted(&name) {
                names.push(name.into_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Reads a file that has to be there.
    pub(crate) fn file(&self, name: &str) -> Result<Vec<u8>, PolicyError> {
        let missing = || failed(&self.path.join(name), Errno::ENOENT);
        self.file_if_exists(name)?.ok_or_else(missing)
    }

    /// Reads a file and checks it. `None` when there is none.
    pub(crate) fn file_if_exists(&self, name: &str) -> Result<Option<Vec<u8>>, PolicyError> {
        let path = self.path.join(name);
        // A FIFO would block an open without O_NONBLOCK.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        match openat(&self.directory, name, flags, Mode::empty()) {
            Ok(file) => read(file, &path).map(Some),
            Err(Errno::ENOENT) => Ok(None),
            // FreeBSD says EMLINK, which Linux never does here.
            Err(Errno::ELOOP | Errno::EMLINK) => Err(symbolic_link(&path)),
            Err(errno) => Err(failed(&path, errno)),
        }
    }
}

fn read(file: OwnedFd, path: &Path) -> Result<Vec<u8>, PolicyError> {
    let status = check_owner_and_mode(&file, path)?;
    if status.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Err(no_file(path));
    }
    content(File::from(file), u64::try_from(status.st_size).unwrap_or(0), path)
}

fn check_owner_and_mode(descriptor: &impl AsFd, path: &Path) -> Result<FileStat, PolicyError> {
    let status = fstat(descriptor).map_err(|errno| failed(path, errno))?;
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
