//! What is in a namespace, an object a line, and what is new and gone in it.

use cofferdam_network::{LinkInfo, Neighbor, Route, Rule};
use cofferdam_simulation::{Rules, Side};

/// `RT_TABLE_MAIN`.
const MAIN_TABLE: u32 = 254;

/// Lines that are in one picture of a namespace alone.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) gone: Vec<String>,
    pub(super) new: Vec<String>,
}

impl Changes {
    pub(super) fn between(before: &Side, after: &Side) -> Self {
        let (before, after) = (lines(before), lines(after));
        let only_in = |one: &[String], other: &[String]| -> Vec<String> {
            one.iter().filter(|line| !other.contains(line)).cloned().collect()
        };
        Self {
            gone: only_in(&before, &after),
            new: only_in(&after, &before),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }
}

/// Links first, and what hangs on them by their names.
fn lines(side: &Side) -> Vec<String> {
    let name = |index: &u32| side.links.get(index).map_or("?", |link| link.name.as_str());
    let mut lines: Vec<String> = side.links.values().map(|info| link(info, &name)).collect();
    for (index, addresses) in &side.addresses {
        lines.extend(
            addresses
                .iter()
                .map(|info| format!("address {} on {}", info.address, name(index))),
        );
    }
    for (index, routes) in &side.routes {
        lines.extend(routes.iter().map(|info| route(info, name(index))));
    }
    for (index, neighbors) in &side.neighbors {
        lines.extend(neighbors.iter().map(|info| neighbor(info, name(index))));
    }
    lines.extend(side.rules.iter().map(rule));
    for (index, vlans) in &side.vlans {
        lines.push(format!("VLANs {vlans} on {}", name(index)));
    }
    for (index, limit) in &side.limits {
        lines.push(format!("limit of {limit} on {}", name(index)));
    }
    for (index, to) in &side.redirects {
        lines.push(format!("what comes in on {} goes to {}", name(index), name(to)));
    }
    lines.extend(
        side.settings
            .iter()
            .map(|(key, value)| format!("setting {key} = {value}")),
    );
    for (id, rules) in &side.tables {
        lines.push(id.to_string());
        lines.extend(parts(rules).map(|part| format!("{id}: {part}")));
    }
    lines
}

fn link<'n>(info: &LinkInfo, name: &impl Fn(&u32) -> &'n str) -> String {
    let kind = if info.kind.is_empty() { "device" } else { &info.kind };
    let state = if info.up { "up" } else { "down" };
    let mut text = format!("link {}: {kind}, {state}, mtu {}", info.name, info.mtu);
    if let Some(mac) = info.mac {
        text.push_str(&format!(", {mac}"));
    }
    if let Some(master) = &info.master {
        text.push_str(&format!(", port of {}", name(master)));
    }
    for (on, what) in [
        (info.promiscuous, "promiscuous"),
        (info.all_multicast, "allmulticast"),
        (info.hairpin == Some(true), "hairpin"),
        (info.isolated == Some(true), "isolated"),
    ] {
        if on {
            text.push_str(&format!(", {what}"));
        }
    }
    if let Some(alias) = &info.alias {
        text.push_str(&format!(", alias {alias}"));
    }
    text
}

fn route(route: &Route, link: &str) -> String {
    let mut text = format!("route to {}", route.destination);
    let fields = [
        ("via", route.gateway.map(|gateway| gateway.to_string())),
        ("from", route.source.map(|source| source.to_string())),
        (
            "metric",
            route
                .priority
                .filter(|metric| *metric > 0)
                .map(|metric| metric.to_string()),
        ),
        ("mtu", route.mtu.map(|mtu| mtu.to_string())),
        (
            "table",
            route
                .table
                .filter(|table| *table != MAIN_TABLE)
                .map(|table| table.to_string()),
        ),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            text.push_str(&format!(" {key} {value}"));
        }
    }
    format!("{text} through {link}")
}

fn neighbor(neighbor: &Neighbor, link: &str) -> String {
    format!("neighbour {} at {} on {link}", neighbor.address, neighbor.mac)
}

fn rule(rule: &Rule) -> String {
    let mut text = "rule".to_owned();
    let fields = [
        ("from", rule.source.map(|source| source.to_string())),
        ("to", rule.destination.map(|destination| destination.to_string())),
        ("iif", rule.input_interface.clone()),
        ("oif", rule.output_interface.clone()),
        ("fwmark", rule.mark.map(|mark| mark.to_string())),
        ("priority", rule.priority.map(|priority| priority.to_string())),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            text.push_str(&format!(" {key} {value}"));
        }
    }
    let family = if rule.ipv6 { "IPv6" } else { "IPv4" };
    format!("{text} looks into table {} ({family})", rule.table)
}

fn parts(rules: &Rules) -> impl Iterator<Item = String> {
    let chains = rules
        .chains
        .values()
        .map(|chain| format!("chain {} with {} rules", chain.name, chain.rules.len()));
    let sets = rules.sets.keys().map(|set| {
        let elements = rules.elements.get(set).map_or(0, std::collections::BTreeMap::len);
        format!("set {set} with {elements} elements")
    });
    chains.chain(sets)
}
