//! A table that is declared once more, in another way.
//!
//! Its sets, and the chains that it had, are still in the kernel. What its
//! rules were found to be bounded by holds only while sets are what they
//! were, and while no rule is left that the new declaration does not show.

use cofferdam_journal::Made;
use cofferdam_network::{
    Error,
    nftables::{Chain, Set, Table},
};

/// Refuses a set that has other keys or values than before: the elements in
/// it were looked at as what they were.
pub(super) fn refuse_other_keys(table: &Table, earlier: &[Set]) -> Result<(), Error> {
    let changed = |set: &&Set| earlier.iter().any(|before| before.name == set.name && before != *set);
    match table.sets.iter().find(changed) {
        Some(set) => Err(Error::Invalid(format!(
            "set {:?} of {} has elements of another type from an earlier declaration; give it another name",
            set.name, table.id
        ))),
        None => Ok(()),
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
pub(super) fn with_what_is_left(earlier: Option<&Made>, made: Made) -> Made {
    match (earlier, made) {
        (
            Some(Made::Table {
                sets: earlier_sets,
                chains: earlier_chains,
                ..
            }),
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
    use cofferdam_network::nftables::{DataType, Family, TableId, ValueType};

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
        let Made::Table { digest, sets, chains } =
            with_what_is_left(Some(&earlier), made("2", set("new", ValueType::Port), &["b", "c"]))
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
}
