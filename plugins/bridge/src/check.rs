use cofferdam_guest_sdk::{
    AddressInfo, Attachment, Failure, Interface, Link, LinkInfo, Namespace, Outcome as _, Place, Request, ipam,
};

use crate::{addressing::CONTAINER, config::Config, gateway::gateways, masquerade};

/// Compares the attachment with what `add` made of the configuration.
pub(crate) fn check(request: &Request<Config>) -> Result<(), Failure> {
    let config = &request.config;
    config.validate()?;
    if config.ipam.is_used() {
        ipam::check()?;
    }
    let previous = request.required_previous()?;
    let host = Namespace::host()?;
    let bridge = check_bridge(config, previous, &host)?;
    let container_end = check_container_end(request, previous)?;
    check_host_end(config, previous, &container_end)?;
    check_addresses(previous, &container_end)?;
    check_gateways(config, previous, &bridge)?;
    if config.ip_masq && config.ipam.is_used() && !masquerade::is_complete(&host, &previous.addresses)? {
        return Err(Failure::changed(
            "an address of the container is not masqueraded any more",
        ));
    }
    Ok(())
}

fn check_bridge(config: &Config, previous: &Attachment, host: &Namespace) -> Result<Link, Failure> {
    let name = config.bridge();
    let recorded = previous
        .interfaces
        .iter()
        .find(|interface| interface.place == Place::Host && interface.name == name);
    let missing = || Failure::changed(format!("CNI created bridge {name:?} not found"));
    let recorded = recorded.ok_or_else(missing)?;
    let bridge = host.find_optional(name)?.ok_or_else(missing)?;
    let info = bridge.info()?;
    if info.kind != "bridge" {
        return Err(Failure::changed(format!("{name:?} is not a bridge any more")));
    }
    check_mac(recorded, &info)?;
    if info.promiscuous != config.promisc_mode && config.promisc_mode {
        return Err(Failure::changed(format!("bridge {name:?} is not promiscuous any more")));
    }
    Ok(bridge)
}

fn check_container_end(request: &Request<Config>, previous: &Attachment) -> Result<Link, Failure> {
    let name = &request.interface_name;
    let (_, recorded) = previous
        .container_interface(name)
        .ok_or_else(|| Failure::changed(format!("prevResult has no interface {name:?} in the container")))?;
    let container = request.container()?;
    let link = container
        .find(name)
        .optional()?
        .ok_or_else(|| Failure::changed(format!("interface {name:?} is gone")))?;
    let info = link.info()?;
    if info.kind != "veth" {
        return Err(Failure::changed(format!("interface {name:?} is not a veth any more")));
    }
    check_mac(recorded, &info)?;
    Ok(link)
}

fn check_host_end(config: &Config, previous: &Attachment, container_end: &Link) -> Result<(), Failure> {
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
    if info.master.as_deref() != Some(config.bridge()) {
        return Err(Failure::changed(format!(
            "{:?} is no port of bridge {:?} any more",
            info.name,
            config.bridge()
        )));
    }
    if info.hairpin.unwrap_or_default() != config.hairpin_mode {
        return Err(Failure::changed(format!(
            "hairpin of port {:?} is not {}",
            info.name, config.hairpin_mode
        )));
    }
    if info.isolated.unwrap_or_default() != config.port_isolation {
        return Err(Failure::changed(format!(
            "isolation of port {:?} is not {}",
            info.name, config.port_isolation
        )));
    }
    Ok(())
}

fn check_mac(recorded: &Interface, info: &LinkInfo) -> Result<(), Failure> {
    let mac = info.mac.map(|mac| mac.to_string());
    match (&recorded.mac, mac) {
        (Some(recorded), Some(mac)) if !recorded.eq_ignore_ascii_case(&mac) => {
            let text = format!("interface {:?} has address {mac}, not {recorded}", info.name);
            Err(Failure::changed(text))
        }
        _ => Ok(()),
    }
}

fn check_addresses(previous: &Attachment, link: &Link) -> Result<(), Failure> {
    let present = link.addresses()?;
    let expected = previous
        .addresses
        .iter()
        .filter(|address| address.interface.is_none_or(|index| index == CONTAINER));
    for address in expected {
        if !has(&present, address.address) {
            return Err(Failure::changed(format!(
                "Failed to match addr {} on the container's interface",
                address.address
            )));
        }
    }
    let routes = link.routes(None)?;
    for route in previous.routes.iter().filter(|route| route.table.is_none()) {
        let there = routes.iter().any(|there| {
            there.destination.network() == route.destination.network()
                && route.gateway.is_none_or(|gateway| there.gateway == Some(gateway))
        });
        if !there {
            return Err(Failure::changed(format!("Failed to find route {}", route.destination)));
        }
    }
    Ok(())
}

fn check_gateways(config: &Config, previous: &Attachment, bridge: &Link) -> Result<(), Failure> {
    if !config.is_gateway() {
        return Ok(());
    }
    let present = bridge.addresses()?;
    for ipv6 in [false, true] {
        for gateway in gateways(&previous.addresses, ipv6)? {
            if !has(&present, gateway) {
                let text = format!(
                    "bridge {:?} does not have the gateway's address {gateway} any more",
                    config.bridge()
                );
                return Err(Failure::changed(text));
            }
        }
    }
    Ok(())
}

fn has(present: &[AddressInfo], address: cofferdam_guest_sdk::IpPrefix) -> bool {
    present.iter().any(|info| info.address == address)
}
