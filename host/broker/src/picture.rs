//! A kernel of which only links, and what is on them, can be seen: for tests
//! of what looks and changes nothing.

#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use cofferdam_network::{
    AddressInfo, Bridge, DeviceSelector, Error, Exchange, Flows, Forwarded, ForwardingLead, FoundDevice, Incoming,
    LinkId, LinkInfo, Neighbor, Network, NewLink, OperationalState, Outgoing, PortVlans, Ports, RateLimit, Result,
    Route, RouteMode, Rule, SysctlKey, VethEnd,
    nftables::{Chain, Element, Set, Table, TableId},
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};

/// What is to be seen, and how often it was looked at.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    links: Vec<LinkInfo>,
    addresses: BTreeMap<LinkId, Vec<IpPrefix>>,
    routes: BTreeMap<LinkId, Vec<Route>>,
    pub(crate) requests: Arc<AtomicU32>,
}

impl Picture {
    /// Adds a veth link; its number is that of its place in the list.
    pub(crate) fn with_link(mut self, place: Place, name: &str) -> Self {
        let index = u32::try_from(self.links.len()).unwrap() + 1;
        self.links.push(LinkInfo {
            id: LinkId { place, index },
            name: name.to_owned(),
            kind: if name == "lo" { "" } else { "veth" }.to_owned(),
            mac: Some(MacAddress([2, 0, 0, 0, 0, u8::try_from(index).unwrap()])),
            permanent_mac: None,
            mtu: 1500,
            up: true,
            operational_state: OperationalState::Up,
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
        });
        self
    }

    /// Puts an address on the last link.
    pub(crate) fn with_address(mut self, address: &str) -> Self {
        let last = self.links.last().unwrap().id;
        self.addresses.entry(last).or_default().push(address.parse().unwrap());
        self
    }

    /// Puts a route through the last link.
    pub(crate) fn with_route(mut self, to: &str, gateway: Option<&str>) -> Self {
        let last = self.links.last().unwrap().id;
        self.routes.entry(last).or_default().push(Route {
            destination: to.parse().unwrap(),
            gateway: gateway.map(|gateway| gateway.parse().unwrap()),
            source: None,
            priority: Some(7),
            table: Some(254),
            scope: Some(0),
            mtu: None,
            advmss: None,
        });
        self
    }

    /// Takes the Ethernet address of the last link away.
    pub(crate) fn without_mac(mut self) -> Self {
        self.links.last_mut().unwrap().mac = None;
        self
    }

    /// Puts the last link into a VRF.
    pub(crate) fn in_vrf(mut self, name: &str) -> Self {
        let port = self.links.len() - 1;
        self = self.with_link(Place::Host, name);
        let vrf = self.links.last_mut().unwrap();
        vrf.kind = "vrf".to_owned();
        self.links[port].master = Some(vrf.id.index);
        self
    }

    /// The number of a link.
    pub(crate) fn id(&self, name: &str) -> LinkId {
        self.links.iter().find(|link| link.name == name).unwrap().id
    }
}

fn only_a_picture<T>() -> Result<T> {
    Err(Error::Unsupported("this is a picture".to_owned()))
}

macro_rules! refuse {
    ($($name:ident($($argument:ty),*) -> $result:ty;)*) => {
        $(fn $name(&mut self, $(_: $argument),*) -> Result<$result> {
            only_a_picture()
        })*
    };
}

impl Network for Picture {
    fn link_by_name(&mut self, place: Place, name: &str) -> Result<Option<LinkInfo>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let is_it = |link: &&LinkInfo| link.id.place == place && link.name == name;
        Ok(self.links.iter().find(is_it).cloned())
    }

    fn link(&mut self, link: LinkId) -> Result<Option<LinkInfo>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        Ok(self.links.iter().find(|info| info.id == link).cloned())
    }

    fn addresses_in(&mut self, place: Place) -> Result<Vec<AddressInfo>> {
        let links: Vec<LinkId> = self.addresses.keys().copied().collect();
        let mut addresses = Vec::new();
        for link in links.into_iter().filter(|link| link.place == place) {
            addresses.extend(self.addresses(link)?);
        }
        Ok(addresses)
    }

    fn has_address(&mut self, place: Place, address: IpAddr) -> Result<bool> {
        let addresses = self.addresses_in(place)?;
        Ok(addresses.iter().any(|info| info.address.address() == address))
    }

    fn addresses(&mut self, link: LinkId) -> Result<Vec<AddressInfo>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let info = |address: &IpPrefix| AddressInfo {
            address: *address,
            scope: 0,
            tentative: false,
            duplicate: false,
        };
        Ok(self.addresses.get(&link).into_iter().flatten().map(info).collect())
    }

    fn routes(&mut self, link: LinkId, table: u32) -> Result<Vec<Route>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let of_link = self.routes.get(&link).into_iter().flatten();
        Ok(of_link.filter(|route| route.table == Some(table)).cloned().collect())
    }

    fn links(&mut self, place: Place) -> Result<Vec<LinkInfo>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let of_place = self.links.iter().filter(|link| link.id.place == place);
        Ok(of_place.cloned().collect())
    }

    refuse! {
        create_bridge(&Bridge) -> LinkId;
        create_link(&NewLink) -> LinkId;
        default_link(Place) -> Option<LinkId>;
        create_veth(&VethEnd, &VethEnd) -> (LinkId, LinkId);
        delete_link(LinkId) -> ();
        set_link_up(LinkId, bool) -> ();
        set_link_mtu(LinkId, u32) -> ();
        set_link_mac(LinkId, MacAddress) -> ();
        set_link_promiscuous(LinkId, bool) -> ();
        set_link_all_multicast(LinkId, bool) -> ();
        set_link_queue_length(LinkId, u32) -> ();
        set_link_master(LinkId, Option<u32>) -> ();
        set_port_hairpin(LinkId, bool) -> ();
        set_port_isolated(LinkId, bool) -> ();
        port_vlans(LinkId) -> PortVlans;
        set_port_vlans(LinkId, &PortVlans) -> ();
        vxlan_peers(LinkId) -> Vec<IpAddr>;
        add_vxlan_peer(LinkId, IpAddr) -> ();
        delete_vxlan_peer(LinkId, IpAddr) -> ();
        add_address(LinkId, IpPrefix, bool) -> ();
        delete_address(LinkId, IpPrefix) -> ();
        add_route(LinkId, &Route, RouteMode) -> ();
        delete_route(LinkId, &Route) -> ();
        rules(Place) -> Vec<Rule>;
        add_rule(Place, &Rule) -> ();
        delete_rule(Place, &Rule) -> ();
        has_rule_like(Place, &Rule) -> bool;
        neighbors(LinkId) -> Vec<Neighbor>;
        add_neighbor(LinkId, &Neighbor) -> ();
        delete_neighbor(LinkId, &Neighbor) -> ();
        sysctl(Place, &SysctlKey) -> String;
        set_sysctl(Place, &SysctlKey, &str) -> ();
        outgoing(LinkId) -> Outgoing;
        limit_rate(LinkId, &RateLimit) -> ();
        delete_rate_limit(LinkId) -> ();
        incoming(LinkId) -> Incoming;
        redirect_incoming(LinkId, u32) -> ();
        delete_redirect(LinkId) -> ();
        forget_flows(Place, &[Flows]) -> ();
        has_table(Place, &TableId) -> bool;
        create_table(Place, &Table) -> ();
        replace_chains(Place, &Table) -> ();
        refill_chains(Place, &Table) -> ();
        delete_table(Place, &TableId) -> ();
        has_chain(Place, &TableId, &str) -> bool;
        rule_count(Place, &TableId, &str) -> Option<usize>;
        create_chain(Place, &TableId, &[Set], &Chain) -> ();
        delete_chain(Place, &TableId, &str) -> ();
        add_elements(Place, &TableId, &Set, &[Element], &str) -> ();
        delete_elements(Place, &TableId, &Set, &[Element]) -> ();
        has_forwarding_lead(&ForwardingLead) -> bool;
        add_forwarding_lead(&ForwardingLead) -> ();
        delete_forwarding_lead(&ForwardingLead) -> ();
        accepts_forwarding(IpAddr, Forwarded) -> bool;
        accept_forwarding(IpAddr, Forwarded) -> ();
        refuse_forwarding(IpAddr, Forwarded) -> ();
        has_zones() -> bool;
        is_in_zone(IpAddr, &str) -> bool;
        join_zone(IpAddr, &str) -> ();
        leave_zone(IpAddr, &str) -> ();
        element_comment(Place, &TableId, &Set, &Element) -> Option<String>;
        open_exchange(LinkId, Ports) -> Box<dyn Exchange>;
        find_device(&DeviceSelector) -> FoundDevice;
        move_link(LinkId, Place, &str, &str) -> LinkId;
    }
}
