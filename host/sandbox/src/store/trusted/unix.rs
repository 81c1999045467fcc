use std::{
    fs::File,
    io::Read as _,
    os::fd::{AsFd, OwnedFd},
    path::{Component, Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    sys::stat::{FileStat, Mode, fstat},
    unistd::geteuid,
};

use super::StoreError;

/// A directory that nobody but root can have written to, and neither any of
/// the directories on the way to it.
#[derive(Debug)]
pub struct TrustedDirectory {
    descriptor: OwnedFd,
    path: PathBuf,
}

impl TrustedDirectory {
    /// Opens `relative` below `base`, part by part, without following links,
    /// and checks the owner and the mode of each, `base` included. What is
    /// above `base` is the caller's to vouch for.
    ///
    /// # Errors
    /// A part is missing, a link, somebody else's, or writable by others.
    pub fn open(base: &Path, relative: &Path) -> Result<Self, StoreError> {
        let descriptor = open(base, directory_flags(), Mode::empty()).map_err(|errno| io("open", base, errno))?;
        let mut directory = Self {
            descriptor,
            path: base.to_owned(),
        };
        directory.check(&directory.descriptor)?;
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
        let descriptor = openat(&self.descriptor, name, directory_flags(), Mode::empty())
            .map_err(|errno| io("open", &path, errno))?;
        let directory = Self { descriptor, path };
        directory.check(&directory.descriptor)?;
        Ok(directory)
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
            .map_err(|error| StoreError::Io {
                action: "read",
                path: self.path.join(name),
                error,
            })?;
        Ok(bytes)
    }

    /// Opens a file of this directory, of at most `limit` bytes, and says how
    /// many it has.
    ///
    /// # Errors
    /// As for [`TrustedDirectory::read`].
    pub fn open_file(&self, name: &str, limit: u64) -> Result<(File, u64), StoreError> {
        let path = self.path.join(name);
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let descriptor =
            openat(&self.descriptor, name, flags, Mode::empty()).map_err(|errno| io("open", &path, errno))?;
        let status = self.check_at(&descriptor, &path)?;
        let size = u64::try_from(status.st_size).unwrap_or(u64::MAX);
        if size > limit {
            return Err(untrusted(
                &path,
                format!("it has {size} bytes, more than the {limit} that it may have"),
                "remove it",
            ));
        }
        Ok((File::from(descriptor), size))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn check(&self, descriptor: &impl AsFd) -> Result<(), StoreError> {
        self.check_at(descriptor, &self.path).map(|_| ())
    }

    fn check_at(&self, descriptor: &impl AsFd, path: &Path) -> Result<FileStat, StoreError> {
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
        let is_directory = status.st_mode & nix::libc::S_IFMT == nix::libc::S_IFDIR;
        let sticky = is_directory && status.st_mode & nix::libc::S_ISVTX != 0;
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
}

fn directory_flags() -> OFlag {
    OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC
}

fn untrusted(path: &Path, reason: String, remedy: &str) -> StoreError {
    StoreError::Untrusted {
        path: path.to_owned(),
        reason,
        remedy: remedy.to_owned(),
    }
}

fn io(action: &'static str, path: &Path, errno: Errno) -> StoreError {
    if errno == Errno::ELOOP {
        return untrusted(
            path,
            "it is a symbolic link".to_owned(),
            "put the real thing in its place",
        );
    }
    StoreError::Io {
        action,
        path: path.to_owned(),
        error: errno.into(),
    }
}
