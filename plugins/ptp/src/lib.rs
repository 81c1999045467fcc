//! The ptp plugin: each container has a veth pair to the node, which routes
//! what comes and goes.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;
mod needs;
mod routing;

use cofferdam_guest_sdk::{
    Attachment, DuplicateDetection, Failure, Interface, Link, Namespace, Need, NetworkRequest, Outcome as _, Place,
    Plugin, Request, VethEnd, addressing, create_veth, export_plugin, ipam, masquerade,
    recorded::{check_addressing, check_interface, check_mac, detach},
};
use config::Config;

/// The table in which the containers of this plugin are masqueraded.
const TABLE: &str = "cofferdam_ptp_masquerade";
/// Position of the container's end in the result.
const CONTAINER: u32 = 1;

struct PointToPoint;

impl Plugin for PointToPoint {
    type Config = Config;
    const NAME: &'static str = "ptp";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = needs::NEEDS;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let config = &request.config;
        config.validate()?;
        let host = Namespace::host()?;
        let container = request.container()?;
        let mut attachment = ipam::allocate()?;
        for address in &mut attachment.addresses {
            address.interface = Some(CONTAINER);
        }
        routing::forward(&host, &attachment.addresses)?;
        let (host_end, container_end) = connect(request, &host, &container)?;
        attachment.interfaces = interfaces(request, &host_end, &container_end)?;
        addressing::configure(
            &container,
            &request.interface_name,
            &container_end,
            &attachment,
            DuplicateDetection::Skip,
        )?;
        routing::lead_to_node(&container_end, &attachment.addresses)?;
        routing::lead_to_container(&host_end, &attachment.addresses)?;
        if config.ip_masq {
            masquerade::add(&host, TABLE, &attachment.addresses)?;
        }
        if let Some(dns) = config.dns.given() {
            attachment.dns = dns;
        }
        Ok(attachment)
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        detach(request, &request.config.ipam)
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let config = &request.config;
        config.validate()?;
        ipam::check()?;
        let previous = request.required_previous()?;
        let (container_end, _) = check_interface(request, "veth")?;
        check_host_end(previous, &container_end)?;
        check_addressing(previous, CONTAINER, &container_end)?;
        if config.ip_masq && !masquerade::is_complete(&Namespace::host()?, TABLE, &previous.addresses)? {
            return Err(Failure::changed(
                "an address of the container is not masqueraded any more",
            ));
        }
        Ok(())
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.validate()?;
        ipam::status()
    }
}

export_plugin!(PointToPoint);

fn connect(request: &Request<Config>, host: &Namespace, container: &Namespace) -> Result<(Link, Link), Failure> {
    let mtu = request.config.mtu();
    let (host_end, container_end) = create_veth(
        VethEnd::in_namespace(host).with_mtu(mtu),
        VethEnd::in_namespace(container)
            .named(&request.interface_name)
            .with_mtu(mtu),
    )?;
    host_end.set_up()?;
    Ok((host_end, container_end))
}

/// The host's end and the container's, in this order.
fn interfaces(request: &Request<Config>, host_end: &Link, container_end: &Link) -> Result<Vec<Interface>, Failure> {
    let outside = host_end.info()?;
    let inside = container_end.info()?;
    Ok(vec![
        Interface::in_host(outside.name).with_mac(outside.mac),
        Interface::in_container(request.interface_name.clone()).with_mac(inside.mac),
    ])
}

fn check_host_end(previous: &Attachment, container_end: &Link) -> Result<(), Failure> {
    let peer = container_end
        .peer()
        .optional()?
        .ok_or_else(|| Failure::changed("the host's end of the veth pair is gone"))?;
    let info = peer.info()?;
    let recorded = previous
        .interfaces
        .iter()
        .find(|interface| interface.place == Place::Host && interface.name == info.name)
        .ok_or_else(|| Failure::changed(format!("prevResult does not have the host's end {:?}", info.name)))?;
    check_mac(recorded, &info)?;
    if !info.up {
        return Err(Failure::changed(format!("the host's end {:?} is down", info.name)));
    }
    Ok(())
}
