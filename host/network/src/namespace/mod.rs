//! Network namespaces by path and by descriptor. Where there is no Linux, there
//! are none, and what opens one says so.

#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, unreachable_pub))]
pub(crate) mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use std::path::PathBuf;

use cofferdam_system::Errno;
use serde::{Deserialize, Serialize};
use thiserror::Error;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{OpenNamespace, identity, is_current, open_current, open_namespace};
#[cfg(target_os = "linux")]
pub use linux::{OpenNamespace, identity, is_current, open_current, open_namespace};

/// Why a path does not give a network namespace.
#[derive(Debug, Error)]
pub enum NamespaceError {
    /// There is nothing at the path: the namespace is gone, or never was.
    #[error("failed to Statfs {0:?}: no such file or directory")]
    NotExist(PathBuf),
    /// It is on a file system that holds no namespaces.
    #[error("unknown FS magic on {path:?}: {magic}")]
    NotANamespace {
        /// The path as given.
        path: PathBuf,
        /// The file system's number, from `linux/magic.h`, in hexadecimal.
        magic: String,
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
