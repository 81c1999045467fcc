use std::{net::IpAddr, path::Path};

use cofferdam_protocol::{IpPrefix, Place, Url};

use crate::{denial, mark::Mark, operation::Operation, packets::Packets};

/// Something that a plugin wants to do, to be decided by
/// [`Grants::decide`](crate::Grants::decide).
///
/// `link` and `name` are the names of links as the kernel has them, `kind`
/// its kind (`bridge`; empty for a device without one), `table` the number of
/// a routing table (254 is the main one).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Question<'a> {
    /// `kind` is absent when there is no such link. A refusal is worded the
    /// same in either case.
    LinkSee {
        place: Place,
        kind: Option<&'a str>,
        name: &'a str,
    },
    /// `table` is that of a VRF of the node.
    LinkCreate {
        place: Place,
        kind: &'a str,
        name: &'a str,
        upon: Option<Upon<'a>>,
        table: Option<u32>,
    },
    /// `what` is a word of the policy's `settings`.
    LinkSet {
        place: Place,
        kind: &'a str,
        name: &'a str,
        what: &'a str,
    },
    LinkDelete {
        place: Place,
        kind: &'a str,
        name: &'a str,
    },
    /// All addresses of the link.
    AddressSee {
        place: Place,
        link: &'a str,
    },
    AddressAdd {
        place: Place,
        link: &'a str,
        address: IpPrefix,
    },
    AddressDelete {
        place: Place,
        link: &'a str,
        address: IpPrefix,
    },
    /// All routes of the table through the link.
    RouteSee {
        place: Place,
        link: &'a str,
        table: u32,
    },
    RouteAdd {
        place: Place,
        link: &'a str,
        destination: IpPrefix,
        table: u32,
    },
    RouteDelete {
        place: Place,
        link: &'a str,
        destination: IpPrefix,
        table: u32,
    },
    /// All rules of the namespace.
    RuleSee {
        place: Place,
    },
    /// Without a priority the kernel chooses one, which a grant with
    /// `priorities` does not cover. `of_others` tells that its packets may be
    /// others' than the attachment's.
    RuleAdd {
        place: Place,
        table: u32,
        priority: Option<u32>,
        of_others: bool,
    },
    /// Without a priority a rule of any is meant.
    RuleDelete {
        place: Place,
        table: u32,
        priority: Option<u32>,
    },
    /// All permanent entries of the link.
    NeighborSee {
        place: Place,
        link: &'a str,
    },
    NeighborAdd {
        place: Place,
        link: &'a str,
        address: IpAddr,
    },
    NeighborDelete {
        place: Place,
        link: &'a str,
        address: IpAddr,
    },
    /// The key part by part, `net` first.
    SysctlRead {
        place: Place,
        key: &'a [String],
    },
    SysctlWrite {
        place: Place,
        key: &'a [String],
        value: &'a str,
    },
    /// `hooks` are those of the table's base chains, with their priorities;
    /// `packets` are those that its rules decide on, besides the attachment's
    /// own; `marks` are all that its rules set.
    NftTable {
        place: Place,
        family: &'a str,
        table: &'a str,
        hooks: &'a [(&'a str, i32)],
        packets: &'a [Packets],
        marks: &'a [Mark],
    },
    /// `addresses` and `links` are those in the elements that are not the
    /// attachment's own, `ports` all in their keys.
    NftElement {
        place: Place,
        family: &'a str,
        table: &'a str,
        set: &'a str,
        addresses: &'a [IpAddr],
        links: &'a [String],
        ports: &'a [u16],
    },
    /// The queueing disciplines of the link.
    QdiscSee {
        place: Place,
        kind: &'a str,
        link: &'a str,
    },
    QdiscSet {
        place: Place,
        kind: &'a str,
        link: &'a str,
    },
    /// Tracked flows to these ports.
    ConntrackForget {
        place: Place,
        ports: &'a [u16],
    },
    /// The directory that holds a directory of records for each network
    /// (host-local's `dataDir`), not that of the network.
    StoreOpen {
        location: &'a Path,
    },
    /// A file in the form of `resolv.conf(5)`.
    ResolverRead {
        file: &'a Path,
    },
    IpamDelegate {
        plugin: &'a str,
    },
    /// `ports` are that of the link and that of its neighbours.
    PacketExchange {
        place: Place,
        link: &'a str,
        ports: &'a [u16],
    },
    /// A record for the attachment.
    UpkeepKeep,
    /// A list of what containers may have set.
    AllowListRead {
        file: &'a Path,
    },
    /// In the node's own namespace. `chain` is the one that is asked before
    /// the attachment is accepted; `addresses` are those that are not the
    /// attachment's own.
    ForwardingAccept {
        chain: &'a str,
        addresses: &'a [IpAddr],
    },
    /// In the node's own namespace. `addresses` are those that are not the
    /// attachment's own.
    ForwardingPublish {
        addresses: &'a [IpAddr],
    },
    /// In the node's own namespace. `zone` is firewalld's, `addresses` are
    /// those that are not the attachment's own.
    ForwardingZone {
        zone: &'a str,
        addresses: &'a [IpAddr],
    },
    /// In the node's own namespace. `vlans` are those that a port of the bridge
    /// gets, first and last of each range.
    VlanJoin {
        bridge: &'a str,
        vlans: &'a [(u16, u16)],
    },
    /// In the node's own namespace. `id` is that of the VXLAN that a bridge is
    /// joined to, `peers` are the nodes, or the group, that it sends to.
    VxlanJoin {
        bridge: &'a str,
        id: u32,
        peers: &'a [IpAddr],
    },
    /// A link of the node, in its own namespace, or a device without one, by its
    /// PCI address. `is_nodes` tells that the node uses the link itself: then
    /// a grant has to name it, without a pattern.
    DeviceTake {
        kind: &'a str,
        name: &'a str,
        is_nodes: bool,
    },
    /// `method` is a word of the policy's `methods`.
    HttpRequest {
        method: &'a str,
        url: &'a Url,
    },
}

/// A link of the node that a new one is to be upon, and what the new one gets
/// of its traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upon<'a> {
    /// The name of the node's link.
    pub parent: &'a str,
    /// A word of the policy's `modes`, for kinds that have modes.
    pub mode: Option<&'a str>,
    /// The number of a VLAN, for a VLAN interface.
    pub vlan: Option<u16>,
}

impl Question<'_> {
    /// The operation that has to be granted.
    #[must_use]
    pub fn operation(&self) -> Operation {
        match self {
            Self::LinkSee { .. } => Operation::LinkSee,
            Self::LinkCreate { .. } => Operation::LinkCreate,
            Self::LinkSet { .. } => Operation::LinkSet,
            Self::LinkDelete { .. } => Operation::LinkDelete,
            Self::AddressSee { .. } => Operation::AddressSee,
            Self::AddressAdd { .. } => Operation::AddressAdd,
            Self::AddressDelete { .. } => Operation::AddressDelete,
            Self::RouteSee { .. } => Operation::RouteSee,
            Self::RouteAdd { .. } => Operation::RouteAdd,
            Self::RouteDelete { .. } => Operation::RouteDelete,
            Self::RuleSee { .. } => Operation::RuleSee,
            Self::RuleAdd { .. } => Operation::RuleAdd,
            Self::RuleDelete { .. } => Operation::RuleDelete,
            Self::NeighborSee { .. } => Operation::NeighborSee,
            Self::NeighborAdd { .. } => Operation::NeighborAdd,
            Self::NeighborDelete { .. } => Operation::NeighborDelete,
            Self::SysctlRead { .. } => Operation::SysctlRead,
            Self::SysctlWrite { .. } => Operation::SysctlWrite,
            Self::NftTable { .. } => Operation::NftablesTable,
            Self::NftElement { .. } => Operation::NftablesElement,
            Self::QdiscSee { .. } => Operation::QdiscSee,
            Self::QdiscSet { .. } => Operation::QdiscSet,
            Self::ConntrackForget { .. } => Operation::ConntrackForget,
            Self::StoreOpen { .. } => Operation::StoreOpen,
            Self::ResolverRead { .. } => Operation::ResolverRead,
            Self::IpamDelegate { .. } => Operation::IpamDelegate,
            Self::PacketExchange { .. } => Operation::PacketExchange,
            Self::UpkeepKeep => Operation::UpkeepKeep,
            Self::AllowListRead { .. } => Operation::AllowListRead,
            Self::ForwardingAccept { .. } => Operation::ForwardingAccept,
            Self::ForwardingPublish { .. } => Operation::ForwardingPublish,
            Self::ForwardingZone { .. } => Operation::ForwardingZone,
            Self::VlanJoin { .. } => Operation::VlanJoin,
            Self::VxlanJoin { .. } => Operation::VxlanJoin,
            Self::DeviceTake { .. } => Operation::DeviceTake,
            Self::HttpRequest { .. } => Operation::HttpRequest,
        }
    }

    /// The namespace that it is about, if it is about one.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match *self {
            Self::LinkSee { place, .. }
            | Self::LinkCreate { place, .. }
            | Self::LinkSet { place, .. }
            | Self::LinkDelete { place, .. }
            | Self::AddressSee { place, .. }
            | Self::AddressAdd { place, .. }
            | Self::AddressDelete { place, .. }
            | Self::RouteSee { place, .. }
            | Self::RouteAdd { place, .. }
            | Self::RouteDelete { place, .. }
            | Self::RuleSee { place }
            | Self::RuleAdd { place, .. }
            | Self::RuleDelete { place, .. }
            | Self::NeighborSee { place, .. }
            | Self::NeighborAdd { place, .. }
            | Self::NeighborDelete { place, .. }
            | Self::SysctlRead { place, .. }
            | Self::SysctlWrite { place, .. }
            | Self::NftTable { place, .. }
            | Self::NftElement { place, .. }
            | Self::QdiscSee { place, .. }
            | Self::QdiscSet { place, .. }
            | Self::ConntrackForget { place, .. }
            | Self::PacketExchange { place, .. } => Some(place),
            Self::ForwardingAccept { .. }
            | Self::ForwardingPublish { .. }
            | Self::ForwardingZone { .. }
            | Self::VlanJoin { .. }
            | Self::VxlanJoin { .. }
            | Self::DeviceTake { .. } => Some(Place::Host),
            Self::StoreOpen { .. }
            | Self::ResolverRead { .. }
            | Self::IpamDelegate { .. }
            | Self::AllowListRead { .. }
            | Self::HttpRequest { .. }
            | Self::UpkeepKeep => None,
        }
    }
}

impl<'a> Question<'a> {
    /// Whether a link may be made that is upon no other.
    #[must_use]
    pub fn link_create(place: Place, kind: &'a str, name: &'a str) -> Self {
        Self::LinkCreate {
            place,
            kind,
            name,
            upon: None,
            table: None,
        }
    }

    /// The link that it is about, if it is about one.
    pub(crate) fn link(&self) -> Option<&'a str> {
        match *self {
            Self::LinkSee { name: link, .. }
            | Self::LinkCreate { name: link, .. }
            | Self::LinkSet { name: link, .. }
            | Self::LinkDelete { name: link, .. }
            | Self::AddressSee { link, .. }
            | Self::AddressAdd { link, .. }
            | Self::AddressDelete { link, .. }
            | Self::RouteSee { link, .. }
            | Self::RouteAdd { link, .. }
            | Self::RouteDelete { link, .. }
            | Self::NeighborSee { link, .. }
            | Self::NeighborAdd { link, .. }
            | Self::NeighborDelete { link, .. }
            | Self::QdiscSee { link, .. }
            | Self::QdiscSet { link, .. }
            | Self::PacketExchange { link, .. }
            | Self::VlanJoin { bridge: link, .. }
            | Self::VxlanJoin { bridge: link, .. }
            | Self::DeviceTake { name: link, .. } => Some(link),
            _ => None,
        }
    }

    /// The routing table that it is about, if it is about one.
    pub(crate) fn routing_table(&self) -> Option<u32> {
        match *self {
            Self::RouteSee { table, .. }
            | Self::RouteAdd { table, .. }
            | Self::RouteDelete { table, .. }
            | Self::RuleAdd { table, .. }
            | Self::RuleDelete { table, .. } => Some(table),
            Self::LinkCreate { table, .. } => table,
            _ => None,
        }
    }

    /// What it is to be done to: `bridge "cni0" in the host namespace`.
    #[must_use]
    pub fn target(&self) -> String {
        denial::describe(self)
    }

    /// The grant that allows exactly this, as TOML in one line.
    #[must_use]
    pub fn as_grant(&self) -> String {
        denial::grant_line(self)
    }
}
