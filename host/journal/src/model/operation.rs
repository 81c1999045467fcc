use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use cofferdam_network::{
    Bridge, Flows, Forwarded, ForwardingLead, LinkId, LinkSettings, Neighbor, NewLink, PortVlans, RateLimit, Route,
    RouteMode, Rule, SysctlKey, VethEnd, VlanGateway, forwarding_table_of,
    nftables::{Chain, Element, Set, Table, TableId},
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};
use serde::{Deserialize, Serialize};

/// A change that an attachment makes, with all that it takes to make it
/// again. `name` is the link's at the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Operation {
    CreateBridge {
        bridge: Bridge,
    },
    CreateVeth {
        first: VethEnd,
        second: VethEnd,
    },
    CreateLink {
        link: NewLink,
    },
    /// Puts on record that links of the attachment are upon one that is there.
    UseParent {
        link: LinkId,
        name: String,
    },
    DeleteLink {
        link: LinkId,
        name: String,
    },
    SetLinkUp {
        link: LinkId,
        name: String,
        up: bool,
    },
    SetLinkMtu {
        link: LinkId,
        name: String,
        mtu: u32,
    },
    SetLinkMac {
        link: LinkId,
        name: String,
        mac: MacAddress,
    },
    SetLinkPromiscuous {
        link: LinkId,
        name: String,
        on: bool,
    },
    SetLinkAllMulticast {
        link: LinkId,
        name: String,
        on: bool,
    },
    SetLinkQueueLength {
        link: LinkId,
        name: String,
        packets: u32,
    },
    SetLinkMaster {
        link: LinkId,
        name: String,
        master: Option<u32>,
    },
    SetPortHairpin {
        link: LinkId,
        name: String,
        on: bool,
    },
    SetPortIsolated {
        link: LinkId,
        name: String,
        on: bool,
    },
    SetPortVlans {
        link: LinkId,
        name: String,
        vlans: PortVlans,
    },
    CreateVlanGateway {
        gateway: VlanGateway,
    },
    CreateVrf {
        link: NewLink,
    },
    /// Makes a VXLAN that is a port of a bridge, by the bridge's number, and is
    /// up.
    CreateVxlan {
        link: NewLink,
        bridge: u32,
    },
    /// Adds a node that a VXLAN sends frames to whose receiver it does not
    /// know.
    AddVxlanPeer {
        link: LinkId,
        name: String,
        peer: IpAddr,
    },
    AddAddress {
        link: LinkId,
        name: String,
        address: IpPrefix,
        skip_duplicate_detection: bool,
    },
    DeleteAddress {
        link: LinkId,
        name: String,
        address: IpPrefix,
    },
    AddRoute {
        link: LinkId,
        name: String,
        route: Route,
        mode: RouteMode,
    },
    DeleteRoute {
        link: LinkId,
        name: String,
        route: Route,
    },
    AddRule {
        place: Place,
        rule: Rule,
    },
    DeleteRule {
        place: Place,
        rule: Rule,
    },
    AddNeighbor {
        link: LinkId,
        name: String,
        neighbor: Neighbor,
    },
    DeleteNeighbor {
        link: LinkId,
        name: String,
        neighbor: Neighbor,
    },
    SetSysctl {
        place: Place,
        key: SysctlKey,
        value: String,
    },
    CreateTable {
        place: Place,
        table: Table,
    },
    ReplaceChains {
        place: Place,
        table: Table,
    },
    DeleteTable {
        place: Place,
        table: TableId,
    },
    CreateChain {
        place: Place,
        table: TableId,
        chain: Chain,
    },
    DeleteChain {
        place: Place,
        table: TableId,
        chain: String,
    },
    AddElements {
        place: Place,
        table: TableId,
        set: Set,
        elements: Vec<Element>,
        comment: String,
    },
    DeleteElements {
        place: Place,
        table: TableId,
        set: Set,
        elements: Vec<Element>,
    },
    LimitRate {
        link: LinkId,
        name: String,
        limit: RateLimit,
    },
    RedirectIncoming {
        link: LinkId,
        name: String,
        to: u32,
        to_name: String,
    },
    ForgetFlows {
        place: Place,
        flows: Vec<Flows>,
    },
    /// In the node's iptables.
    LeadForwarding {
        lead: ForwardingLead,
    },
    /// In the node's iptables.
    AcceptForwarding {
        address: IpAddr,
        #[serde(default)]
        what: Forwarded,
    },
    /// In a zone of the node's firewalld.
    JoinZone {
        address: IpAddr,
        zone: String,
    },
    Claim {
        directory: PathBuf,
        address: IpAddr,
    },
    /// Keeps a record of what has to be looked after, with the address that the
    /// attachment was lent.
    Keep {
        plugin: String,
        address: Option<Ipv4Addr>,
    },
    /// Takes one of those that a limit allows.
    TakeSlot {
        counter: String,
        number: u32,
    },
    /// Moves a link that somebody else made into the container, where it is
    /// called `inside`.
    TakeDevice {
        link: LinkId,
        name: String,
        inside: String,
    },
}

impl fmt::Display for Operation {
    /// One line, in the words of `ip(8)` and `nft(8)` where they have any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |on: &bool| if *on { "on" } else { "off" };
        match self {
            Self::CreateBridge { bridge } => {
                write!(f, "create bridge {} in the {} namespace", bridge.name, bridge.place)
            }
            Self::CreateVeth { first, second } => write!(
                f,
                "create veth pair {} in the {} namespace, {} in the {} namespace",
                first.name, first.place, second.name, second.place
            ),
            Self::CreateLink { link } => write!(
                f,
                "create {} {} in the {} namespace",
                kind_text(&link.settings),
                link.name,
                link.place
            ),
            Self::UseParent { link, name } => write!(f, "use {} as a parent", named(*link, name)),
            Self::DeleteLink { link, name } => write!(f, "delete {}", named(*link, name)),
            Self::SetLinkUp { link, name, up } => {
                write!(f, "set {} {}", named(*link, name), if *up { "up" } else { "down" })
            }
            Self::SetLinkMtu { link, name, mtu } => write!(f, "set {} mtu {mtu}", named(*link, name)),
            Self::SetLinkMac { link, name, mac } => write!(f, "set {} address {mac}", named(*link, name)),
            Self::SetLinkPromiscuous { link, name, on: value } => {
                write!(f, "set {} promiscuous {}", named(*link, name), on(value))
            }
            Self::SetLinkAllMulticast { link, name, on: value } => {
                write!(f, "set {} allmulticast {}", named(*link, name), on(value))
            }
            Self::SetLinkQueueLength { link, name, packets } => {
                write!(f, "set {} txqueuelen {packets}", named(*link, name))
            }
            Self::SetLinkMaster {
                link,
                name,
                master: Some(master),
            } => {
                write!(f, "make {} a port of link {master}", named(*link, name))
            }
            Self::SetLinkMaster {
                link,
                name,
                master: None,
            } => write!(f, "make {} no port", named(*link, name)),
            Self::SetPortHairpin { link, name, on: value } => {
                write!(f, "set {} hairpin {}", named(*link, name), on(value))
            }
            Self::SetPortIsolated { link, name, on: value } => {
                write!(f, "set {} isolated {}", named(*link, name), on(value))
            }
            Self::SetPortVlans { link, name, vlans } => write!(f, "set {} VLANs {vlans}", named(*link, name)),
            Self::CreateVlanGateway { gateway } => write!(
                f,
                "create veth pair {} and {} in the {} namespace, in VLANs {}",
                gateway.name, gateway.port_name, gateway.place, gateway.vlans
            ),
            Self::CreateVrf { link } => write!(f, "create VRF {} in the {} namespace", link.name, link.place),
            Self::CreateVxlan { link, .. } => {
                write!(f, "create VXLAN {} in the {} namespace", link.name, link.place)
            }
            Self::AddVxlanPeer { link, name, peer } => write!(f, "add peer {peer} to {}", named(*link, name)),
            Self::AddAddress {
                link, name, address, ..
            } => write!(f, "add address {address} to {}", named(*link, name)),
            Self::DeleteAddress { link, name, address } => {
                write!(f, "delete address {address} of {}", named(*link, name))
            }
            Self::AddRoute { link, name, route, .. } => {
                write!(f, "add {}", route_text(route, *link, name))
            }
            Self::DeleteRoute { link, name, route } => {
                write!(f, "delete {}", route_text(route, *link, name))
            }
            Self::AddRule { place, rule } => write!(f, "add {} in the {place} namespace", rule_text(rule)),
            Self::DeleteRule { place, rule } => write!(f, "delete {} in the {place} namespace", rule_text(rule)),
            Self::AddNeighbor { link, name, neighbor } => {
                write!(
                    f,
                    "add neighbour {} at {} to {}",
                    neighbor.address,
                    neighbor.mac,
                    named(*link, name)
                )
            }
            Self::DeleteNeighbor { link, name, neighbor } => {
                write!(f, "delete {}", neighbor_text(neighbor, *link, name))
            }
            Self::SetSysctl { place, key, value } => write!(f, "set {key} to {value:?} in the {place} namespace"),
            Self::CreateTable { place, table } => write!(f, "create {} in the {place} namespace", table.id),
            Self::ReplaceChains { place, table } => {
                write!(f, "replace the chains of {} in the {place} namespace", table.id)
            }
            Self::DeleteTable { place, table } => write!(f, "delete {table} in the {place} namespace"),
            Self::CreateChain { place, table, chain } => {
                write!(f, "create chain {} of {table} in the {place} namespace", chain.name)
            }
            Self::DeleteChain { place, table, chain } => {
                write!(f, "delete chain {chain} of {table} in the {place} namespace")
            }
            Self::AddElements {
                place,
                table,
                set,
                elements,
                ..
            } => {
                write!(
                    f,
                    "add {} elements to {} of {table} in the {place} namespace",
                    elements.len(),
                    set.name
                )
            }
            Self::DeleteElements {
                place,
                table,
                set,
                elements,
            } => {
                write!(
                    f,
                    "delete {} elements of {} of {table} in the {place} namespace",
                    elements.len(),
                    set.name
                )
            }
            Self::LimitRate { link, name, limit } => write!(f, "limit {} to {limit}", named(*link, name)),
            Self::RedirectIncoming {
                link, name, to_name, ..
            } => {
                write!(f, "redirect what comes in on {} to {to_name}", named(*link, name))
            }
            Self::ForgetFlows { place, flows } => {
                write!(f, "forget {} in the {place} namespace", flows_text(flows))
            }
            Self::Keep {
                plugin,
                address: Some(address),
            } => write!(f, "look after {address} for plugin {plugin}"),
            Self::Keep { plugin, address: None } => write!(f, "keep a record of plugin {plugin}"),
            Self::TakeSlot { counter, number } => write!(f, "take slot {number} of limit {counter}"),
            Self::LeadForwarding { lead } => write!(f, "add the {lead}"),
            Self::AcceptForwarding { address, what } => {
                write!(f, "accept {} in {}", what.of(*address), forwarding_table_of(*address))
            }
            Self::JoinZone { address, zone } => write!(f, "put {address} into zone {zone} of firewalld"),
            Self::Claim { directory, address } => write!(f, "claim {address} in {}", directory.display()),
            Self::TakeDevice { link, name, inside } => {
                write!(
                    f,
                    "move {} into the container namespace as {inside}",
                    named(*link, name)
                )
            }
        }
    }
}

/// What a kind is called by people.
pub(crate) fn kind_text(settings: &LinkSettings) -> &'static str {
    match settings {
        LinkSettings::Vlan { .. } => "VLAN interface",
        LinkSettings::Vrf { .. } => "VRF",
        LinkSettings::Tap { .. } => "TAP device",
        LinkSettings::Vxlan(_) => "VXLAN",
        other => other.kind(),
    }
}

fn named(link: LinkId, name: &str) -> String {
    format!("link {name} in the {} namespace", link.place)
}

pub(crate) fn flows_text(flows: &[Flows]) -> String {
    let flows: Vec<String> = flows.iter().map(ToString::to_string).collect();
    format!("tracked flows to {}", flows.join(", "))
}

pub(crate) fn route_text(route: &Route, link: LinkId, name: &str) -> String {
    let way = match route.gateway {
        Some(gateway) => format!("{} via {gateway}", route.destination),
        None => route.destination.to_string(),
    };
    format!("route {way} through {}", named(link, name))
}

pub(crate) fn neighbor_text(neighbor: &Neighbor, link: LinkId, name: &str) -> String {
    format!("neighbour {} of {}", neighbor.address, named(link, name))
}

pub(crate) fn rule_text(rule: &Rule) -> String {
    let any = || "all".to_owned();
    let from = rule.source.map_or_else(any, |prefix| prefix.to_string());
    let to = rule.destination.map_or_else(any, |prefix| prefix.to_string());
    format!("rule from {from} to {to} lookup {}", rule.table)
}
