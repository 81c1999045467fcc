use std::{
    fs::OpenOptions,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
};

use cofferdam_system::errno_of;
use nix::{
    errno::Errno,
    libc::{CLONE_NEWNET, O_CLOEXEC, O_NOCTTY, O_NONBLOCK},
    sys::{
        stat::fstat,
        statfs::{NSFS_MAGIC, PROC_SUPER_MAGIC, fstatfs},
    },
};

use super::{NamespaceError, NamespaceIdentity};
use crate::unsafe_calls::namespace_type;

/// A network namespace that is open: its descriptor.
pub type OpenNamespace = OwnedFd;

/// The calling thread's own network namespace.
const CURRENT: &str = "/proc/thread-self/ns/net";

/// Opens a network namespace.
///
/// # Errors
/// There is nothing at the path, it is something else, or it can't be opened.
pub fn open_namespace(path: &Path) -> Result<OpenNamespace, NamespaceError> {
    // The path comes from outside: it may be a FIFO or a terminal.
    let namespace: OwnedFd = OpenOptions::new()
        .read(true)
        .custom_flags(O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        .open(path)
        .map_err(|error| match errno_of(&error) {
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
            magic: format!("{:x}", magic.0),
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
pub fn open_current() -> Result<OpenNamespace, NamespaceError> {
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
