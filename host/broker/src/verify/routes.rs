use std::fmt::Display;

use cofferdam_network::{LinkId, Route as KernelRoute};
use cofferdam_protocol::{Attachment, CniError, Interface, Place, Route};

use super::{Truth, failed, untrue};
use crate::convert::place_of;

/// `RT_TABLE_MAIN`.
pub(super) const MAIN_TABLE: u32 = 254;

impl Truth<'_> {
    /// Each new route has to lead through one of the container's interfaces.
    pub(super) fn check_routes(&mut self, result: &Attachment) -> Result<(), CniError> {
        let Some(request) = self.request else {
            return Ok(());
        };
        // Without interfaces it is an address management plugin's, whose
        // routes are for its caller to set.
        let is_allocation = !request.claimed.is_empty() || result.ips.iter().any(|ip| self.is_asked_for(result, ip));
        if result.interfaces.is_empty() && is_allocation {
            return Ok(());
        }
        let mut interfaces = result.interfaces.iter();
        // Nor can any lead through a device without a link, where there is no
        // other.
        if interfaces.len() > 0 && interfaces.all(|interface| self.was_handed_over(interface)) {
            return Ok(());
        }
        let disturbed = request.deeds.disturbed_any();
        let judged = result.routes.iter().filter(|route| disturbed || !self.was_given(route));
        let judged: Vec<&Route> = judged.collect();
        let mut tables: Vec<u32> = judged.iter().map(|route| table_of(route)).collect();
        tables.sort_unstable();
        tables.dedup();
        for table in tables {
            let present = self.container_routes(result, table)?;
            for route in judged.iter().filter(|route| table_of(route) == table) {
                let is_for_all = self.was_given(route);
                let seen = present
                    .iter()
                    .filter(|there| there.is_open || is_for_all)
                    .map(|there| &there.route);
                judge(route, table, seen)?;
            }
        }
        Ok(())
    }

    fn was_given(&self, route: &Route) -> bool {
        self.previous.is_some_and(|previous| previous.routes.contains(route))
    }

    /// The routes through the container's interfaces of the result. Results of
    /// the first versions, and what is made of them, name none: there it is
    /// those of all links, since nobody says which.
    fn container_routes(&mut self, result: &Attachment, table: u32) -> Result<Vec<Present>, CniError> {
        let of_container = |interface: &&Interface| place_of(interface, self.sandbox) == Some(Place::Container);
        let named: Vec<&Interface> = result.interfaces.iter().filter(of_container).collect();
        let mut links = Vec::new();
        for interface in &named {
            if !self.is_beyond_sight(interface) {
                links.push((self.existing(interface)?.id, true));
            }
        }
        if named.is_empty() {
            let all = self.network.links(Place::Container).map_err(failed)?;
            let was_shown = |link: LinkId| self.request.is_some_and(|request| request.deeds.was_shown(link));
            links.extend(all.iter().map(|link| (link.id, was_shown(link.id))));
        }
        let mut present = Vec::new();
        for (link, is_open) in links {
            let routes = self.network.routes(link, table).map_err(failed)?.into_iter();
            present.extend(routes.map(|route| Present { route, is_open }));
        }
        Ok(present)
    }
}

/// A route of the container.
struct Present {
    route: KernelRoute,
    /// Whether the plugin may tell of it: it leads through an interface that it
    /// names, or that it could look at. Others can only be passed on.
    is_open: bool,
}

/// A route has to be among those that are there.
fn judge<'r>(said: &Route, table: u32, there: impl Iterator<Item = &'r KernelRoute>) -> Result<(), CniError> {
    let there: Vec<&KernelRoute> = there
        .filter(|there| there.destination.network() == said.dst.network())
        .collect();
    if there.iter().any(|there| difference(said, there).is_none()) {
        return Ok(());
    }
    let dst = &said.dst;
    Err(match there.first().and_then(|there| difference(said, there)) {
        Some(difference) => untrue(format!(
            "route {dst} in table {table} of the container is said to have {difference}"
        )),
        None => untrue(format!("route {dst} is not in table {table} of the container")),
    })
}

fn table_of(route: &Route) -> u32 {
    route.table.filter(|table| *table != 0).unwrap_or(MAIN_TABLE)
}

/// What is said of a route and is not so: `gateway 10.0.0.1, but has none`. A
/// gateway that the result leaves out is the plugin's to choose; IPv6 routes
/// have no scope.
fn difference(said: &Route, there: &KernelRoute) -> Option<String> {
    fn unlike<T: PartialEq + Display>(what: &str, said: Option<T>, there: Option<T>) -> Option<String> {
        let said = said.filter(|said| there.as_ref() != Some(said))?;
        let there = there.map_or_else(|| "none".to_owned(), |there| there.to_string());
        Some(format!("{what} {said}, but has {there}"))
    }
    let set = |number: Option<u32>| number.filter(|number| *number != 0);
    let scope = said.scope.filter(|_| !said.dst.is_ipv6());
    unlike("gateway", said.gw, there.gateway)
        .or_else(|| unlike("priority", set(said.priority), there.priority))
        .or_else(|| unlike("MTU", set(said.mtu), there.mtu))
        .or_else(|| unlike("MSS", set(said.advmss), there.advmss))
        .or_else(|| unlike("scope", scope, there.scope))
}
