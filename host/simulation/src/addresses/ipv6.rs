use std::net::{IpAddr, Ipv6Addr};

use cofferdam_network::{AddressInfo, LinkId, LinkInfo, Result, Route};
use cofferdam_protocol::{IpPrefix, Place};
use cofferdam_system::Errno;

use crate::{
    Sides, exists, missing,
    routes::{KeptRoute, OWN_METRIC, Origin, SCOPE_HOST, SCOPE_LINK},
    settings::Family,
    side::{has_ipv6, is_loopback, refused},
};

/// `RT_SCOPE_SITE`.
const SCOPE_SITE: u8 = 200;

impl Sides {
    pub(super) fn add_ipv6(&mut self, link: LinkId, address: IpPrefix, skip_duplicate_detection: bool) -> Result<()> {
        let info = self.info(link)?.clone();
        let host = address.address();
        if !has_ipv6(&info) {
            return Err(refused(Errno::EINVAL, format!("adding {address} to {link}")));
        }
        if self.is_ipv6_disabled(link) {
            return Err(refused(Errno::EACCES, format!("adding {address} to {link}")));
        }
        if self
            .of_family(link, true)
            .any(|present| present.address.address() == host)
        {
            return Err(exists(format!("address {address} of {link}")));
        }
        self.put_address(
            link,
            AddressInfo {
                address,
                scope: scope_of(host),
                tentative: !skip_duplicate_detection && !is_loopback(&info),
                duplicate: false,
            },
        );
        if info.up {
            self.connect_ipv6(link, address);
        }
        Ok(())
    }

    /// The route to an address's network is there from when the link goes up.
    fn connect_ipv6(&mut self, link: LinkId, address: IpPrefix) {
        let side = self.at_mut(link.place);
        let route = own_route(address, side.table_of(link.index));
        let is_there = side.routes.iter().any(|kept| {
            kept.link == link.index
                && kept.route.gateway.is_none()
                && kept.route.is_in_place_of(&route)
                && kept.route.table == route.table
        });
        if !is_there {
            side.routes.push(KeptRoute {
                link: link.index,
                route,
                origin: Origin::Kernel,
            });
        }
    }

    pub(super) fn delete_ipv6(&mut self, link: LinkId, address: IpPrefix) -> Result<()> {
        let info = self.info(link)?.clone();
        if !has_ipv6(&info) {
            return Err(refused(Errno::ENXIO, format!("deleting {address} of {link}")));
        }
        if !self.of_family(link, true).any(|present| present.address == address) {
            return Err(missing(format!("address {address} of {link}")));
        }
        self.take_address(link, address);
        self.disconnect_ipv6(link, address);
        self.send_without(link, address.address());
        Ok(())
    }

    /// With the last address of a network goes the route to it, or the route
    /// that the kernel takes for that one.
    fn disconnect_ipv6(&mut self, link: LinkId, address: IpPrefix) {
        let of_network = |other: &AddressInfo| other.address.network() == address.network();
        if self.of_family(link, true).any(of_network) {
            return;
        }
        let side = self.at_mut(link.place);
        let table = side.table_of(link.index);
        let is_it = |kept: &KeptRoute| {
            kept.link == link.index
                && kept.route.table == Some(table)
                && kept.route.destination == address.network()
                && kept.route.gateway.is_none()
        };
        let first = side
            .routes
            .iter()
            .enumerate()
            .filter(|(_, kept)| is_it(kept))
            .min_by_key(|(number, kept)| (kept.route.priority, *number));
        if let Some((number, _)) = first {
            side.routes.remove(number);
        }
    }

    /// Routes through the link stay, without an address that is gone.
    fn send_without(&mut self, link: LinkId, host: IpAddr) {
        if self.is_own_ipv6(link.place, host) {
            return;
        }
        let side = self.at_mut(link.place);
        for kept in side.routes.iter_mut().filter(|kept| kept.link == link.index) {
            if kept.route.source == Some(host) {
                kept.route.source = None;
            }
        }
    }

    /// Whether a link of the namespace has an address.
    pub(crate) fn is_own_ipv6(&self, place: Place, host: IpAddr) -> bool {
        let all = self.at(place).addresses.values().flatten();
        all.into_iter().any(|info| info.address.address() == host)
    }

    /// Whether packets may be sent with an address through a link.
    pub(crate) fn is_source_ipv6(&self, link: LinkId, host: IpAddr) -> bool {
        let reaches =
            |info: &AddressInfo, index: u32| info.scope == 0 || info.scope == SCOPE_SITE || index == link.index;
        let all = self.at(link.place).addresses.iter();
        let mut all = all.flat_map(|(index, all)| all.iter().map(|info| (*index, info)));
        all.any(|(index, info)| info.address.address() == host && !info.tentative && reaches(info, index))
    }

    pub(crate) fn ipv6_goes_up(&mut self, link: LinkId) {
        let Ok(info) = self.info(link).cloned() else { return };
        if !info.up || !has_ipv6(&info) || self.is_ipv6_disabled(link) {
            return;
        }
        let kept: Vec<IpPrefix> = self.of_family(link, true).map(|info| info.address).collect();
        for address in kept {
            self.connect_ipv6(link, address);
        }
        let own = IpPrefix::host(IpAddr::V6(Ipv6Addr::LOCALHOST));
        let has_own = self
            .of_family(link, true)
            .any(|info| info.address.address() == own.address());
        if is_loopback(&info) && !has_own {
            self.put_address(
                link,
                AddressInfo {
                    address: own,
                    scope: SCOPE_HOST,
                    tentative: false,
                    duplicate: false,
                },
            );
        }
    }

    /// The addresses go, unless a setting says that they stay, and routes but
    /// for those that have a way around.
    pub(crate) fn ipv6_goes_down(&mut self, link: LinkId) {
        let wants_them = self
            .at(link.place)
            .has_setting(Family::Ipv6, link.index, "keep_addr_on_down");
        let kept = wants_them && !self.is_ipv6_disabled(link);
        let all: Vec<AddressInfo> = self.of_family(link, true).cloned().collect();
        self.drop_ipv6_routes(link);
        for info in all {
            if !kept || info.scope == SCOPE_LINK || info.scope == SCOPE_HOST {
                self.take_address(link, info.address);
                self.send_without(link, info.address.address());
            }
        }
        self.forget_neighbors(link, true);
    }

    /// The link has no IPv6 any more.
    pub(crate) fn ipv6_ends(&mut self, link: LinkId) {
        let side = self.at_mut(link.place);
        side.routes
            .retain(|kept| kept.link != link.index || !kept.route.destination.is_ipv6());
        let all: Vec<IpPrefix> = self.of_family(link, true).map(|info| info.address).collect();
        for address in all {
            self.take_address(link, address);
        }
        self.forget_neighbors(link, true);
    }

    pub(crate) fn is_ipv6_disabled(&self, link: LinkId) -> bool {
        self.at(link.place).is_ipv6_disabled(link.index)
    }

    /// Nobody answers here: whoever asks whether an address is in use gets it
    /// as soon as the link passes packets.
    pub(crate) fn end_duplicate_detection(&mut self) {
        for place in [Place::Host, Place::Container] {
            let ready: Vec<u32> = self
                .at(place)
                .links
                .values()
                .filter(|info: &&LinkInfo| self.carries(info.id))
                .map(|info| info.id.index)
                .collect();
            for index in ready {
                let all = self.at_mut(place).addresses.get_mut(&index);
                all.into_iter().flatten().for_each(|info| info.tentative = false);
            }
        }
    }
}

/// By the address alone.
fn scope_of(host: IpAddr) -> u8 {
    match host {
        IpAddr::V6(host) if host.is_loopback() => SCOPE_HOST,
        IpAddr::V6(host) if host.is_unicast_link_local() => SCOPE_LINK,
        IpAddr::V6(host) if host.segments()[0] & 0xffc0 == 0xfec0 => SCOPE_SITE,
        _ => 0,
    }
}

fn own_route(address: IpPrefix, table: u32) -> Route {
    Route {
        destination: address.network(),
        gateway: None,
        source: None,
        priority: Some(OWN_METRIC),
        table: Some(table),
        scope: Some(0),
        mtu: None,
        advmss: None,
    }
}
