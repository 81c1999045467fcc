use std::{fmt::Write as _, net::IpAddr};

use cofferdam_protocol::Place;

use crate::{
    mark::Mark,
    packets::Packets,
    question::{Question, Upon},
    quoted::Quoted,
};

/// How many of a list that a guest made are named.
const SHOWN: usize = 3;

/// What a question is about, for people.
pub(crate) fn describe(question: &Question<'_>) -> String {
    let mut text = object(question);
    match question.place() {
        Some(Place::Host) => text.push_str(" in the host namespace"),
        Some(Place::Container) => text.push_str(" in the container namespace"),
        None => {}
    }
    text
}

fn object(question: &Question<'_>) -> String {
    match *question {
        // Its kind would tell whether the link exists.
        Question::LinkSee { name, .. } => link("", name),
        Question::LinkCreate {
            kind,
            name,
            upon,
            table,
            ..
        } => format!("{}{}", link(kind, name), taken_for_link(upon, table)),
        Question::LinkDelete { kind, name, .. } => link(kind, name),
        Question::LinkSet { kind, name, what, .. } => format!("{} of {}", plain_or(what, "settings"), link(kind, name)),
        Question::AddressSee { link, .. } => format!("the addresses of link {}", Quoted(link)),
        Question::AddressAdd { link, address, .. } | Question::AddressDelete { link, address, .. } => {
            format!("address {address} of link {}", Quoted(link))
        }
        Question::RouteSee { link, table, .. } => {
            format!("the routes of table {table} through link {}", Quoted(link))
        }
        Question::RouteAdd {
            link,
            destination,
            table,
            ..
        }
        | Question::RouteDelete {
            link,
            destination,
            table,
            ..
        } => {
            format!(
                "the route to {destination} in table {table} through link {}",
                Quoted(link)
            )
        }
        Question::RuleSee { .. } => "the routing rules".to_owned(),
        Question::RuleAdd {
            table,
            priority,
            of_others,
            ..
        } => {
            let whose = if of_others {
                " about packets that may be others'"
            } else {
                ""
            };
            format!("{}{whose}", rule(table, priority))
        }
        Question::RuleDelete { table, priority, .. } => rule(table, priority),
        Question::NeighborSee { link, .. } => format!("the neighbors of link {}", Quoted(link)),
        Question::NeighborAdd { link, address, .. } | Question::NeighborDelete { link, address, .. } => {
            format!("neighbor {address} of link {}", Quoted(link))
        }
        Question::SysctlRead { key, .. } => format!("sysctl {}", Quoted(&key.join("/"))),
        Question::SysctlWrite { key, value, .. } => {
            format!("value {} to sysctl {}", Quoted(value), Quoted(&key.join("/")))
        }
        Question::NftTable {
            family,
            table,
            hooks,
            packets,
            marks,
            ..
        } => format!(
            "{}{}{}{}",
            nftables_table(family, table),
            base_chains(hooks),
            changes(marks),
            decisions(packets)
        ),
        Question::NftElement {
            family,
            table,
            set,
            addresses,
            links,
            ports,
            ..
        } => format!(
            "set {} of {}{}",
            Quoted(set),
            nftables_table(family, table),
            parts_of_elements(addresses, links, ports)
        ),
        Question::QdiscSee { kind, link: name, .. } | Question::QdiscSet { kind, link: name, .. } => {
            format!("the traffic of {}", link(kind, name))
        }
        Question::ConntrackForget { ports, .. } => {
            some_of("tracked flows to ", ports.iter().map(|port| format!("port {port}")))
        }
        Question::StoreOpen { location } => {
            format!("the network's records below {}", Quoted(&location.to_string_lossy()))
        }
        Question::ForwardingAccept { chain, addresses } => format!(
            "the attachment, after the chain {} of iptables{}",
            Quoted(chain),
            parts_of_elements(addresses, &[], &[])
        ),
        Question::ForwardingPublish { addresses } => format!(
            "published ports of the attachment in iptables{}",
            parts_of_elements(addresses, &[], &[])
        ),
        Question::ForwardingZone { zone, addresses } => format!(
            "the attachment in zone {} of firewalld{}",
            Quoted(zone),
            parts_of_elements(addresses, &[], &[])
        ),
        Question::ResolverRead { file } | Question::AllowListRead { file } => {
            format!("file {}", Quoted(&file.to_string_lossy()))
        }
        Question::IpamDelegate { plugin } => format!("plugin {}", Quoted(plugin)),
        Question::PacketExchange { link, ports, .. } => format!(
            "datagrams on {}{}",
            self::link("", link),
            parts_of_elements(&[], &[], ports)
        ),
        Question::VlanJoin { bridge, vlans } => format!(
            "ports of {}{}",
            link("bridge", bridge),
            some_of(" in ", vlans.iter().map(|range| vlan_range(*range)))
        ),
        Question::VxlanJoin { bridge, id, peers } => format!(
            "{} in VXLAN {id}{}",
            link("bridge", bridge),
            some_of(" with ", peers.iter().map(|peer| format!("peer {peer}")))
        ),
        Question::UpkeepKeep => "a record of the attachment".to_owned(),
        // What stands after a question mark may be anybody's secret.
        Question::HttpRequest { method, url } => format!(
            "{} {}",
            plain_or(method, "request"),
            Quoted(&format!("{}{}", url.origin(), url.path()))
        ),
        Question::DeviceTake { kind, name, is_nodes } => {
            let whose = if is_nodes { ", which the node itself uses," } else { "" };
            format!("{}{whose}", link(kind, name))
        }
    }
}

fn link(kind: &str, name: &str) -> String {
    format!("{} {}", plain_or(kind, "link"), Quoted(name))
}

/// What a new link takes of the node: ` (upon link "eth1" of the node, mode
/// bridge)`.
fn taken_for_link(upon: Option<Upon<'_>>, table: Option<u32>) -> String {
    let mut taken = Vec::new();
    if let Some(upon) = upon {
        taken.push(format!("upon link {} of the node", Quoted(upon.parent)));
        taken.extend(upon.mode.map(|mode| format!("mode {}", plain_or(mode, "unknown"))));
        taken.extend(upon.vlan.map(|vlan| format!("VLAN {vlan}")));
    }
    taken.extend(table.map(|table| format!("table {table}")));
    if taken.is_empty() {
        return String::new();
    }
    format!(" ({})", taken.join(", "))
}

fn vlan_range((first, last): (u16, u16)) -> String {
    if first == last {
        format!("VLAN {first}")
    } else {
        format!("VLANs {first} to {last}")
    }
}

fn rule(table: u32, priority: Option<u32>) -> String {
    match priority {
        Some(priority) => format!("the routing rule of priority {priority} for table {table}"),
        None => format!("a routing rule of no given priority for table {table}"),
    }
}

fn nftables_table(family: &str, table: &str) -> String {
    format!(
        "nftables table {} {}",
        plain_or(family, "of unknown family"),
        Quoted(table)
    )
}

fn base_chains(hooks: &[(&str, i32)]) -> String {
    let mut text = String::new();
    for (index, (hook, priority)) in hooks.iter().enumerate() {
        let opening = if index == 0 { " with base chains at" } else { "," };
        let _ = write!(text, "{opening} {} {priority}", plain_or(hook, "an unknown hook"));
    }
    text
}

fn changes(marks: &[Mark]) -> String {
    some_of(" with rules that set mark ", marks.iter().map(Mark::to_string))
}

/// Which rules decide on packets of others.
fn decisions(packets: &[Packets]) -> String {
    let decisions = packets.iter().map(|packets| {
        let rule = packets.rule.map(|rule| format!("rule {rule} of ")).unwrap_or_default();
        let chain = match &packets.chain {
            Some(chain) => format!("chain {}", Quoted(chain)),
            None => "a rule".to_owned(),
        };
        format!("{rule}{chain} decides on {}", described(packets))
    });
    some_of(", where ", decisions)
}

fn described(packets: &Packets) -> String {
    if packets.are_any() {
        return "any packet".to_owned();
    }
    let prefixes = packets.prefixes.iter().map(|prefix| format!("from or to {prefix}"));
    let links = packets
        .links
        .iter()
        .map(|link| format!("through link {}", Quoted(link)));
    some_of("packets ", prefixes.chain(links))
}

fn parts_of_elements(addresses: &[IpAddr], links: &[String], ports: &[u16]) -> String {
    let addresses = addresses.iter().map(|address| format!("address {address}"));
    let links = links.iter().map(|link| format!("link {}", Quoted(link)));
    let ports = ports.iter().map(|port| format!("port {port}"));
    some_of(" with ", addresses.chain(links).chain(ports))
}

/// The first few of a list; nothing where it is empty.
fn some_of(opening: &str, items: impl Iterator<Item = String>) -> String {
    let mut items = items.peekable();
    let mut text = String::new();
    for index in 0..SHOWN {
        let Some(item) = items.next() else { return text };
        text.push_str(if index == 0 { opening } else { " and " });
        text.push_str(&item);
    }
    if items.peek().is_some() {
        let _ = write!(text, " and {} more", items.count());
    }
    text
}

/// A word that needs no quotes, or what to say instead.
fn plain_or<'a>(word: &'a str, otherwise: &'a str) -> &'a str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !word.is_empty() && word.len() <= 32 && word.bytes().all(plain) {
        word
    } else {
        otherwise
    }
}
