use cofferdam_network::{LinkId, Neighbor, Route, RouteMode, Rule};
use cofferdam_protocol::{IpPrefix, Place};

use super::{
    ComparisonError, GONE, PRESENT, Remedy,
    expected::table,
    part::Part,
    survey::{Survey, is_shared, link_text},
};
use crate::{
    Entry,
    model::{Operation, neighbor_text, route_text, rule_text},
};

/// A link with its name at the time.
type Named<'n> = (LinkId, &'n str);

impl Survey<'_, '_> {
    pub(super) fn look_at_address(
        &mut self,
        entry: &Entry,
        (link, name): Named<'_>,
        address: IpPrefix,
        there: bool,
    ) -> Result<(), ComparisonError> {
        if self.require(entry, link, name)?.is_none() {
            return Ok(());
        }
        let present = self.view.addresses(link)?;
        let is_there = present.contains(&address);
        let object = format!("address {address} of {}", link_text(link.place, name));
        if is_there == there {
            return Ok(());
        }
        if !there {
            // The kernel gives a link such an address again by itself.
            if !is_link_local(address) {
                self.tell_back(entry, object);
            }
            return Ok(());
        }
        let same = |other: &IpPrefix| other.address() == address.address();
        if let Some(other) = present.iter().copied().find(same) {
            self.tell(entry, object, PRESENT, format!("there as {other}"), None);
            return Ok(());
        }
        if !is_link_local(address) && self.view.network.has_address(link.place, address.address())? {
            self.tell(entry, object, PRESENT, "at another link by now", None);
            return Ok(());
        }
        let skip_duplicate_detection = matches!(
            entry.operation,
            Operation::AddAddress {
                skip_duplicate_detection: true,
                ..
            }
        );
        // One that was there before is its maker's to put back.
        let is_ours = !is_shared(entry) || self.made(entry).is_some();
        let remedy = is_ours.then_some(Remedy::Address {
            link,
            address,
            skip_duplicate_detection,
        });
        self.tell(entry, object, PRESENT, GONE, remedy);
        Ok(())
    }

    pub(super) fn look_for_route(
        &mut self,
        entry: &Entry,
        (link, name): Named<'_>,
        route: &Route,
        mode: RouteMode,
    ) -> Result<(), ComparisonError> {
        if self.require(entry, link, name)?.is_none() {
            return Ok(());
        }
        let present = self.view.routes(link, table(route))?;
        if present.iter().any(|present| describes(route, present)) {
            return Ok(());
        }
        let in_place: Vec<Route> = present
            .iter()
            .filter(|other| route.is_in_place_of(other))
            .cloned()
            .collect();
        let other = in_place.into_iter().find(|other| !self.is_ours(link, other));
        let object = route_text(route, link, name);
        match other {
            Some(other) => {
                let way = other
                    .gateway
                    .map_or("another one, without a gateway".to_owned(), |gateway| {
                        format!("another one, via {gateway}")
                    });
                self.tell(entry, object, PRESENT, way, None);
            }
            None => {
                // Nothing of somebody else's is replaced.
                let mode = match mode {
                    RouteMode::Append => RouteMode::Append,
                    RouteMode::Exclusive | RouteMode::Replace => RouteMode::Exclusive,
                };
                let route = route.clone();
                self.tell(entry, object, PRESENT, GONE, Some(Remedy::Route { link, route, mode }));
            }
        }
        Ok(())
    }

    /// What is described may be several routes, of which the kernel took one:
    /// only the very one counts.
    pub(super) fn look_for_deleted_route(
        &mut self,
        entry: &Entry,
        (link, name): Named<'_>,
        route: &Route,
    ) -> Result<(), ComparisonError> {
        if self.require(entry, link, name)?.is_none() {
            return Ok(());
        }
        let present = self.view.routes(link, table(route))?;
        let found: Vec<Route> = present
            .iter()
            .filter(|present| describes(route, present))
            .cloned()
            .collect();
        if found.iter().any(|found| !self.is_ours(link, found)) {
            self.tell_back(entry, route_text(route, link, name));
        }
        Ok(())
    }

    /// Whether the attachment has a route as the kernel tells it.
    fn is_ours(&self, link: LinkId, present: &Route) -> bool {
        let mut expected = self.expected.all().iter();
        expected.any(|expected| match &expected.part {
            Part::Route {
                link: of,
                route,
                there: true,
                ..
            } => *of == link && present.table == Some(table(route)) && describes(route, present),
            _ => false,
        })
    }

    pub(super) fn look_at_rule(
        &mut self,
        entry: &Entry,
        place: Place,
        rule: &Rule,
        there: bool,
    ) -> Result<(), ComparisonError> {
        let present = self.view.rules(place)?;
        let is_there = present.iter().any(|present| rule.describes(present));
        let object = format!("{} in the {place} namespace", rule_text(rule));
        if there && !is_there {
            let rule = rule.clone();
            self.tell(entry, object, PRESENT, GONE, Some(Remedy::Rule { place, rule }));
        } else if !there && is_there && rule.priority.is_some() {
            // Without a priority the kernel took one of perhaps several.
            self.tell_back(entry, object);
        }
        Ok(())
    }

    pub(super) fn look_at_neighbor(
        &mut self,
        entry: &Entry,
        (link, name): Named<'_>,
        neighbor: &Neighbor,
        there: bool,
    ) -> Result<(), ComparisonError> {
        if self.require(entry, link, name)?.is_none() {
            return Ok(());
        }
        let present = self.view.neighbors(link)?;
        let found = present.iter().find(|other| other.address == neighbor.address).cloned();
        let object = neighbor_text(neighbor, link, name);
        match found {
            Some(found) if there && found != *neighbor => {
                self.tell(entry, object, PRESENT, format!("at {} by now", found.mac), None);
            }
            None if there => {
                let neighbor = neighbor.clone();
                self.tell(entry, object, PRESENT, GONE, Some(Remedy::Neighbor { link, neighbor }));
            }
            Some(found) if !there && found == *neighbor => self.tell_back(entry, object),
            _ => {}
        }
        Ok(())
    }
}

/// Whether a route as the kernel tells it is the one that was added. IPv6
/// routes have no scope; the kernel passes over one that is given.
fn describes(route: &Route, present: &Route) -> bool {
    if route.destination.is_ipv6() {
        let without_scope = Route {
            scope: None,
            ..route.clone()
        };
        return without_scope.describes(present);
    }
    route.describes(present)
}

/// `fe80::/10`, whose addresses the kernel makes by itself.
fn is_link_local(address: IpPrefix) -> bool {
    match address.address() {
        std::net::IpAddr::V6(address) => address.is_unicast_link_local(),
        std::net::IpAddr::V4(_) => false,
    }
}
