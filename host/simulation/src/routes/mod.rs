//! Routes of both families: how they are kept, told, added and deleted.

mod gateway;
mod ipv4;
mod ipv6;

use std::collections::BTreeMap;

use cofferdam_network::{LinkId, Result, Route, RouteMode, request};
use cofferdam_protocol::Place;

use super::{Sides, missing, side::Side};

/// `RT_TABLE_LOCAL`.
pub(crate) const LOCAL_TABLE: u32 = 255;
/// `RT_TABLE_MAIN`.
pub(crate) const MAIN_TABLE: u32 = 254;
/// `RT_SCOPE_LINK`.
pub(crate) const SCOPE_LINK: u8 = 253;
/// `RT_SCOPE_HOST`.
pub(crate) const SCOPE_HOST: u8 = 254;

/// `IP6_RT_PRIO_ADDRCONF`: the metric of the routes to the networks of a
/// link's IPv6 addresses.
pub(crate) const OWN_METRIC: u32 = 256;

/// A route, with all that the kernel chose filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRoute {
    /// The link that it goes through.
    pub link: u32,
    /// Where it leads.
    pub route: Route,
    /// Who made it.
    pub origin: Origin,
}

/// Who made a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The kernel, for an address of the link.
    Kernel,
    /// Somebody who asked for it.
    Given,
}

impl KeptRoute {
    /// Whether it is just this route through that link, whoever made it.
    pub(crate) fn is(&self, link: u32, route: &Route) -> bool {
        self.link == link && self.route == *route
    }

    /// Whether both have one place in a table.
    fn shares_place(&self, other: &Route) -> bool {
        self.route.table == other.table && self.route.is_in_place_of(other)
    }
}

impl Side {
    /// Routes by the link that they go through, each link's in the order in
    /// which they came.
    ///
    /// ```
    /// # use cofferdam_simulation::Node;
    /// let node = Node::default().with_uplink("up0", "192.0.2.2/24").sides().host;
    /// let up0 = node.by_name("up0").expect("it was made").id.index;
    /// assert_eq!(node.routes_by_link()[&up0][0].destination.to_string(), "192.0.2.0/24");
    /// ```
    #[must_use]
    pub fn routes_by_link(&self) -> BTreeMap<u32, Vec<Route>> {
        let mut by_link = BTreeMap::<u32, Vec<Route>>::new();
        for kept in &self.routes {
            by_link.entry(kept.link).or_default().push(kept.route.clone());
        }
        by_link
    }

    /// A route that is there from the beginning, as a kernel told it. The one
    /// to a network of one of the link's addresses, which have to be there, is
    /// taken for the kernel's own.
    pub fn put_route(&mut self, link: u32, route: Route) {
        let addresses = self.addresses.get(&link).into_iter().flatten();
        let mut networks = addresses
            .map(|info| info.address)
            .filter(|address| address.network() == route.destination);
        let is_own = route.gateway.is_none()
            && networks.any(|address| route.source.is_none_or(|source| source == address.address()))
            && route.priority == route.destination.is_ipv6().then_some(OWN_METRIC);
        let origin = if is_own { Origin::Kernel } else { Origin::Given };
        self.routes.push(KeptRoute { link, route, origin });
    }

    /// Those of a link and table as the kernel lists them.
    pub(super) fn listed(&self, index: u32, table: u32) -> Vec<Route> {
        let mut all = self.listed_ipv4(table);
        all.extend(self.listed_ipv6(table));
        all.into_iter()
            .filter(|(link, _)| *link == index)
            .map(|(_, route)| route)
            .collect()
    }

    /// The numbers of the routes to one destination in a table, in the order in
    /// which the kernel looks at them.
    fn in_order(&self, wanted: &Route) -> Vec<usize> {
        let is_there =
            |kept: &KeptRoute| kept.route.table == wanted.table && kept.route.destination == wanted.destination;
        let mut found: Vec<usize> = (0..self.routes.len())
            .filter(|number| is_there(&self.routes[*number]))
            .collect();
        found.sort_by_key(|number| self.routes[*number].route.priority.unwrap_or(0));
        found
    }

    /// All of a table and family, in the order in which they are listed.
    fn sorted(&self, table: u32, ipv6: bool) -> Vec<&KeptRoute> {
        let of_table = |kept: &&KeptRoute| kept.route.table == Some(table) && kept.route.destination.is_ipv6() == ipv6;
        let mut found: Vec<&KeptRoute> = self.routes.iter().filter(of_table).collect();
        found.sort_by_key(|kept| {
            let destination = kept.route.destination;
            let length = u8::MAX - destination.length();
            (destination.address(), length, kept.route.priority.unwrap_or(0))
        });
        found
    }
}

impl Sides {
    pub(super) fn routes(&self, link: LinkId, table: u32) -> Result<Vec<Route>> {
        request::table(table)?;
        let side = self.at(link.place);
        side.known(link)?;
        Ok(side.listed(link.index, table))
    }

    pub(super) fn default_link(&self, place: Place) -> Option<LinkId> {
        let side = self.at(place);
        let listed = side
            .listed_ipv4(MAIN_TABLE)
            .into_iter()
            .chain(side.listed_ipv6(MAIN_TABLE));
        let mut defaults = listed.filter(|(_, route)| route.destination.length() == 0);
        defaults.next().map(|(index, _)| LinkId { place, index })
    }

    pub(super) fn add_route(&mut self, link: LinkId, route: &Route, mode: RouteMode) -> Result<()> {
        request::route(route)?;
        let kept = KeptRoute {
            link: link.index,
            route: as_kept(route),
            origin: Origin::Given,
        };
        if route.destination.is_ipv6() {
            self.add_ipv6_route(link, kept, mode)
        } else {
            self.add_ipv4_route(link, kept, mode)
        }
    }

    pub(super) fn delete_route(&mut self, link: LinkId, route: &Route) -> Result<()> {
        request::route(route)?;
        let side = self.at_mut(link.place);
        let gone = if route.destination.is_ipv6() {
            side.delete_ipv6_route(link.index, route)
        } else {
            side.delete_ipv4_route(link.index, route)
        };
        if gone {
            return Ok(());
        }
        Err(missing(format!("route to {} through {link}", route.destination)))
    }
}

/// As the kernel keeps it: nothing is left out.
fn as_kept(route: &Route) -> Route {
    let ipv6 = route.destination.is_ipv6();
    let usual_scope = if route.gateway.is_some() { 0 } else { SCOPE_LINK };
    Route {
        destination: route.destination.network(),
        source: route.source.filter(|source| !source.is_unspecified()),
        priority: match route.priority {
            None | Some(0) => ipv6.then_some(1024),
            given => given,
        },
        table: Some(route.table.unwrap_or(MAIN_TABLE)),
        scope: Some(if ipv6 { 0 } else { route.scope.unwrap_or(usual_scope) }),
        ..route.clone().as_kept()
    }
}
