use std::{path::PathBuf, sync::Arc};

use crate::{grant::Grant, selection::Selection};

/// A grant, and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct WrittenGrant {
    pub(crate) grant: Grant,
    pub(crate) origin: Arc<Origin>,
    /// Of its `[[plugin.NAME.grant]]`; the first is 1.
    pub(crate) line: usize,
}

/// A file of a policy, and what it selects.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) file: PathBuf,
    pub(crate) selection: Selection,
    /// Of its `[plugin.NAME]`.
    pub(crate) line: usize,
}

impl WrittenGrant {
    /// Whether it is for an attachment.
    pub(crate) fn is_for(&self, network: &str, tenant: Option<&str>) -> bool {
        self.origin.selection.covers(network, tenant) && self.grant.selection.covers(network, tenant)
    }
}
