//! Gives a container an interface that leads to the node: one end of a veth
//! pair, with the addresses that an address management plugin hands out.

// What only a component calls is dead code to the tests on this machine.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;

use std::net::IpAddr;

use cofferdam_guest_sdk::{
    AddMode, Address, Attachment, Context as _, DuplicateDetection, Failure, Interface, IpPrefix,
    Link, Namespace, Need, NetworkRequest, Outcome as _, Plugin, Request, RouteSpec, VethEnd,
    addressing, create_veth, export_plugin, ipam,
    recorded::{check_addressing, check_interface, detach},
};
use config::Config;

/// What the kernel calls a pair.
const KIND: &str = "veth";
/// Position of the container's end in the result.
const CONTAINER_END: u32 = 1;

struct Pair;

impl Plugin for Pair {
    type Config = Config;
    const NAME: &'static str = "my-plugin";
    /// What is not declared here is denied, whatever a policy grants.
    const NEEDS: &'static [Need] = &[
        Need::always("link.create").in_host().kinds(&[KIND]),
        Need::always("link.create").in_container().kinds(&[KIND]),
        Need::always("ipam.delegate"),
        Need::always("address.add").in_container(),
        Need::always("route.add").in_host(),
        Need::when("gateways of the addresses", "address.add").in_host(),
        Need::when("routes of the IPAM plugin", "route.add").in_container(),
        addressing::TURNS_IPV6_ON,
        addressing::KEEPS_ADDRESSES,
        Need::when("CHECK and DEL", "link.see")
            .in_container()
            .kinds(&[KIND]),
        Need::when("CHECK", "address.see").in_container(),
        Need::when("CHECK", "route.see").in_container(),
        Need::when(
            "DEL of a link that another plugin of this name made",
            "link.delete",
        )
        .in_container()
        .kinds(&[KIND]),
    ];

    // Whatever fails, the host undoes what was done before: there is no
    // clean-up code in a plugin.
    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        request.config.validate()?;
        let container = request.container()?;
        let (host_end, container_end) = connect(request, &container)?;
        let mut attachment = Attachment {
            interfaces: interfaces(request, &host_end, &container_end)?,
            ..Attachment::default()
        };
        addressing::allocate(&mut attachment, CONTAINER_END)?;
        lead_to_container(&host_end, &attachment.addresses)?;
        addressing::configure(
            &container,
            &request.interface_name,
            &container_end,
            &attachment,
            // The node hands out the addresses on both ends.
            DuplicateDetection::Skip,
        )?;
        Ok(attachment)
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        detach(request, &request.config.ipam)
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        ipam::check()?;
        let (container_end, info) = check_interface(request, KIND)?;
        if !info.up {
            return Err(Failure::changed(format!(
                "interface {:?} is down",
                info.name
            )));
        }
        check_addressing(request.required_previous()?, CONTAINER_END, &container_end)
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.validate()?;
        ipam::status()
    }
}

export_plugin!(Pair);

/// The pair: the host's end, whose name Cofferdam chooses, and the container's.
fn connect(request: &Request<Config>, container: &Namespace) -> Result<(Link, Link), Failure> {
    let mtu = request.config.mtu;
    let (host_end, container_end) = create_veth(
        VethEnd::in_namespace(&Namespace::host()?).with_mtu(mtu),
        VethEnd::in_namespace(container)
            .named(&request.interface_name)
            .with_mtu(mtu),
    )?;
    host_end.set_up()?;
    Ok((host_end, container_end))
}

/// The host's end and the container's, in this order.
fn interfaces(
    request: &Request<Config>,
    host_end: &Link,
    container_end: &Link,
) -> Result<Vec<Interface>, Failure> {
    let outside = host_end.info()?;
    let inside = container_end.info()?;
    Ok(vec![
        Interface::in_host(outside.name).with_mac(outside.mac),
        Interface::in_container(request.interface_name.clone()).with_mac(inside.mac),
    ])
}

/// Gives the host's end the gateways' addresses, and the node a route to each
/// address of the container.
fn lead_to_container(host_end: &Link, addresses: &[Address]) -> Result<(), Failure> {
    for address in addresses {
        if let Some(gateway) = address.gateway {
            add_gateway(host_end, gateway)?;
        }
        let route = RouteSpec::to(IpPrefix::host(address.address.address()));
        host_end
            .add_route(&route, AddMode::Exclusive)
            .context("route to the container")?;
    }
    Ok(())
}

fn add_gateway(host_end: &Link, gateway: IpAddr) -> Result<(), Failure> {
    host_end
        .add_address(IpPrefix::host(gateway), DuplicateDetection::Skip)
        // Two addresses may have one gateway.
        .unless_exists()
        .context("the gateway's address")?;
    Ok(())
}
