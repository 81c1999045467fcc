use cofferdam_network::{LinkInfo, OperationalState, Route, Rule, nftables::Element};

use crate::{
    Side,
    routes::{LOCAL_TABLE, MAIN_TABLE},
    rules,
    side::Rules,
};

pub(super) fn all_of(side: &Side) -> Vec<String> {
    let name = |index: u32| side.links.get(&index).map_or("?", |link| link.name.as_str());
    let mut lines: Vec<String> = side.links.values().map(|info| link(side, info)).collect();
    for (index, all) in &side.addresses {
        let told = all.iter().map(|info| {
            let tentative = if info.tentative { " tentative" } else { "" };
            format!(
                "address {} dev {}{}{tentative}",
                info.address,
                name(*index),
                scope(info.scope)
            )
        });
        lines.extend(told);
    }
    lines.extend(side.routes.iter().map(|kept| route(&kept.route, name(kept.link))));
    for (index, all) in &side.neighbors {
        let told = all
            .iter()
            .map(|one| format!("neighbour {} lladdr {} dev {}", one.address, one.mac, name(*index)));
        lines.extend(told);
    }
    for (index, peers) in &side.vxlan_peers {
        let told = peers.iter().map(|peer| format!("peer {peer} dev {}", name(*index)));
        lines.extend(told);
    }
    lines.extend(
        side.limits
            .iter()
            .map(|(index, limit)| format!("limit of {} to {limit}", name(*index))),
    );
    lines.extend(
        side.redirects
            .iter()
            .map(|(index, to)| format!("what comes in on {} is sent by {}", name(*index), name(*to))),
    );
    let own = rules::of_the_kernel();
    let given = side.rules.iter().filter(|rule| !own.contains(rule));
    lines.extend(given.map(rule_in_words));
    let gone = own.iter().filter(|rule| !side.rules.contains(rule));
    lines.extend(gone.map(|rule| format!("the kernel's own {} is gone", rule_in_words(rule))));
    lines.extend(
        side.settings
            .iter()
            .map(|(key, value)| format!("setting {key} = {value}")),
    );
    for (id, rules) in &side.tables {
        lines.push(id.to_string());
        lines.extend(parts(rules).into_iter().map(|part| format!("{id}: {part}")));
    }
    lines
}

/// As `ip link` begins: `eth0@veth1f2e`, the other end in this namespace or
/// elsewhere.
fn link(side: &Side, info: &LinkInfo) -> String {
    let name_of = |index: u32| side.links.get(&index).map(|link| link.name.as_str());
    let below = match (info.lower, info.lower_elsewhere) {
        (None, _) => String::new(),
        (Some(index), true) => format!("@if{index}"),
        (Some(index), false) => format!("@{}", name_of(index).unwrap_or("?")),
    };
    let mut words = vec![format!("link {}: {}{below}", info.id.index, info.name)];
    words.push(if info.up { "up" } else { "down" }.to_owned());
    words.extend(state(info).map(str::to_owned));
    words.push(format!("mtu {} qlen {}", info.mtu, info.transmit_queue_length));
    words.extend(info.mac.map(|mac| format!("address {mac}")));
    if !info.kind.is_empty() {
        words.push(format!("type {}", info.kind));
    }
    words.extend(info.settings.iter().map(|settings| format!("{settings:?}")));
    words.extend(
        info.master
            .map(|index| format!("master {}", name_of(index).unwrap_or("?"))),
    );
    words.extend(side.vlans.get(&info.id.index).map(|vlans| format!("VLANs {vlans}")));
    words.extend(info.alias.iter().map(|alias| format!("alias {alias:?}")));
    for (on, word) in [
        (info.promiscuous, "promisc"),
        (info.all_multicast, "allmulticast"),
        (info.hairpin == Some(true), "hairpin"),
        (info.isolated == Some(true), "isolated"),
        (info.vlan_filtering == Some(true), "vlan_filtering"),
    ] {
        if on {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

/// What a link that is up still lacks.
fn state(info: &LinkInfo) -> Option<&'static str> {
    let lacks = matches!(
        info.operational_state,
        OperationalState::Down | OperationalState::LowerLayerDown
    );
    (info.up && lacks).then_some("no-carrier")
}

fn scope(number: u8) -> &'static str {
    match number {
        0 => "",
        200 => " scope site",
        253 => " scope link",
        254 => " scope host",
        _ => " scope of another number",
    }
}

fn route(route: &Route, link: &str) -> String {
    let destination = if route.destination.length() == 0 {
        let family = if route.destination.is_ipv6() { "IPv6 " } else { "" };
        format!("{family}default")
    } else {
        route.destination.to_string()
    };
    let mut words = vec![format!("route {destination}")];
    words.extend(route.gateway.map(|gateway| format!("via {gateway}")));
    words.push(format!("dev {link}"));
    let table = route.table.filter(|table| *table != MAIN_TABLE);
    words.extend(table.map(|table| format!("table {}", table_in_words(table))));
    words.extend(route.source.map(|source| format!("src {source}")));
    words.extend(route.priority.map(|metric| format!("metric {metric}")));
    words.extend(route.mtu.map(|mtu| format!("mtu {mtu}")));
    words.extend(route.advmss.map(|size| format!("advmss {size}")));
    let expected = if route.gateway.is_some() || route.destination.is_ipv6() {
        0
    } else {
        253
    };
    words.extend(
        route
            .scope
            .filter(|number| *number != expected)
            .map(|number| format!("scope {number}")),
    );
    words.join(" ")
}

fn table_in_words(table: u32) -> String {
    match table {
        LOCAL_TABLE => "local".to_owned(),
        MAIN_TABLE => "main".to_owned(),
        253 => "default".to_owned(),
        number => number.to_string(),
    }
}

/// As `ip rule` has it, with its family.
pub(crate) fn rule_in_words(rule: &Rule) -> String {
    let mut words = vec![if rule.ipv6 { "IPv6 rule" } else { "IPv4 rule" }.to_owned()];
    words.extend(rule.priority.map(|priority| format!("{priority}:")));
    words.push(match rule.source {
        Some(source) => format!("from {source}"),
        None => "from all".to_owned(),
    });
    words.extend(rule.destination.map(|destination| format!("to {destination}")));
    words.extend(rule.input_interface.iter().map(|name| format!("iif {name}")));
    words.extend(rule.output_interface.iter().map(|name| format!("oif {name}")));
    words.extend(rule.mark.map(|mark| format!("fwmark {mark:#x}")));
    words.push(format!("lookup {}", table_in_words(rule.table)));
    words.join(" ")
}

fn parts(rules: &Rules) -> Vec<String> {
    let mut parts: Vec<String> = rules.sets.values().map(|set| format!("{set:?}")).collect();
    for chain in rules.chains.values() {
        parts.push(format!("chain {} {:?}", chain.name, chain.base));
        parts.extend(
            chain
                .rules
                .iter()
                .enumerate()
                .map(|(number, rule)| format!("chain {} {number}: {rule:?}", chain.name)),
        );
    }
    for (set, elements) in &rules.elements {
        let told = |(element, comment): (&Element, &String)| format!("set {set}: {element:?} {comment:?}");
        parts.extend(elements.iter().map(told));
    }
    parts
}
