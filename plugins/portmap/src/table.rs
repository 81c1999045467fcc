//! What publishes ports: one table for all networks, with maps by protocol and
//! port, so that a packet takes a few lookups however many containers there are.
//!
//! Packets for the node itself are looked up in `publish`, first by address and
//! port, then by port. Mappings with conditions have the maps `conditions…`,
//! which lead to a chain that has them and looks into `conditional…`. Packets
//! that were led to a container and could not find the way back to it are
//! masqueraded: those from its own network and from the node's loopback.

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

/// Elements, by their sets; those of maps that lead to a chain come last.
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
        let conditions = (!self.conditions.is_empty()).then(|| self.conditions_chain());
        let sources = self.masquerade.map(|whose| self.sources_chain(whose));
        conditions.into_iter().chain(sources).collect()
    }

    /// Named by what is in it: attachments with the same conditions share it.
    fn conditions_chain(&self) -> Chain {
        let version = version(self.ipv6());
        let digest = digest(&[&format!("{:?}", self.conditions)]);
        let lookup = |map: String, fields: Vec<Field>| Rule {
            matches: self.conditions.clone(),
            actions: vec![Action::DestinationNatMap(MapLookup { fields, map_name: map })],
            comment: None,
        };
        Chain::new(&format!("conditions{version}-{digest:016x}"))
            .with_rule(lookup(format!("conditional_at{version}"), at(self.ipv6())))
            .with_rule(lookup(format!("conditional{version}"), PORT.to_vec()))
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
        let mut translations = Elements::new();
        let mut leads = Elements::new();
        for mapping in &self.target.mappings {
            let suffix = if mapping.address.is_some() { "_at" } else { "" };
            let (kind, chain) = if self.conditions.is_empty() {
                ("published", None)
            } else {
                ("conditional", Some(self.conditions_chain().name))
            };
            let translation = Element {
                key: key(mapping),
                data: Some(Data::Values(vec![
                    self.target.address.address().into(),
                    Value::Port(mapping.container_port),
                ])),
            };
            let map = format!("{kind}{suffix}{version}");
            translations.entry(map).or_default().push(translation);
            if let Some(chain) = chain {
                let lead = Element::new(key(mapping)).with_verdict(Verdict::Jump(chain));
                let map = format!("conditions{suffix}{version}");
                leads.entry(map).or_default().push(lead);
            }
        }
        if let Some(whose) = self.masquerade {
            let chain = self.sources_chain(whose).name;
            let source = Element::new([self.target.address.address().into()]).with_verdict(Verdict::Goto(chain));
            leads.entry(format!("sources{version}")).or_default().push(source);
        }
        translations.into_iter().chain(leads).collect()
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
    let mut publish = Chain::new(PUBLISH);
    let mut postrouting = Chain::new("postrouting").with_base(base(Hook::Postrouting, SOURCE_NAT));
    for ipv6 in [false, true] {
        table = with_sets(table, ipv6);
        for rule in publish_rules(ipv6) {
            publish = publish.with_rule(rule);
        }
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
        .with_chain(publish)
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
    for kind in ["published", "conditional"] {
        for (suffix, key) in [("_at", &at), ("", &port)] {
            let map = Set {
                data: Some(DataType::Values(vec![address, ValueType::Port])),
                ..Set::new(&format!("{kind}{suffix}{version}"), key.clone())
            };
            table = table.with_set(map);
        }
    }
    table
        .with_set(Set::verdict_map(&format!("conditions_at{version}"), at))
        .with_set(Set::verdict_map(&format!("conditions{version}"), port))
        .with_set(Set::verdict_map(&format!("sources{version}"), [address]))
}

/// The narrowest first.
fn publish_rules(ipv6: bool) -> Vec<Rule> {
    let version = version(ipv6);
    let translate =
        |map: String, fields: Vec<Field>| Rule::new(Action::DestinationNatMap(MapLookup { fields, map_name: map }));
    vec![
        Rule::new(Action::verdict_from(&format!("conditions_at{version}"), at(ipv6))),
        Rule::new(Action::verdict_from(&format!("conditions{version}"), PORT)),
        translate(format!("published_at{version}"), at(ipv6)),
        translate(format!("published{version}"), PORT.to_vec()),
    ]
}
