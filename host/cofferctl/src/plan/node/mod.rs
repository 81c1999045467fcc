//! The picture of the node, and of the container's namespace.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use cofferdam_journal::NamespaceRecord;
use cofferdam_simulation::Sides;

/// Both namespaces as they are.
pub(super) struct Node {
    pub(super) sides: Sides,
    pub(super) namespace: NamespaceRecord,
    /// What could not be read.
    pub(super) remarks: Vec<String>,
}
