use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cofferdam_protocol::{IpPrefix, MacAddress};
use cofferdam_sandbox::{CallError, bindings::cofferdam::cni::types};

use super::invalid;

pub(crate) fn ip_address(address: types::IpAddress) -> IpAddr {
    match address {
        types::IpAddress::Ipv4((a, b, c, d)) => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        types::IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)),
    }
}

pub(crate) fn wit_ip_address(address: IpAddr) -> types::IpAddress {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            types::IpAddress::Ipv4((a, b, c, d))
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.segments();
            types::IpAddress::Ipv6((a, b, c, d, e, f, g, h))
        }
    }
}

pub(crate) fn ip_prefix(prefix: types::IpPrefix) -> Result<IpPrefix, CallError> {
    IpPrefix::new(ip_address(prefix.address), prefix.length).map_err(|error| invalid(error.to_string()))
}

pub(crate) fn wit_ip_prefix(prefix: IpPrefix) -> types::IpPrefix {
    types::IpPrefix {
        address: wit_ip_address(prefix.address()),
        length: prefix.length(),
    }
}

pub(crate) fn mac_address((a, b, c, d, e, f): types::MacAddress) -> MacAddress {
    MacAddress([a, b, c, d, e, f])
}

pub(crate) fn wit_mac_address(mac: MacAddress) -> types::MacAddress {
    let [a, b, c, d, e, f] = mac.0;
    (a, b, c, d, e, f)
}
