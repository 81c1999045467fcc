use std::net::IpAddr;

use cofferdam_network::{LinkId, Result, Route, RouteMode};
use cofferdam_system::Errno;

use super::{KeptRoute, MAIN_TABLE, Origin};
use crate::{
    Sides, exists,
    side::{Side, refused},
};

impl KeptRoute {
    /// Whether the kernel makes one route with several next hops of it and
    /// others like it: those with a gateway.
    fn joins_others(&self) -> bool {
        self.origin == Origin::Given && self.route.gateway.is_some()
    }

    /// Whether both are next hops of one route.
    fn is_sibling(&self, other: &Self) -> bool {
        self.joins_others() && other.joins_others() && self.shares_place(&other.route)
    }

    /// To the kernel two routes are the same that lead through the same link
    /// to the same gateway.
    fn has_hop_of(&self, other: &Self) -> bool {
        self.link == other.link && self.route.gateway == other.route.gateway
    }
}

impl Side {
    /// Several next hops are told as several routes, each with what the first
    /// one was given; the kernel goes on behind the last one of them.
    pub(super) fn listed_ipv6(&self, table: u32) -> Vec<(u32, Route)> {
        let all = self.sorted(table, true);
        let mut listed = Vec::new();
        let mut rest = all.as_slice();
        while let [first, others @ ..] = rest {
            let siblings: Vec<usize> = (0..others.len()).filter(|at| others[*at].is_sibling(first)).collect();
            listed.push((first.link, first.route.clone()));
            for at in &siblings {
                let hop = Route {
                    gateway: others[*at].route.gateway,
                    ..first.route.clone()
                };
                listed.push((others[*at].link, hop));
            }
            rest = &others[siblings.last().map_or(0, |last| last + 1)..];
        }
        listed
    }

    /// The kernel compares neither source nor sizes: with those given the
    /// route is found first. Without a gateway all next hops go.
    pub(super) fn delete_ipv6_route(&mut self, link: u32, wanted: &Route) -> bool {
        let mut wanted = Route {
            destination: wanted.destination.network(),
            table: Some(wanted.table.unwrap_or(MAIN_TABLE)),
            ..wanted.clone()
        };
        if wanted.source.is_some() || wanted.mtu.is_some() || wanted.advmss.is_some() {
            let listed = self.listed(link, wanted.table.unwrap_or(MAIN_TABLE));
            match listed.into_iter().find(|present| is_meant(&wanted, present)) {
                Some(found) => wanted = found,
                None => return false,
            }
        }
        let fits = |number: &usize| {
            let kept = &self.routes[*number];
            kept.link == link
                && wanted.gateway.is_none_or(|given| Some(given) == kept.route.gateway)
                && wanted
                    .priority
                    .is_none_or(|given| given == 0 || Some(given) == kept.route.priority)
        };
        let Some(found) = self.in_order(&wanted).into_iter().find(fits) else {
            return false;
        };
        let gone = self.routes.remove(found);
        if wanted.gateway.is_none() {
            self.routes.retain(|kept| !kept.is_sibling(&gone));
        }
        true
    }

    fn insert_ipv6(&mut self, new: KeptRoute, mode: RouteMode) -> Result<()> {
        let there = || exists(format!("route to {}", new.route.destination));
        let in_place: Vec<usize> = self
            .in_order(&new.route)
            .into_iter()
            .filter(|number| self.routes[*number].shares_place(&new.route))
            .collect();
        if mode == RouteMode::Replace {
            self.replace_ipv6(new, &in_place);
            return Ok(());
        }
        let is_same = |number: &usize| self.routes[*number].has_hop_of(&new);
        if mode == RouteMode::Exclusive && !in_place.is_empty() || in_place.iter().any(is_same) {
            return Err(there());
        }
        self.routes.push(new);
        Ok(())
    }

    /// The first of its sort is replaced, with all its other next hops, or else
    /// the first in its place.
    fn replace_ipv6(&mut self, new: KeptRoute, in_place: &[usize]) {
        let of_sort = |number: &&usize| self.routes[**number].joins_others() == new.joins_others();
        let Some(replaced) = in_place.iter().find(of_sort).or(in_place.first()) else {
            self.routes.push(new);
            return;
        };
        let old = std::mem::replace(&mut self.routes[*replaced], new);
        let mut number = 0;
        self.routes.retain(|kept| {
            number += 1;
            number - 1 == *replaced || !kept.is_sibling(&old)
        });
    }
}

/// As the host compares what it is to delete with what is listed.
fn is_meant(wanted: &Route, present: &Route) -> bool {
    fn same<T: PartialEq>(given: Option<T>, there: Option<T>) -> bool {
        given.is_none() || given == there
    }
    present.destination == wanted.destination
        && same(wanted.gateway, present.gateway)
        && same(wanted.source, present.source)
        && same(wanted.priority, present.priority)
        && same(wanted.mtu, present.mtu)
        && same(wanted.advmss, present.advmss)
}

impl Sides {
    pub(super) fn add_ipv6_route(&mut self, link: LinkId, new: KeptRoute, mode: RouteMode) -> Result<()> {
        self.check_has_ipv6(link)?;
        self.check_ipv6_way(link, &new.route)?;
        if let Some(source) = new.route.source
            && !self.is_source_ipv6(link, source)
        {
            return Err(refused(Errno::EINVAL, format!("a route with the source {source}")));
        }
        self.at_mut(link.place).insert_ipv6(new, mode)
    }

    fn check_ipv6_way(&self, link: LinkId, route: &Route) -> Result<()> {
        if let Some(IpAddr::V6(gateway)) = route.gateway {
            self.check_ipv6_gateway(link, gateway, route.table.unwrap_or(MAIN_TABLE))?;
        }
        self.check_ipv6_link(link)
    }

    /// The routes through a link that is down go; of several next hops only
    /// when all are down.
    pub(crate) fn drop_ipv6_routes(&mut self, link: LinkId) {
        let side = self.at(link.place);
        let is_down =
            |kept: &KeptRoute| kept.link == link.index || side.links.get(&kept.link).is_none_or(|info| !info.up);
        let stays = |kept: &KeptRoute| {
            let mut siblings = side.routes.iter().filter(|other| other.is_sibling(kept));
            kept.joins_others() && siblings.any(|other| !is_down(other))
        };
        let dead_group = |kept: &KeptRoute| {
            let through_it = |other: &KeptRoute| other.link == link.index && other.is_sibling(kept);
            kept.joins_others() && side.routes.iter().any(through_it) && !stays(kept)
        };
        let goes = |kept: &KeptRoute| {
            let ipv6 = kept.route.destination.is_ipv6();
            ipv6 && (kept.link == link.index && !stays(kept) || dead_group(kept))
        };
        let routes: Vec<KeptRoute> = side.routes.iter().filter(|kept| !goes(kept)).cloned().collect();
        self.at_mut(link.place).routes = routes;
    }
}
