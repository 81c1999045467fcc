//! What publishes ports: one table for all networks, with maps by protocol and
//! port, so that a packet takes a few lookups however many containers there are.
//!
//! Packets for the node itself are looked up in `publish`, first by address and
//! port, then by port: the maps `admitted…` lead to a chain with the conditions
//! that they have to meet, and that translates them by the maps `published…`. So
//! a port is one attachment's, whatever its conditions are. Packets that were
//! led to a container and could not find the way back to it are masqueraded:
//! those from its own network and from the node's loopback.

use std::collections::BTreeMap;

use cofferdam_guest_sdk::{
    Failure, IpPrefix, Namespace, digest,
    nftables::{
        Action, AddressType, Base, Chain, ChainType, Data, DataType, Element, Family, Field, Hook, MapLookup, Match,
        PrefixMatch, Rule, Set, Table, TableId, Value, ValueType, Verdict,
    },
};

use crate::{
    conditions::Condition,
    mapping::{Mapping, Target},
};

pub(crate) const TABLE: &str = "cofferdam_hostports";
/// `NF_IP_PRI_NAT_DST` and `NF_IP_PRI_NAT_SRC`.
pub(crate) const DESTINATION_NAT: i32 = -100;
pub(crate) const SOURCE_NAT: i32 = 100;

const PUBLISH: &str = "publish";

/// What a configuration makes of targets.
pub(crate) struct Publication<'p> {
    pub(crate) target: &'p Target,
    pub(crate) conditions: Vec<Condition>,
    /// Absent: sources stay as they are.
    pub(crate) masquerade: Option<Masquerade>,
}

/// Whose packets to a published port are masqueraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Masquerade {
    /// Of the container's own network, and of the node's loopback.
    Near,
    All,
}

/// Elements, by their sets.
type Elements = BTreeMap<String, Vec<Element>>;

/// Makes table and chains.
pub(crate) fn declare(host: &Namespace, publications: &[Publication<'_>]) -> Result<(), Failure> {
    host.ensure_table(&table())?;
    for publication in publications {
        for chain in publication.chains() {
            host.ensure_chain(&id(), &chain)?;
        }
    }
    Ok(())
}

/// Lets packets in.
pub(crate) fn publish(host: &Namespace, publications: &[Publication<'_>]) -> Result<(), Failure> {
    for publication in publications {
        for (set, elements) in publication.elements() {
            host.add_elements(&id(), &set, &elements)?;
        }
    }
    Ok(())
}

/// The first port that is not published any more.
pub(crate) fn missing(host: &Namespace, publications: &[Publication<'_>]) -> Result<Option<String>, Failure> {
    for publication in publications {
        for (set, elements) in publication.elements() {
            if host.has_elements(&id(), &set, &elements)?.contains(&false) {
                return Ok(Some(set));
            }
        }
    }
    Ok(None)
}

fn id() -> TableId {
    TableId {
        family: Family::Inet,
        name: TABLE.to_owned(),
    }
}

impl Publication<'_> {
    fn ipv6(&self) -> bool {
        self.target.address.is_ipv6()
    }

    fn chains(&self) -> Vec<Chain> {
        let sources = self.masquerade.map(|whose| self.sources_chain(whose));
        [self.admitting_chain()].into_iter().chain(sources).collect()
    }

    /// Named by what is in it: attachments with the same conditions share it.
    fn admitting_chain(&self) -> Chain {
        let version = version(self.ipv6());
        let name = if self.conditions.is_empty() {
            format!("anybody{version}")
        } else {
            let digest = digest(&[&format!("{:?}", self.conditions)]);
            format!("conditions{version}-{digest:016x}")
        };
        let translate = |map: String, fields: Vec<Field>| Rule {
            matches: self.conditions.clone(),
            actions: vec![Action::DestinationNatMap(MapLookup { fields, map_name: map })],
            comment: None,
        };
        Chain::new(&name)
            .with_rule(translate(format!("published_at{version}"), at(self.ipv6())))
            .with_rule(translate(format!("published{version}"), PORT.to_vec()))
    }

    /// Named by the network that it is about.
    fn sources_chain(&self, whose: Masquerade) -> Chain {
        let network = self.target.address.network();
        let from = |prefix: IpPrefix| Rule {
            matches: vec![Match::Prefix(PrefixMatch {
                field: if self.ipv6() { Field::Ip6Source } else { Field::IpSource },
                prefix: prefix.into(),
                negate: false,
            })],
            actions: vec![Action::Masquerade],
            comment: None,
        };
        if whose == Masquerade::All {
            return Chain::new("from-anywhere").with_rule(Rule::new(Action::Masquerade));
        }
        let address = network.address().to_string().replace(':', "_");
        let chain = Chain::new(&format!("from-{address}-{}", network.length())).with_rule(from(network));
        match loopback() {
            Some(loopback) if !self.ipv6() => chain.with_rule(from(loopback)),
            _ => chain,
        }
    }

    fn elements(&self) -> Vec<(String, Vec<Element>)> {
        let version = version(self.ipv6());
        let mut targets = Elements::new();
        // Without these the others have no effect, so that nothing of it shows
        // where a port is somebody else's.
        let mut leads = Elements::new();
        let admitting = self.admitting_chain().name;
        for mapping in &self.target.mappings {
            let at = if mapping.address.is_some() { "_at" } else { "" };
            let translation = Element {
                key: key(mapping),
                data: Some(Data::Values(vec![
                    self.target.address.address().into(),
                    Value::Port(mapping.container_port),
                ])),
            };
            let published = format!("published{at}{version}");
            targets.entry(published).or_default().push(translation);
            let verdict = if mapping.address.is_some() {
                Verdict::Goto
            } else {
                Verdict::Jump
            };
            let lead = Element::new(key(mapping)).with_verdict(verdict(admitting.clone()));
            let admitted = format!("admitted{at}{version}");
            leads.entry(admitted).or_default().push(lead);
        }
        if let Some(whose) = self.masquerade {
            let chain = self.sources_chain(whose).name;
            let source = Element::new([self.target.address.address().into()]).with_verdict(Verdict::Goto(chain));
            targets.entry(format!("sources{version}")).or_default().push(source);
        }
        targets.into_iter().chain(leads).collect()
    }
}

const PORT: [Field; 2] = [Field::Protocol, Field::DestinationPort];

fn at(ipv6: bool) -> Vec<Field> {
    let address = if ipv6 {
        Field::Ip6Destination
    } else {
        Field::IpDestination
    };
    [&[address], &PORT[..]].concat()
}

fn key(mapping: &Mapping) -> Vec<Value> {
    let address = mapping.address.map(Value::from);
    let port = [
        Value::Protocol(mapping.protocol.number()),
        Value::Port(mapping.host_port),
    ];
    address.into_iter().chain(port).collect()
}

fn version(ipv6: bool) -> &'static str {
    if ipv6 { "6" } else { "4" }
}

/// What the node calls itself.
pub(crate) fn loopback() -> Option<IpPrefix> {
    IpPrefix::new(std::net::Ipv4Addr::new(127, 0, 0, 0).into(), 8).ok()
}

fn table() -> Table {
    let base = |hook, priority| Base {
        chain_type: ChainType::Nat,
        hook,
        priority,
        default_drop: false,
    };
    let to_the_node = Rule {
        matches: vec![Match::DestinationType(AddressType::Local)],
        actions: vec![Action::Verdict(Verdict::Jump(PUBLISH.to_owned()))],
        comment: None,
    };
    let mut table = Table::new(Family::Inet, TABLE);
    let mut postrouting = Chain::new("postrouting").with_base(base(Hook::Postrouting, SOURCE_NAT));
    for ipv6 in [false, true] {
        table = with_sets(table, ipv6);
        let destination = if ipv6 {
            Field::Ip6Destination
        } else {
            Field::IpDestination
        };
        postrouting = postrouting.with_rule(Rule {
            matches: vec![Match::DestinationTranslated],
            actions: vec![Action::verdict_from(
                &format!("sources{}", version(ipv6)),
                [destination],
            )],
            comment: None,
        });
    }
    table
        .with_chain(published())
        .with_chain(
            Chain::new("prerouting")
                .with_base(base(Hook::Prerouting, DESTINATION_NAT))
                .with_rule(to_the_node.clone()),
        )
        .with_chain(
            Chain::new("output")
                .with_base(base(Hook::Output, DESTINATION_NAT))
                .with_rule(to_the_node),
        )
        .with_chain(postrouting)
}

fn with_sets(mut table: Table, ipv6: bool) -> Table {
    let version = version(ipv6);
    let address = if ipv6 {
        ValueType::Ipv6Address
    } else {
        ValueType::Ipv4Address
    };
    let port = vec![ValueType::Protocol, ValueType::Port];
    let at = [vec![address], port.clone()].concat();
    for (suffix, key) in [("_at", at), ("", port)] {
        let translations = Set {
            data: Some(DataType::Values(vec![address, ValueType::Port])),
            ..Set::new(&format!("published{suffix}{version}"), key.clone())
        };
        table = table
            .with_set(translations)
            .with_set(Set::verdict_map(&format!("admitted{suffix}{version}"), key));
    }
    table.with_set(Set::verdict_map(&format!("sources{version}"), [address]))
}

/// The narrowest first: who has a port at an address has it alone, and comes
/// back from there for nothing. A key without address is for packets of either
/// family, of which the chains that it leads to take one.
fn published() -> Chain {
    let admit = |map: &str, ipv6: bool, fields: Vec<Field>| {
        Rule::new(Action::verdict_from(&format!("{map}{}", version(ipv6)), fields))
    };
    let rules = [
        admit("admitted_at", false, at(false)),
        admit("admitted_at", true, at(true)),
        admit("admitted", false, PORT.to_vec()),
        admit("admitted", true, PORT.to_vec()),
    ];
    rules.into_iter().fold(Chain::new(PUBLISH), Chain::with_rule)
}
