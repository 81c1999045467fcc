//! The sbr plugin: what leaves the container goes by the interface that its
//! source address is on.
//!
//! Each address has a routing table of its own, with the routes of its
//! interface, and a rule that leads there; the main table keeps those of the
//! other interfaces.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod table;

use std::net::IpAddr;

use cofferdam_guest_sdk::{
    AddMode, Address, Attachment, Context as _, Failure, IpPrefix, Link, Namespace, Need, Outcome as _, Place, Plugin,
    Request, RouteSpec, RuleSpec, codes, export_plugin,
};
use config::Config;
use table::{is_link_local, routes_of};

/// The first table that may be chosen.
const FIRST_TABLE: u32 = 100;
/// `RT_TABLE_COMPAT` to `RT_TABLE_LOCAL`.
const RESERVED_TABLES: std::ops::RangeInclusive<u32> = 252..=255;
/// `RT_TABLE_MAIN`.
const MAIN_TABLE: u32 = 254;
/// `RT_SCOPE_LINK`.
const LINK_SCOPE: u8 = 253;
const NO_TABLE: &str = "no table in the configuration";

struct SourceBasedRouting;

impl Plugin for SourceBasedRouting {
    type Config = Config;
    const NAME: &'static str = "sbr";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("rule.add").in_container(),
        Need::when(NO_TABLE, "link.see").in_container(),
        Need::when("no table, DEL and CHECK", "rule.see").in_container(),
        Need::when(NO_TABLE, "route.see").in_container(),
        Need::when(NO_TABLE, "route.add").in_container(),
        Need::when(NO_TABLE, "route.delete").in_container(),
        Need::when("DEL", "address.see").in_container(),
        Need::when("DEL of what another plugin of this name added", "rule.delete").in_container(),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let gateways = request.config.gateways()?;
        let Some(previous) = &request.previous else {
            let text = "This plugin must be called as chained plugin";
            return Err(Failure::new(codes::INVALID_CONFIG, text));
        };
        let addresses = addresses_of(previous, &request.interface_name);
        if addresses.is_empty() {
            return Err(Failure::invalid_config(format!(
                "No IP addresses supplied on interface: {}",
                request.interface_name
            )));
        }
        let container = request.container()?;
        if let Some(table) = request.config.table {
            for address in &addresses {
                container.add_rule(&rule(address.address, table))?;
            }
            return Ok(previous.clone());
        }
        let link = container.find(&request.interface_name)?;
        let moved = separate(&request.config, &container, &link, &addresses, &gateways)?;
        Ok(told(previous, &moved))
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        let Some(container) = request.container_if_exists()? else {
            return Ok(());
        };
        let Some(link) = container.find_optional(&request.interface_name)? else {
            return Ok(());
        };
        // What the host's journal knows is gone already: this is for rules that
        // another plugin of this name added.
        let addresses: Vec<IpPrefix> = link.addresses()?.iter().map(|info| host(info.address)).collect();
        for rule in container.rules()? {
            let source = rule.source.map(IpPrefix::from);
            let is_ours = source.is_some_and(|source| addresses.contains(&source));
            if is_ours && request.config.table.is_none_or(|table| table == rule.table) {
                container.delete_rule(&rule).optional()?;
            }
        }
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let previous = request.required_previous()?;
        let rules = request.container()?.rules()?;
        for address in addresses_of(previous, &request.interface_name) {
            let source = host(address.address);
            let leads = rules.iter().any(|rule| {
                rule.source.map(IpPrefix::from) == Some(source)
                    && request.config.table.is_none_or(|table| table == rule.table)
            });
            if !leads {
                return Err(Failure::changed(format!("the rule from {source} is gone")));
            }
        }
        Ok(())
    }
}

export_plugin!(SourceBasedRouting);

/// Gives each address its rule and its table, and takes the interface's routes
/// out of the main one. Returns the routes as they are now.
fn separate(
    config: &Config,
    container: &Namespace,
    link: &Link,
    addresses: &[Address],
    gateways: &[IpAddr],
) -> Result<Vec<RouteSpec>, Failure> {
    let present = link.routes(None)?;
    let mut moved = Vec::new();
    let mut next = FIRST_TABLE;
    for address in addresses {
        let table = free_table(container, link, next)?;
        next = table + 1;
        container.add_rule(&rule(address.address, table))?;
        refuse_shared_table(container, address.address, table)?;
        let of_family = |gateway: &&IpAddr| gateway.is_ipv6() == address.address.is_ipv6();
        let gateway = gateways.iter().find(of_family).copied().or(address.gateway);
        for route in routes_of(address, gateway, &present) {
            let route = RouteSpec {
                table: Some(table),
                ..route
            };
            link.add_route(&route, AddMode::Append)
                .unless_exists()
                .context("failed to add route to the interface's table")?;
            moved.push(route);
        }
    }
    clear_main_table(config, link, &present)?;
    if config.add_source_hints {
        add_source_hints(link, addresses)?;
    }
    Ok(moved)
}

/// The first table from `first` on that no rule looks into, and in which the
/// interface has no routes.
fn free_table(container: &Namespace, link: &Link, first: u32) -> Result<u32, Failure> {
    let rules = container.rules()?;
    for table in (first..).filter(|table| !RESERVED_TABLES.contains(table)) {
        if rules.iter().all(|rule| rule.table != table) && link.routes(Some(table))?.is_empty() {
            return Ok(table);
        }
    }
    Err(Failure::internal("every routing table is in use"))
}

/// Another attachment of the container may have chosen the same table at the
/// same time.
fn refuse_shared_table(container: &Namespace, address: IpPrefix, table: u32) -> Result<(), Failure> {
    let leading = container.rules()?.into_iter().filter(|rule| rule.table == table);
    for rule in leading {
        if rule.source.map(IpPrefix::from) != Some(host(address)) {
            let text = format!("routing table {table} was taken by somebody else at the same time; try again");
            return Err(Failure::new(codes::TRY_AGAIN_LATER, text));
        }
    }
    Ok(())
}

/// What leads through a gateway goes first: undone, the gateway's own network
/// comes back before it.
fn clear_main_table(config: &Config, link: &Link, present: &[RouteSpec]) -> Result<(), Failure> {
    let stays = |route: &RouteSpec| is_link_local(route) || config.add_source_hints && is_on_link(route);
    let (through, direct): (Vec<&RouteSpec>, Vec<&RouteSpec>) = present
        .iter()
        .filter(|route| !stays(route))
        .partition(|route| route.gateway.is_some());
    for route in through.into_iter().chain(direct) {
        link.delete_route(route)
            .optional()
            .context("failed to delete route from the main table")?;
    }
    Ok(())
}

fn is_on_link(route: &RouteSpec) -> bool {
    !route.destination.is_ipv6() && route.scope == Some(LINK_SCOPE)
}

/// Tells the main table which address to use on the interface's networks.
fn add_source_hints(link: &Link, addresses: &[Address]) -> Result<(), Failure> {
    for address in addresses {
        let hint = RouteSpec {
            source: Some(address.address.address()),
            scope: (!address.address.is_ipv6()).then_some(LINK_SCOPE),
            ..RouteSpec::to(address.address.network())
        };
        link.add_route(&hint, AddMode::Exclusive)
            .unless_exists()
            .context("failed to add source hint")?;
    }
    Ok(())
}

fn rule(address: IpPrefix, table: u32) -> RuleSpec {
    RuleSpec {
        source: Some(host(address).into()),
        destination: None,
        ipv6: address.is_ipv6(),
        input_interface: None,
        output_interface: None,
        mark: None,
        priority: None,
        table,
    }
}

fn host(address: IpPrefix) -> IpPrefix {
    IpPrefix::host(address.address())
}

/// The addresses of the interface, and those that name none.
fn addresses_of(previous: &Attachment, name: &str) -> Vec<Address> {
    let is_its = |address: &&Address| {
        let position = address.interface.and_then(|index| usize::try_from(index).ok());
        let interface = position.and_then(|position| previous.interfaces.get(position));
        interface.is_none_or(|interface| interface.name == name && interface.place == Place::Container)
    };
    previous.addresses.iter().filter(is_its).copied().collect()
}

/// The previous result, with the tables that its routes are in by now.
fn told(previous: &Attachment, moved: &[RouteSpec]) -> Attachment {
    let mut result = previous.clone();
    for route in &mut result.routes {
        if !matches!(route.table, None | Some(0 | MAIN_TABLE)) {
            continue;
        }
        let now = moved.iter().find(|now| {
            now.destination.network() == route.destination.network()
                && route.gateway.is_none_or(|gateway| now.gateway == Some(gateway))
        });
        if let Some(now) = now {
            route.table = now.table;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::{Interface, Route};

    use super::*;

    #[test]
    fn addresses_of_other_interfaces_are_not_meant() {
        let mut previous = Attachment::default();
        let host = previous.add_interface(Interface::in_host("eth0"));
        let eth0 = previous.add_interface(Interface::in_container("eth0"));
        let net1 = previous.add_interface(Interface::in_container("net1"));
        for (number, index) in [
            (1, Some(host)),
            (2, Some(eth0)),
            (3, Some(net1)),
            (4, None),
            (5, Some(9)),
        ] {
            let address = Address::new(format!("10.0.0.{number}/24").parse().unwrap());
            previous.addresses.push(Address {
                interface: index,
                ..address
            });
        }
        let meant: Vec<String> = addresses_of(&previous, "eth0")
            .iter()
            .map(|a| a.address.to_string())
            .collect();
        assert_eq!(meant, ["10.0.0.2/24", "10.0.0.4/24", "10.0.0.5/24"]);
    }

    #[test]
    fn the_result_tells_the_table_of_a_route_that_was_moved() {
        let route = Route::to("0.0.0.0/0".parse().unwrap());
        let previous = Attachment {
            routes: vec![
                route,
                Route {
                    table: Some(7),
                    ..route
                },
                Route::to("10.9.0.0/16".parse().unwrap()),
            ],
            ..Attachment::default()
        };
        let moved = [RouteSpec {
            table: Some(100),
            gateway: Some("10.0.0.1".parse().unwrap()),
            ..RouteSpec::to(route.destination)
        }];
        let tables: Vec<_> = told(&previous, &moved).routes.iter().map(|route| route.table).collect();
        assert_eq!(tables, [Some(100), Some(7), None]);
    }
}
