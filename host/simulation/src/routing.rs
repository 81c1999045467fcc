use cofferdam_network::{AddressInfo, Error, LinkId, Neighbor, Result, Route, RouteMode, Rule};
use cofferdam_protocol::{IpPrefix, Place};

use super::{Sides, exists, missing};

/// `RT_TABLE_MAIN`.
const MAIN_TABLE: u32 = 254;
/// Of an IPv6 route that was given none.
const IPV6_METRIC: u32 = 1024;
/// The kernel gives a rule without a priority one below the lowest, of which
/// the first that is not its own is this.
const FIRST_PRIORITY: u32 = 32_766;

impl Sides {
    pub(super) fn addresses(&self, link: LinkId) -> Result<Vec<AddressInfo>> {
        self.known(link)?;
        Ok(self
            .at(link.place)
            .addresses
            .get(&link.index)
            .cloned()
            .unwrap_or_default())
    }

    pub(super) fn add_address(&mut self, link: LinkId, address: IpPrefix) -> Result<()> {
        self.known(link)?;
        let all = self.at_mut(link.place).addresses.entry(link.index).or_default();
        if all.iter().any(|info| info.address == address) {
            return Err(exists(address));
        }
        all.push(AddressInfo {
            address,
            scope: 0,
            tentative: false,
            duplicate: false,
        });
        Ok(())
    }

    pub(super) fn delete_address(&mut self, link: LinkId, address: IpPrefix) -> Result<()> {
        self.known(link)?;
        let all = self.at_mut(link.place).addresses.entry(link.index).or_default();
        take(all, |info| info.address == address).ok_or_else(|| missing(address))?;
        Ok(())
    }

    pub(super) fn routes(&self, link: LinkId, table: u32) -> Result<Vec<Route>> {
        self.known(link)?;
        let all = self.at(link.place).routes.get(&link.index);
        let of_table = all.into_iter().flatten().filter(|route| route.table == Some(table));
        Ok(of_table.cloned().collect())
    }

    /// As the kernel keeps it: nothing is left out.
    pub(super) fn add_route(&mut self, link: LinkId, route: &Route, mode: RouteMode) -> Result<()> {
        self.known(link)?;
        let table = route.table.unwrap_or(MAIN_TABLE);
        let kept = Route {
            destination: route.destination.network(),
            priority: metric(route),
            table: Some(table),
            scope: Some(route.scope.unwrap_or(if route.gateway.is_some() { 0 } else { 253 })),
            ..route.clone()
        };
        let side = self.at_mut(link.place);
        let in_place = |present: &Route| present.table == Some(table) && present.is_in_place_of(&kept);
        match mode {
            RouteMode::Exclusive if side.routes.values().flatten().any(in_place) => return Err(exists("route")),
            RouteMode::Append if side.routes.get(&link.index).is_some_and(|all| all.contains(&kept)) => {
                return Err(exists("route"));
            }
            RouteMode::Replace => side
                .routes
                .values_mut()
                .for_each(|all| all.retain(|route| !in_place(route))),
            _ => {}
        }
        side.routes.entry(link.index).or_default().push(kept);
        Ok(())
    }

    pub(super) fn delete_route(&mut self, link: LinkId, route: &Route) -> Result<()> {
        self.known(link)?;
        let table = route.table.unwrap_or(MAIN_TABLE);
        let all = self.at_mut(link.place).routes.entry(link.index).or_default();
        let covers = |present: &Route| {
            present.table == Some(table)
                && present.destination.network() == route.destination.network()
                && agrees(route.gateway, present.gateway)
                && agrees(route.source, present.source)
                && agrees(route.scope, present.scope)
                && agrees(route.mtu, present.mtu)
                && agrees(route.advmss, present.advmss)
                && route
                    .priority
                    .is_none_or(|given| given == 0 || Some(given) == present.priority)
        };
        take(all, covers).ok_or_else(|| missing("route"))?;
        Ok(())
    }

    pub(super) fn add_rule(&mut self, place: Place, rule: &Rule) -> Result<()> {
        let rules = &mut self.at_mut(place).rules;
        if rules.iter().any(|present| rule.describes(present)) {
            return Err(exists("rule"));
        }
        let lowest = rules
            .iter()
            .filter_map(|rule| rule.priority)
            .filter(|number| *number > 0)
            .min();
        let chosen = lowest.unwrap_or(FIRST_PRIORITY).saturating_sub(1);
        let added = Rule {
            priority: rule.priority.or(Some(chosen)),
            ..rule.clone()
        };
        // A source or destination that is left out is any here, too.
        let same = |present: &Rule| {
            let alike = Rule {
                source: added.source.or(present.source),
                destination: added.destination.or(present.destination),
                ..added.clone()
            };
            alike == *present
        };
        if rules.iter().any(same) {
            return Err(exists("rule"));
        }
        // Behind those of the same priority.
        let position = rules.partition_point(|present| present.priority <= added.priority);
        rules.insert(position, added);
        Ok(())
    }

    pub(super) fn delete_rule(&mut self, place: Place, rule: &Rule) -> Result<()> {
        let rules = &mut self.at_mut(place).rules;
        let just_this = rules.iter().position(|present| rule.describes(present));
        let wanted = just_this.or_else(|| rules.iter().position(|present| rule.covers(present)));
        let wanted = wanted.ok_or_else(|| missing("rule"))?;
        let first = rules.iter().position(|present| rules[wanted].covers(present));
        if first != Some(wanted) {
            return Err(Error::Conflict("an older rule would be deleted instead".to_owned()));
        }
        rules.remove(wanted);
        Ok(())
    }

    pub(super) fn has_rule_like(&self, place: Place, rule: &Rule) -> bool {
        self.at(place).rules.iter().any(|present| rule.covers(present))
    }

    pub(super) fn neighbors(&self, link: LinkId) -> Result<Vec<Neighbor>> {
        self.known(link)?;
        Ok(self
            .at(link.place)
            .neighbors
            .get(&link.index)
            .cloned()
            .unwrap_or_default())
    }

    pub(super) fn add_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()> {
        self.known(link)?;
        let all = self.at_mut(link.place).neighbors.entry(link.index).or_default();
        if all.iter().any(|present| present.address == neighbor.address) {
            return Err(exists(neighbor.address));
        }
        all.push(neighbor.clone());
        Ok(())
    }

    pub(super) fn delete_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()> {
        self.known(link)?;
        let all = self.at_mut(link.place).neighbors.entry(link.index).or_default();
        take(all, |present| present.address == neighbor.address).ok_or_else(|| missing(neighbor.address))?;
        Ok(())
    }

    fn known(&self, link: LinkId) -> Result<()> {
        match self.at(link.place).links.get(&link.index) {
            Some(_) => Ok(()),
            None => Err(missing(link)),
        }
    }
}

fn metric(route: &Route) -> Option<u32> {
    match route.priority {
        None | Some(0) if route.destination.is_ipv6() => Some(IPV6_METRIC),
        given => given.filter(|given| *given != 0),
    }
}

fn agrees<T: PartialEq>(given: Option<T>, present: Option<T>) -> bool {
    given.is_none() || given == present
}

fn take<T>(all: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> Option<T> {
    let position = all.iter().position(is_it)?;
    Some(all.remove(position))
}
