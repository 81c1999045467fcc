mod netlink;
mod objects;
mod settings;
#[cfg(test)]
mod tests;
mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use tree::{Skip, read_tree};

use crate::{Installation, Namespace};

/// What a namespace consists of: links, addresses, routes, rules, permanent
/// neighbours, peers of VXLANs, the packet filter, queueing disciplines, network settings, and with
/// [`Snapshot::and_leases`] the addresses on record. One line an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    objects: BTreeMap<String, String>,
}

impl Snapshot {
    /// Takes a picture.
    #[must_use]
    pub fn of(namespace: &Namespace) -> Self {
        let mut snapshot = Self {
            objects: BTreeMap::new(),
        };
        for (name, content) in namespace.run(objects::all) {
            snapshot.add(name, content);
        }
        snapshot
    }

    /// The same, with the addresses that are given out. The lock and the place
    /// where the next search starts are no leases.
    #[must_use]
    pub fn and_leases(mut self, installation: &Installation) -> Self {
        self.files("lease", &installation.leases(), &|name| {
            name == "lock" || name.starts_with("last_reserved_ip.")
        });
        self
    }

    /// The same, with the results that runtimes keep.
    #[must_use]
    pub fn and_results(mut self, installation: &Installation) -> Self {
        self.files("result", &installation.root().join("var/lib/cni/results"), &|_| false);
        self
    }

    /// The same, with all that Cofferdam has on record of attachments. What it
    /// knows of the leases from the last look at them is no record, and that it
    /// looked for what an earlier boot left is none.
    #[must_use]
    pub fn and_state(mut self, installation: &Installation) -> Self {
        self.files("state", &installation.state(), &|name| {
            name == "boot" || name.contains(".claims") || name.contains(".survey")
        });
        self
    }

    /// What differs, one line an object: `-` only here, `+` only in the
    /// other, `~` in both but not alike. Empty when nothing does.
    #[must_use]
    pub fn difference(&self, other: &Self) -> String {
        let mut text = String::new();
        let names: BTreeSet<_> = self.objects.keys().chain(other.objects.keys()).collect();
        for name in names {
            let _ = match (self.objects.get(name), other.objects.get(name)) {
                (Some(before), Some(after)) if before != after => {
                    writeln!(text, "~ {name}: {before}\n  now: {after}")
                }
                (Some(before), None) => writeln!(text, "- {name}: {before}"),
                (None, Some(after)) => writeln!(text, "+ {name}: {after}"),
                _ => Ok(()),
            };
        }
        text
    }

    /// Fails the test, showing what differs, when the other picture does.
    #[track_caller]
    pub fn assert_same(&self, now: &Self) {
        let difference = self.difference(now);
        assert!(difference.is_empty(), "the kernel is not as it was:\n{difference}");
    }

    fn files(&mut self, what: &str, directory: &Path, skip: Skip<'_>) {
        let mut found = Vec::new();
        read_tree(directory, directory, skip, &mut found);
        for (name, content) in found {
            self.add(format!("{what} {name}"), content);
        }
    }

    /// Two objects that look alike get a line each.
    fn add(&mut self, name: String, content: String) {
        let mut unique = name.clone();
        let mut number = 1;
        while self.objects.contains_key(&unique) {
            number += 1;
            unique = format!("{name} ({number})");
        }
        self.objects.insert(unique, content);
    }
}
