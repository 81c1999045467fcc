//! Network namespaces by path and by descriptor.

use std::{
    fs::OpenOptions,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    libc::{CLONE_NEWNET, O_CLOEXEC, O_NOCTTY, O_NONBLOCK},
    sys::{
        stat::fstat,
        statfs::{FsType, NSFS_MAGIC, PROC_SUPER_MAGIC, fstatfs},
    },
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::unsafe_calls::namespace_type;

/// The calling thread's own network namespace.
const CURRENT: &str = "/proc/thread-self/ns/net";

/// Why a path does not give a network namespace.
#[derive(Debug, Error)]
pub enum NamespaceError {
    /// There is nothing at the path: the namespace is gone, or never was.
    #[error("failed to Statfs {0:?}: no such file or directory")]
    NotExist(PathBuf),
    /// It is on a file system that holds no namespaces.
    #[error("unknown FS magic on {path:?}: {:x}", magic.0)]
    NotANamespace {
        /// The path as given.
        path: PathBuf,
        /// The file system's number, from `linux/magic.h`.
        magic: FsType,
    },
    /// It is a file of `/proc`, or a namespace, but not of networks.
    #[error("{0:?} is not a network namespace")]
    NotANetworkNamespace(PathBuf),
    /// It can't be opened or looked at.
    #[error("failed to open {path:?}: {}", errno.desc())]
    Os {
        /// The path as given.
        path: PathBuf,
        /// The number from `errno.h`.
        errno: Errno,
    },
}

/// Tells a namespace from all others that exist at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamespaceIdentity {
    /// Device number of the file system of namespaces.
    pub device: u64,
    /// Inode number on it. The kernel uses it again when the namespace is
    /// gone.
    pub inode: u64,
}

/// Opens a network namespace.
///
/// # Errors
/// There is nothing at the path, it is something else, or it can't be opened.
pub fn open_namespace(path: &Path) -> Result<OwnedFd, NamespaceError> {
    // The path comes from outside: it may be a FIFO or a terminal.
    let namespace: OwnedFd = OpenOptions::new()
        .read(true)
        .custom_flags(O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        .open(path)
        .map_err(|error| match errno(&error) {
            Errno::ENOENT => NamespaceError::NotExist(path.to_owned()),
            errno => NamespaceError::Os {
                path: path.to_owned(),
                errno,
            },
        })?
        .into();
    check(&namespace, path)?;
    Ok(namespace)
}

fn check(namespace: &OwnedFd, path: &Path) -> Result<(), NamespaceError> {
    let magic = fstatfs(namespace)
        .map_err(|errno| NamespaceError::Os {
            path: path.to_owned(),
            errno,
        })?
        .filesystem_type();
    if magic != NSFS_MAGIC && magic != PROC_SUPER_MAGIC {
        return Err(NamespaceError::NotANamespace {
            path: path.to_owned(),
            magic,
        });
    }
    match namespace_type(namespace) {
        Ok(CLONE_NEWNET) => Ok(()),
        _ => Err(NamespaceError::NotANetworkNamespace(path.to_owned())),
    }
}

/// The identity of a namespace that is open.
///
/// # Errors
/// The descriptor can't be looked at.
pub fn identity(namespace: impl AsFd) -> io::Result<NamespaceIdentity> {
    let status = fstat(namespace)?;
    Ok(NamespaceIdentity {
        device: status.st_dev,
        inode: status.st_ino,
    })
}

/// Opens the calling thread's network namespace.
///
/// # Errors
/// There is no `/proc`, or it is another pid namespace's.
pub fn open_current() -> Result<OwnedFd, NamespaceError> {
    open_namespace(Path::new(CURRENT))
}

/// Whether a namespace is the calling thread's own.
///
/// # Errors
/// One of the two can't be looked at.
pub fn is_current(namespace: impl AsFd) -> io::Result<bool> {
    let current = open_current().map_err(io::Error::other)?;
    Ok(identity(namespace)? == identity(current)?)
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
