use std::{net::IpAddr, path::Path};

use cofferdam_protocol::{IpPrefix, Origin, Place};

use crate::{
    dimension::Dimension,
    mark::Mark,
    packets::{self, Packets},
    question::Question,
};

/// What a question asks for in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aspect<'a> {
    Place(Place),
    Text(&'a str),
    /// A name that has to stand there itself: no pattern holds it.
    Named(&'a str),
    /// Nothing in particular, so that any bound holds it.
    Whatever,
    /// An address with its whole network, or a destination.
    Prefix(IpPrefix),
    Address(IpAddr),
    Number(i64),
    /// A number that the kernel chooses, or any.
    AnyNumber,
    /// The parts of a sysctl key.
    Key(&'a [String]),
    Path(&'a Path),
    Origin(&'a Origin),
    /// The path of a URL.
    UrlPath(&'a str),
    /// Base chains: hooks with priorities.
    Hooks(&'a [(&'a str, i32)]),
    /// Packets of others than the attachment.
    Packets(&'a [Packets]),
    /// Each of them.
    Addresses(&'a [IpAddr]),
    Names(&'a [String]),
    Marks(&'a [Mark]),
    /// Those of elements of the node.
    Ports(&'a [u16]),
    /// Those of datagrams.
    ExchangePorts(&'a [u16]),
    /// Each of them; first and last of each range.
    Vlans(&'a [(u16, u16)]),
}

impl<'a> Question<'a> {
    /// What is asked for in a dimension. `None` in those that its operation
    /// does not have.
    pub(crate) fn aspect(&self, dimension: Dimension) -> Option<Aspect<'a>> {
        match dimension {
            Dimension::Place => self.place().map(Aspect::Place),
            Dimension::LinkNames => match *self {
                Question::DeviceTake {
                    name, is_nodes: true, ..
                } => Some(Aspect::Named(name)),
                _ => self.link().map(Aspect::Text),
            },
            Dimension::RoutingTables if self.routing_table().is_some() => {
                self.routing_table().map(|table| Aspect::Number(table.into()))
            }
            _ => self.own_aspect(dimension),
        }
    }

    /// In a dimension that few operations have.
    fn own_aspect(&self, dimension: Dimension) -> Option<Aspect<'a>> {
        use Question as Q;
        let aspect = match (dimension, *self) {
            (Dimension::Kinds, Q::LinkSee { kind, .. }) => kind.map_or(Aspect::Whatever, Aspect::Text),
            (
                Dimension::Kinds,
                Q::LinkCreate { kind, .. }
                | Q::LinkSet { kind, .. }
                | Q::LinkDelete { kind, .. }
                | Q::QdiscSee { kind, .. }
                | Q::QdiscSet { kind, .. }
                | Q::DeviceTake { kind, .. },
            ) => Aspect::Text(kind),
            (Dimension::Parents, Q::LinkCreate { upon, .. }) => or_whatever(upon.map(|upon| Aspect::Text(upon.parent))),
            (Dimension::Modes, Q::LinkCreate { upon, .. }) => {
                or_whatever(upon.and_then(|upon| upon.mode).map(Aspect::Text))
            }
            (Dimension::Vlans, Q::LinkCreate { upon, .. }) => {
                or_whatever(upon.and_then(|upon| upon.vlan).map(|vlan| Aspect::Number(vlan.into())))
            }
            (Dimension::Vlans, Q::VlanJoin { vlans, .. }) => Aspect::Vlans(vlans),
            (Dimension::Vnis, Q::VxlanJoin { id, .. }) => Aspect::Number(id.into()),
            (Dimension::Peers, Q::VxlanJoin { peers, .. }) => Aspect::Addresses(peers),
            (Dimension::RoutingTables, Q::LinkCreate { .. }) => Aspect::Whatever,
            (Dimension::Settings, Q::LinkSet { what, .. }) => Aspect::Text(what),
            (Dimension::Prefixes, Q::AddressAdd { address, .. } | Q::AddressDelete { address, .. }) => {
                Aspect::Prefix(address)
            }
            (Dimension::Prefixes, Q::NeighborAdd { address, .. } | Q::NeighborDelete { address, .. }) => {
                Aspect::Address(address)
            }
            (Dimension::Destinations, Q::RouteAdd { destination, .. } | Q::RouteDelete { destination, .. }) => {
                Aspect::Prefix(destination)
            }
            (Dimension::RulePriorities, Q::RuleAdd { priority, .. } | Q::RuleDelete { priority, .. }) => {
                priority.map_or(Aspect::AnyNumber, |priority| Aspect::Number(priority.into()))
            }
            (Dimension::Keys, Q::SysctlRead { key, .. } | Q::SysctlWrite { key, .. }) => Aspect::Key(key),
            (Dimension::Values, Q::SysctlWrite { value, .. }) => Aspect::Text(value),
            (Dimension::Family, Q::NftTable { family, .. } | Q::NftElement { family, .. }) => Aspect::Text(family),
            (Dimension::TableNames, Q::NftTable { table, .. } | Q::NftElement { table, .. }) => Aspect::Text(table),
            (Dimension::Hooks | Dimension::HookPriorities, Q::NftTable { hooks, .. }) => Aspect::Hooks(hooks),
            (Dimension::Sets, Q::NftElement { set, .. }) => Aspect::Text(set),
            (
                Dimension::PacketScope | Dimension::PacketPrefixes | Dimension::PacketLinks,
                Q::NftTable { packets, .. },
            ) => Aspect::Packets(packets),
            (Dimension::PacketScope, Q::RuleAdd { of_others, .. }) => {
                Aspect::Packets(if of_others { &packets::ANY } else { &[] })
            }
            (Dimension::Chains, Q::ForwardingAccept { chain, .. }) => Aspect::Text(chain),
            (Dimension::Zones, Q::ForwardingZone { zone, .. }) => Aspect::Text(zone),
            (
                Dimension::PacketPrefixes,
                Q::NftElement { addresses, .. }
                | Q::ForwardingAccept { addresses, .. }
                | Q::ForwardingPublish { addresses }
                | Q::ForwardingZone { addresses, .. },
            ) => Aspect::Addresses(addresses),
            (Dimension::PacketLinks, Q::NftElement { links, .. }) => Aspect::Names(links),
            (Dimension::Marks, Q::NftTable { marks, .. }) => Aspect::Marks(marks),
            (Dimension::Ports, Q::NftElement { ports, .. } | Q::ConntrackForget { ports, .. }) => Aspect::Ports(ports),
            (Dimension::ExchangePorts, Q::PacketExchange { ports, .. }) => Aspect::ExchangePorts(ports),
            (Dimension::Locations, Q::StoreOpen { location: path })
            | (Dimension::Files, Q::ResolverRead { file: path } | Q::AllowListRead { file: path }) => {
                Aspect::Path(path)
            }
            (Dimension::Plugins, Q::IpamDelegate { plugin }) => Aspect::Text(plugin),
            (Dimension::Origins, Q::HttpRequest { url, .. }) => Aspect::Origin(url.origin()),
            (Dimension::Methods, Q::HttpRequest { method, .. }) => Aspect::Text(method),
            (Dimension::UrlPaths, Q::HttpRequest { url, .. }) => Aspect::UrlPath(url.path()),
            // How much is left is for whoever counts, and how it is sent for whoever sends.
            (
                Dimension::Max
                | Dimension::MaxPerNetwork
                | Dimension::MaxPerTenant
                | Dimension::Credential
                | Dimension::Authority,
                _,
            ) => Aspect::Whatever,
            _ => return None,
        };
        Some(aspect)
    }
}

/// What a link takes nothing of the node for, any grant holds.
fn or_whatever(asked: Option<Aspect<'_>>) -> Aspect<'_> {
    asked.unwrap_or(Aspect::Whatever)
}
