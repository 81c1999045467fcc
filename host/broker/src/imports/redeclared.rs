//! A table that is declared once more, in another way.
//!
//! Its sets, and the chains that it had, are still in the kernel. What its
//! rules were found to be bounded by holds only while sets are what they
//! were, and while no rule is left that the new declaration does not show.

use cofferdam_journal::{Made, SharedGuard};
use cofferdam_network::{
    Error,
    nftables::{Chain, Set, Table},
};

use super::shared::NotJoined;
use crate::{convert::network_error, mediator::journal_error};

/// The first set that was declared with other keys or values before.
pub(super) fn other_typed<'s>(declared: &'s [Set], earlier: &[Set]) -> Option<&'s Set> {
    let changed = |set: &&Set| earlier.iter().any(|before| before.name == set.name && before != *set);
    declared.iter().find(changed)
}

/// Refuses a set that has other keys or values than before: the elements in
/// it were looked at as what they were.
pub(super) fn refuse_other_keys(table: &Table, earlier: &[Set]) -> Result<(), Error> {
    match other_typed(&table.sets, earlier) {
        Some(set) => Err(Error::Invalid(format!(
            "set {:?} of {} has elements of another type from an earlier declaration; give it another name",
            set.name, table.id
        ))),
        None => Ok(()),
    }
}

/// Changes a table that was declared otherwise, on record first: whatever
/// comes in between, the record has all sets and chains that may be there, and
/// as long as it has no digest the next declaration is made once more.
///
/// It is not undone when the ADD fails later: others may have been attached by
/// the new declaration since.
pub(super) fn redeclare(
    guard: &mut SharedGuard,
    made: Made,
    change: impl FnOnce(&Made) -> cofferdam_network::Result<()>,
) -> Result<(), NotJoined> {
    let earlier = match guard.made() {
        Some(earlier) if is_redeclared(earlier, &made) => earlier.clone(),
        _ => return Ok(()),
    };
    let made = with_what_is_left(&earlier, made);
    guard
        .set_made(without_digest(made.clone()))
        .map_err(|error| NotJoined::Refused(journal_error(error)))?;
    match change(&earlier) {
        Ok(()) => guard
            .set_made(made)
            .map_err(|error| NotJoined::InDoubt(journal_error(error))),
        Err(error) if error.leaves_doubt() => Err(NotJoined::InDoubt(network_error(error))),
        Err(error) => {
            let _ = guard.set_made_back(Some(earlier));
            Err(NotJoined::Refused(network_error(error)))
        }
    }
}

/// Whether a table got another declaration, perhaps with further sets.
fn is_redeclared(on_record: &Made, made: &Made) -> bool {
    match (on_record, made) {
        (Made::Table { digest: old, .. }, Made::Table { digest: new, .. }) => old != new,
        _ => false,
    }
}

fn without_digest(made: Made) -> Made {
    match made {
        Made::Table {
            plugin, sets, chains, ..
        } => Made::Table {
            plugin,
            digest: String::new(),
            sets,
            chains,
        },
        made => made,
    }
}

/// The declaration with chains that it no longer has, which get no rules.
pub(super) fn with_emptied_chains(table: &Table, earlier: &[String]) -> Table {
    let mut table = table.clone();
    for name in earlier {
        if !table.chains.iter().any(|chain| chain.name == *name) {
            table.chains.push(Chain {
                name: name.clone(),
                base: None,
                rules: Vec::new(),
            });
        }
    }
    table
}

/// What is on record of a table once it is declared anew: with the sets and
/// chains that are left.
fn with_what_is_left(earlier: &Made, made: Made) -> Made {
    match (earlier, made) {
        (
            Made::Table {
                sets: earlier_sets,
                chains: earlier_chains,
                ..
            },
            Made::Table {
                plugin,
                digest,
                mut sets,
                mut chains,
            },
        ) => {
            let left = |set: &&Set| !sets.iter().any(|declared| declared.name == set.name);
            let left: Vec<Set> = earlier_sets.iter().filter(left).cloned().collect();
            sets.extend(left);
            let left = |chain: &&String| !chains.contains(chain);
            let left: Vec<String> = earlier_chains.iter().filter(left).cloned().collect();
            chains.extend(left);
            Made::Table {
                plugin,
                digest,
                sets,
                chains,
            }
        }
        (_, made) => made,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::time::{Duration, Instant};

    use cofferdam_journal::{AttachmentId, SharedObject, StateDirectory};
    use cofferdam_network::nftables::{DataType, Family, TableId, ValueType};
    use cofferdam_protocol::Place;

    use super::*;

    fn set(name: &str, key: ValueType) -> Set {
        Set {
            name: name.to_owned(),
            key: vec![key],
            data: None,
        }
    }

    fn table(sets: Vec<Set>) -> Table {
        let id = TableId {
            family: Family::Inet,
            name: "t".to_owned(),
        };
        Table {
            id,
            sets,
            chains: Vec::new(),
        }
    }

    #[test]
    fn a_set_stays_what_it_was() {
        let earlier = [set("s", ValueType::Mark), set("gone", ValueType::Port)];
        let map = Set {
            data: Some(DataType::Verdict),
            ..set("s", ValueType::Mark)
        };
        for (declared, is_refused) in [
            (set("s", ValueType::Mark), false),
            (set("new", ValueType::Ipv4Address), false),
            (set("s", ValueType::Ipv4Address), true),
            (map, true),
        ] {
            let refused = refuse_other_keys(&table(vec![declared.clone()]), &earlier);
            assert_eq!(refused.is_err(), is_refused, "{declared:?}");
        }
    }

    #[test]
    fn what_is_left_of_an_earlier_declaration_stays_on_record() {
        let made = |digest: &str, set: Set, chains: &[&str]| Made::Table {
            plugin: "p".to_owned(),
            digest: digest.to_owned(),
            sets: vec![set],
            chains: chains.iter().map(ToString::to_string).collect(),
        };
        let earlier = made("1", set("old", ValueType::Mark), &["a", "b"]);
        let Made::Table {
            digest, sets, chains, ..
        } = with_what_is_left(&earlier, made("2", set("new", ValueType::Port), &["b", "c"]))
        else {
            panic!("a table");
        };
        assert_eq!(digest, "2");
        assert_eq!(sets, [set("new", ValueType::Port), set("old", ValueType::Mark)]);
        assert_eq!(chains, ["b", "c", "a"]);
        let emptied = with_emptied_chains(&table(Vec::new()), &chains);
        assert!(emptied.chains.iter().map(|chain| &chain.name).eq(&chains));
        assert!(
            emptied
                .chains
                .iter()
                .all(|chain| chain.rules.is_empty() && chain.base.is_none())
        );
    }

    fn on_record(sets: &[&str], chains: &[&str], digest: &str) -> Made {
        Made::Table {
            plugin: "p".to_owned(),
            digest: digest.to_owned(),
            sets: sets.iter().map(|name| set(name, ValueType::Mark)).collect(),
            chains: chains.iter().map(ToString::to_string).collect(),
        }
    }

    /// A table that was declared with a set and a chain, both `old`.
    fn with_guard(test: impl FnOnce(&mut SharedGuard, &Made)) {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory::open(directory.path()).unwrap();
        let object = SharedObject::Table {
            place: Place::Host,
            table: table(Vec::new()).id,
        };
        let id = AttachmentId {
            network: "mynet".to_owned(),
            container_id: "c1".to_owned(),
            interface_name: "eth0".to_owned(),
            unit: "p".to_owned(),
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut guard = state.shared().join(&object, &id, deadline).unwrap();
        let earlier = on_record(&["old"], &["old"], "1");
        guard.set_made(earlier.clone()).unwrap();
        test(&mut guard, &earlier);
        // What the next one finds is what the guard says.
        let made = guard.made().cloned();
        drop(guard);
        assert_eq!(state.shared().made(&object, &id).unwrap(), made);
    }

    #[test]
    fn a_declaration_is_on_record_before_it_is_made() {
        with_guard(|guard, earlier| {
            let path = std::cell::Cell::new(None);
            let new = on_record(&["new"], &["new"], "2");
            let changed = redeclare(guard, new, |before| {
                path.set(Some(before.clone()));
                Ok(())
            });
            assert!(changed.is_ok());
            assert_eq!(path.take().as_ref(), Some(earlier));
            assert_eq!(guard.made(), Some(&on_record(&["new", "old"], &["new", "old"], "2")));
        });
    }

    #[test]
    fn a_declaration_that_is_perhaps_made_is_on_record_as_neither() {
        with_guard(|guard, _| {
            let doubtful = || Error::Deadline("replace chains".to_owned());
            let new = on_record(&["new"], &["new"], "2");
            let changed = redeclare(guard, new, |_| Err(doubtful()));
            assert!(matches!(changed, Err(NotJoined::InDoubt(_))));
            assert_eq!(guard.made(), Some(&on_record(&["new", "old"], &["new", "old"], "")));
            // Neither declaration is taken to be there.
            let mut made = false;
            let again = redeclare(guard, on_record(&["old"], &["old"], "1"), |_| {
                made = true;
                Ok(())
            });
            assert!(again.is_ok() && made);
            assert_eq!(guard.made(), Some(&on_record(&["old", "new"], &["old", "new"], "1")));
        });
    }

    #[test]
    fn a_declaration_that_the_kernel_refuses_leaves_the_record_as_it_was() {
        with_guard(|guard, earlier| {
            let new = on_record(&["new"], &["new"], "2");
            let changed = redeclare(guard, new, |_| Err(Error::Invalid("no".to_owned())));
            assert!(matches!(changed, Err(NotJoined::Refused(_))));
            assert_eq!(guard.made(), Some(earlier));
        });
    }
}
