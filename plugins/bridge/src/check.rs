use cofferdam_guest_sdk::{
    Attachment, Failure, Link, Namespace, Outcome as _, Place, Request, masquerade,
    recorded::{check_addressing, check_interface, check_mac, has_address},
};

use crate::{addressing::CONTAINER, config::Config, gateway::gateways, spoofing, vlans::gateway_name};

/// Compares the attachment with what `add` made of the configuration.
pub(crate) fn check(request: &Request<Config>) -> Result<(), Failure> {
    let config = &request.config;
    config.validate()?;
    config.ipam.check()?;
    let previous = request.required_previous()?;
    let host = Namespace::host()?;
    let bridge = check_bridge(config, previous, &host)?;
    let (container_end, _) = check_interface(request, "veth")?;
    let host_end = check_host_end(config, previous, &container_end)?;
    if config.macspoofchk && !spoofing::is_guarded(&host, &host_end, &container_end)? {
        return Err(Failure::changed(
            "the Ethernet addresses that the container sends from are not checked any more",
        ));
    }
    check_addressing(previous, CONTAINER, &container_end)?;
    check_gateways(config, previous, &host, bridge)?;
    if config.ip_masq && config.ipam.is_used() && !masquerade::is_complete(&host, crate::TABLE, &previous.addresses)? {
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

fn check_host_end(config: &Config, previous: &Attachment, container_end: &Link) -> Result<Link, Failure> {
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
    // A later plugin of the list may isolate it.
    if config.port_isolation && !info.isolated.unwrap_or_default() {
        return Err(Failure::changed(format!(
            "port {:?} is not isolated any more",
            info.name
        )));
    }
    if !config.vlans()?.are_of(&peer)? {
        return Err(Failure::changed(format!(
            "port {:?} is not in the VLANs any more that the configuration tells",
            info.name
        )));
    }
    Ok(peer)
}

fn check_gateways(config: &Config, previous: &Attachment, host: &Namespace, bridge: Link) -> Result<(), Failure> {
    if !config.is_gateway() {
        return Ok(());
    }
    let (name, link) = match config.vlans()?.own() {
        Some(vlan) => {
            let name = gateway_name(config, vlan);
            let missing = || Failure::changed(format!("CNI created interface {name:?} not found"));
            let link = host.find_optional(&name)?.ok_or_else(missing)?;
            (name, link)
        }
        None => (config.bridge().to_owned(), bridge),
    };
    let present = link.addresses()?;
    for ipv6 in [false, true] {
        for gateway in gateways(&previous.addresses, ipv6)? {
            if !has_address(&present, gateway) {
                let text = format!("{name:?} does not have the gateway's address {gateway} any more");
                return Err(Failure::changed(text));
            }
        }
    }
    Ok(())
}
