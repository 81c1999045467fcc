//! [`Network`] by the kernel itself.
//!
//! Requests are built with the message builders of rtnetlink and sent over
//! blocking sockets; no async runtime is involved. Each namespace gets its
//! sockets when they are first needed, opened by a thread that is in it.

mod addresses;
mod alternative_names;
mod attribute;
mod bridge;
mod devices;
mod failure;
mod foreign;
mod kinds;
mod link_info;
mod link_settings;
mod links;
mod message;
mod neighbors;
mod nftables;
mod packets;
mod port;
mod port_vlans;
mod route_info;
mod routes;
mod rule_info;
mod rules;
mod side;
mod socket;
mod sysctl;
mod sysfs;
mod tap;
mod traffic;
mod veth;
mod visit;
mod vxlan_peers;
mod zones;

use std::{
    net::IpAddr,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::Duration,
};

use cofferdam_protocol::{IpPrefix, MacAddress, Place};

use self::{side::Side, socket::Socket, zones::Zones};
use crate::{
    AddressInfo, Ahead, Bridge, DeviceSelector, Error, Exchange, Flows, Forwarded, ForwardingLead, FoundDevice,
    Incoming, LinkId, LinkInfo, Neighbor, Network, NewLink, Outgoing, PortVlans, Ports, RateLimit, Result, Route,
    RouteMode, Rule, SysctlKey, VethEnd,
    nftables::{Chain, Element, Set, Table, TableId},
    request,
};

/// The kernel's own network.
///
/// The host's namespace is that of the thread that uses this value; it must
/// be the same one each time. A thread for the container's namespace is
/// started when it is first needed, and ended when the value is dropped.
#[derive(Debug)]
pub struct Kernel {
    time_limit: Duration,
    sysfs: PathBuf,
    zones: Zones,
    host: Side,
    container: Option<Side>,
}

impl Kernel {
    /// The calling thread's namespace, with no container. Nothing is opened
    /// yet. Each operation ends within the time limit, but for what the
    /// kernel itself takes to carry it out.
    #[must_use]
    pub fn new(time_limit: Duration) -> Self {
        Self {
            time_limit,
            sysfs: sysfs::ROOT.into(),
            zones: Zones::new(time_limit),
            host: Side::current(Place::Host, time_limit),
            container: None,
        }
    }

    /// The same with a container's network namespace (see
    /// [`open_namespace`](crate::namespace::open_namespace)).
    #[must_use]
    pub fn with_container(self, namespace: OwnedFd) -> Self {
        let container = Side::of(Place::Container, self.time_limit, namespace);
        Self {
            container: Some(container),
            ..self
        }
    }

    /// The same with another directory than `/sys` to look for devices in.
    #[must_use]
    pub fn with_sysfs(self, sysfs: impl Into<PathBuf>) -> Self {
        Self {
            sysfs: sysfs.into(),
            ..self
        }
    }

    /// The same with the node's D-Bus, by which firewalld is asked. Without it
    /// no firewalld runs.
    #[must_use]
    pub fn with_bus(self, bus: impl Into<PathBuf>) -> Self {
        Self {
            zones: self.zones.on(bus.into()),
            ..self
        }
    }

    /// Has firewalld asked by another process from now on, which this program
    /// is executed for if it runs: a process that runs components has no
    /// connection to D-Bus. Without a program it is asked no more.
    pub fn hand_over_zones(&mut self, program: Option<&Path>) {
        self.zones.hand_over(program);
    }

    /// Whether another process asks firewalld, which has to be waited for when
    /// it ends.
    #[must_use]
    pub fn has_zones_handed_over(&self) -> bool {
        self.zones.are_handed_over()
    }

    /// Opens now what would be opened when it is first needed, so that the
    /// calling thread has to visit the container's namespace no more.
    ///
    /// # Errors
    /// The container's namespace can't be joined, or no socket can be opened.
    pub fn open_ahead(&mut self, ahead: &Ahead) -> Result<()> {
        // Netlink sockets of its own namespace the calling thread can open at
        // any time.
        if ahead.packets.contains(&Place::Host) {
            self.host.open_packet_socket()?;
        }
        self.container.as_mut().map_or(Ok(()), |side| side.open_ahead(ahead))
    }

    /// The kernel's number for a namespace (`SO_NETNS_COOKIE`), which no
    /// other gets until the machine is started anew. `None` where the kernel
    /// (before 5.14) gives none.
    ///
    /// # Errors
    /// No socket can be opened in the namespace, or there is no container.
    pub fn namespace_cookie(&mut self, place: Place) -> Result<Option<u64>> {
        self.route_socket(place)?
            .namespace_cookie()
            .map_err(|failure| failure.during("asking for the cookie of", format!("the {place} namespace")))
    }

    fn side(&mut self, place: Place) -> Result<&mut Side> {
        match place {
            Place::Host => Ok(&mut self.host),
            Place::Container => self.container.as_mut().ok_or(Error::NoNamespace(place)),
        }
    }

    fn route_socket(&mut self, place: Place) -> Result<&mut Socket> {
        self.side(place)?.route()
    }

    /// The socket for requests about a link.
    fn socket_of(&mut self, link: LinkId) -> Result<&mut Socket> {
        request::link(link)?;
        self.route_socket(link.place)
    }
}

impl Network for Kernel {
    fn link_by_name(&mut self, place: Place, name: &str) -> Result<Option<LinkInfo>> {
        links::by_name(self.route_socket(place)?, place, name)
    }

    fn link(&mut self, link: LinkId) -> Result<Option<LinkInfo>> {
        links::by_index(self.socket_of(link)?, link)
    }

    fn links(&mut self, place: Place) -> Result<Vec<LinkInfo>> {
        links::all(self.route_socket(place)?, place)
    }

    fn create_bridge(&mut self, bridge: &Bridge) -> Result<LinkId> {
        bridge::create(self.route_socket(bridge.place)?, bridge)
    }

    fn create_veth(&mut self, first: &VethEnd, second: &VethEnd) -> Result<(LinkId, LinkId)> {
        veth::create(self, first, second)
    }

    fn create_link(&mut self, link: &NewLink) -> Result<LinkId> {
        kinds::create(self, link)
    }

    fn delete_link(&mut self, link: LinkId) -> Result<()> {
        links::delete(self.socket_of(link)?, link)
    }

    fn set_link_up(&mut self, link: LinkId, up: bool) -> Result<()> {
        links::set_up(self.socket_of(link)?, link, up)
    }

    fn set_link_mtu(&mut self, link: LinkId, mtu: u32) -> Result<()> {
        links::set_mtu(self.socket_of(link)?, link, mtu)
    }

    fn set_link_mac(&mut self, link: LinkId, mac: MacAddress) -> Result<()> {
        links::set_mac(self.socket_of(link)?, link, mac)
    }

    fn set_link_promiscuous(&mut self, link: LinkId, on: bool) -> Result<()> {
        links::set_promiscuous(self.socket_of(link)?, link, on)
    }

    fn set_link_all_multicast(&mut self, link: LinkId, on: bool) -> Result<()> {
        links::set_all_multicast(self.socket_of(link)?, link, on)
    }

    fn set_link_queue_length(&mut self, link: LinkId, packets: u32) -> Result<()> {
        links::set_queue_length(self.socket_of(link)?, link, packets)
    }

    fn set_link_master(&mut self, link: LinkId, master: Option<u32>) -> Result<()> {
        port::set_master(self.socket_of(link)?, link, master)
    }

    fn set_port_hairpin(&mut self, link: LinkId, on: bool) -> Result<()> {
        port::set_hairpin(self.socket_of(link)?, link, on)
    }

    fn set_port_isolated(&mut self, link: LinkId, on: bool) -> Result<()> {
        port::set_isolated(self.socket_of(link)?, link, on)
    }

    fn port_vlans(&mut self, link: LinkId) -> Result<PortVlans> {
        port_vlans::of_port(self.socket_of(link)?, link)
    }

    fn set_port_vlans(&mut self, link: LinkId, vlans: &PortVlans) -> Result<()> {
        port_vlans::set(self.socket_of(link)?, link, vlans)
    }

    fn vxlan_peers(&mut self, link: LinkId) -> Result<Vec<IpAddr>> {
        vxlan_peers::of_link(self.socket_of(link)?, link)
    }

    fn add_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> Result<()> {
        vxlan_peers::add(self.socket_of(link)?, link, peer)
    }

    fn delete_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> Result<()> {
        vxlan_peers::delete(self.socket_of(link)?, link, peer)
    }

    fn addresses(&mut self, link: LinkId) -> Result<Vec<AddressInfo>> {
        addresses::of_link(self.socket_of(link)?, link)
    }

    fn addresses_in(&mut self, place: Place) -> Result<Vec<AddressInfo>> {
        addresses::of_all(self.route_socket(place)?, place)
    }

    fn has_address(&mut self, place: Place, address: IpAddr) -> Result<bool> {
        addresses::is_there(self.route_socket(place)?, place, address)
    }

    fn add_address(&mut self, link: LinkId, address: IpPrefix, skip_duplicate_detection: bool) -> Result<()> {
        let socket = self.socket_of(link)?;
        addresses::add(socket, link, address, skip_duplicate_detection)
    }

    fn delete_address(&mut self, link: LinkId, address: IpPrefix) -> Result<()> {
        addresses::delete(self.socket_of(link)?, link, address)
    }

    fn routes(&mut self, link: LinkId, table: u32) -> Result<Vec<Route>> {
        routes::of_link(self.socket_of(link)?, link, table)
    }

    fn default_link(&mut self, place: Place) -> Result<Option<LinkId>> {
        routes::default_link(self.route_socket(place)?, place)
    }

    fn add_route(&mut self, link: LinkId, route: &Route, mode: RouteMode) -> Result<()> {
        routes::add(self.socket_of(link)?, link, route, mode)
    }

    fn delete_route(&mut self, link: LinkId, route: &Route) -> Result<()> {
        routes::delete(self.socket_of(link)?, link, route)
    }

    fn rules(&mut self, place: Place) -> Result<Vec<Rule>> {
        rules::all(self.route_socket(place)?, place)
    }

    fn add_rule(&mut self, place: Place, rule: &Rule) -> Result<()> {
        rules::add(self.route_socket(place)?, place, rule)
    }

    fn delete_rule(&mut self, place: Place, rule: &Rule) -> Result<()> {
        rules::delete(self.route_socket(place)?, place, rule)
    }

    fn has_rule_like(&mut self, place: Place, rule: &Rule) -> Result<bool> {
        rules::has_like(self.route_socket(place)?, place, rule)
    }

    fn neighbors(&mut self, link: LinkId) -> Result<Vec<Neighbor>> {
        neighbors::of_link(self.socket_of(link)?, link)
    }

    fn add_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()> {
        neighbors::add(self.socket_of(link)?, link, neighbor)
    }

    fn delete_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()> {
        neighbors::delete(self.socket_of(link)?, link, neighbor)
    }

    fn sysctl(&mut self, place: Place, key: &SysctlKey) -> Result<String> {
        sysctl::read(self.side(place)?, place, key)
    }

    fn set_sysctl(&mut self, place: Place, key: &SysctlKey, value: &str) -> Result<()> {
        sysctl::write(self.side(place)?, place, key, value)
    }

    fn has_forwarding_lead(&mut self, lead: &ForwardingLead) -> Result<bool> {
        self.host.nft()?.has_lead(lead)
    }

    fn add_forwarding_lead(&mut self, lead: &ForwardingLead) -> Result<()> {
        self.host.nft()?.add_lead(lead)
    }

    fn delete_forwarding_lead(&mut self, lead: &ForwardingLead) -> Result<()> {
        self.host.nft()?.delete_lead(lead)
    }

    fn accepts_forwarding(&mut self, address: IpAddr, what: Forwarded) -> Result<bool> {
        self.host.nft()?.accepts(address, what)
    }

    fn accept_forwarding(&mut self, address: IpAddr, what: Forwarded) -> Result<()> {
        self.host.nft()?.accept(address, what)
    }

    fn refuse_forwarding(&mut self, address: IpAddr, what: Forwarded) -> Result<()> {
        self.host.nft()?.refuse(address, what)
    }

    fn has_zones(&mut self) -> Result<bool> {
        self.zones.are_there()
    }

    fn is_in_zone(&mut self, address: IpAddr, zone: &str) -> Result<bool> {
        self.zones.have(address, zone)
    }

    fn join_zone(&mut self, address: IpAddr, zone: &str) -> Result<()> {
        self.zones.join(address, zone)
    }

    fn leave_zone(&mut self, address: IpAddr, zone: &str) -> Result<()> {
        self.zones.leave(address, zone)
    }

    fn has_table(&mut self, place: Place, table: &TableId) -> Result<bool> {
        self.side(place)?.nft()?.has_table(table)
    }

    fn create_table(&mut self, place: Place, table: &Table) -> Result<()> {
        self.side(place)?.nft()?.create_table(table)
    }

    fn replace_chains(&mut self, place: Place, table: &Table) -> Result<()> {
        self.side(place)?.nft()?.replace_chains(table)
    }

    fn refill_chains(&mut self, place: Place, some: &Table) -> Result<()> {
        self.side(place)?.nft()?.refill_chains(some)
    }

    fn delete_table(&mut self, place: Place, table: &TableId) -> Result<()> {
        self.side(place)?.nft()?.delete_table(table)
    }

    fn has_chain(&mut self, place: Place, table: &TableId, chain: &str) -> Result<bool> {
        self.side(place)?.nft()?.has_chain(table, chain)
    }

    fn rule_count(&mut self, place: Place, table: &TableId, chain: &str) -> Result<Option<usize>> {
        self.side(place)?.nft()?.rule_count(table, chain)
    }

    fn create_chain(&mut self, place: Place, table: &TableId, sets: &[Set], chain: &Chain) -> Result<()> {
        self.side(place)?.nft()?.create_chain(table, sets, chain)
    }

    fn delete_chain(&mut self, place: Place, table: &TableId, chain: &str) -> Result<()> {
        self.side(place)?.nft()?.delete_chain(table, chain)
    }

    fn add_elements(
        &mut self,
        place: Place,
        table: &TableId,
        set: &Set,
        elements: &[Element],
        comment: &str,
    ) -> Result<()> {
        let socket = self.side(place)?.nft()?;
        socket.add_elements(table, set, elements, comment)
    }

    fn delete_elements(&mut self, place: Place, table: &TableId, set: &Set, elements: &[Element]) -> Result<()> {
        let socket = self.side(place)?.nft()?;
        socket.delete_elements(table, set, elements)
    }

    fn element_comment(
        &mut self,
        place: Place,
        table: &TableId,
        set: &Set,
        element: &Element,
    ) -> Result<Option<String>> {
        let socket = self.side(place)?.nft()?;
        socket.element_comment(table, set, element)
    }

    fn outgoing(&mut self, link: LinkId) -> Result<Outgoing> {
        traffic::outgoing(self.socket_of(link)?, link)
    }

    fn limit_rate(&mut self, link: LinkId, limit: &RateLimit) -> Result<()> {
        traffic::limit_rate(self.socket_of(link)?, link, limit)
    }

    fn delete_rate_limit(&mut self, link: LinkId) -> Result<()> {
        traffic::delete_rate_limit(self.socket_of(link)?, link)
    }

    fn incoming(&mut self, link: LinkId) -> Result<Incoming> {
        traffic::incoming(self.socket_of(link)?, link)
    }

    fn redirect_incoming(&mut self, link: LinkId, to: u32) -> Result<()> {
        traffic::redirect(self.socket_of(link)?, link, to)
    }

    fn delete_redirect(&mut self, link: LinkId) -> Result<()> {
        traffic::delete_redirect(self.socket_of(link)?, link)
    }

    fn forget_flows(&mut self, place: Place, flows: &[Flows]) -> Result<()> {
        self.side(place)?.nft()?.forget_flows(flows)
    }

    fn find_device(&mut self, selector: &DeviceSelector) -> Result<FoundDevice> {
        let sysfs = self.sysfs.clone();
        devices::find(self, &sysfs, selector)
    }

    fn move_link(&mut self, link: LinkId, to: Place, name: &str, alias: &str) -> Result<LinkId> {
        devices::shift(self, link, to, name, alias)
    }

    fn open_exchange(&mut self, link: LinkId, ports: Ports) -> Result<Box<dyn Exchange>> {
        // Whatever the number is, it has to be a link's.
        links::by_index(self.socket_of(link)?, link)?.ok_or_else(|| Error::NotFound(link.to_string()))?;
        let socket = self.side(link.place)?.packet_socket()?;
        Ok(Box::new(packets::PacketExchange::begin(socket, link, ports)?))
    }
}
