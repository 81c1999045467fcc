use std::net::IpAddr;

use cofferdam_guest_sdk::{
    AddMode, Address, Context as _, DuplicateDetection, Failure, IpPrefix, Link, Namespace, Outcome as _, RouteSpec,
};

/// `RT_SCOPE_LINK`.
const LINK_SCOPE: u8 = 253;
/// `RT_SCOPE_HOST`.
const HOST_SCOPE: u8 = 254;

/// Lets the node forward packets of the addresses' families.
pub(crate) fn forward(host: &Namespace, addresses: &[Address]) -> Result<(), Failure> {
    for (ipv6, key) in [
        (false, &["net", "ipv4", "ip_forward"][..]),
        (true, &["net", "ipv6", "conf", "all", "forwarding"]),
    ] {
        if addresses.iter().any(|address| address.address.is_ipv6() == ipv6) {
            host.set_sysctl(key, "1").context("could not enable IP forwarding")?;
        }
    }
    Ok(())
}

/// Has the container send everything to the node: nobody else is on the link,
/// so the network of its address is behind the gateway as well.
pub(crate) fn lead_to_node(link: &Link, addresses: &[Address]) -> Result<(), Failure> {
    for address in addresses {
        let gateway = gateway(address)?;
        let (own, ipv6) = (address.address.address(), address.address.is_ipv6());
        link.delete_route(&RouteSpec::to(address.address.network()))
            .context("failed to delete route to the address's network")?;
        let to_gateway = RouteSpec {
            source: Some(own),
            scope: (!ipv6).then_some(LINK_SCOPE),
            ..RouteSpec::to(IpPrefix::host(gateway))
        };
        let to_network = RouteSpec {
            gateway: Some(gateway),
            source: Some(own),
            ..RouteSpec::to(address.address.network())
        };
        for route in [to_gateway, to_network] {
            // Two addresses may have one gateway.
            link.add_route(&route, AddMode::Exclusive)
                .unless_exists()
                .context("failed to add route to the gateway")?;
        }
    }
    Ok(())
}

/// Gives the host's end the gateways' addresses, and the node a route to each
/// address.
pub(crate) fn lead_to_container(link: &Link, addresses: &[Address]) -> Result<(), Failure> {
    for address in addresses {
        let gateway = gateway(address)?;
        link.add_address(IpPrefix::host(gateway), DuplicateDetection::Skip)
            .unless_exists()
            .context("failed to add the gateway's address to the host's end")?;
        let route = RouteSpec {
            scope: (!address.address.is_ipv6()).then_some(HOST_SCOPE),
            ..RouteSpec::to(IpPrefix::host(address.address.address()))
        };
        link.add_route(&route, AddMode::Exclusive)
            .context("failed to add route to the container")?;
    }
    Ok(())
}

fn gateway(address: &Address) -> Result<IpAddr, Failure> {
    address
        .gateway
        .ok_or_else(|| Failure::invalid_config(format!("IPAM plugin gave {} no gateway", address.address)))
}
