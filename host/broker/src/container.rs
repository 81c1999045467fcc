//! Which namespace is the container's: a path, and even an inode number, soon
//! lead to another one.

use cofferdam_journal::{History, NamespaceRecord};
use cofferdam_network::{Kernel, namespace::NamespaceIdentity};
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
