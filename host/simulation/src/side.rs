use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use cofferdam_network::{
    AddressInfo, Error, LinkId, LinkInfo, Neighbor, OperationalState, PortVlans, RateLimit, Result, Rule, SysctlKey,
    nftables::{Chain, Element, Set, TableId},
};
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_system::Errno;

use super::{Sides, missing, routes::KeptRoute, rules, settings::Settled};

/// One namespace.
///
/// It begins as the kernel makes one: with its own five routing rules and no
/// links, not even the loopback, which [`Node`](crate::Node) gives it.
#[derive(Clone, Debug)]
pub struct Side {
    /// Links by their index, as what else belongs to one.
    pub links: BTreeMap<u32, LinkInfo>,
    /// Addresses of links.
    pub addresses: BTreeMap<u32, Vec<AddressInfo>>,
    /// Routes of all tables, in the order in which they came.
    pub routes: Vec<KeptRoute>,
    /// Permanent neighbours on links.
    pub neighbors: BTreeMap<u32, Vec<Neighbor>>,
    /// Routing rules, the kernel's own among them, in the order in which they
    /// are asked.
    pub rules: Vec<Rule>,
    /// VLANs of ports.
    pub vlans: BTreeMap<u32, PortVlans>,
    /// Nodes that VXLANs send frames to whose receiver they do not know, in the
    /// order in which they came.
    pub vxlan_peers: BTreeMap<u32, Vec<IpAddr>>,
    /// Kernel settings that are not as they are by themselves, or were read
    /// from a kernel.
    pub settings: BTreeMap<SysctlKey, String>,
    /// nftables.
    pub tables: BTreeMap<TableId, Rules>,
    /// What limits the rate of links.
    pub limits: BTreeMap<u32, RateLimit>,
    /// Where a link sends what comes in on another one; 0: nowhere any more.
    pub redirects: BTreeMap<u32, u32>,
    /// Addresses in zones of firewalld; none without a firewalld.
    pub zones: Option<BTreeMap<IpAddr, String>>,
    /// Bridges whose size of packets somebody set.
    pub(super) fixed_mtu: BTreeSet<u32>,
    pub(super) settled: Settled,
    /// The last number that was given to a link.
    last_index: u32,
}

impl Default for Side {
    fn default() -> Self {
        Self {
            links: BTreeMap::new(),
            addresses: BTreeMap::new(),
            routes: Vec::new(),
            neighbors: BTreeMap::new(),
            rules: rules::of_the_kernel(),
            vlans: BTreeMap::new(),
            vxlan_peers: BTreeMap::new(),
            settings: BTreeMap::new(),
            tables: BTreeMap::new(),
            limits: BTreeMap::new(),
            redirects: BTreeMap::new(),
            zones: None,
            fixed_mtu: BTreeSet::new(),
            settled: Settled::default(),
            last_index: 0,
        }
    }
}

/// What an nftables table holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// Sets and maps by name.
    pub sets: BTreeMap<String, Set>,
    /// Chains by name.
    pub chains: BTreeMap<String, Chain>,
    /// By set, with their comments.
    pub elements: BTreeMap<String, BTreeMap<Element, String>>,
}

/// The same but for the order of what has none, and for what was never used.
impl PartialEq for Side {
    fn eq(&self, other: &Self) -> bool {
        self.picture() == other.picture()
    }
}

impl Side {
    /// The link of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&LinkInfo> {
        self.links.values().find(|link| link.name == name)
    }

    /// A link that is there from the beginning, down, without anything.
    pub fn add_link(&mut self, place: Place, name: &str, kind: &str, mac: Option<MacAddress>) -> LinkId {
        let index = self.free_index(None);
        let id = LinkId { place, index };
        let info = LinkInfo {
            id,
            name: name.to_owned(),
            kind: kind.to_owned(),
            mac,
            permanent_mac: None,
            mtu: if name == "lo" { 65536 } else { 1500 },
            up: false,
            operational_state: OperationalState::Down,
            promiscuous: false,
            all_multicast: false,
            transmit_queue_length: 1000,
            alias: None,
            master: None,
            lower: None,
            lower_elsewhere: false,
            settings: None,
            hairpin: None,
            isolated: None,
            vlan_filtering: None,
        };
        self.links.insert(index, info);
        self.begin_settings(index);
        id
    }

    /// The number that a new link gets, or one that comes with a number. The
    /// kernel counts up, and passes over those that are in use.
    pub(super) fn free_index(&mut self, wanted: Option<u32>) -> u32 {
        if let Some(index) = wanted.filter(|index| !self.links.contains_key(index)) {
            return index;
        }
        loop {
            self.last_index += 1;
            if !self.links.contains_key(&self.last_index) {
                return self.last_index;
            }
        }
    }

    /// The next link gets this number, if it is free.
    pub(super) fn count_links_from(&mut self, number: u32) {
        self.last_index = number.saturating_sub(1);
    }

    /// The next link gets a higher number than all that there are.
    pub(super) fn count_links_from_here(&mut self) {
        self.last_index = self.links.keys().max().copied().unwrap_or_default();
    }

    /// The table that routes of a link's own networks are in.
    pub(super) fn table_of(&self, index: u32) -> u32 {
        let master = self.links.get(&index).and_then(|info| info.master);
        let settings = master.and_then(|master| self.links.get(&master)?.settings.as_ref());
        match settings {
            Some(cofferdam_network::LinkSettings::Vrf { table }) => *table,
            _ => super::routes::MAIN_TABLE,
        }
    }

    /// The link as it is, or the error that there is none.
    pub(super) fn known(&self, link: LinkId) -> Result<&LinkInfo> {
        self.links.get(&link.index).ok_or_else(|| missing(link))
    }
}

impl Sides {
    pub(super) fn info(&mut self, link: LinkId) -> Result<&mut LinkInfo> {
        let found = self.at_mut(link.place).links.get_mut(&link.index);
        found.ok_or_else(|| missing(link))
    }

    pub(super) fn is_up(&self, link: LinkId) -> bool {
        self.at(link.place).links.get(&link.index).is_some_and(|info| info.up)
    }
}

/// Whether a link has IPv4, which takes packets of a size.
pub(super) fn has_ipv4(info: &LinkInfo) -> bool {
    info.mtu >= 68
}

/// The same for IPv6. The loopback has it in any case.
pub(super) fn has_ipv6(info: &LinkInfo) -> bool {
    info.mtu >= 1280 || is_loopback(info)
}

pub(super) fn is_loopback(info: &LinkInfo) -> bool {
    info.name == "lo" && info.kind.is_empty()
}

/// The kernel's refusal, sorted as it is by the kernel's own `Network`.
pub(super) fn refused(errno: Errno, context: impl Into<String>) -> Error {
    Error::from_errno(errno, "simulating", context)
}
