//! A small interpreter of the model's rules: what the kernel does to a packet.

use std::{collections::BTreeMap, net::IpAddr};

use cofferdam_network::nftables::{
    Action, AddressType, Chain, ConnectionStates, Data, Element, Field, Match, Rule, Value, Verdict,
};

/// More jumps than that the kernel does not make either.
const DEPTH: usize = 16;

/// A packet, as much of it as rules can ask for.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) input: &'static str,
    pub(super) output: &'static str,
    pub(super) protocol: u8,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
    pub(super) mark: u32,
    pub(super) state: ConnectionStates,
    pub(super) destination_type: AddressType,
    pub(super) source_type: AddressType,
    pub(super) translated: bool,
}

/// Where a packet goes on.
enum Flow {
    /// With the next rule.
    On,
    /// Behind the jump that led here.
    Back,
    /// With the next base chain.
    Accepted,
    /// Nowhere, or nobody asks any more.
    Ended,
}

/// A table with its elements.
pub(super) struct Interpreter<'a> {
    pub(super) chains: &'a [Chain],
    pub(super) elements: &'a BTreeMap<String, Vec<Element>>,
    /// What was decided on the packet, with the address that it was sent to.
    pub(super) decisions: Vec<Option<IpAddr>>,
}

impl Interpreter<'_> {
    /// Sends a packet through all base chains.
    pub(super) fn run(&mut self, packet: &Packet) {
        let mut packet = packet.clone();
        let chains = self.chains;
        for chain in chains {
            let Some(base) = chain.base else { continue };
            match self.chain(chain, &mut packet, 0) {
                Flow::On | Flow::Back if base.default_drop => self.decisions.push(None),
                Flow::On | Flow::Back | Flow::Accepted => {}
                Flow::Ended => return,
            }
        }
    }

    fn chain(&mut self, chain: &Chain, packet: &mut Packet, depth: usize) -> Flow {
        for rule in &chain.rules {
            match self.rule(rule, packet, depth) {
                Flow::On => {}
                Flow::Back => return Flow::Back,
                end => return end,
            }
        }
        Flow::Back
    }

    fn rule(&mut self, rule: &Rule, packet: &mut Packet, depth: usize) -> Flow {
        if !rule.matches.iter().all(|matching| self.matches(matching, packet)) {
            return Flow::On;
        }
        for action in &rule.actions {
            match self.act(action, packet, depth) {
                Flow::On => {}
                flow => return flow,
            }
        }
        Flow::On
    }

    fn act(&mut self, action: &Action, packet: &mut Packet, depth: usize) -> Flow {
        match action {
            Action::Verdict(verdict) => self.decide(verdict, packet, depth),
            Action::VerdictMap { fields, map } => match self.look_up(fields, map, packet).cloned() {
                Some(Element {
                    data: Some(Data::Verdict(verdict)),
                    ..
                }) => self.decide(&verdict, packet, depth),
                _ => Flow::On,
            },
            Action::Masquerade => self.end(None),
            Action::DestinationNat { address, .. } => self.end(Some(*address)),
            Action::DestinationNatMap { fields, map } => match self.look_up(fields, map, packet).cloned() {
                Some(Element {
                    data: Some(Data::Values(values)),
                    ..
                }) => match values.first() {
                    Some(Value::Address(address)) => self.end(Some(*address)),
                    _ => Flow::On,
                },
                _ => Flow::On,
            },
            Action::SetMark { mask, value } => {
                packet.mark = packet.mark & !mask | value;
                self.decisions.push(None);
                Flow::On
            }
            Action::Count => Flow::On,
        }
    }

    fn end(&mut self, target: Option<IpAddr>) -> Flow {
        self.decisions.push(target);
        Flow::Ended
    }

    fn decide(&mut self, verdict: &Verdict, packet: &mut Packet, depth: usize) -> Flow {
        match verdict {
            Verdict::Accept => Flow::Accepted,
            Verdict::Drop => self.end(None),
            Verdict::Return => Flow::Back,
            Verdict::Jump(name) | Verdict::Goto(name) => {
                let chains = self.chains;
                let target = chains.iter().find(|chain| chain.name == *name && chain.base.is_none());
                let Some(target) = target.filter(|_| depth < DEPTH) else {
                    return Flow::Ended;
                };
                match self.chain(target, packet, depth + 1) {
                    Flow::Back | Flow::On if matches!(verdict, Verdict::Jump(_)) => Flow::On,
                    Flow::Back | Flow::On => Flow::Back,
                    end => end,
                }
            }
        }
    }

    fn look_up(&self, fields: &[Field], name: &str, packet: &Packet) -> Option<&Element> {
        let key: Option<Vec<Value>> = fields.iter().map(|field| packet.value(*field)).collect();
        let key = key?;
        self.elements.get(name)?.iter().find(|element| element.key == key)
    }

    fn matches(&self, matching: &Match, packet: &Packet) -> bool {
        match matching {
            // A packet without the field is of neither side.
            Match::Value { field, value, negate } => {
                packet.value(*field).is_some_and(|found| (found == *value) != *negate)
            }
            Match::Prefix { field, prefix, negate } => match packet.value(*field) {
                Some(Value::Address(address)) => prefix.contains(address) != *negate,
                _ => false,
            },
            Match::MarkBits { mask, value, negate } => (packet.mark & mask == *value) != *negate,
            Match::InSet { fields, set, negate } => {
                let readable = fields.iter().all(|field| packet.value(*field).is_some());
                readable && self.look_up(fields, set, packet).is_some() != *negate
            }
            Match::ConnectionState(states) => {
                states.new && packet.state.new || states.established && packet.state.established
            }
            Match::DestinationTranslated => packet.translated,
            Match::DestinationType(kind) => packet.destination_type == *kind,
            Match::SourceType(kind) => packet.source_type == *kind,
        }
    }
}

impl Packet {
    fn value(&self, field: Field) -> Option<Value> {
        let of_version = |address: IpAddr, ipv6: bool| (address.is_ipv6() == ipv6).then_some(Value::Address(address));
        match field {
            Field::IpSource => of_version(self.source, false),
            Field::IpDestination => of_version(self.destination, false),
            Field::Ip6Source => of_version(self.source, true),
            Field::Ip6Destination => of_version(self.destination, true),
            Field::EtherSource | Field::EtherDestination => None,
            Field::SourcePort => Some(Value::Port(self.source_port)),
            Field::DestinationPort => Some(Value::Port(self.destination_port)),
            Field::Protocol => Some(Value::Protocol(self.protocol)),
            Field::InputInterface => Some(Value::InterfaceName(self.input.to_owned())),
            Field::OutputInterface => Some(Value::InterfaceName(self.output.to_owned())),
            Field::Mark => Some(Value::Mark(self.mark)),
        }
    }
}
