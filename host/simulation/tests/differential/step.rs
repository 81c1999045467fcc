//! One operation, that names links as people do, so that it is the same on
//! both networks.

use std::net::IpAddr;

use cofferdam_network::{
    Bridge, LinkId, LinkSettings, Neighbor, Network, NewLink, PortVlans, RateLimit, Result, Route, RouteMode, Rule,
    SysctlKey, VethEnd, nftables,
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};

/// A link by its name; there may be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) place: Place,
    pub(crate) name: String,
}

/// One end of a pair.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) at: At,
    pub(crate) mtu: Option<u32>,
    pub(crate) master: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Bridge {
        at: At,
        mtu: Option<u32>,
        filters: bool,
    },
    Veth(End, End),
    Link {
        at: At,
        mtu: Option<u32>,
        parent: Option<At>,
        settings: LinkSettings,
    },
    Delete(At),
    Up(At, bool),
    Mtu(At, u32),
    Mac(At, MacAddress),
    Promiscuous(At, bool),
    AllMulticast(At, bool),
    QueueLength(At, u32),
    Master(At, Option<String>),
    Hairpin(At, bool),
    Isolated(At, bool),
    Vlans(At, PortVlans),
    AddPeer(At, IpAddr),
    DeletePeer(At, IpAddr),
    AddAddress(At, IpPrefix),
    DeleteAddress(At, IpPrefix),
    AddRoute(At, Route, RouteMode),
    DeleteRoute(At, Route),
    AddRule(Place, Rule),
    DeleteRule(Place, Rule),
    AddNeighbor(At, IpAddr),
    DeleteNeighbor(At, IpAddr),
    Set(Place, String, String),
    Limit(At, RateLimit),
    DeleteLimit(At),
    Redirect(At, String),
    DeleteRedirect(At),
    Move(At, At),
    CreateTable(Place, nftables::Table),
    ReplaceChains(Place, nftables::Table),
    RefillChains(Place, nftables::Table),
    DeleteTable(Place, nftables::TableId),
    CreateChain(Place, nftables::TableId, Vec<nftables::Set>, nftables::Chain),
    DeleteChain(Place, nftables::TableId, String),
    AddElements(Place, nftables::TableId, nftables::Set, Vec<nftables::Element>),
    DeleteElements(Place, nftables::TableId, nftables::Set, Vec<nftables::Element>),
}

/// A number that no link has here.
const NOBODY: u32 = 4711;

impl At {
    fn find(&self, network: &mut dyn Network) -> Result<LinkId> {
        let found = network.link_by_name(self.place, &self.name)?;
        Ok(found.map_or(
            LinkId {
                place: self.place,
                index: NOBODY,
            },
            |info| info.id,
        ))
    }

    fn neighbor(&self, name: &str) -> Self {
        Self {
            place: self.place,
            name: name.to_owned(),
        }
    }
}

/// Of a link's name, so that it is the same on both.
pub(crate) fn mac(name: &str) -> MacAddress {
    let mut sum = [0_u8; 2];
    for (number, byte) in name.bytes().enumerate() {
        sum[number % 2] = sum[number % 2].wrapping_mul(31).wrapping_add(byte);
    }
    MacAddress([2, 0, 0, 0, sum[0], sum[1]])
}

impl End {
    fn make(&self, network: &mut dyn Network) -> Result<VethEnd> {
        let master = match &self.master {
            Some(name) => Some(self.at.neighbor(name).find(network)?.index),
            None => None,
        };
        Ok(VethEnd {
            place: self.at.place,
            name: self.at.name.clone(),
            mac: mac(&self.at.name),
            mtu: self.mtu,
            master,
        })
    }
}

impl Step {
    pub(crate) fn run(&self, network: &mut dyn Network) -> Result<()> {
        match self {
            Self::Bridge { at, mtu, filters } => {
                let bridge = Bridge {
                    place: at.place,
                    name: at.name.clone(),
                    mac: mac(&at.name),
                    mtu: *mtu,
                    vlan_filtering: *filters,
                };
                network.create_bridge(&bridge).map(drop)
            }
            Self::Veth(first, second) => {
                let (first, second) = (first.make(network)?, second.make(network)?);
                network.create_veth(&first, &second).map(drop)
            }
            Self::Link {
                at,
                mtu,
                parent,
                settings,
            } => {
                let mut parent = match parent {
                    Some(parent) => Some(parent.find(network)?),
                    None => None,
                };
                let mut settings = settings.clone();
                if let LinkSettings::Vxlan(vxlan) = &mut settings {
                    vxlan.parent = parent.take().map(|parent| parent.index);
                }
                let link = NewLink {
                    place: at.place,
                    name: at.name.clone(),
                    mac: (!settings.has_parents_mac()).then(|| mac(&at.name)),
                    mtu: *mtu,
                    transmit_queue_length: Some(77),
                    parent,
                    settings,
                };
                network.create_link(&link).map(drop)
            }
            Self::Move(link, to) => {
                let id = link.find(network)?;
                network.move_link(id, to.place, &to.name, "moved").map(drop)
            }
            _ => self.run_on_link(network),
        }
    }

    fn run_on_link(&self, network: &mut dyn Network) -> Result<()> {
        match self {
            Self::Delete(link) => link.find(network).and_then(|id| network.delete_link(id)),
            Self::Up(link, up) => link.find(network).and_then(|id| network.set_link_up(id, *up)),
            Self::Mtu(link, mtu) => link.find(network).and_then(|id| network.set_link_mtu(id, *mtu)),
            Self::Mac(link, mac) => link.find(network).and_then(|id| network.set_link_mac(id, *mac)),
            Self::Promiscuous(link, on) => link.find(network).and_then(|id| network.set_link_promiscuous(id, *on)),
            Self::AllMulticast(link, on) => link
                .find(network)
                .and_then(|id| network.set_link_all_multicast(id, *on)),
            Self::QueueLength(link, packets) => link
                .find(network)
                .and_then(|id| network.set_link_queue_length(id, *packets)),
            Self::Master(link, master) => {
                let id = link.find(network)?;
                let master = match master {
                    Some(name) => Some(link.neighbor(name).find(network)?.index),
                    None => None,
                };
                network.set_link_master(id, master)
            }
            Self::Hairpin(link, on) => link.find(network).and_then(|id| network.set_port_hairpin(id, *on)),
            Self::Isolated(link, on) => link.find(network).and_then(|id| network.set_port_isolated(id, *on)),
            Self::Vlans(link, vlans) => link.find(network).and_then(|id| network.set_port_vlans(id, vlans)),
            Self::AddPeer(link, peer) => link.find(network).and_then(|id| network.add_vxlan_peer(id, *peer)),
            Self::DeletePeer(link, peer) => link.find(network).and_then(|id| network.delete_vxlan_peer(id, *peer)),
            Self::Limit(link, limit) => link.find(network).and_then(|id| network.limit_rate(id, limit)),
            Self::DeleteLimit(link) => link.find(network).and_then(|id| network.delete_rate_limit(id)),
            Self::Redirect(link, to) => {
                let id = link.find(network)?;
                let to = link.neighbor(to).find(network)?.index;
                network.redirect_incoming(id, to)
            }
            Self::DeleteRedirect(link) => link.find(network).and_then(|id| network.delete_redirect(id)),
            _ => self.run_of_routing(network),
        }
    }

    fn run_of_routing(&self, network: &mut dyn Network) -> Result<()> {
        match self {
            Self::AddAddress(link, address) => link
                .find(network)
                .and_then(|id| network.add_address(id, *address, true)),
            Self::DeleteAddress(link, address) => {
                link.find(network).and_then(|id| network.delete_address(id, *address))
            }
            Self::AddRoute(link, route, mode) => link.find(network).and_then(|id| network.add_route(id, route, *mode)),
            Self::DeleteRoute(link, route) => link.find(network).and_then(|id| network.delete_route(id, route)),
            Self::AddRule(place, rule) => network.add_rule(*place, rule),
            Self::DeleteRule(place, rule) => network.delete_rule(*place, rule),
            Self::AddNeighbor(link, address) => {
                let id = link.find(network)?;
                network.add_neighbor(id, &neighbor(*address))
            }
            Self::DeleteNeighbor(link, address) => {
                let id = link.find(network)?;
                network.delete_neighbor(id, &neighbor(*address))
            }
            Self::Set(place, key, value) => {
                let key = SysctlKey::new(key.split('/').map(str::to_owned).collect())?;
                network.set_sysctl(*place, &key, value)
            }
            _ => self.run_of_nftables(network),
        }
    }

    fn run_of_nftables(&self, network: &mut dyn Network) -> Result<()> {
        match self {
            Self::CreateTable(place, table) => network.create_table(*place, table),
            Self::ReplaceChains(place, table) => network.replace_chains(*place, table),
            Self::RefillChains(place, table) => network.refill_chains(*place, table),
            Self::DeleteTable(place, table) => network.delete_table(*place, table),
            Self::CreateChain(place, table, sets, chain) => network.create_chain(*place, table, sets, chain),
            Self::DeleteChain(place, table, chain) => network.delete_chain(*place, table, chain),
            Self::AddElements(place, table, set, elements) => network.add_elements(*place, table, set, elements, "why"),
            Self::DeleteElements(place, table, set, elements) => network.delete_elements(*place, table, set, elements),
            other => unreachable!("{other:?} is run elsewhere"),
        }
    }
}

fn neighbor(address: IpAddr) -> Neighbor {
    Neighbor {
        address,
        mac: MacAddress([2, 0, 0, 0, 0x42, 0x42]),
    }
}
