//! The packets that the rules of chains decide on, whichever way they come
//! there.

use std::collections::BTreeMap;

use cofferdam_network::nftables::{Action, Chain, Rule, Set, Verdict};
use cofferdam_policy::Packets;
use cofferdam_protocol::IpPrefix;

use super::{
    facts::{Facts, Known, Sets},
    ways::ways_into,
};

/// The packets that these chains decide on and that have to be granted: all
/// but those that an element names as an attachment's.
///
/// What decides is what others could feel: a packet that is dropped, gets
/// another address or another mark. `accept` is not of these, whatever the
/// type of the chain: it ends the base chain that it is in, and the packet
/// goes on to the next one, of another table, as it does without it. In
/// chains that nothing but elements and chains that are added later lead to,
/// packets are attachments' already, since a lookup of verdicts has to be
/// bounded as well.
pub(crate) fn decided_packets(sets: &[Set], chains: &[Chain]) -> Vec<Packets> {
    let sets = Sets::new(sets);
    let ways = ways_into(&sets, chains);
    let is_declared = |name: &str| ways.contains_key(name);
    let mut decided = Decided::default();
    for chain in chains {
        if chain.base.is_some_and(|base| base.default_drop) {
            decided.add(Facts::default(), chain, None);
        }
        let ways = ways.get(chain.name.as_str());
        for (rule, number) in chain.rules.iter().zip(1..) {
            for known in decisions(rule, &sets, is_declared) {
                for way in ways.into_iter().flat_map(|ways| ways.iter()) {
                    decided.add_known(way, &known, chain, number);
                }
            }
            // Where packets are sent has to be granted as well as whose they are.
            for target in rule.actions.iter().filter_map(static_target) {
                decided.add_known(&Facts::default(), &target, chain, number);
            }
        }
    }
    decided.finish()
}

/// What a rule itself knows of the packets of each of its decisions.
fn decisions(rule: &Rule, sets: &Sets<'_>, is_declared: impl Fn(&str) -> bool) -> Vec<Known> {
    let matched = || sets.known_of_matches(&rule.matches);
    let decision = |action: &Action| match action {
        Action::Verdict(Verdict::Accept | Verdict::Return) | Action::Count => None,
        // What a chain that is not declared here does is not known.
        Action::Verdict(Verdict::Jump(target) | Verdict::Goto(target)) => (!is_declared(target)).then(matched),
        // Without an element nothing happens. What comes before it in the rule happens.
        Action::VerdictMap { fields, map } | Action::DestinationNatMap { fields, map } => {
            Some(matched().joined(sets.known_of_lookup(fields, map)))
        }
        Action::Verdict(Verdict::Drop)
        | Action::Masquerade
        | Action::DestinationNat { .. }
        | Action::SetMark { .. } => Some(matched()),
    };
    rule.actions.iter().filter_map(decision).collect()
}

/// An address that a rule itself sends packets to.
fn static_target(action: &Action) -> Option<Known> {
    match action {
        Action::DestinationNat { address, .. } => Some(Known::prefix(IpPrefix::host(*address))),
        _ => None,
    }
}

/// What was found, each once, with where it was found first.
#[derive(Default)]
struct Decided(BTreeMap<Facts, (String, Option<usize>)>);

impl Decided {
    fn add_known(&mut self, way: &Facts, known: &Known, chain: &Chain, rule: usize) {
        if let Some(facts) = way.narrowed(known) {
            self.add(facts, chain, Some(rule));
        }
    }

    fn add(&mut self, facts: Facts, chain: &Chain, rule: Option<usize>) {
        self.0.entry(facts).or_insert_with(|| (chain.name.clone(), rule));
    }

    /// Any packet comes first. Of packets that are only known to be for the
    /// node there is nothing that a grant could name.
    fn finish(self) -> Vec<Packets> {
        let mut all: BTreeMap<_, Packets> = BTreeMap::new();
        for (facts, (chain, rule)) in self.0 {
            let packets = Packets {
                chain: Some(chain),
                rule,
                ..facts.packets()
            };
            all.entry((packets.prefixes.clone(), packets.links.clone()))
                .or_insert(packets);
        }
        all.into_values().collect()
    }
}
