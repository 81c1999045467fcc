use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cofferdam_protocol::Place;
use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::{
    AddressFamily,
    route::{RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol, RouteScope, RouteType},
};
use nix::{
    errno::Errno,
    libc::{RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE},
};
use rtnetlink::RouteMessageBuilder;

use super::{route_info, socket::Socket};
use crate::{Error, LinkId, Result, Route, RouteMode, request};

const MAIN_TABLE: u32 = RouteHeader::RT_TABLE_MAIN as u32;

pub(super) fn of_link(socket: &mut Socket, link: LinkId, table: u32) -> Result<Vec<Route>> {
    request::table(table)?;
    let mut routes = family(socket, link, table, AddressFamily::Inet)?;
    routes.extend(family(socket, link, table, AddressFamily::Inet6)?);
    Ok(routes)
}

fn family(socket: &mut Socket, link: LinkId, table: u32, family: AddressFamily) -> Result<Vec<Route>> {
    let mut request = RouteMessageBuilder::<Ipv4Addr>::new()
        .table_id(table)
        .protocol(RouteProtocol::Unspec)
        .output_interface(link.index)
        .build();
    request.header.address_family = family;
    let ipv6 = family == AddressFamily::Inet6;
    let listed = socket.dump(RTM_GETROUTE, &request, |payload, routes| {
        // Older kernels do not filter, and without the family the kernel
        // answers with all that it has.
        let all = route_info::parse(payload, link.index, table)?;
        routes.extend(all.into_iter().filter(|route| route.destination.is_ipv6() == ipv6));
        Ok(())
    });
    match listed {
        // A table exists while there are routes in it.
        Err(failure) if failure.errno() == Some(Errno::ENOENT) => Ok(Vec::new()),
        Err(failure) => Err(failure.upon(link, "listing", format!("the routes through {link} in table {table}"))),
        Ok(routes) => Ok(routes),
    }
}

/// The link of the first default route of the main table.
pub(super) fn default_link(socket: &mut Socket, place: Place) -> Result<Option<LinkId>> {
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut request = RouteMessageBuilder::<Ipv4Addr>::new()
            .table_id(MAIN_TABLE)
            .protocol(RouteProtocol::Unspec)
            .build();
        request.header.address_family = family;
        let listed = socket.dump(RTM_GETROUTE, &request, |payload, links| {
            links.extend(route_info::default_link(payload, family, MAIN_TABLE)?);
            Ok(())
        });
        let links = match listed {
            // A table exists while there are routes in it.
            Err(failure) if failure.errno() == Some(Errno::ENOENT) => continue,
            Err(failure) => {
                let object = format!("the default routes of the {place} namespace");
                return Err(failure.during("listing", object));
            }
            Ok(links) => links,
        };
        if let Some(index) = links.first() {
            return Ok(Some(LinkId { place, index: *index }));
        }
    }
    Ok(None)
}

/// For IPv6 the kernel makes one route with several next hops of those that
/// `Append` adds to the same destination with the same metric; `of_link`
/// tells them as the several routes that were added. In both families a
/// further route counts as the very same when gateway and link are.
pub(super) fn add(socket: &mut Socket, link: LinkId, route: &Route, mode: RouteMode) -> Result<()> {
    let flags = match mode {
        RouteMode::Exclusive => NLM_F_CREATE | NLM_F_EXCL,
        RouteMode::Append => NLM_F_CREATE | NLM_F_APPEND,
        RouteMode::Replace => NLM_F_CREATE | NLM_F_REPLACE,
    };
    let scope = route.scope.unwrap_or(match route.gateway {
        Some(_) => RouteScope::Universe.into(),
        None => RouteScope::Link.into(),
    });
    request::route(route)?;
    let request = message(link, route, scope, RouteProtocol::Boot);
    socket
        .change(RTM_NEWROUTE, flags, &request)
        .map_err(|failure| failure.upon(link, "adding", named(link, route)))
}

pub(super) fn delete(socket: &mut Socket, link: LinkId, route: &Route) -> Result<()> {
    request::route(route)?;
    let exact = if route.destination.is_ipv6() {
        pin_down(socket, link, route)?
    } else {
        route.clone()
    };
    // For IPv4 the kernel compares all fields; this scope matches any.
    let scope = exact.scope.unwrap_or(RouteScope::NoWhere.into());
    let request = message(link, &exact, scope, RouteProtocol::Unspec);
    socket
        .change(RTM_DELROUTE, 0, &request)
        .map_err(|failure| failure.upon(link, "deleting", named(link, route)))
}

/// For IPv6 the kernel compares neither source nor metrics: with those given,
/// the route has to be found first, and is then deleted by gateway and metric.
fn pin_down(socket: &mut Socket, link: LinkId, route: &Route) -> Result<Route> {
    if route.source.is_none() && route.mtu.is_none() && route.advmss.is_none() {
        return Ok(route.clone());
    }
    let table = route.table.unwrap_or(MAIN_TABLE);
    family(socket, link, table, AddressFamily::Inet6)?
        .into_iter()
        .find(|present| matches(present, route))
        .ok_or_else(|| Error::NotFound(named(link, route)))
}

fn matches(present: &Route, wanted: &Route) -> bool {
    fn same<T: PartialEq>(present: Option<T>, wanted: Option<T>) -> bool {
        wanted.is_none() || wanted == present
    }
    present.destination == wanted.destination.network()
        && same(present.gateway, wanted.gateway)
        && same(present.source, wanted.source)
        && same(present.priority, wanted.priority)
        && same(present.mtu, wanted.mtu)
        && same(present.advmss, wanted.advmss)
}

fn message(link: LinkId, route: &Route, scope: u8, protocol: RouteProtocol) -> RouteMessage {
    let table = route.table.unwrap_or(MAIN_TABLE);
    let destination = route.destination.network();
    let mut message = match destination.address() {
        IpAddr::V4(v4) => RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(v4, destination.length())
            .table_id(table)
            .build(),
        IpAddr::V6(v6) => RouteMessageBuilder::<Ipv6Addr>::new()
            .destination_prefix(v6, destination.length())
            .table_id(table)
            .build(),
    };
    message.header.protocol = protocol;
    message.header.scope = scope.into();
    message.header.kind = RouteType::Unicast;
    let attributes = &mut message.attributes;
    attributes.push(RouteAttribute::Oif(link.index));
    attributes.extend(route.gateway.map(|address| through(route, address)));
    attributes.extend(route.source.map(|address| RouteAttribute::PrefSource(address.into())));
    attributes.extend(route.priority.map(RouteAttribute::Priority));
    attributes.extend(metrics(route));
    message
}

fn through(route: &Route, gateway: IpAddr) -> RouteAttribute {
    match gateway {
        IpAddr::V6(v6) if !route.destination.is_ipv6() => RouteAttribute::Via(v6.into()),
        gateway => RouteAttribute::Gateway(gateway.into()),
    }
}

fn metrics(route: &Route) -> Option<RouteAttribute> {
    let metrics: Vec<_> = [route.mtu.map(RouteMetric::Mtu), route.advmss.map(RouteMetric::Advmss)]
        .into_iter()
        .flatten()
        .collect();
    (!metrics.is_empty()).then_some(RouteAttribute::Metrics(metrics))
}

fn named(link: LinkId, route: &Route) -> String {
    let gateway = route
        .gateway
        .map(|gateway| format!(" via {gateway}"))
        .unwrap_or_default();
    let table = route.table.unwrap_or(MAIN_TABLE);
    let destination = route.destination;
    format!("route to {destination}{gateway} in table {table} through {link}")
}
