//! The bridge plugin: each container has a veth pair whose other end is a port
//! of a bridge of the node.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod addressing;
mod check;
mod config;
mod gateway;
mod needs;
mod spoofing;
mod vlans;

use cofferdam_guest_sdk::{
    Attachment, BridgeOptions, Context as _, Failure, Interface, Link, Namespace, Need, NetworkRequest, Plugin,
    Request, VethEnd, create_veth, export_plugin, masquerade, recorded::detach,
};
use config::Config;

/// The table in which the containers of this plugin are masqueraded.
const TABLE: &str = "cofferdam_masquerade";

struct Bridge;

impl Plugin for Bridge {
    type Config = Config;
    const NAME: &'static str = "bridge";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = needs::NEEDS;

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let config = &request.config;
        config.validate()?;
        let host = Namespace::host()?;
        let container = request.container()?;
        let bridge = ensure_bridge(&host, config)?;
        let (host_end, container_end) = connect(request, &host, &container, &bridge)?;
        if config.macspoofchk {
            spoofing::guard(&host, &host_end, &container_end)?;
        }
        let mut attachment = interfaces(request, &bridge, &host_end, &container_end)?;
        if config.ipam.is_used() {
            // Who is behind it has to be known before addresses of its network
            // are given out.
            let in_vlan = gateway::link_in_vlan(config, &bridge)?;
            addressing::configure(request, &mut attachment, &container, &container_end)?;
            gateway::configure(config, &attachment, &host, in_vlan.as_ref().unwrap_or(&bridge))?;
            if let Some(link) = in_vlan {
                let info = link.info()?;
                attachment.add_interface(Interface::in_host(info.name).with_mac(info.mac));
            }
            if config.ip_masq {
                masquerade::add(&host, TABLE, &attachment.addresses)?;
            }
        } else if !config.disable_container_interface {
            container_end.set_up()?;
        }
        if !config.disable_container_interface {
            host_end.wait_operational(PORT_WAIT).context("bridge port")?;
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
        check::check(request)
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }

    fn status(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.validate()?;
        request.config.ipam.status()
    }
}

export_plugin!(Bridge);

/// Milliseconds for the port to come up.
const PORT_WAIT: u32 = 3000;

fn ensure_bridge(host: &Namespace, config: &Config) -> Result<Link, Failure> {
    let options = BridgeOptions {
        mtu: config.mtu(),
        vlan_filtering: config.filters_by_vlan(),
    };
    let bridge = host.ensure_bridge(config.bridge(), options)?;
    if config.promisc_mode {
        bridge.set_promiscuous(true)?;
    }
    bridge.set_up()?;
    Ok(bridge)
}

/// The pair, with one end in the container and the other a port of the bridge.
fn connect(
    request: &Request<Config>,
    host: &Namespace,
    container: &Namespace,
    bridge: &Link,
) -> Result<(Link, Link), Failure> {
    let config = &request.config;
    let mac = config::mac(request)?;
    let (host_end, container_end) = create_veth(
        VethEnd::in_namespace(host).with_mtu(config.mtu()).port_of(bridge),
        VethEnd::in_namespace(container)
            .named(&request.interface_name)
            .with_mac(mac)
            .with_mtu(config.mtu()),
    )?;
    if config.hairpin_mode {
        host_end.set_hairpin(true)?;
    }
    if config.port_isolation {
        host_end.set_isolated(true)?;
    }
    config.vlans()?.put(&host_end)?;
    host_end.set_up()?;
    Ok((host_end, container_end))
}

/// The bridge, the host's end and the container's, in this order.
fn interfaces(
    request: &Request<Config>,
    bridge: &Link,
    host_end: &Link,
    container_end: &Link,
) -> Result<Attachment, Failure> {
    let mut attachment = Attachment::default();
    for link in [bridge, host_end] {
        let info = link.info()?;
        attachment.add_interface(Interface::in_host(info.name).with_mac(info.mac));
    }
    let mac = container_end.info()?.mac;
    attachment.add_interface(Interface::in_container(request.interface_name.clone()).with_mac(mac));
    Ok(attachment)
}
