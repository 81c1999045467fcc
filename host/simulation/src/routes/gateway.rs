//! Whether a gateway can be reached, as the kernel finds out before it takes a
//! route through one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cofferdam_network::{LinkId, LinkInfo, Result, Rule};
use cofferdam_protocol::{IpPrefix, Place};
use cofferdam_system::Errno;

use super::{LOCAL_TABLE, MAIN_TABLE, SCOPE_HOST, SCOPE_LINK};
use crate::{
    Sides, missing,
    side::{has_ipv6, is_loopback, refused},
};

/// What leads to an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leads {
    /// A network that the link is in, or an address of the node.
    There,
    /// To all of a network.
    ToAll,
}

impl Sides {
    /// A route has to lead to the gateway directly, through the link, and be
    /// narrower in scope than the new one.
    pub(super) fn check_ipv4_gateway(&self, link: LinkId, gateway: Ipv4Addr, scope: u8, table: u32) -> Result<()> {
        let context = || format!("a route via {gateway} through {link}");
        let least = scope.saturating_add(1).max(SCOPE_LINK);
        let own_table = Some(table).filter(|table| *table != MAIN_TABLE);
        let found = own_table.and_then(|table| self.leads_ipv4(link, gateway, least, table));
        let mut tables = self.tables_asked(link, IpAddr::V4(gateway));
        let found = found.or_else(|| tables.find_map(|table| self.leads_ipv4(link, gateway, least, table)));
        match found {
            None => Err(refused(Errno::ENETUNREACH, context())),
            Some(Leads::ToAll) => Err(refused(Errno::EINVAL, context())),
            Some(Leads::There) if !self.is_up(link) => Err(refused(Errno::ENETDOWN, context())),
            Some(Leads::There) => Ok(()),
        }
    }

    fn leads_ipv4(&self, link: LinkId, address: Ipv4Addr, least: u8, table: u32) -> Option<Leads> {
        let given = self.at(link.place).routes.iter().filter(|kept| {
            let route = &kept.route;
            kept.link == link.index
                && route.table == Some(table)
                && route.scope.unwrap_or(0) >= least
                && route.destination.contains(IpAddr::V4(address))
        });
        let given = given.map(|kept| (kept.route.destination.length(), Leads::There, kept.route.gateway));
        let own = self
            .own_ipv4_routes(link, least)
            .filter(|(destination, _)| table == LOCAL_TABLE && destination.contains(IpAddr::V4(address)))
            .map(|(destination, leads)| (destination.length(), leads, None));
        own.chain(given)
            .max_by_key(|(length, ..)| *length)
            .map(|(_, leads, _)| leads)
    }

    /// What the kernel keeps in the table of the node's own addresses.
    fn own_ipv4_routes(&self, link: LinkId, least: u8) -> impl Iterator<Item = (IpPrefix, Leads)> {
        let info = self.at(link.place).links.get(&link.index);
        let (up, is_lo) = info.map_or((false, false), |info| (info.up, is_loopback(info)));
        let addresses = self.at(link.place).addresses.get(&link.index).into_iter().flatten();
        let v4 = addresses.map(|info| info.address).filter(|address| !address.is_ipv6());
        v4.flat_map(move |address| {
            let own = (least <= SCOPE_HOST).then_some((IpPrefix::host(address.address()), Leads::There));
            let all = (up && least <= SCOPE_LINK && address.length() < 31)
                .then_some((IpPrefix::host(address.last()), Leads::ToAll));
            let network = (up && is_lo && least <= SCOPE_HOST).then_some((address.network(), Leads::There));
            own.into_iter().chain(all).chain(network)
        })
    }

    /// The gateway is neither an address of the node's nor behind another
    /// gateway; where it is an address that only the link knows, nothing is
    /// looked up.
    pub(super) fn check_ipv6_gateway(&self, link: LinkId, gateway: Ipv6Addr, table: u32) -> Result<()> {
        let context = || format!("a route via {gateway} through {link}");
        let invalid = || Err(refused(Errno::EINVAL, context()));
        let address = IpAddr::V6(gateway);
        let is_link_local = gateway.is_unicast_link_local();
        let is_own = if is_link_local {
            let own = self.at(link.place).addresses.get(&link.index).into_iter().flatten();
            own.into_iter().any(|info| info.address.address() == address)
        } else {
            self.is_own_ipv6(link.place, address)
        };
        if is_own || gateway.is_multicast() || gateway.is_unspecified() {
            return invalid();
        }
        if !is_link_local {
            let own_table = self.leads_ipv6(link, address, table) == Some(true);
            let mut tables = self.tables_asked(link, address);
            let leads = own_table || tables.find_map(|table| self.leads_ipv6(link, address, table)) == Some(true);
            if !leads {
                return Err(refused(Errno::EHOSTUNREACH, context()));
            }
        }
        let info = self.at(link.place).links.get(&link.index);
        if info.is_some_and(is_loopback) {
            return invalid();
        }
        Ok(())
    }

    /// Whether what leads to an address leads there directly; `None` where
    /// nothing does.
    fn leads_ipv6(&self, link: LinkId, address: IpAddr, table: u32) -> Option<bool> {
        let routes = self.at(link.place).routes.iter();
        let found = routes.filter(|kept| {
            let route = &kept.route;
            kept.link == link.index && route.table == Some(table) && route.destination.contains(address)
        });
        let best = found.min_by_key(|kept| {
            let length = u8::MAX - kept.route.destination.length();
            (length, kept.route.priority.unwrap_or(0))
        });
        best.map(|kept| kept.route.gateway.is_none())
    }

    /// The link can carry IPv6 packets.
    pub(super) fn check_ipv6_link(&self, link: LinkId) -> Result<()> {
        let info = self.at(link.place).known(link)?;
        let context = || format!("a route through {link}");
        match info {
            LinkInfo { .. } if self.is_ipv6_disabled(link) => Err(refused(Errno::EACCES, context())),
            LinkInfo { up: false, .. } => Err(refused(Errno::ENETDOWN, context())),
            _ => Ok(()),
        }
    }

    /// A link without IPv6 is none to it.
    pub(super) fn check_has_ipv6(&self, link: LinkId) -> Result<()> {
        match self.at(link.place).links.get(&link.index) {
            Some(info) if has_ipv6(info) => Ok(()),
            _ => Err(missing(link)),
        }
    }

    /// The tables that are asked about an address that is behind a link.
    fn tables_asked(&self, link: LinkId, address: IpAddr) -> impl Iterator<Item = u32> {
        let side = self.at(link.place);
        let name = side.links.get(&link.index).map(|info| info.name.as_str());
        let is_asked = move |rule: &&Rule| asks(rule, link.place, name, address);
        side.rules.iter().filter(is_asked).map(|rule| rule.table)
    }
}

/// Whether a rule is about what the node itself sends through a link to an
/// address, before it has a source.
fn asks(rule: &Rule, _: Place, link: Option<&str>, address: IpAddr) -> bool {
    let from_anywhere = rule.source.is_none_or(|source| source.length() == 0);
    let to_it = rule.destination.is_none_or(|destination| destination.contains(address));
    let input = rule.input_interface.as_deref();
    let from_node = match input {
        None => true,
        Some(name) => !rule.ipv6 && name == "lo",
    };
    let output = rule.output_interface.as_deref();
    rule.ipv6 == address.is_ipv6()
        && from_anywhere
        && to_it
        && from_node
        && output.is_none_or(|name| link == Some(name))
        && rule.mark.is_none_or(|mark| mark == 0)
}
