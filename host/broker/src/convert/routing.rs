use cofferdam_network::{Route, Rule};
use cofferdam_protocol::IpPrefix;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{routes, rules, types},
};

use super::{ip_address, ip_prefix, wit_ip_address, wit_ip_prefix};

/// As the kernel keeps it, so that it is known again.
pub(crate) fn route(route: &routes::RouteSpec) -> Result<Route, CallError> {
    let route = Route {
        destination: ip_prefix(route.destination)?,
        gateway: route.gateway.map(ip_address),
        source: route.source.map(ip_address),
        priority: route.priority,
        table: route.table,
        scope: route.scope,
        mtu: route.mtu,
        advmss: route.advmss,
    };
    Ok(route.as_kept())
}

pub(crate) fn wit_route(route: &Route) -> routes::RouteSpec {
    routes::RouteSpec {
        destination: wit_ip_prefix(route.destination),
        gateway: route.gateway.map(wit_ip_address),
        source: route.source.map(wit_ip_address),
        priority: route.priority,
        table: route.table,
        scope: route.scope,
        mtu: route.mtu,
        advmss: route.advmss,
    }
}

pub(crate) fn rule(rule: &rules::RuleSpec) -> Result<Rule, CallError> {
    Ok(Rule {
        ipv6: rule.ipv6,
        source: selector(rule.source)?,
        destination: selector(rule.destination)?,
        input_interface: rule.input_interface.clone(),
        output_interface: rule.output_interface.clone(),
        mark: rule.mark,
        priority: rule.priority,
        table: rule.table,
    })
}

/// A prefix of no length is no selector: the kernel forgets it.
fn selector(prefix: Option<types::IpPrefix>) -> Result<Option<IpPrefix>, CallError> {
    let prefix = prefix.map(ip_prefix).transpose()?;
    Ok(prefix.filter(|prefix| prefix.length() > 0))
}

pub(crate) fn wit_rule(rule: Rule) -> rules::RuleSpec {
    rules::RuleSpec {
        source: rule.source.map(wit_ip_prefix),
        destination: rule.destination.map(wit_ip_prefix),
        ipv6: rule.ipv6,
        input_interface: rule.input_interface,
        output_interface: rule.output_interface,
        mark: rule.mark,
        priority: rule.priority,
        table: rule.table,
    }
}
