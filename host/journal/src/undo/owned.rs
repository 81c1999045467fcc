use std::collections::BTreeMap;

use crate::{
    AttachmentId, Entry, NamespaceRecord,
    owned::{Owned, Scope, Thing},
};

/// What the operations that are to be undone own, and by how many of them
/// each thing is. It is given up with the last of them.
pub(crate) struct Holdings<'a> {
    owned: Owned,
    owner: &'a AttachmentId,
    namespace: Option<NamespaceRecord>,
    counts: BTreeMap<String, usize>,
}

impl<'a> Holdings<'a> {
    pub(crate) fn new(
        owned: Owned,
        owner: &'a AttachmentId,
        namespace: Option<NamespaceRecord>,
        pending: &[Entry],
    ) -> Self {
        let mut holdings = Self {
            owned,
            owner,
            namespace,
            counts: BTreeMap::new(),
        };
        for entry in pending {
            for name in holdings.names(entry) {
                *holdings.counts.entry(name).or_insert(0) += 1;
            }
        }
        holdings
    }

    /// Gives up what belonged to an operation that is undone.
    pub(crate) fn give_up(&mut self, entry: &Entry) {
        for name in self.names(entry) {
            let Some(count) = self.counts.get_mut(&name) else {
                continue;
            };
            *count -= 1;
            if *count == 0 {
                self.owned.give_up_name(&name, self.owner);
            }
        }
    }

    fn names(&self, entry: &Entry) -> Vec<String> {
        let scope = Scope {
            network: &self.owner.network,
            namespace: self.namespace.as_ref(),
        };
        let things = scope.things(&entry.operation, &entry.inverse);
        things.iter().map(Thing::file_name).collect()
    }
}
