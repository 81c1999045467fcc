use std::collections::BTreeMap;

use cofferdam_network::{
    AddressInfo, LinkId, LinkInfo, Neighbor, OperationalState, PortVlans, RateLimit, Result, Route, Rule, SysctlKey,
    nftables::{Chain, Element, Set, TableId},
};
use cofferdam_protocol::{MacAddress, Place};

use super::{Sides, missing};

/// One namespace.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Links by their index, as what else belongs to one.
    pub links: BTreeMap<u32, LinkInfo>,
    /// Addresses of links.
    pub addresses: BTreeMap<u32, Vec<AddressInfo>>,
    /// Routes through links.
    pub routes: BTreeMap<u32, Vec<Route>>,
    /// Permanent neighbours on links.
    pub neighbors: BTreeMap<u32, Vec<Neighbor>>,
    /// Routing rules besides the kernel's own.
    pub rules: Vec<Rule>,
    /// VLANs of ports.
    pub vlans: BTreeMap<u32, PortVlans>,
    /// Those that are not as they are by themselves.
    pub settings: BTreeMap<SysctlKey, String>,
    /// nftables.
    pub tables: BTreeMap<TableId, Rules>,
    /// What limits the rate of links.
    pub limits: BTreeMap<u32, RateLimit>,
    /// Where a link sends what comes in on another one.
    pub redirects: BTreeMap<u32, u32>,
    /// Numbers are given once.
    last_index: u32,
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
    /// All that an administrator could see, one object a line, sorted.
    #[must_use]
    pub fn picture(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.links.values().map(|link| format!("{link:?}")).collect();
        let name = |index: &u32| self.links.get(index).map_or("?", |link| link.name.as_str());
        for (index, all) in &self.addresses {
            lines.extend(all.iter().map(|address| format!("{} {address:?}", name(index))));
        }
        for (index, all) in &self.routes {
            lines.extend(all.iter().map(|route| format!("{} {route:?}", name(index))));
        }
        for (index, all) in &self.neighbors {
            lines.extend(all.iter().map(|neighbor| format!("{} {neighbor:?}", name(index))));
        }
        for (index, limit) in &self.limits {
            lines.push(format!("{} {limit:?}", name(index)));
        }
        for (index, to) in &self.redirects {
            lines.push(format!("{} redirected to {}", name(index), name(to)));
        }
        for (index, vlans) in &self.vlans {
            lines.push(format!("{} VLANs {vlans}", name(index)));
        }
        lines.extend(self.rules.iter().map(|rule| format!("{rule:?}")));
        lines.extend(self.settings.iter().map(|(key, value)| format!("{key} {value:?}")));
        lines.extend(self.tables.iter().map(|(id, rules)| format!("{id} {rules:?}")));
        lines.sort();
        lines
    }

    /// The link of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&LinkInfo> {
        self.links.values().find(|link| link.name == name)
    }

    /// A link that is there from the beginning, down, without anything.
    pub fn add_link(&mut self, place: Place, name: &str, kind: &str, mac: Option<MacAddress>) -> LinkId {
        self.last_index += 1;
        let id = LinkId {
            place,
            index: self.last_index,
        };
        let info = LinkInfo {
            id,
            name: name.to_owned(),
            kind: kind.to_owned(),
            mac,
            permanent_mac: None,
            mtu: 1500,
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
        self.links.insert(id.index, info);
        id
    }

    /// The link, with what hangs on it.
    pub(super) fn remove_link(&mut self, index: u32) -> Option<LinkInfo> {
        let removed = self.links.remove(&index)?;
        self.addresses.remove(&index);
        self.routes.remove(&index);
        self.neighbors.remove(&index);
        self.limits.remove(&index);
        self.redirects.remove(&index);
        self.vlans.remove(&index);
        self.settings.retain(|key, _| interface_of(key) != Some(&removed.name));
        for port in self.links.values_mut().filter(|link| link.master == Some(index)) {
            leave_master(port);
        }
        Some(removed)
    }
}

impl Sides {
    pub(super) fn info(&mut self, link: LinkId) -> Result<&mut LinkInfo> {
        let found = self.at_mut(link.place).links.get_mut(&link.index);
        found.ok_or_else(|| missing(link))
    }
}

/// What is only a port's goes with its being one.
pub(super) fn leave_master(port: &mut LinkInfo) {
    port.master = None;
    port.hairpin = None;
    port.isolated = None;
}

/// The interface that a setting is of, if it is of one.
pub(super) fn interface_of(key: &SysctlKey) -> Option<&String> {
    match key.parts() {
        [_, _, what, name, _] if what == "conf" || what == "neigh" => {
            Some(name).filter(|name| *name != "all" && *name != "default")
        }
        _ => None,
    }
}
