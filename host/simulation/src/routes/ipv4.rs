use std::net::IpAddr;

use cofferdam_network::{LinkId, Result, Route, RouteMode};
use cofferdam_system::Errno;

use super::{KeptRoute, MAIN_TABLE, SCOPE_HOST};
use crate::{
    Sides, exists, missing,
    side::{Side, has_ipv4, refused},
};

impl Side {
    pub(super) fn listed_ipv4(&self, table: u32) -> Vec<(u32, Route)> {
        let all = self.sorted(table, false).into_iter();
        all.map(|kept| (kept.link, kept.route.clone())).collect()
    }

    /// The first route that has all that is given.
    pub(super) fn delete_ipv4_route(&mut self, link: u32, wanted: &Route) -> bool {
        let place = Route {
            destination: wanted.destination.network(),
            table: Some(wanted.table.unwrap_or(MAIN_TABLE)),
            ..wanted.clone()
        };
        let fits = |number: &usize| {
            let kept = &self.routes[*number];
            kept.link == link && is_meant(&place, &kept.route)
        };
        let found = self.in_order(&place).into_iter().find(fits);
        found.map(|number| self.routes.remove(number)).is_some()
    }

    /// The first one in the place of another is the one that is replaced.
    fn insert_ipv4(&mut self, new: KeptRoute, mode: RouteMode) -> Result<()> {
        let there = || exists(format!("route to {}", new.route.destination));
        let in_place: Vec<usize> = self
            .in_order(&new.route)
            .into_iter()
            .filter(|number| self.routes[*number].shares_place(&new.route))
            .collect();
        let same = in_place.iter().position(|number| self.routes[*number] == new);
        match (mode, in_place.first(), same) {
            (RouteMode::Exclusive, Some(_), _) | (RouteMode::Append, _, Some(_)) => return Err(there()),
            (RouteMode::Replace, _, Some(0)) => return Ok(()),
            (RouteMode::Replace, _, Some(_)) => return Err(there()),
            (RouteMode::Replace, Some(first), None) => self.routes[*first] = new,
            _ => self.routes.push(new),
        }
        Ok(())
    }
}

/// What is left out matches anything, and so does a metric of 0.
fn is_meant(wanted: &Route, present: &Route) -> bool {
    let metric = |given: Option<u32>, there: Option<u32>| given.is_none() || given == Some(there.unwrap_or(0));
    wanted
        .priority
        .is_none_or(|given| given == 0 || Some(given) == present.priority)
        && wanted.gateway.is_none_or(|given| Some(given) == present.gateway)
        && wanted
            .source
            .is_none_or(|given| given.is_unspecified() || Some(given) == present.source)
        && wanted.scope.is_none_or(|given| Some(given) == present.scope)
        && metric(wanted.mtu, present.mtu)
        && metric(wanted.advmss, present.advmss)
}

impl Sides {
    pub(super) fn add_ipv4_route(&mut self, link: LinkId, new: KeptRoute, mode: RouteMode) -> Result<()> {
        self.check_ipv4_way(link, &new.route)?;
        if let Some(source) = new.route.source
            && !self.is_own_ipv4(link, source)
        {
            return Err(refused(Errno::EINVAL, format!("a route with the source {source}")));
        }
        self.at_mut(link.place).insert_ipv4(new, mode)
    }

    fn check_ipv4_way(&self, link: LinkId, route: &Route) -> Result<()> {
        let scope = route.scope.unwrap_or(0);
        let side = self.at(link.place);
        let invalid = |why: &str| Err(refused(Errno::EINVAL, format!("a route {why}")));
        match (route.gateway, scope) {
            _ if scope > SCOPE_HOST => return invalid("of no scope"),
            (Some(_), SCOPE_HOST) => return invalid("with a gateway on the node"),
            (None, SCOPE_HOST) => return side.known(link).map(drop),
            _ => {}
        }
        let table = route.table.unwrap_or(MAIN_TABLE);
        match route.gateway {
            Some(IpAddr::V4(gateway)) => self.check_ipv4_gateway(link, gateway, scope, table),
            Some(IpAddr::V6(gateway)) => {
                self.check_has_ipv6(link)?;
                self.check_ipv6_gateway(link, gateway, table)?;
                self.check_ipv6_link(link)
            }
            None => match side.known(link)? {
                info if !has_ipv4(info) => Err(missing(link)),
                info if !info.up => Err(refused(Errno::ENETDOWN, format!("a route through {link}"))),
                _ => Ok(()),
            },
        }
    }

    /// Whether packets may be sent with an address.
    fn is_own_ipv4(&self, link: LinkId, source: IpAddr) -> bool {
        let side = self.at(link.place);
        let lo_is_up = side.by_name("lo").is_some_and(|lo| lo.up);
        side.addresses.iter().any(|(index, all)| {
            let is_lo = side.links.get(index).is_some_and(crate::side::is_loopback);
            let has = |info: &cofferdam_network::AddressInfo| {
                info.address.address() == source || is_lo && lo_is_up && info.address.contains(source)
            };
            all.iter().any(has)
        })
    }
}
