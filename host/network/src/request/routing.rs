use std::net::IpAddr;

use cofferdam_protocol::IpPrefix;

use super::name::check_name;
use crate::{Error, Result, Route, Rule};

pub(super) fn table(table: u32) -> Result<()> {
    if table == 0 {
        return Err(Error::Invalid("there is no routing table 0".to_owned()));
    }
    Ok(())
}

pub(super) fn route(route: &Route) -> Result<()> {
    route.table.map_or(Ok(()), table)?;
    let ipv6 = route.destination.is_ipv6();
    let invalid = |what: &str, address: IpAddr| {
        Err(Error::Invalid(format!(
            "route to {}: the {what} {address} is of another family",
            route.destination
        )))
    };
    match (route.gateway, route.source) {
        // An IPv4 route may go through an IPv6 gateway, not the reverse.
        (Some(gateway), _) if ipv6 && gateway.is_ipv4() => invalid("gateway", gateway),
        (_, Some(source)) if ipv6 != source.is_ipv6() => invalid("source", source),
        _ => Ok(()),
    }
}

pub(super) fn rule(rule: &Rule) -> Result<()> {
    let other_family = |prefix: &IpPrefix| prefix.is_ipv6() != rule.ipv6;
    for prefix in [rule.source, rule.destination].iter().flatten() {
        if other_family(prefix) {
            return Err(Error::Invalid(format!(
                "routing rule with {prefix}: the prefix is not of the rule's family"
            )));
        }
    }
    for name in [&rule.input_interface, &rule.output_interface].into_iter().flatten() {
        check_name(name)?;
    }
    // The kernel would choose a free table.
    if rule.table == 0 {
        return Err(Error::Invalid("routing rule: there is no table 0".to_owned()));
    }
    Ok(())
}
