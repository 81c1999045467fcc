use std::{net::IpAddr, path::Path};

use cofferdam_network::{
    Bridge, Forwarded, ForwardingLead, LinkId, LinkSettings, Neighbor, NewLink, PortVlans, RateLimit, Route, RouteMode,
    Rule, SysctlKey, VethEnd,
    nftables::{Chain, Element, Set, Table, TableId},
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};

use crate::{
    Entry,
    model::{Inverse, Operation},
};

/// One thing that an operation left in the kernel or in a file. `there` is
/// false for what it took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'h> {
    End(End<'h>),
    Bridge(&'h Bridge),
    /// A link other than a bridge that attachments share.
    SharedLink(SharedLink<'h>),
    PortVlans {
        link: LinkId,
        name: &'h str,
        vlans: &'h PortVlans,
    },
    /// A node that a VXLAN sends to.
    VxlanPeer {
        link: LinkId,
        name: &'h str,
        peer: IpAddr,
    },
    Setting {
        link: LinkId,
        name: &'h str,
        value: Value,
    },
    Address {
        link: LinkId,
        name: &'h str,
        address: IpPrefix,
        there: bool,
    },
    Route {
        link: LinkId,
        name: &'h str,
        route: &'h Route,
        mode: RouteMode,
        there: bool,
    },
    Rule {
        place: Place,
        rule: &'h Rule,
        there: bool,
    },
    Neighbor {
        link: LinkId,
        name: &'h str,
        neighbor: &'h Neighbor,
        there: bool,
    },
    Sysctl {
        place: Place,
        key: &'h SysctlKey,
        value: &'h str,
    },
    Table {
        place: Place,
        id: &'h TableId,
        /// Absent where it was deleted.
        declared: Option<&'h Table>,
    },
    Chain {
        place: Place,
        table: &'h TableId,
        name: &'h str,
        /// Absent where it was deleted.
        declared: Option<&'h Chain>,
    },
    Element {
        place: Place,
        table: &'h TableId,
        set: &'h Set,
        element: &'h Element,
        comment: &'h str,
        there: bool,
    },
    RateLimit {
        link: LinkId,
        name: &'h str,
        limit: &'h RateLimit,
    },
    Redirect {
        link: LinkId,
        name: &'h str,
        to: u32,
        to_name: &'h str,
    },
    ForwardingLead(&'h ForwardingLead),
    /// These packets of the address are accepted.
    Forwarding(IpAddr, Forwarded),
    /// The address is in this zone of firewalld.
    Zone(IpAddr, &'h str),
    Claim {
        directory: &'h Path,
        address: IpAddr,
    },
    /// A record of what has to be looked after.
    Upkeep {
        plugin: &'h str,
    },
}

/// A link that was made, other than a bridge: one end of a veth pair, or one
/// by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End<'h> {
    pub(super) place: Place,
    pub(super) name: &'h str,
    pub(super) kind: &'h str,
    pub(super) mac: MacAddress,
    /// Where it is on record.
    pub(super) index: Option<u32>,
    pub(super) peer: Option<LinkId>,
    /// What its kind was set to, where it was set to anything.
    pub(super) settings: Option<&'h LinkSettings>,
}

impl End<'_> {
    pub(super) fn id(&self) -> Option<LinkId> {
        self.index.map(|index| LinkId {
            place: self.place,
            index,
        })
    }
}

/// A link that attachments share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SharedLink<'h> {
    pub(super) place: Place,
    pub(super) name: &'h str,
    pub(super) kind: &'h str,
    /// What its kind was set to, where it was set to anything.
    pub(super) settings: Option<&'h LinkSettings>,
    /// Of a pair: those that its other end is in, which is a port.
    pub(super) vlans: Option<&'h PortVlans>,
    /// The bridge that it is a port of, where it was made one; then it is up.
    pub(super) bridge: Option<u32>,
}

/// A setting of a link with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Up(bool),
    Mtu(u32),
    Mac(MacAddress),
    Promiscuous(bool),
    AllMulticast(bool),
    QueueLength(u32),
    Master(Option<u32>),
    Hairpin(bool),
    Isolated(bool),
}

impl Value {
    /// Whether both are of one setting.
    pub(super) fn is_of_one_setting(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Part<'_> {
    /// The link that it goes with.
    pub(super) fn link(&self) -> Option<LinkId> {
        match self {
            Self::End(end) => end.id(),
            Self::Setting { link, .. }
            | Self::PortVlans { link, .. }
            | Self::VxlanPeer { link, .. }
            | Self::Address { link, .. }
            | Self::Route { link, .. }
            | Self::Neighbor { link, .. }
            | Self::RateLimit { link, .. }
            | Self::Redirect { link, .. } => Some(*link),
            Self::Bridge(_)
            | Self::SharedLink(_)
            | Self::Rule { .. }
            | Self::Sysctl { .. }
            | Self::Table { .. }
            | Self::Chain { .. }
            | Self::Element { .. }
            | Self::ForwardingLead(_)
            | Self::Forwarding(..)
            | Self::Zone(..)
            | Self::Claim { .. }
            | Self::Upkeep { .. } => None,
        }
    }

    /// The namespace that it is in; absent for what is in a file.
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::End(End { place, .. })
            | Self::Bridge(Bridge { place, .. })
            | Self::SharedLink(SharedLink { place, .. })
            | Self::Rule { place, .. }
            | Self::Sysctl { place, .. }
            | Self::Table { place, .. }
            | Self::Chain { place, .. }
            | Self::Element { place, .. } => Some(*place),
            Self::Setting { link, .. }
            | Self::PortVlans { link, .. }
            | Self::VxlanPeer { link, .. }
            | Self::Address { link, .. }
            | Self::Route { link, .. }
            | Self::Neighbor { link, .. }
            | Self::RateLimit { link, .. }
            | Self::Redirect { link, .. } => Some(link.place),
            Self::Claim { .. } | Self::Upkeep { .. } => None,
            Self::ForwardingLead(_) | Self::Forwarding(..) | Self::Zone(..) => Some(Place::Host),
        }
    }
}

/// What an operation left when it was done.
pub(super) fn parts(entry: &Entry) -> Vec<Part<'_>> {
    let setting = |link: &LinkId, name, value| {
        vec![Part::Setting {
            link: *link,
            name,
            value,
        }]
    };
    match &entry.operation {
        Operation::CreateBridge { bridge } => vec![Part::Bridge(bridge)],
        Operation::CreateVeth { first, second } => pair(entry, first, second),
        Operation::CreateLink { link } => made_link(entry, link),
        // What was made is gone with all that belonged to it.
        Operation::DeleteLink { .. } => Vec::new(),
        Operation::SetLinkUp { link, name, up } => setting(link, name, Value::Up(*up)),
        Operation::SetLinkMtu { link, name, mtu } => setting(link, name, Value::Mtu(*mtu)),
        Operation::SetLinkMac { link, name, mac } => setting(link, name, Value::Mac(*mac)),
        Operation::SetLinkPromiscuous { link, name, on } => setting(link, name, Value::Promiscuous(*on)),
        Operation::SetLinkAllMulticast { link, name, on } => setting(link, name, Value::AllMulticast(*on)),
        Operation::SetLinkQueueLength { link, name, packets } => setting(link, name, Value::QueueLength(*packets)),
        Operation::SetLinkMaster { link, name, master } => setting(link, name, Value::Master(*master)),
        Operation::SetPortHairpin { link, name, on } => setting(link, name, Value::Hairpin(*on)),
        Operation::SetPortIsolated { link, name, on } => setting(link, name, Value::Isolated(*on)),
        Operation::SetPortVlans { link, name, vlans } => vec![Part::PortVlans {
            link: *link,
            name,
            vlans,
        }],
        Operation::CreateVlanGateway { gateway } => vec![Part::SharedLink(SharedLink {
            place: gateway.place,
            name: &gateway.name,
            kind: "veth",
            settings: None,
            vlans: Some(&gateway.vlans),
            bridge: None,
        })],
        Operation::CreateVrf { link } => vec![Part::SharedLink(SharedLink {
            place: link.place,
            name: &link.name,
            kind: link.settings.kind(),
            settings: Some(&link.settings),
            vlans: None,
            bridge: None,
        })],
        Operation::CreateVxlan { link, bridge } => vec![Part::SharedLink(SharedLink {
            place: link.place,
            name: &link.name,
            kind: link.settings.kind(),
            settings: Some(&link.settings),
            vlans: None,
            bridge: Some(*bridge),
        })],
        Operation::AddVxlanPeer { link, name, peer } => vec![Part::VxlanPeer {
            link: *link,
            name,
            peer: *peer,
        }],
        Operation::AddAddress {
            link, name, address, ..
        } => vec![address_part(*link, name, *address, true)],
        Operation::DeleteAddress { link, name, address } => vec![address_part(*link, name, *address, false)],
        Operation::AddRoute {
            link,
            name,
            route,
            mode,
        } => vec![Part::Route {
            link: *link,
            name,
            route,
            mode: *mode,
            there: true,
        }],
        Operation::DeleteRoute { link, name, route } => vec![Part::Route {
            link: *link,
            name,
            route,
            mode: RouteMode::Append,
            there: false,
        }],
        Operation::AddRule { place, rule } => vec![rule_part(*place, rule, true)],
        Operation::DeleteRule { place, rule } => vec![rule_part(*place, rule, false)],
        Operation::AddNeighbor { link, name, neighbor } => vec![neighbor_part(*link, name, neighbor, true)],
        Operation::DeleteNeighbor { link, name, neighbor } => vec![neighbor_part(*link, name, neighbor, false)],
        Operation::SetSysctl { place, key, value } => vec![Part::Sysctl {
            place: *place,
            key,
            value,
        }],
        Operation::CreateTable { place, table } | Operation::ReplaceChains { place, table } => vec![Part::Table {
            place: *place,
            id: &table.id,
            declared: Some(table),
        }],
        Operation::DeleteTable { place, table } => vec![Part::Table {
            place: *place,
            id: table,
            declared: None,
        }],
        Operation::CreateChain { place, table, chain } => vec![Part::Chain {
            place: *place,
            table,
            name: &chain.name,
            declared: Some(chain),
        }],
        Operation::DeleteChain { place, table, chain } => vec![Part::Chain {
            place: *place,
            table,
            name: chain,
            declared: None,
        }],
        Operation::AddElements {
            place,
            table,
            set,
            elements,
            comment,
        } => elements_of(*place, table, set, elements, comment, true),
        Operation::DeleteElements {
            place,
            table,
            set,
            elements,
        } => match &entry.inverse {
            Inverse::AddElements { comment, .. } => elements_of(*place, table, set, elements, comment, false),
            _ => Vec::new(),
        },
        Operation::LimitRate { link, name, limit } => vec![Part::RateLimit {
            link: *link,
            name,
            limit,
        }],
        Operation::RedirectIncoming {
            link,
            name,
            to,
            to_name,
        } => vec![Part::Redirect {
            link: *link,
            name,
            to: *to,
            to_name,
        }],
        // What was forgotten comes back when somebody sends.
        Operation::ForgetFlows { .. } => Vec::new(),
        Operation::LeadForwarding { lead } => vec![Part::ForwardingLead(lead)],
        Operation::AcceptForwarding { address, what } => vec![Part::Forwarding(*address, *what)],
        Operation::JoinZone { address, zone } => vec![Part::Zone(*address, zone)],
        Operation::Claim { directory, address } => vec![Part::Claim {
            directory,
            address: *address,
        }],
        Operation::Keep { plugin, .. } => vec![Part::Upkeep { plugin }],
        // What is counted is no part of the node, and a shared object takes
        // the slot over from whoever made it.
        Operation::TakeSlot { .. } => Vec::new(),
        // What is upon it tells when it is gone.
        Operation::UseParent { .. } => Vec::new(),
        Operation::TakeDevice { inside, .. } => taken_device(entry, inside),
    }
}

/// Both ends with what they were given.
fn pair<'h>(entry: &'h Entry, first: &'h VethEnd, second: &'h VethEnd) -> Vec<Part<'h>> {
    let indexes = [entry.outcome.index, entry.outcome.second_index];
    let id = |end: &VethEnd, index: Option<u32>| {
        index.map(|index| LinkId {
            place: end.place,
            index,
        })
    };
    let ids = [id(first, indexes[0]), id(second, indexes[1])];
    let mut parts = Vec::new();
    for (end, index, peer) in [(first, indexes[0], ids[1]), (second, indexes[1], ids[0])] {
        parts.push(Part::End(End {
            place: end.place,
            name: &end.name,
            kind: "veth",
            mac: end.mac,
            index,
            peer,
            settings: None,
        }));
    }
    for (end, link) in [(first, ids[0]), (second, ids[1])] {
        let Some(link) = link else { continue };
        let given = [
            Some(Value::Mac(end.mac)),
            end.mtu.map(Value::Mtu),
            // A container may make a port of its end as it likes.
            end.master.map(|master| Value::Master(Some(master))),
        ];
        parts.extend(given.into_iter().flatten().map(|value| Part::Setting {
            link,
            name: &end.name,
            value,
        }));
    }
    parts
}

/// A link with what it was given. The address of its parent it has for as long
/// as the parent has it.
fn made_link<'h>(entry: &'h Entry, link: &'h NewLink) -> Vec<Part<'h>> {
    let Inverse::DeleteLink { mac, .. } = &entry.inverse else {
        return Vec::new();
    };
    let end = End {
        place: link.place,
        name: &link.name,
        kind: link.settings.kind(),
        mac: *mac,
        index: entry.outcome.index,
        peer: None,
        settings: Some(&link.settings),
    };
    let mut parts = vec![Part::End(end)];
    if let Some(id) = end.id() {
        let given = [link.mac.map(Value::Mac), link.mtu.map(Value::Mtu)];
        parts.extend(given.into_iter().flatten().map(|value| Part::Setting {
            link: id,
            name: &link.name,
            value,
        }));
    }
    parts
}

/// A device is known by what it was; it keeps its address.
fn taken_device<'h>(entry: &'h Entry, inside: &'h str) -> Vec<Part<'h>> {
    let Inverse::ReturnDevice { device, .. } = &entry.inverse else {
        return Vec::new();
    };
    let end = End {
        place: Place::Container,
        name: inside,
        kind: &device.kind,
        mac: device.mac.unwrap_or(MacAddress([0; 6])),
        index: entry.outcome.index,
        peer: None,
        settings: None,
    };
    let mut parts = vec![Part::End(end)];
    if let Some((link, mac)) = end.id().zip(device.mac) {
        parts.push(Part::Setting {
            link,
            name: inside,
            value: Value::Mac(mac),
        });
    }
    parts
}

fn address_part(link: LinkId, name: &str, address: IpPrefix, there: bool) -> Part<'_> {
    Part::Address {
        link,
        name,
        address,
        there,
    }
}

fn rule_part(place: Place, rule: &Rule, there: bool) -> Part<'_> {
    Part::Rule { place, rule, there }
}

fn neighbor_part<'h>(link: LinkId, name: &'h str, neighbor: &'h Neighbor, there: bool) -> Part<'h> {
    Part::Neighbor {
        link,
        name,
        neighbor,
        there,
    }
}

fn elements_of<'h>(
    place: Place,
    table: &'h TableId,
    set: &'h Set,
    elements: &'h [Element],
    comment: &'h str,
    there: bool,
) -> Vec<Part<'h>> {
    let part = |element| Part::Element {
        place,
        table,
        set,
        element,
        comment,
        there,
    };
    elements.iter().map(part).collect()
}
