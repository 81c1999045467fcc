//! What the host asks of a network, for the one in memory: a change is told to
//! the observer, and done to the sides.

use std::net::IpAddr;

use cofferdam_journal::Operation;
use cofferdam_network::{
    AddressInfo, Bridge, DeviceSelector, Error, Exchange, Flows, Forwarded, ForwardingLead, FoundDevice, Incoming,
    LinkId, LinkInfo, Neighbor, Network, NewLink, Outgoing, PortVlans, Ports, RateLimit, Result, Route, RouteMode,
    Rule, SysctlKey, VethEnd,
    nftables::{Chain, Element, Set, Table, TableId},
    request,
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};

use super::{Simulated, missing};

impl Network for Simulated {
    fn link_by_name(&mut self, place: Place, name: &str) -> Result<Option<LinkInfo>> {
        request::wanted_name(name)?;
        Ok(self.look(|sides| sides.at(place).by_name(name).cloned()))
    }

    fn link(&mut self, link: LinkId) -> Result<Option<LinkInfo>> {
        request::link(link)?;
        Ok(self.look(|sides| sides.at(link.place).links.get(&link.index).cloned()))
    }

    fn links(&mut self, place: Place) -> Result<Vec<LinkInfo>> {
        Ok(self.look(|sides| sides.at(place).links.values().cloned().collect()))
    }

    fn create_bridge(&mut self, bridge: &Bridge) -> Result<LinkId> {
        let operation = Operation::CreateBridge { bridge: bridge.clone() };
        self.change(&operation, |sides| sides.create_bridge(bridge))
    }

    fn create_veth(&mut self, first: &VethEnd, second: &VethEnd) -> Result<(LinkId, LinkId)> {
        let operation = Operation::CreateVeth {
            first: first.clone(),
            second: second.clone(),
        };
        self.change(&operation, |sides| sides.create_veth(first, second))
    }

    fn create_link(&mut self, link: &NewLink) -> Result<LinkId> {
        let operation = Operation::CreateLink { link: link.clone() };
        self.change(&operation, |sides| sides.create_link(link))
    }

    fn default_link(&mut self, place: Place) -> Result<Option<LinkId>> {
        Ok(self.look(|sides| sides.default_link(place)))
    }

    fn delete_link(&mut self, link: LinkId) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::DeleteLink { link, name }, |sides| sides.delete_link(link))
    }

    fn set_link_up(&mut self, link: LinkId, up: bool) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetLinkUp { link, name, up }, |sides| sides.set_up(link, up))
    }

    fn set_link_mtu(&mut self, link: LinkId, mtu: u32) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetLinkMtu { link, name, mtu }, |sides| {
            sides.set_mtu(link, mtu)
        })
    }

    fn set_link_mac(&mut self, link: LinkId, mac: MacAddress) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetLinkMac { link, name, mac }, |sides| {
            sides.set_mac(link, mac)
        })
    }

    fn set_link_promiscuous(&mut self, link: LinkId, on: bool) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetLinkPromiscuous { link, name, on }, |sides| {
            sides.set_promiscuous(link, on)
        })
    }

    fn set_link_all_multicast(&mut self, link: LinkId, on: bool) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetLinkAllMulticast { link, name, on }, |sides| {
            sides.set_all_multicast(link, on)
        })
    }

    fn set_link_queue_length(&mut self, link: LinkId, packets: u32) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetLinkQueueLength { link, name, packets }, |sides| {
            sides.set_queue_length(link, packets)
        })
    }

    fn set_link_master(&mut self, link: LinkId, master: Option<u32>) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetLinkMaster { link, name, master }, |sides| {
            sides.set_master(link, master)
        })
    }

    fn set_port_hairpin(&mut self, link: LinkId, on: bool) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetPortHairpin { link, name, on }, |sides| {
            sides.set_port(link, |info| &mut info.hairpin, on)
        })
    }

    fn set_port_isolated(&mut self, link: LinkId, on: bool) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::SetPortIsolated { link, name, on }, |sides| {
            sides.set_port(link, |info| &mut info.isolated, on)
        })
    }

    fn port_vlans(&mut self, link: LinkId) -> Result<PortVlans> {
        request::link(link)?;
        self.look(|sides| Ok(sides.at(link.place).vlans.get(&link.index).cloned().unwrap_or_default()))
    }

    fn set_port_vlans(&mut self, link: LinkId, vlans: &PortVlans) -> Result<()> {
        request::link(link)?;
        let operation = Operation::SetPortVlans {
            link,
            name: self.name(link),
            vlans: vlans.clone(),
        };
        self.change(&operation, |sides| sides.set_port_vlans(link, vlans))
    }

    fn vxlan_peers(&mut self, link: LinkId) -> Result<Vec<IpAddr>> {
        request::link(link)?;
        Ok(self.look(|sides| {
            let peers = sides.at(link.place).vxlan_peers.get(&link.index);
            peers.cloned().unwrap_or_default()
        }))
    }

    fn add_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::AddVxlanPeer { link, name, peer }, |sides| {
            sides.add_vxlan_peer(link, peer)
        })
    }

    fn delete_vxlan_peer(&mut self, link: LinkId, peer: IpAddr) -> Result<()> {
        request::link(link)?;
        self.quietly(|sides| sides.delete_vxlan_peer(link, peer))
    }

    fn addresses(&mut self, link: LinkId) -> Result<Vec<AddressInfo>> {
        request::link(link)?;
        self.look(|sides| sides.addresses(link))
    }

    fn addresses_in(&mut self, place: Place) -> Result<Vec<AddressInfo>> {
        Ok(self.look(|sides| sides.at(place).addresses.values().flatten().cloned().collect()))
    }

    fn has_address(&mut self, place: Place, address: IpAddr) -> Result<bool> {
        let is_it = |info: &AddressInfo| info.address.address() == address;
        Ok(self.look(|sides| sides.at(place).addresses.values().flatten().any(is_it)))
    }

    fn add_address(&mut self, link: LinkId, address: IpPrefix, skip_duplicate_detection: bool) -> Result<()> {
        request::link(link)?;
        let operation = Operation::AddAddress {
            link,
            name: self.name(link),
            address,
            skip_duplicate_detection,
        };
        self.change(&operation, |sides| {
            sides.add_address(link, address, skip_duplicate_detection)
        })
    }

    fn delete_address(&mut self, link: LinkId, address: IpPrefix) -> Result<()> {
        request::link(link)?;
        let name = self.name(link);
        self.change(&Operation::DeleteAddress { link, name, address }, |sides| {
            sides.delete_address(link, address)
        })
    }

    fn routes(&mut self, link: LinkId, table: u32) -> Result<Vec<Route>> {
        request::link(link)?;
        self.look(|sides| sides.routes(link, table))
    }

    fn add_route(&mut self, link: LinkId, route: &Route, mode: RouteMode) -> Result<()> {
        request::link(link)?;
        let operation = Operation::AddRoute {
            link,
            name: self.name(link),
            route: route.clone(),
            mode,
        };
        self.change(&operation, |sides| sides.add_route(link, route, mode))
    }

    fn delete_route(&mut self, link: LinkId, route: &Route) -> Result<()> {
        request::link(link)?;
        let operation = Operation::DeleteRoute {
            link,
            name: self.name(link),
            route: route.clone(),
        };
        self.change(&operation, |sides| sides.delete_route(link, route))
    }

    fn rules(&mut self, place: Place) -> Result<Vec<Rule>> {
        Ok(self.look(|sides| sides.at(place).rules.clone()))
    }

    fn add_rule(&mut self, place: Place, rule: &Rule) -> Result<()> {
        let operation = Operation::AddRule {
            place,
            rule: rule.clone(),
        };
        self.change(&operation, |sides| sides.add_rule(place, rule))
    }

    fn delete_rule(&mut self, place: Place, rule: &Rule) -> Result<()> {
        let operation = Operation::DeleteRule {
            place,
            rule: rule.clone(),
        };
        self.change(&operation, |sides| sides.delete_rule(place, rule))
    }

    fn has_rule_like(&mut self, place: Place, rule: &Rule) -> Result<bool> {
        Ok(self.look(|sides| sides.has_rule_like(place, rule)))
    }

    fn neighbors(&mut self, link: LinkId) -> Result<Vec<Neighbor>> {
        request::link(link)?;
        Ok(self.look(|sides| {
            sides
                .at(link.place)
                .neighbors
                .get(&link.index)
                .cloned()
                .unwrap_or_default()
        }))
    }

    fn add_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()> {
        request::link(link)?;
        let operation = Operation::AddNeighbor {
            link,
            name: self.name(link),
            neighbor: neighbor.clone(),
        };
        self.change(&operation, |sides| sides.add_neighbor(link, neighbor))
    }

    fn delete_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()> {
        request::link(link)?;
        let operation = Operation::DeleteNeighbor {
            link,
            name: self.name(link),
            neighbor: neighbor.clone(),
        };
        self.change(&operation, |sides| sides.delete_neighbor(link, neighbor))
    }

    fn outgoing(&mut self, link: LinkId) -> Result<Outgoing> {
        request::link(link)?;
        self.look(|sides| sides.outgoing(link))
    }

    fn limit_rate(&mut self, link: LinkId, limit: &RateLimit) -> Result<()> {
        request::link(link)?;
        let operation = Operation::LimitRate {
            link,
            name: self.name(link),
            limit: *limit,
        };
        self.change(&operation, |sides| sides.limit_rate(link, limit))
    }

    fn delete_rate_limit(&mut self, link: LinkId) -> Result<()> {
        request::link(link)?;
        self.quietly(|sides| sides.delete_rate_limit(link))
    }

    fn incoming(&mut self, link: LinkId) -> Result<Incoming> {
        request::link(link)?;
        Ok(self.look(|sides| sides.incoming(link)))
    }

    fn redirect_incoming(&mut self, link: LinkId, to: u32) -> Result<()> {
        request::link(link)?;
        let target = LinkId { index: to, ..link };
        let operation = Operation::RedirectIncoming {
            link,
            name: self.name(link),
            to,
            to_name: self.name(target),
        };
        self.change(&operation, |sides| sides.redirect(link, to))
    }

    fn delete_redirect(&mut self, link: LinkId) -> Result<()> {
        request::link(link)?;
        self.quietly(|sides| sides.delete_redirect(link))
    }

    fn forget_flows(&mut self, place: Place, flows: &[Flows]) -> Result<()> {
        let operation = Operation::ForgetFlows {
            place,
            flows: flows.to_vec(),
        };
        self.change(&operation, |_| check_flows(flows))
    }

    fn sysctl(&mut self, place: Place, key: &SysctlKey) -> Result<String> {
        let inner = &mut *self.lock();
        inner.observer.read(&inner.sides, place, key);
        inner.sides.at(place).setting(key)
    }

    fn set_sysctl(&mut self, place: Place, key: &SysctlKey, value: &str) -> Result<()> {
        let operation = Operation::SetSysctl {
            place,
            key: key.clone(),
            value: value.to_owned(),
        };
        self.change(&operation, |sides| sides.set_setting(place, key, value))
    }

    // This node has no iptables: nothing can ask for any of these.
    fn has_forwarding_lead(&mut self, _: &ForwardingLead) -> Result<bool> {
        Ok(false)
    }

    fn add_forwarding_lead(&mut self, lead: &ForwardingLead) -> Result<()> {
        Err(Error::NotFound(lead.table().to_string()))
    }

    fn delete_forwarding_lead(&mut self, lead: &ForwardingLead) -> Result<()> {
        Err(Error::NotFound(lead.to_string()))
    }

    fn accepts_forwarding(&mut self, _: IpAddr, _: Forwarded) -> Result<bool> {
        Ok(false)
    }

    fn accept_forwarding(&mut self, address: IpAddr, _: Forwarded) -> Result<()> {
        Err(Error::NotFound(format!("forwarding of {address}")))
    }

    fn refuse_forwarding(&mut self, address: IpAddr, _: Forwarded) -> Result<()> {
        Err(Error::NotFound(format!("forwarding of {address}")))
    }

    fn has_zones(&mut self) -> Result<bool> {
        Ok(self.look(|sides| sides.at(Place::Host).zones.is_some()))
    }

    fn is_in_zone(&mut self, address: IpAddr, zone: &str) -> Result<bool> {
        Ok(self.look(|sides| sides.is_in_zone(address, zone)))
    }

    fn join_zone(&mut self, address: IpAddr, zone: &str) -> Result<()> {
        let operation = Operation::JoinZone {
            address,
            zone: zone.to_owned(),
        };
        self.change(&operation, |sides| sides.join_zone(address, zone))
    }

    fn leave_zone(&mut self, address: IpAddr, zone: &str) -> Result<()> {
        self.quietly(|sides| sides.leave_zone(address, zone))
    }

    fn has_table(&mut self, place: Place, table: &TableId) -> Result<bool> {
        request::table_id(table)?;
        Ok(self.look(|sides| sides.at(place).tables.contains_key(table)))
    }

    fn create_table(&mut self, place: Place, table: &Table) -> Result<()> {
        let operation = Operation::CreateTable {
            place,
            table: table.clone(),
        };
        self.change(&operation, |sides| sides.at_mut(place).create_table(table))
    }

    fn replace_chains(&mut self, place: Place, table: &Table) -> Result<()> {
        let operation = Operation::ReplaceChains {
            place,
            table: table.clone(),
        };
        self.change(&operation, |sides| sides.at_mut(place).replace_chains(table))
    }

    fn refill_chains(&mut self, place: Place, some: &Table) -> Result<()> {
        let operation = Operation::ReplaceChains {
            place,
            table: some.clone(),
        };
        self.change(&operation, |sides| sides.at_mut(place).refill_chains(some))
    }

    fn delete_table(&mut self, place: Place, table: &TableId) -> Result<()> {
        let operation = Operation::DeleteTable {
            place,
            table: table.clone(),
        };
        self.change(&operation, |sides| sides.at_mut(place).delete_table(table))
    }

    fn has_chain(&mut self, place: Place, table: &TableId, chain: &str) -> Result<bool> {
        request::chain_name(table, chain)?;
        Ok(self.look(|sides| {
            let table = sides.at(place).tables.get(table);
            table.is_some_and(|table| table.chains.contains_key(chain))
        }))
    }

    fn rule_count(&mut self, place: Place, table: &TableId, chain: &str) -> Result<Option<usize>> {
        request::chain_name(table, chain)?;
        Ok(self.look(|sides| {
            let chains = sides.at(place).tables.get(table).map(|table| &table.chains);
            chains
                .and_then(|chains| chains.get(chain))
                .map(|chain| chain.rules.len())
        }))
    }

    fn create_chain(&mut self, place: Place, table: &TableId, sets: &[Set], chain: &Chain) -> Result<()> {
        let operation = Operation::CreateChain {
            place,
            table: table.clone(),
            chain: chain.clone(),
        };
        self.change(&operation, |both| both.at_mut(place).create_chain(table, sets, chain))
    }

    fn delete_chain(&mut self, place: Place, table: &TableId, chain: &str) -> Result<()> {
        let operation = Operation::DeleteChain {
            place,
            table: table.clone(),
            chain: chain.to_owned(),
        };
        self.change(&operation, |sides| sides.at_mut(place).delete_chain(table, chain))
    }

    fn add_elements(
        &mut self,
        place: Place,
        table: &TableId,
        set: &Set,
        elements: &[Element],
        comment: &str,
    ) -> Result<()> {
        let operation = Operation::AddElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: elements.to_vec(),
            comment: comment.to_owned(),
        };
        self.change(&operation, |sides| {
            sides.at_mut(place).add_elements(table, set, elements, comment)
        })
    }

    fn delete_elements(&mut self, place: Place, table: &TableId, set: &Set, elements: &[Element]) -> Result<()> {
        let operation = Operation::DeleteElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: elements.to_vec(),
        };
        self.change(&operation, |sides| {
            sides.at_mut(place).delete_elements(table, set, elements)
        })
    }

    fn element_comment(
        &mut self,
        place: Place,
        table: &TableId,
        set: &Set,
        element: &Element,
    ) -> Result<Option<String>> {
        self.look(|sides| sides.at(place).element_comment(table, set, element))
    }

    fn find_device(&mut self, selector: &DeviceSelector) -> Result<FoundDevice> {
        let found: Vec<LinkInfo> = self.look(|sides| {
            let links = sides.host.links.values();
            let is_it = |link: &&LinkInfo| match selector {
                DeviceSelector::Name(name) => link.name == *name,
                DeviceSelector::Mac(mac) => link.mac == Some(*mac),
                // This node has no buses.
                _ => false,
            };
            links.filter(is_it).cloned().collect()
        });
        if found.is_empty() {
            return Err(missing(selector));
        }
        Ok(FoundDevice::Links(found))
    }

    fn move_link(&mut self, link: LinkId, to: Place, name: &str, alias: &str) -> Result<LinkId> {
        request::link(link)?;
        let operation = Operation::TakeDevice {
            link,
            name: self.name(link),
            inside: name.to_owned(),
        };
        self.change(&operation, |sides| sides.move_link(link, to, name, alias))
    }

    fn open_exchange(&mut self, link: LinkId, _: Ports) -> Result<Box<dyn Exchange>> {
        request::link(link)?;
        Err(Error::Unsupported(format!("{link} has no neighbours here")))
    }
}

/// The flows of a family are to addresses of it.
fn check_flows(flows: &[Flows]) -> Result<()> {
    let is_mixed = |flows: &&Flows| flows.address.is_some_and(|address| address.is_ipv6() != flows.ipv6);
    match flows.iter().find(is_mixed) {
        Some(mixed) => Err(Error::Invalid(format!("{mixed}: the address is of another family"))),
        None => Ok(()),
    }
}
