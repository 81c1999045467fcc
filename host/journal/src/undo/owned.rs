use std::collections::BTreeMap;

use crate::{
    AttachmentId, Entry, NamespaceRecord,
    model::Inverse,
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

/// What is owned until a journal goes.
#[derive(Debug)]
pub(crate) struct Kept {
    owned: Owned,
    paths: Vec<String>,
}

impl Kept {
    pub(crate) fn give_up(&self, owner: &AttachmentId) {
        for path in &self.paths {
            self.owned.give_up_path(path, owner);
        }
    }
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
            for path in holdings.paths(entry) {
                *holdings.counts.entry(path).or_insert(0) += 1;
            }
        }
        holdings
    }

    /// Gives up what belonged to operations that a process which was killed
    /// undid or gave up on, and that nothing which is pending needs.
    pub(crate) fn give_up_left(&self, entries: &[Entry]) {
        let ended = entries.iter().filter(|entry| !entry.is_pending());
        for path in ended.flat_map(|entry| self.paths(entry)) {
            if !self.counts.contains_key(&path) {
                self.owned.give_up_path(&path, self.owner);
            }
        }
    }

    /// All that belonged to these operations.
    pub(crate) fn all_of(&self, entries: &[Entry]) -> Kept {
        Kept {
            owned: self.owned.clone(),
            paths: entries.iter().flat_map(|entry| self.paths(entry)).collect(),
        }
    }

    /// Gives up what belonged to an operation that is undone.
    pub(crate) fn give_up(&mut self, entry: &Entry) {
        for path in self.paths(entry) {
            let Some(count) = self.counts.get_mut(&path) else {
                continue;
            };
            *count -= 1;
            if *count == 0 {
                self.owned.give_up_path(&path, self.owner);
            }
        }
    }

    /// Whether another attachment has by now what is told from others' of its
    /// kind by its looks alone: it was given up, and is not this operation's.
    pub(crate) fn are_anothers(&self, entry: &Entry) -> bool {
        let by_looks = matches!(
            entry.inverse,
            Inverse::DeleteAddress { .. }
                | Inverse::DeleteRoute { .. }
                | Inverse::DeleteRule { .. }
                | Inverse::DeleteNeighbor { .. }
        );
        let is_anothers = |thing: &Thing| {
            let owner = self.owned.owner(thing);
            matches!(owner, Ok(Some(owner)) if !owner.is_of(self.owner))
        };
        by_looks && self.things(entry).iter().any(is_anothers)
    }

    fn things(&self, entry: &Entry) -> Vec<Thing> {
        let scope = Scope {
            network: &self.owner.network,
            namespace: self.namespace.as_ref(),
        };
        scope.things(&entry.operation, &entry.inverse)
    }

    fn paths(&self, entry: &Entry) -> Vec<String> {
        self.things(entry).iter().map(Thing::path).collect()
    }
}
