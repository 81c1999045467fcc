//! The plugin policy-routing: packets of the container that have a mark, come
//! from a source or go to a destination take a gateway of their own.

// What only a component calls is dead code to the tests on this machine.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

use std::net::IpAddr;

use cofferdam_guest_sdk::{
    AddMode, Attachment, Context as _, Failure, IpPrefix, Link, Need, Plugin, Request, RouteSpec, RuleSpec,
    export_plugin,
};
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    policies: Vec<Policy>,
}

/// Which packets look into which table, and the gateway that they find there.
#[derive(Clone, Debug, Deserialize)]
struct Policy {
    gateway: IpAddr,
    table: u32,
    priority: Option<u32>,
    source: Option<IpPrefix>,
    destination: Option<IpPrefix>,
    mark: Option<u32>,
}

struct PolicyRouting;

impl Plugin for PolicyRouting {
    type Config = Config;
    const NAME: &'static str = "policy-routing";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("link.see").in_container(),
        Need::always("route.add").in_container(),
        Need::always("rule.add").in_container(),
        Need::when("CHECK", "route.see").in_container(),
        Need::when("CHECK", "rule.see").in_container(),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let previous = request.required_previous()?;
        let policies = checked(&request.config.policies)?;
        let container = request.container()?;
        let link = container.find(&request.interface_name)?;
        for route in routes(policies, previous) {
            let table = route.table.unwrap_or_default();
            link.add_route(&route, AddMode::Exclusive)
                .context(&format!("routing table {table}"))?;
        }
        // Last: what matches finds its way at once.
        for policy in policies {
            container
                .add_rule(&policy.rule())
                .context(&format!("the rule that leads to routing table {}", policy.table))?;
        }
        Ok(previous.clone())
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host takes rules and routes away.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let container = request.container()?;
        let link = container.find(&request.interface_name)?;
        let rules = container.rules()?;
        for policy in &request.config.policies {
            if !rules.iter().any(|rule| policy.is(rule)) {
                return Err(Failure::changed(format!(
                    "the rule that leads to routing table {} is gone",
                    policy.table
                )));
            }
            check_gateway(policy, &link)?;
        }
        Ok(())
    }
}

export_plugin!(PolicyRouting);

impl Policy {
    fn is_ipv6(&self) -> bool {
        self.gateway.is_ipv6()
    }

    fn rule(&self) -> RuleSpec {
        RuleSpec {
            source: self.source.map(|prefix| prefix.network().into()),
            destination: self.destination.map(|prefix| prefix.network().into()),
            ipv6: self.is_ipv6(),
            input_interface: None,
            output_interface: None,
            mark: self.mark,
            priority: self.priority,
            table: self.table,
        }
    }

    /// Whether a rule is this policy's. The kernel chooses a priority where
    /// none was given.
    fn is(&self, rule: &RuleSpec) -> bool {
        let wanted = self.rule();
        *rule
            == RuleSpec {
                priority: wanted.priority.or(rule.priority),
                ..wanted
            }
    }

    fn route(&self) -> RouteSpec {
        RouteSpec {
            gateway: Some(self.gateway),
            table: Some(self.table),
            ..RouteSpec::to(IpPrefix::any(self.is_ipv6()))
        }
    }
}

/// The policies, unless one of them makes no sense: the schema tells types,
/// this what goes together.
fn checked(policies: &[Policy]) -> Result<&[Policy], Failure> {
    for (index, policy) in policies.iter().enumerate() {
        let wrong = |what: String| Err(Failure::invalid_config(format!("policies[{index}]: {what}")));
        let prefixes = [policy.source, policy.destination];
        if policy.mark.is_none() && prefixes == [None, None] {
            return wrong("it has no mark, source or destination, so all packets would match".to_owned());
        }
        if let Some(prefix) = prefixes
            .iter()
            .flatten()
            .find(|prefix| prefix.is_ipv6() != policy.is_ipv6())
        {
            return wrong(format!(
                "{prefix} and gateway {} are of different families",
                policy.gateway
            ));
        }
        let mut earlier = policies[..index].iter();
        let same_table = |other: &&Policy| other.table == policy.table && other.is_ipv6() == policy.is_ipv6();
        if let Some(other) = earlier.find(same_table).filter(|other| other.gateway != policy.gateway) {
            let (table, gateway) = (policy.table, other.gateway);
            return wrong(format!(
                "routing table {table} has gateway {gateway} already; give it another table"
            ));
        }
    }
    Ok(policies)
}

/// Of each table: what is on the interface's networks is reached directly, all
/// else through the gateway.
fn routes(policies: &[Policy], previous: &Attachment) -> Vec<RouteSpec> {
    let mut routes = Vec::new();
    for policy in policies {
        let addresses = previous.addresses.iter().map(|address| address.address);
        let networks = addresses.filter(|address| address.is_ipv6() == policy.is_ipv6());
        let direct = networks.map(|address| RouteSpec {
            table: Some(policy.table),
            ..RouteSpec::to(address.network())
        });
        for route in direct.chain([policy.route()]) {
            if !routes.contains(&route) {
                routes.push(route);
            }
        }
    }
    routes
}

fn check_gateway(policy: &Policy, link: &Link) -> Result<(), Failure> {
    let wanted = policy.route();
    let leads = |route: &RouteSpec| route.destination == wanted.destination && route.gateway == wanted.gateway;
    if link.routes(wanted.table)?.iter().any(leads) {
        return Ok(());
    }
    Err(Failure::changed(format!(
        "the route through {} in routing table {} is gone",
        policy.gateway, policy.table
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::{Address, config::parse};

    use super::*;

    fn policies(text: &str) -> Vec<Policy> {
        parse::<Config>(&format!("{{ \"policies\": {text} }}"))
            .unwrap()
            .policies
    }

    #[test]
    fn what_makes_no_sense_together_is_told_with_its_place() {
        for (text, words) in [
            (r#"[{ "gateway": "10.22.0.9", "table": 200, "mark": 16 }]"#, ""),
            (
                r#"[{ "gateway": "10.22.0.9", "table": 200 }]"#,
                "policies[0]: it has no mark",
            ),
            (
                r#"[{ "gateway": "10.22.0.9", "table": 200, "source": "fd00::/64" }]"#,
                "fd00::/64 and gateway 10.22.0.9 are of different families",
            ),
            (
                r#"[{ "gateway": "10.22.0.9", "table": 200, "mark": 1 },
                    { "gateway": "10.22.0.8", "table": 200, "mark": 2 }]"#,
                "policies[1]: routing table 200 has gateway 10.22.0.9 already",
            ),
        ] {
            let policies = policies(text);
            let told = checked(&policies)
                .err()
                .map(|failure| failure.message)
                .unwrap_or_default();
            assert!(
                told.contains(words) && told.is_empty() == words.is_empty(),
                "{text}: {told}"
            );
        }
    }

    #[test]
    fn two_policies_of_one_table_have_its_routes_once() {
        let policies = policies(
            r#"[{ "gateway": "10.22.0.9", "table": 200, "mark": 1 }, { "gateway": "10.22.0.9", "table": 200, "mark": 2 }]"#,
        );
        let previous = Attachment {
            addresses: vec![Address::new("10.22.0.2/16".parse().unwrap())],
            ..Attachment::default()
        };
        let routes: Vec<String> = routes(&policies, &previous)
            .iter()
            .map(|route| route.destination.to_string())
            .collect();
        assert_eq!(routes, ["10.22.0.0/16", "0.0.0.0/0"]);
    }
}
