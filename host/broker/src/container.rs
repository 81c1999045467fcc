//! Which namespace is the container's: a path, and even an inode number, soon
//! lead to another one.

use std::path::Path;

use cofferdam_journal::{History, NamespaceRecord};
use cofferdam_network::{
    Kernel,
    namespace::{NamespaceIdentity, identity, open_namespace},
};
use cofferdam_protocol::Place;

/// The namespace of a kernel's container, for the record. Where no number that
/// is used once can be had, the identity has to do.
pub(crate) fn record(kernel: &mut Kernel, identity: NamespaceIdentity, path: Option<&str>) -> NamespaceRecord {
    NamespaceRecord {
        identity,
        path: path.unwrap_or_default().to_owned(),
        cookie: kernel.namespace_cookie(Place::Container).ok().flatten(),
    }
}

/// Whether an attachment was made in this namespace, as far as is on record.
pub(crate) fn is_where_made(history: &History, namespace: &NamespaceRecord) -> bool {
    history.namespace().is_none_or(|record| record.is_same(namespace))
}

/// A kernel with the container's namespace, if the path still leads to the one
/// in which the attachment was made. `kernel` makes one without it.
pub(crate) fn kernel_where_made(kernel: impl Fn() -> Kernel, path: Option<&str>, history: &History) -> Kernel {
    let opened = path.and_then(|path| open_namespace(Path::new(path)).ok());
    let identified = opened.and_then(|namespace| Some((identity(&namespace).ok()?, namespace)));
    let Some((identity, namespace)) = identified else {
        return kernel();
    };
    let mut with_container = kernel().with_container(namespace);
    let namespace = record(&mut with_container, identity, path);
    if is_where_made(history, &namespace) {
        with_container
    } else {
        kernel()
    }
}
