//! What there is on a simulated network, as the lines that scenarios are
//! written in.

use cofferdam_network::LinkInfo;
use cofferdam_protocol::Place;
use cofferdam_simulation::{Side, Sides, Simulated};

use super::fact::{Fact, STATE, TAGS};

/// Table that a route is in which names none.
const MAIN_TABLE: u32 = 254;
/// The kernel's own.
const LOCAL_TABLE: u32 = 255;

/// All that there is in one namespace, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture(Vec<Fact>);

/// Both namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pictures {
    pub(super) node: Picture,
    pub(super) container: Picture,
}

impl Pictures {
    pub(super) fn of(network: &Simulated) -> Self {
        Self::of_sides(&network.sides())
    }

    fn of_sides(sides: &Sides) -> Self {
        Self {
            node: Picture::of(&sides.host),
            container: Picture::of(&sides.container),
        }
    }

    pub(super) fn at(&self, place: Place) -> &Picture {
        match place {
            Place::Host => &self.node,
            Place::Container => &self.container,
        }
    }
}

impl Picture {
    fn of(side: &Side) -> Self {
        let mut facts: Vec<Fact> = side.links.values().map(|link| of_link(side, link)).collect();
        facts.extend(addressing(side));
        facts.extend(bridging(side));
        facts.extend(traffic(side));
        facts.extend(packet_filter(side));
        let settings = side.settings.iter();
        facts.extend(settings.map(|(key, value)| Fact::new("setting").with("key", key).with("value", value)));
        facts.sort();
        Self(facts)
    }

    /// What is so of a fact's subject.
    pub(super) fn about<'p>(&'p self, fact: &'p Fact) -> impl Iterator<Item = &'p Fact> {
        self.0.iter().filter(|present| present.subject == fact.subject)
    }

    pub(super) fn has(&self, fact: &Fact) -> bool {
        self.0.iter().any(|present| fact.covers(present))
    }

    /// What is only here, and what is only there.
    pub(super) fn differences<'p>(&'p self, other: &'p Self) -> (Vec<&'p Fact>, Vec<&'p Fact>) {
        let only = |one: &'p Self, other: &Self| one.0.iter().filter(|fact| !other.0.contains(fact)).collect();
        (only(self, other), only(other, self))
    }
}

fn of_link(side: &Side, link: &LinkInfo) -> Fact {
    let on_off = |on: Option<bool>| on.map(|on| if on { "on" } else { "off" });
    let master = link
        .master
        .and_then(|index| side.links.get(&index))
        .map(|master| &master.name);
    let kind = if link.kind.is_empty() { "none" } else { &link.kind };
    Fact::new("link")
        .with("name", &link.name)
        .with("kind", kind)
        .with("mtu", link.mtu)
        .with_some("mac", link.mac)
        .with_some("master", master)
        .with_some("promiscuous", on_off(Some(link.promiscuous)))
        .with_some("all-multicast", on_off(Some(link.all_multicast)))
        .with("queue", link.transmit_queue_length)
        .with_some("hairpin", on_off(link.hairpin))
        .with_some("isolated", on_off(link.isolated))
        .with(STATE, if link.up { "up" } else { "down" })
}

fn name_of(side: &Side, index: u32) -> String {
    side.links
        .get(&index)
        .map_or_else(|| "?".to_owned(), |link| link.name.clone())
}

fn addressing(side: &Side) -> impl Iterator<Item = Fact> {
    let addresses = side.addresses.iter().flat_map(|(link, all)| {
        let of_link = |info: &cofferdam_network::AddressInfo| {
            Fact::new("address")
                .with("address", info.address)
                .with("on", name_of(side, *link))
        };
        all.iter().map(of_link).collect::<Vec<Fact>>()
    });
    // Those to a node's own addresses come and go with these.
    let routes = side.routes.iter().filter(|kept| kept.route.table != Some(LOCAL_TABLE));
    let routes = routes.map(|kept| {
        let route = &kept.route;
        Fact::new("route")
            .with("destination", route.destination)
            .with_some("via", route.gateway)
            .with("on", name_of(side, kept.link))
            .with_some("from", route.source)
            .with_some("metric", route.priority)
            .with("table", route.table.unwrap_or(MAIN_TABLE))
            .with_some("scope", route.scope)
            .with_some("mtu", route.mtu)
    });
    let neighbors = side.neighbors.iter().flat_map(|(link, all)| {
        let of_link = |neighbor: &cofferdam_network::Neighbor| {
            Fact::new("neighbor")
                .with("address", neighbor.address)
                .with("mac", neighbor.mac)
                .with("on", name_of(side, *link))
        };
        all.iter().map(of_link).collect::<Vec<Fact>>()
    });
    let of_the_kernel = Side::default().rules;
    let rules = side.rules.iter().filter(move |rule| !of_the_kernel.contains(rule));
    let rules = rules.map(|rule| {
        Fact::new("rule")
            .with_some("from", rule.source)
            .with_some("to", rule.destination)
            .with_some("in", rule.input_interface.as_ref())
            .with_some("out", rule.output_interface.as_ref())
            .with_some("mark", rule.mark)
            .with_some("priority", rule.priority)
            .with("table", rule.table)
    });
    addresses.chain(routes).chain(neighbors).chain(rules)
}

/// VLANs of ports, and the nodes that VXLANs send to.
fn bridging(side: &Side) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (port, vlans) in &side.vlans {
        facts.extend(vlans.ranges().iter().map(|range| {
            let number = match range.first == range.last {
                true => range.first.to_string(),
                false => format!("{}-{}", range.first, range.last),
            };
            Fact::new("vlan")
                .with("number", number)
                .with("on", name_of(side, *port))
                .with(TAGS, if range.untagged { "untagged" } else { "tagged" })
        }));
    }
    for (link, peers) in &side.vxlan_peers {
        let of_link = |peer| Fact::new("peer").with("address", peer).with("on", name_of(side, *link));
        facts.extend(peers.iter().map(of_link));
    }
    facts
}

fn traffic(side: &Side) -> impl Iterator<Item = Fact> {
    side.limits.iter().map(|(link, limit)| {
        Fact::new("limit")
            .with("on", name_of(side, *link))
            .with("rate", limit.rate)
            .with("burst", limit.burst)
    })
}

fn packet_filter(side: &Side) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (id, held) in &side.tables {
        let within = |subject, name: &str| {
            Fact::new(subject)
                .with("family", id.family)
                .with("table", &id.name)
                .with("name", name)
        };
        facts.push(Fact::new("table").with("family", id.family).with("name", &id.name));
        for (name, chain) in &held.chains {
            facts.push(within("chain", name).with("rules", chain.rules.len()));
        }
        for name in held.sets.keys() {
            let elements = held.elements.get(name).map_or(0, |elements| elements.len());
            facts.push(within("set", name).with("elements", elements));
        }
    }
    facts
}
