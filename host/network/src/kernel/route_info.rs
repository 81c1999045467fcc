//! Reads what the kernel tells about a route.

use std::net::IpAddr;

use cofferdam_protocol::IpPrefix;
use netlink_packet_core::{DecodeError, Emitable};
use netlink_packet_route::{
    AddressFamily,
    route::{RouteFlags, RouteHeader, RouteType},
};
use nix::libc::{RTA_DST, RTA_GATEWAY, RTA_METRICS, RTA_MULTIPATH, RTA_OIF, RTA_PREFSRC, RTA_PRIORITY, RTA_TABLE};

use super::attribute::{address, attributes, find, unsigned};
use crate::Route;

// `linux/rtnetlink.h`; the first is the length of `struct rtnexthop`.
const NEXT_HOP_HEADER: usize = 8;
const RTA_VIA: u16 = 18;
const ALIGNMENT: usize = 4;
const RTAX_MTU: u16 = 2;
const RTAX_ADVMSS: u16 = 8;

/// The unicast routes through a link that an `RTM_NEWROUTE` message tells:
/// one, or several where the kernel has made one route with several next hops
/// of them.
pub(super) fn parse(payload: &[u8], link: u32, table: u32) -> Result<Vec<Route>, DecodeError> {
    let header = RouteHeader::parse(payload)?;
    let body = payload.get(header.buffer_len()..).unwrap_or_default();
    let Some(common) = common(&header, body).filter(|route| route.table == Some(table)) else {
        return Ok(Vec::new());
    };
    let through = |index: u32, attributes: &[u8]| {
        (index == link).then(|| Route {
            gateway: gateway(attributes),
            ..common.clone()
        })
    };
    Ok(match find(body, RTA_MULTIPATH) {
        Some(hops) => NextHops { rest: hops }
            .filter_map(|(index, attributes)| through(index, attributes))
            .collect(),
        None => find(body, RTA_OIF)
            .and_then(unsigned)
            .and_then(|index| through(index, body))
            .into_iter()
            .collect(),
    })
}

/// The link of a default route, the first of several next hops. `None` for
/// other routes.
pub(super) fn default_link(payload: &[u8], family: AddressFamily, table: u32) -> Result<Option<u32>, DecodeError> {
    let header = RouteHeader::parse(payload)?;
    let body = payload.get(header.buffer_len()..).unwrap_or_default();
    let is_default = |route: &Route| route.table == Some(table) && route.destination.length() == 0;
    if header.address_family != family || !common(&header, body).is_some_and(|route| is_default(&route)) {
        return Ok(None);
    }
    Ok(match find(body, RTA_MULTIPATH) {
        Some(hops) => NextHops { rest: hops }.next().map(|(index, _)| index),
        None => find(body, RTA_OIF).and_then(unsigned),
    })
}

/// Everything but the gateway. `None` for what is no unicast route of ours to
/// see.
fn common(header: &RouteHeader, body: &[u8]) -> Option<Route> {
    let ipv6 = match header.address_family {
        AddressFamily::Inet => false,
        AddressFamily::Inet6 => true,
        _ => return None,
    };
    if header.kind != RouteType::Unicast || header.flags.contains(RouteFlags::Cloned) {
        return None;
    }
    let mut route = Route {
        destination: IpPrefix::any(ipv6),
        gateway: None,
        source: None,
        priority: None,
        table: Some(u32::from(header.table)),
        scope: Some(header.scope.into()),
        mtu: None,
        advmss: None,
    };
    for (kind, value) in attributes(body) {
        match kind {
            RTA_DST => {
                let length = header.destination_prefix_length;
                route.destination = IpPrefix::new(address(value)?, length).ok()?;
            }
            RTA_PREFSRC => route.source = address(value),
            RTA_PRIORITY => route.priority = unsigned(value),
            RTA_TABLE => route.table = unsigned(value),
            RTA_METRICS => {
                route.mtu = find(value, RTAX_MTU).and_then(unsigned);
                route.advmss = find(value, RTAX_ADVMSS).and_then(unsigned);
            }
            _ => {}
        }
    }
    Some(route)
}

fn gateway(attributes: &[u8]) -> Option<IpAddr> {
    find(attributes, RTA_GATEWAY).and_then(address).or_else(|| {
        // `struct rtvia`: the address follows its family.
        find(attributes, RTA_VIA).and_then(|via| address(via.get(2..)?))
    })
}

/// The links and attributes of `RTA_MULTIPATH`.
struct NextHops<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for NextHops<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let header = self.rest.first_chunk::<NEXT_HOP_HEADER>()?;
        let [low, high, _flags, _hops, index @ ..] = *header;
        let length = usize::from(u16::from_ne_bytes([low, high]));
        let attributes = self.rest.get(NEXT_HOP_HEADER..length)?;
        self.rest = self.rest.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
        Some((u32::from_ne_bytes(index), attributes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use proptest::{collection::vec, prelude::*};

    use netlink_packet_route::AddressFamily;

    use super::{NextHops, default_link, parse};

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in vec(any::<u8>(), 0..160)) {
            let _ = parse(&bytes, 3, 254);
            let _ = default_link(&bytes, AddressFamily::Inet, 254);
            let _ = NextHops { rest: &bytes }.count();
        }

        #[test]
        fn a_route_with_any_attributes_can_be_read(bytes in vec(any::<u8>(), 0..160)) {
            let mut payload = vec![2, 24, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0];
            payload.extend(bytes);
            let _ = parse(&payload, 3, 254);
        }
    }
}
