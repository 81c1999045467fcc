use cofferdam_network::Route as KernelRoute;
use cofferdam_protocol::{Attachment, CniError, Place, Route};

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
        let added: Vec<&Route> = result.routes.iter().filter(|route| !self.was_given(route)).collect();
        let mut tables: Vec<u32> = added.iter().map(|route| table_of(route)).collect();
        tables.sort_unstable();
        tables.dedup();
        for table in tables {
            let present = self.container_routes(result, table)?;
            let of_table = added.iter().filter(|route| table_of(route) == table);
            for route in of_table {
                if !present.iter().any(|there| agrees(route, there)) {
                    return Err(untrue(format!(
                        "route {} is not in table {table} of the container, or not as it says",
                        route.dst
                    )));
                }
            }
        }
        Ok(())
    }

    fn was_given(&self, route: &Route) -> bool {
        let disturbed = self.request.is_some_and(|request| request.deeds.disturbed_any());
        !disturbed && self.previous.is_some_and(|previous| previous.routes.contains(route))
    }

    fn container_routes(&mut self, result: &Attachment, table: u32) -> Result<Vec<KernelRoute>, CniError> {
        let mut routes = Vec::new();
        for interface in &result.interfaces {
            if place_of(interface, self.sandbox) == Some(Place::Container) && !self.is_beyond_sight(interface) {
                let link = self.existing(interface)?;
                routes.extend(self.network.routes(link.id, table).map_err(failed)?);
            }
        }
        Ok(routes)
    }
}

fn table_of(route: &Route) -> u32 {
    route.table.filter(|table| *table != 0).unwrap_or(MAIN_TABLE)
}

/// What is said of a route has to be so. A gateway that the result leaves out
/// is the plugin's to choose; IPv6 routes have no scope.
fn agrees(said: &Route, there: &KernelRoute) -> bool {
    fn is_so<T: PartialEq>(said: Option<T>, there: Option<T>) -> bool {
        said.is_none() || said == there
    }
    let set = |number: Option<u32>| number.filter(|number| *number != 0);
    let scope = said.scope.filter(|_| !said.dst.is_ipv6());
    there.destination.network() == said.dst.network()
        && is_so(said.gw, there.gateway)
        && is_so(set(said.priority), there.priority)
        && is_so(set(said.mtu), there.mtu)
        && is_so(set(said.advmss), there.advmss)
        && is_so(scope, there.scope)
}
