use std::net::IpAddr;

use cofferdam_network::{AddressInfo, LinkId, Result, Route};
use cofferdam_protocol::IpPrefix;
use cofferdam_system::Errno;

use crate::{
    Sides, exists, missing,
    routes::{KeptRoute, Origin, SCOPE_HOST, SCOPE_LINK},
    settings::Family,
    side::{has_ipv4, is_loopback, refused},
};

impl Sides {
    pub(super) fn add_ipv4(&mut self, link: LinkId, address: IpPrefix) -> Result<()> {
        let info = self.info(link)?.clone();
        if !has_ipv4(&info) {
            return Err(refused(Errno::ENOBUFS, format!("adding {address} to {link}")));
        }
        self.at_mut(link.place).settle_settings(link.index);
        let same_network = |present: &&AddressInfo| are_of_one_network(present.address, address);
        for present in self.of_family(link, false).filter(same_network) {
            if present.address.address() == address.address() {
                return Err(exists(format!("address {address} of {link}")));
            }
            if present.scope != 0 {
                return Err(refused(Errno::EINVAL, format!("the scope of {address}")));
            }
        }
        self.put_address(
            link,
            AddressInfo {
                address,
                scope: 0,
                tentative: false,
                duplicate: false,
            },
        );
        self.connect_ipv4(link, address);
        Ok(())
    }

    /// The route to the network of an address is there while the link is up,
    /// once for all addresses of the network; the loopback has none.
    fn connect_ipv4(&mut self, link: LinkId, address: IpPrefix) {
        let Some(info) = self.at(link.place).links.get(&link.index) else {
            return;
        };
        let of_network = |other: &AddressInfo| are_of_one_network(other.address, address);
        let first = self.of_family(link, false).find(|other| of_network(other));
        let is_first = first.is_some_and(|first| first.address == address);
        if !info.up || is_loopback(info) || !is_first || !has_network(address) {
            return;
        }
        let side = self.at_mut(link.place);
        let kept = KeptRoute {
            link: link.index,
            route: own_route(address, side.table_of(link.index)),
            origin: Origin::Kernel,
        };
        if !side.routes.contains(&kept) {
            side.routes.push(kept);
        }
    }

    pub(super) fn delete_ipv4(&mut self, link: LinkId, address: IpPrefix) -> Result<()> {
        let same = |info: &&AddressInfo| {
            are_of_one_network(info.address, address) && info.address.address() == address.address()
        };
        if self.of_family(link, false).find(same).is_none() {
            return Err(missing(format!("address {address} of {link}")));
        }
        self.remove_ipv4(link, address);
        Ok(())
    }

    /// An address with what is there because of it: others of its network when
    /// it is the first of them, its network's route, and routes whose packets
    /// are sent with it. The last one takes all routes of the link along.
    fn remove_ipv4(&mut self, link: LinkId, address: IpPrefix) {
        let network: Vec<IpPrefix> = self
            .of_family(link, false)
            .map(|info| info.address)
            .filter(|other| are_of_one_network(*other, address))
            .collect();
        let is_first = network.first() == Some(&address);
        let promotes = self
            .at(link.place)
            .has_setting(Family::Ipv4, link.index, "promote_secondaries");
        if is_first && !promotes {
            for other in network.iter().skip(1) {
                self.take_ipv4(link, *other);
            }
        }
        let table = self.at(link.place).table_of(link.index);
        if is_first {
            let route = own_route(address, table);
            let own = |kept: &KeptRoute| kept.origin == Origin::Kernel && kept.is(link.index, &route);
            self.at_mut(link.place).routes.retain(|kept| !own(kept));
        }
        self.take_ipv4(link, address);
        if let Some(promoted) = network.get(1).filter(|_| is_first && promotes) {
            self.connect_ipv4(link, *promoted);
        }
        if self.of_family(link, false).next().is_none() {
            self.disable_ipv4(link);
        }
    }

    /// Without a look at others of its network. While a link has the address,
    /// packets are sent with it.
    fn take_ipv4(&mut self, link: LinkId, address: IpPrefix) {
        self.take_address(link, address);
        let host = address.address();
        let mut left = self.at(link.place).addresses.values().flatten();
        if left.any(|info| info.address.address() == host) {
            return;
        }
        let table = self.at(link.place).table_of(link.index);
        let side = self.at_mut(link.place);
        let sent_with_it = |route: &Route| route.source == Some(host) && route.table == Some(table);
        side.routes.retain(|kept| !sent_with_it(&kept.route));
    }

    fn disable_ipv4(&mut self, link: LinkId) {
        let side = self.at_mut(link.place);
        side.routes
            .retain(|kept| kept.link != link.index || kept.route.destination.is_ipv6());
        self.forget_neighbors(link, false);
    }

    pub(crate) fn ipv4_goes_up(&mut self, link: LinkId) {
        let Ok(info) = self.info(link).cloned() else { return };
        let own = IpPrefix::new(IpAddr::from([127, 0, 0, 1]), 8).unwrap_or(IpPrefix::any(false));
        let has_own = self
            .of_family(link, false)
            .any(|info| are_of_one_network(info.address, own));
        if is_loopback(&info) && has_ipv4(&info) && !has_own {
            self.at_mut(link.place).settle_settings(link.index);
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
        let all: Vec<IpPrefix> = self.of_family(link, false).map(|info| info.address).collect();
        for address in all {
            self.connect_ipv4(link, address);
        }
    }

    /// The addresses stay; routes go, but for those that go no further than
    /// the node.
    pub(crate) fn ipv4_goes_down(&mut self, link: LinkId) {
        let side = self.at_mut(link.place);
        side.routes.retain(|kept| {
            let stays = kept.route.destination.is_ipv6() || kept.route.scope == Some(SCOPE_HOST);
            kept.link != link.index || stays
        });
        self.forget_neighbors(link, false);
    }

    /// The link has no IPv4 any more.
    pub(crate) fn ipv4_ends(&mut self, link: LinkId) {
        let all: Vec<IpPrefix> = self.of_family(link, false).map(|info| info.address).collect();
        for address in all {
            if self.of_family(link, false).any(|info| info.address == address) {
                self.remove_ipv4(link, address);
            }
        }
        self.disable_ipv4(link);
    }
}

/// Whether to the kernel two addresses of a link are of the same network.
fn are_of_one_network(one: IpPrefix, other: IpPrefix) -> bool {
    one.network() == other.network()
}

/// Whether there is more in an address's network than the address, and the
/// kernel has routes to it.
fn has_network(address: IpPrefix) -> bool {
    let IpAddr::V4(network) = address.network().address() else {
        return false;
    };
    network.octets()[0] != 0 && address.length() < 32
}

/// The route to an address's network.
fn own_route(address: IpPrefix, table: u32) -> Route {
    Route {
        destination: address.network(),
        gateway: None,
        source: Some(address.address()),
        priority: None,
        table: Some(table),
        scope: Some(SCOPE_LINK),
        mtu: None,
        advmss: None,
    }
}
