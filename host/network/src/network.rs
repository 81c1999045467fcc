use std::net::IpAddr;
use std::time::Duration;

use cofferdam_protocol::{IpPrefix, MacAddress, Place};

use crate::{
    AddressInfo, Bridge, Datagram, DeviceSelector, Flows, Forwarded, ForwardingLead, FoundDevice, Incoming, LinkId,
    LinkInfo, Neighbor, NewLink, Outgoing, PortVlans, Ports, RateLimit, Received, Result, Route, RouteMode, Rule,
    SysctlKey, VethEnd,
    nftables::{Chain, Element, Set, Table, TableId},
};

/// The operations that a request can need, on its two namespaces.
///
/// Each is one change, or one look, that the kernel does or refuses as a
/// whole; none looks at policy or writes a journal. Every one of them ends
/// within the time limit that the implementation was made with.
#[allow(clippy::missing_errors_doc)]
pub trait Network {
    /// The link of that name; alternative names count. `None` when there is
    /// none.
    fn link_by_name(&mut self, place: Place, name: &str) -> Result<Option<LinkInfo>>;
    /// The link of that number. `None` when there is none.
    fn link(&mut self, link: LinkId) -> Result<Option<LinkInfo>>;
    /// All links of a namespace.
    fn links(&mut self, place: Place) -> Result<Vec<LinkInfo>>;
    /// `ip link add NAME address MAC mtu MTU type bridge vlan_filtering N`
    fn create_bridge(&mut self, bridge: &Bridge) -> Result<LinkId>;
    /// `ip link add NAME netns … type veth peer name NAME netns …`, both ends
    /// in their final namespaces with their final names and masters; both
    /// down. At most one end has a master.
    fn create_veth(&mut self, first: &VethEnd, second: &VethEnd) -> Result<(LinkId, LinkId)>;
    /// `ip link add [link PARENT] name NAME netns … type KIND …`, and for a
    /// TAP device `ip tuntap add mode tap name NAME …`: in its final
    /// namespace, under its final name, as a whole; down.
    fn create_link(&mut self, link: &NewLink) -> Result<LinkId>;
    /// `ip link del dev NAME`
    fn delete_link(&mut self, link: LinkId) -> Result<()>;
    /// `ip link set dev NAME up|down`
    fn set_link_up(&mut self, link: LinkId, up: bool) -> Result<()>;
    /// `ip link set dev NAME mtu MTU`
    fn set_link_mtu(&mut self, link: LinkId, mtu: u32) -> Result<()>;
    /// `ip link set dev NAME address MAC`
    fn set_link_mac(&mut self, link: LinkId, mac: MacAddress) -> Result<()>;
    /// `ip link set dev NAME promisc on|off`
    fn set_link_promiscuous(&mut self, link: LinkId, on: bool) -> Result<()>;
    /// `ip link set dev NAME allmulticast on|off`
    fn set_link_all_multicast(&mut self, link: LinkId, on: bool) -> Result<()>;
    /// `ip link set dev NAME txqueuelen PACKETS`
    fn set_link_queue_length(&mut self, link: LinkId, packets: u32) -> Result<()>;
    /// `ip link set dev NAME master MASTER|nomaster`
    fn set_link_master(&mut self, link: LinkId, master: Option<u32>) -> Result<()>;
    /// `bridge link set dev NAME hairpin on|off`
    fn set_port_hairpin(&mut self, link: LinkId, on: bool) -> Result<()>;
    /// `bridge link set dev NAME isolated on|off`
    fn set_port_isolated(&mut self, link: LinkId, on: bool) -> Result<()>;
    /// `bridge vlan show dev NAME`; none of a link that is no port.
    fn port_vlans(&mut self, link: LinkId) -> Result<PortVlans>;
    /// `bridge vlan add|del dev NAME vid …`: these and no others.
    fn set_port_vlans(&mut self, link: LinkId, vlans: &PortVlans) -> Result<()>;
    /// `bridge fdb show dev NAME`: the destinations of frames whose receiver a
    /// VXLAN does not know, its group among them; none of another link.
    fn vxlan_peers(&mut self, link: LinkId) -> Result<Vec<IpAddr>>;
    /// `bridge fdb append 00:00:00:00:00:00 dev NAME dst ADDRESS`; one that is
    /// there stays.
    fn add_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> Result<()>;
    /// `bridge fdb del 00:00:00:00:00:00 dev NAME dst ADDRESS`
    fn delete_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> Result<()>;

    /// `ip address show dev NAME`
    fn addresses(&mut self, link: LinkId) -> Result<Vec<AddressInfo>>;
    /// `ip address show`, of all links of a namespace.
    fn addresses_in(&mut self, place: Place) -> Result<Vec<AddressInfo>>;
    /// Whether any link of a namespace has an address. Takes no longer beside
    /// links by the thousand, each of which has an address of its own.
    fn has_address(&mut self, place: Place, address: IpAddr) -> Result<bool>;
    /// `ip address add ADDRESS broadcast + dev NAME [nodad]`; fails when the
    /// link has it.
    fn add_address(&mut self, link: LinkId, address: IpPrefix, skip_duplicate_detection: bool) -> Result<()>;
    /// `ip address del ADDRESS dev NAME`
    fn delete_address(&mut self, link: LinkId, address: IpPrefix) -> Result<()>;

    /// `ip route show dev NAME table TABLE`, both families, unicast.
    fn routes(&mut self, link: LinkId, table: u32) -> Result<Vec<Route>>;
    /// The link of the first default route of the main table, IPv4 before
    /// IPv6.
    fn default_link(&mut self, place: Place) -> Result<Option<LinkId>>;
    /// `ip route add|append|replace … dev NAME proto boot`
    fn add_route(&mut self, link: LinkId, route: &Route, mode: RouteMode) -> Result<()>;
    /// `ip route del … dev NAME`
    fn delete_route(&mut self, link: LinkId, route: &Route) -> Result<()>;

    /// `ip rule show`, both families, rules that look into a table.
    fn rules(&mut self, place: Place) -> Result<Vec<Rule>>;
    /// `ip rule add …`; fails when the very same rule exists.
    fn add_rule(&mut self, place: Place, rule: &Rule) -> Result<()>;
    /// `ip rule del …`: the rule that is just this, or else the first that has
    /// all that is given. Nothing is deleted where the kernel would take an
    /// older one for it.
    fn delete_rule(&mut self, place: Place, rule: &Rule) -> Result<()>;
    /// Whether there is a rule that the kernel would take for this one when it
    /// is to delete this one. It may be one that [`rules`](Network::rules)
    /// does not tell.
    fn has_rule_like(&mut self, place: Place, rule: &Rule) -> Result<bool>;

    /// `ip neighbor show dev NAME nud permanent`
    fn neighbors(&mut self, link: LinkId) -> Result<Vec<Neighbor>>;
    /// `ip neighbor add ADDRESS lladdr MAC dev NAME nud permanent`; fails when
    /// there is an entry.
    fn add_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()>;
    /// `ip neighbor del ADDRESS dev NAME`
    fn delete_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()>;

    /// Reads `/proc/sys/…`, without the newline at the end.
    fn sysctl(&mut self, place: Place, key: &SysctlKey) -> Result<String>;
    /// Writes `/proc/sys/…`.
    fn set_sysctl(&mut self, place: Place, key: &SysctlKey, value: &str) -> Result<()>;

    /// Whether a table exists.
    fn has_table(&mut self, place: Place, table: &TableId) -> Result<bool>;
    /// Makes a table with all its sets, chains and rules in one transaction;
    /// fails when it exists.
    fn create_table(&mut self, place: Place, table: &Table) -> Result<()>;
    /// In one transaction, gives an existing table the chains and rules of
    /// this declaration in place of its base chains' and listed chains'
    /// present rules. Sets keep their elements.
    fn replace_chains(&mut self, place: Place, table: &Table) -> Result<()>;
    /// The same for some chains of a table, whose rules may lead to others of
    /// it.
    fn refill_chains(&mut self, place: Place, some: &Table) -> Result<()>;
    /// Deletes a table with all that is in it.
    fn delete_table(&mut self, place: Place, table: &TableId) -> Result<()>;
    /// Whether a chain exists.
    fn has_chain(&mut self, place: Place, table: &TableId, chain: &str) -> Result<bool>;
    /// How many rules a chain has; `None` when there is no such chain.
    fn rule_count(&mut self, place: Place, table: &TableId, chain: &str) -> Result<Option<usize>>;
    /// Makes a chain with its rules in one transaction; fails when it exists.
    /// `sets` are the table's, for the types of their keys.
    fn create_chain(&mut self, place: Place, table: &TableId, sets: &[Set], chain: &Chain) -> Result<()>;
    /// Deletes a chain with its rules; fails when something refers to it.
    fn delete_chain(&mut self, place: Place, table: &TableId, chain: &str) -> Result<()>;
    /// Adds elements in one transaction; fails when one exists. The comment
    /// is shown by `nft list ruleset` and read back by `element_comment`.
    fn add_elements(
        &mut self,
        place: Place,
        table: &TableId,
        set: &Set,
        elements: &[Element],
        comment: &str,
    ) -> Result<()>;
    /// Deletes elements in one transaction; fails when one is missing.
    fn delete_elements(&mut self, place: Place, table: &TableId, set: &Set, elements: &[Element]) -> Result<()>;
    /// Looks up one element: `None` when there is none, else its comment
    /// (empty when it has none).
    fn element_comment(
        &mut self,
        place: Place,
        table: &TableId,
        set: &Set,
        element: &Element,
    ) -> Result<Option<String>>;

    /// `tc qdisc show dev NAME root`
    fn outgoing(&mut self, link: LinkId) -> Result<Outgoing>;
    /// `tc qdisc add dev NAME root handle 1: tbf …`; fails when the link has a
    /// queueing discipline that is not the kernel's own choice.
    fn limit_rate(&mut self, link: LinkId, limit: &RateLimit) -> Result<()>;
    /// `tc qdisc del dev NAME root handle 1:`
    fn delete_rate_limit(&mut self, link: LinkId) -> Result<()>;
    /// `tc filter show dev NAME ingress`
    fn incoming(&mut self, link: LinkId) -> Result<Incoming>;
    /// `tc qdisc add dev NAME ingress` and `tc filter add dev NAME ingress …
    /// match u32 0 0 action mirred egress redirect dev TO`; fails when there is
    /// an ingress. `to` is the number of a link of the same namespace.
    fn redirect_incoming(&mut self, link: LinkId, to: u32) -> Result<()>;
    /// `tc qdisc del dev NAME ingress`
    fn delete_redirect(&mut self, link: LinkId) -> Result<()>;

    /// `conntrack -D -p udp --orig-port-dst PORT …`, for each.
    fn forget_flows(&mut self, place: Place, flows: &[Flows]) -> Result<()>;

    /// Whether the rule of the node's iptables is there.
    fn has_forwarding_lead(&mut self, lead: &ForwardingLead) -> Result<bool>;
    /// `iptables -N CHAIN`, unless it is there, and `iptables -I FROM 1 -m
    /// comment --comment COMMENT -j CHAIN`, in one transaction.
    fn add_forwarding_lead(&mut self, lead: &ForwardingLead) -> Result<()>;
    /// `iptables -D FROM … -j CHAIN`
    fn delete_forwarding_lead(&mut self, lead: &ForwardingLead) -> Result<()>;
    /// Whether the node's iptables accepts these packets of the address: both
    /// rules of [`accept_forwarding`](Network::accept_forwarding) are there.
    fn accepts_forwarding(&mut self, address: IpAddr, what: Forwarded) -> Result<bool>;
    /// `iptables -A CNI-FORWARD -d ADDRESS -m conntrack --ctstate
    /// RELATED,ESTABLISHED -j ACCEPT` and `iptables -A CNI-FORWARD -s ADDRESS
    /// -j ACCEPT`, each unless it is there. Of published ports `iptables -A
    /// FORWARD -d ADDRESS -m conntrack --ctstate DNAT --ctdir ORIGINAL -j
    /// ACCEPT` and `-s ADDRESS … --ctdir REPLY`, with a comment that tells them
    /// from rules of others.
    fn accept_forwarding(&mut self, address: IpAddr, what: Forwarded) -> Result<()>;
    /// Deletes both of them.
    fn refuse_forwarding(&mut self, address: IpAddr, what: Forwarded) -> Result<()>;

    /// `firewall-cmd --state`: whether firewalld runs and looks after the node's
    /// namespace.
    fn has_zones(&mut self) -> Result<bool>;
    /// `firewall-cmd --zone=ZONE --query-source=ADDRESS`
    fn is_in_zone(&mut self, address: IpAddr, zone: &str) -> Result<bool>;
    /// `firewall-cmd --zone=ZONE --add-source=ADDRESS`; fails when the address
    /// is in a zone, be it this one.
    fn join_zone(&mut self, address: IpAddr, zone: &str) -> Result<()>;
    /// `firewall-cmd --zone=ZONE --remove-source=ADDRESS`
    fn leave_zone(&mut self, address: IpAddr, zone: &str) -> Result<()>;

    /// The links of a device in the node's namespace.
    fn find_device(&mut self, selector: &DeviceSelector) -> Result<FoundDevice>;
    /// `ip link set dev NAME netns … name NAME alias ALIAS`: to its namespace,
    /// which may be the one that it is in, under its name, as a whole. One that
    /// was moved is down, without addresses or routes. It has the alias
    /// alone that is given; none where that is empty. In the node's namespace
    /// it loses other names that are taken there.
    fn move_link(&mut self, link: LinkId, to: Place, name: &str, alias: &str) -> Result<LinkId>;

    /// Begins to receive the datagrams that come to a link from one port for
    /// the other, whatever addresses it has.
    fn open_exchange(&mut self, link: LinkId, ports: Ports) -> Result<Box<dyn Exchange>>;
}

/// Datagrams between one port of a link and one of its neighbours.
pub trait Exchange: Send {
    /// Sends a datagram. Nobody tells whether it arrives.
    ///
    /// # Errors
    /// It is too long, or the link is gone or down.
    fn send(&mut self, datagram: &Datagram) -> Result<()>;

    /// The next datagram; `None` when none came in this time.
    ///
    /// # Errors
    /// The link is gone or down.
    fn receive(&mut self, wait: Duration) -> Result<Option<Received>>;
}
