//! Packets of strangers, and what the rules of a table would do to them while
//! its sets hold nobody. It looks at single packets, where the host reasons
//! about all that could come.

use std::net::IpAddr;

use cofferdam_network::nftables::{Action, AddressType, Chain, Field, Match, Rule, Value, Verdict};
use cofferdam_policy::Packets;
use cofferdam_protocol::IpPrefix;

/// `IPPROTO_TCP`.
const TCP: u8 = 6;
/// Chains that a packet goes through one within the other: the kernel takes
/// no more.
const DEEPEST: usize = 16;

/// A packet to a web server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    source: &'static str,
    destination: &'static str,
    input: &'static str,
    output: &'static str,
}

const STRANGERS: [Packet; 4] = [
    Packet {
        source: "198.51.100.7",
        destination: "203.0.113.9",
        input: "up0",
        output: "br-ex",
    },
    Packet {
        source: "10.22.0.77",
        destination: "192.0.2.9",
        input: "vethtenant",
        output: "up0",
    },
    Packet {
        source: "192.0.2.9",
        destination: "10.22.0.77",
        input: "up0",
        output: "vethtenant",
    },
    Packet {
        source: "203.0.113.9",
        destination: "198.51.100.7",
        input: "vx0",
        output: "veth0",
    },
];

enum Fate {
    /// It is dropped or altered, or the rules say nothing of what happens.
    Decided,
    Accepted,
    Undecided,
}

/// The strangers' packets that these rules decide on, as a policy is asked
/// for them with all that is known of each.
pub(super) fn decided(chains: &[Chain]) -> Vec<Packets> {
    let hit = STRANGERS.iter().filter(|packet| {
        let mut bases = chains.iter().filter(|chain| chain.base.is_some());
        bases.any(|chain| packet.is_decided_in(chain, chains))
    });
    hit.map(Packet::known).collect()
}

/// The addresses that rules write into packets, as a policy is asked for them.
pub(super) fn written(chains: &[Chain]) -> Vec<Packets> {
    let rules = chains.iter().flat_map(|chain| &chain.rules);
    let written = rules.flat_map(|rule| &rule.actions).filter_map(|action| match action {
        Action::DestinationNat { address, .. } => Some(Packets {
            prefixes: vec![IpPrefix::host(*address)],
            ..Packets::default()
        }),
        _ => None,
    });
    written.collect()
}

impl Packet {
    fn known(&self) -> Packets {
        let prefixes = [self.source, self.destination].map(|address| IpPrefix::host(parsed(address)));
        Packets {
            prefixes: prefixes.into(),
            links: vec![self.input.to_owned(), self.output.to_owned()],
            ..Packets::default()
        }
    }

    fn is_decided_in(&self, base: &Chain, chains: &[Chain]) -> bool {
        match self.fate_in(base, chains, DEEPEST) {
            Fate::Decided => true,
            Fate::Accepted => false,
            Fate::Undecided => base.base.is_some_and(|base| base.default_drop),
        }
    }

    fn fate_in(&self, chain: &Chain, chains: &[Chain], depth: usize) -> Fate {
        // The kernel takes no such table.
        if depth == 0 {
            return Fate::Accepted;
        }
        for rule in &chain.rules {
            if !rule.matches.iter().all(|matching| self.is_matched(matching)) {
                continue;
            }
            match self.fate_of(rule, chains, depth) {
                Step::Next => {}
                Step::Back => return Fate::Undecided,
                Step::End(fate) => return fate,
            }
        }
        Fate::Undecided
    }

    fn fate_of(&self, rule: &Rule, chains: &[Chain], depth: usize) -> Step {
        for action in &rule.actions {
            let (target, back) = match action {
                Action::Verdict(Verdict::Jump(target)) => (target, true),
                Action::Verdict(Verdict::Goto(target)) => (target, false),
                Action::Verdict(Verdict::Accept) => return Step::End(Fate::Accepted),
                Action::Verdict(Verdict::Return) => return Step::Back,
                Action::Verdict(Verdict::Drop)
                | Action::Masquerade
                | Action::DestinationNat { .. }
                | Action::SetMark { .. } => return Step::End(Fate::Decided),
                // Nothing is in a map.
                Action::VerdictMap { .. } | Action::DestinationNatMap { .. } => return Step::Next,
                Action::Count => continue,
            };
            let Some(chain) = chains.iter().find(|chain| chain.name == *target) else {
                return Step::End(Fate::Decided);
            };
            match self.fate_in(chain, chains, depth - 1) {
                Fate::Undecided if back => {}
                Fate::Undecided => return Step::Back,
                fate => return Step::End(fate),
            }
        }
        Step::Next
    }

    /// What is not known of it matches nothing.
    fn is_matched(&self, matching: &Match) -> bool {
        let (found, negate) = match matching {
            Match::Value { field, value, negate } => (self.value(*field).map(|own| own == *value), *negate),
            Match::Prefix { field, prefix, negate } => {
                let own = self.value(*field);
                let lies = own.map(|own| matches!(own, Value::Address(address) if prefix.contains(address)));
                (lies, *negate)
            }
            Match::MarkBits { value, negate, .. } => (Some(*value == 0), *negate),
            Match::InSet { negate, .. } => (Some(false), *negate),
            Match::DestinationType(AddressType::Local) => (Some(false), false),
            _ => (None, false),
        };
        found.is_some_and(|found| found != negate)
    }

    fn value(&self, field: Field) -> Option<Value> {
        Some(match field {
            Field::IpSource => Value::Address(parsed(self.source)),
            Field::IpDestination => Value::Address(parsed(self.destination)),
            Field::InputInterface => Value::InterfaceName(self.input.to_owned()),
            Field::OutputInterface => Value::InterfaceName(self.output.to_owned()),
            Field::Protocol => Value::Protocol(TCP),
            Field::DestinationPort => Value::Port(80),
            Field::Mark => Value::Mark(0),
            _ => return None,
        })
    }
}

enum Step {
    /// To the next rule.
    Next,
    /// Out of the chain.
    Back,
    End(Fate),
}

fn parsed(address: &str) -> IpAddr {
    address.parse().expect("it is one")
}
