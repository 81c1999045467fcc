use cofferdam_guest_sdk::{
    Failure,
    bindings::{
        addresses::{self, AddressOptions},
        neighbors::{self, Neighbor},
        routes::{self, AddMode, RouteSpec},
        rules::{self, RuleSpec},
        sysctl,
    },
};

use super::{
    Outcome, Script, address,
    call::{Call, Route, Rule},
    done, mac, namespace, prefix,
};

const OPTIONS: AddressOptions = AddressOptions {
    skip_duplicate_detection: true,
};

impl Script {
    /// `None` when the call is of another kind.
    pub(super) fn routing_call(&mut self, call: &Call) -> Option<Outcome> {
        self.address_call(call)
            .or_else(|| self.route_call(call))
            .or_else(|| self.setting_call(call))
    }

    fn address_call(&mut self, call: &Call) -> Option<Outcome> {
        let outcome = match call {
            Call::AddAddress { link, address } => self.link(*link).and_then(|link| {
                let address = prefix(&self.text(address))?;
                done(addresses::add(link, address, OPTIONS))
            }),
            Call::DeleteAddress { link, address } => self
                .link(*link)
                .and_then(|link| done(addresses::delete(link, prefix(address)?))),
            Call::Addresses { link } => {
                let told = self.link(*link).map(addresses::list);
                told.and_then(|told| self.look(told))
            }
            Call::WaitUsable { link, milliseconds } => self
                .link(*link)
                .and_then(|link| done(addresses::wait_usable(link, *milliseconds))),
            Call::AddNeighbor {
                link,
                address: of,
                mac: is,
            } => self.link(*link).and_then(|link| {
                let address = address(of)?;
                done(neighbors::add(link, Neighbor { address, mac: mac(*is) }))
            }),
            Call::DeleteNeighbor { link, address: of } => self
                .link(*link)
                .and_then(|link| done(neighbors::delete(link, address(of)?))),
            Call::Neighbors { link } => {
                let told = self.link(*link).map(neighbors::list);
                told.and_then(|told| self.look(told))
            }
            _ => return None,
        };
        Some(outcome)
    }

    fn route_call(&mut self, call: &Call) -> Option<Outcome> {
        let outcome = match call {
            Call::AddRoute { link, route } => self.link(*link).and_then(|link| {
                let route = self.route(route)?;
                done(routes::add(link, route, AddMode::Append))
            }),
            Call::DeleteRoute { link, route } => self
                .link(*link)
                .and_then(|link| done(routes::delete(link, self.route(route)?))),
            Call::Routes { link, table } => {
                let told = self.link(*link).map(|link| routes::list(link, *table));
                told.and_then(|told| self.look(told))
            }
            Call::AddRule { r#in, rule } => self
                .rule(rule)
                .and_then(|rule| done(rules::add(&namespace(*r#in)?, &rule))),
            Call::DeleteRule { r#in, rule } => self
                .rule(rule)
                .and_then(|rule| done(rules::delete(&namespace(*r#in)?, &rule))),
            Call::Rules { r#in } => {
                let told = namespace(*r#in).map(|place| rules::list(&place));
                told.and_then(|told| self.look(told))
            }
            _ => return None,
        };
        Some(outcome)
    }

    fn setting_call(&mut self, call: &Call) -> Option<Outcome> {
        let outcome = match call {
            Call::ReadSetting { r#in, key } => {
                let told = namespace(*r#in).map(|place| sysctl::get(&place, key));
                told.and_then(|told| self.look(told))
            }
            Call::WriteSetting { r#in, key, value } => {
                namespace(*r#in).and_then(|place| done(sysctl::set(&place, key, value)))
            }
            _ => return None,
        };
        Some(outcome)
    }

    fn route(&self, route: &Route) -> Result<RouteSpec, Failure> {
        Ok(RouteSpec {
            destination: prefix(&self.text(&route.to))?,
            gateway: route.via.as_deref().map(address).transpose()?,
            source: route.source.as_deref().map(address).transpose()?,
            priority: route.priority.map(|priority| priority.wrapping_add(self.round)),
            table: route.table,
            scope: route.scope,
            mtu: route.mtu,
            advmss: None,
        })
    }

    fn rule(&self, rule: &Rule) -> Result<RuleSpec, Failure> {
        Ok(RuleSpec {
            source: rule.from.as_deref().map(prefix).transpose()?,
            destination: rule.to.as_deref().map(prefix).transpose()?,
            ipv6: rule.ipv6,
            input_interface: rule.input.clone(),
            output_interface: rule.output.clone(),
            mark: rule.mark.map(|mark| mark.wrapping_add(self.round)),
            priority: rule.priority,
            table: rule.table,
        })
    }
}
