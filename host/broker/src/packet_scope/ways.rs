//! What is known of the packets that come into a chain, by each of the ways
//! that lead there.

use std::collections::BTreeMap;

use cofferdam_network::nftables::{Action, Chain, Verdict};

use super::facts::{Facts, Known, Sets};

/// Ways into a chain that are told apart. With more of them its packets are
/// taken to be any: a component chooses the ruleset, and the time that it
/// takes to look through it has to be bounded.
const MOST: usize = 16;

/// What is known of the packets of each way into a chain. Without a way only
/// attachments' packets come there.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    ways: Vec<Facts>,
    learnt: usize,
}

impl Ways {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Facts> {
        self.ways.iter()
    }

    /// Of two ways, the one for all packets of the other is enough. Tells
    /// whether it is new.
    fn add(&mut self, facts: Facts) -> bool {
        if self.ways.iter().any(|way| way.follow_from(&facts)) {
            return false;
        }
        self.learnt += 1;
        let facts = if self.learnt > MOST { Facts::default() } else { facts };
        self.ways.retain(|way| !facts.follow_from(way));
        self.ways.push(facts);
        true
    }
}

/// Follows jumps until nothing new is learnt. It ends, loops or not: what is
/// known of a chain only ever gets less.
pub(super) fn ways_into<'c>(sets: &Sets<'_>, chains: &'c [Chain]) -> BTreeMap<&'c str, Ways> {
    let mut ways: BTreeMap<&str, Ways> = BTreeMap::new();
    let mut jumps: BTreeMap<&str, Vec<(&str, Known)>> = BTreeMap::new();
    let mut changed = Vec::new();
    for chain in chains {
        jumps.entry(&chain.name).or_default().extend(jumps_of(chain, sets));
        let ways = ways.entry(&chain.name).or_default();
        if chain.base.is_some() && ways.add(Facts::default()) {
            changed.push(chain.name.as_str());
        }
    }
    while let Some(chain) = changed.pop() {
        let here: Vec<Facts> = ways.get(chain).into_iter().flat_map(Ways::iter).cloned().collect();
        for (target, known) in jumps.get(chain).into_iter().flatten() {
            let Some(there) = ways.get_mut(target) else { continue };
            let narrowed = here.iter().filter_map(|way| way.narrowed(known));
            let mut learnt = false;
            for facts in narrowed {
                learnt |= there.add(facts);
            }
            if learnt {
                changed.push(*target);
            }
        }
    }
    ways
}

fn jumps_of<'c>(chain: &'c Chain, sets: &Sets<'_>) -> Vec<(&'c str, Known)> {
    let mut jumps = Vec::new();
    for rule in &chain.rules {
        for action in &rule.actions {
            if let Action::Verdict(Verdict::Jump(target) | Verdict::Goto(target)) = action {
                jumps.push((target.as_str(), sets.known_of_matches(&rule.matches)));
            }
        }
    }
    jumps
}
