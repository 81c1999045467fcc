use std::{io, path::Path};

use cofferdam_system::Errno;

use super::{NamespaceError, NamespaceIdentity};

/// A network namespace that is open, of which there is none here.
#[derive(Debug)]
pub enum OpenNamespace {}

/// Opens a network namespace.
///
/// # Errors
/// There are no network namespaces here.
pub fn open_namespace(path: &Path) -> Result<OpenNamespace, NamespaceError> {
    Err(NamespaceError::Os {
        path: path.to_owned(),
        errno: Errno::ENOSYS,
    })
}

/// The identity of a namespace that is open.
///
/// # Errors
/// None: there is no such namespace.
pub fn identity(namespace: &OpenNamespace) -> io::Result<NamespaceIdentity> {
    match *namespace {}
}

/// Opens the calling thread's network namespace.
///
/// # Errors
/// There are no network namespaces here.
pub fn open_current() -> Result<OpenNamespace, NamespaceError> {
    open_namespace(Path::new("/proc/thread-self/ns/net"))
}

/// Whether a namespace is the calling thread's own.
///
/// # Errors
/// None: there is no such namespace.
pub fn is_current(namespace: &OpenNamespace) -> io::Result<bool> {
    match *namespace {}
}
