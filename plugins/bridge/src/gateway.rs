use std::net::IpAddr;

use cofferdam_guest_sdk::{Address, Attachment, DuplicateDetection, Failure, IpPrefix, Link, Namespace, Outcome as _};

use crate::config::Config;

/// Gives a link the gateway addresses, and lets the node forward.
pub(crate) fn configure(
    config: &Config,
    attachment: &Attachment,
    host: &Namespace,
    link: &Link,
) -> Result<(), Failure> {
    if !config.is_gateway() {
        return Ok(());
    }
    for ipv6 in [false, true] {
        let gateways: Vec<IpPrefix> = gateways(&attachment.addresses, ipv6)?;
        for gateway in &gateways {
            ensure_address(config, link, *gateway, &gateways)?;
        }
        if !gateways.is_empty() {
            forward(host, ipv6)?;
        }
    }
    Ok(())
}

/// Where the containers are in a VLAN, the node's own link in it, which has the
/// gateway addresses.
pub(crate) fn link_in_vlan(config: &Config, bridge: &Link) -> Result<Option<Link>, Failure> {
    let vlans = config.vlans()?;
    match vlans.own().filter(|_| config.is_gateway()) {
        Some(vlan) => Ok(Some(bridge.ensure_vlan_gateway(vlan, vlans.keeps_default())?)),
        None => Ok(None),
    }
}

/// The gateways of a family, each with its network's prefix length.
pub(crate) fn gateways(addresses: &[Address], ipv6: bool) -> Result<Vec<IpPrefix>, Failure> {
    let mut gateways: Vec<IpPrefix> = Vec::new();
    for address in addresses.iter().filter(|address| address.address.is_ipv6() == ipv6) {
        let Some(gateway) = address.gateway else { continue };
        let prefix = with_length(gateway, address.address.length())?;
        if !gateways.contains(&prefix) {
            gateways.push(prefix);
        }
    }
    Ok(gateways)
}

fn with_length(gateway: IpAddr, length: u8) -> Result<IpPrefix, Failure> {
    Ok(IpPrefix::new(gateway, length)?)
}

/// `ours` are the gateways of this attachment, which has one for each set of
/// ranges.
fn ensure_address(config: &Config, link: &Link, gateway: IpPrefix, ours: &[IpPrefix]) -> Result<(), Failure> {
    for present in link.addresses()? {
        if ours.contains(&present.address) || !conflicts(present.address, gateway, present.scope) {
            continue;
        }
        if !config.force_address {
            let text = format!(
                "{:?} already has an IP address different from {gateway}: {}; set forceAddress to replace it",
                link.info()?.name,
                present.address
            );
            return Err(Failure::internal(text));
        }
        link.delete_address(present.address)?;
    }
    // An address that somebody else gave it is as good.
    link.add_address(gateway, DuplicateDetection::Skip).unless_exists()?;
    Ok(())
}

/// Any other IPv4 address, and an IPv6 address of the same network, would
/// make the bridge's place in the network ambiguous.
fn conflicts(present: IpPrefix, gateway: IpPrefix, scope: u8) -> bool {
    if present == gateway || present.is_ipv6() != gateway.is_ipv6() || scope == LINK_SCOPE {
        return false;
    }
    !gateway.is_ipv6() || present.overlaps(&gateway)
}

/// `RT_SCOPE_LINK`: an address that the kernel itself gave.
const LINK_SCOPE: u8 = 253;

fn forward(host: &Namespace, ipv6: bool) -> Result<(), Failure> {
    let key: &[&str] = if ipv6 {
        &["net", "ipv6", "conf", "all", "forwarding"]
    } else {
        &["net", "ipv4", "ip_forward"]
    };
    host.set_sysctl(key, "1")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_gateway_for_each_network() {
        let address =
            |text: &str, gateway: &str| Address::new(text.parse().unwrap()).with_gateway(gateway.parse().unwrap());
        let addresses = [
            address("10.22.0.5/16", "10.22.0.1"),
            address("10.22.0.6/16", "10.22.0.1"),
            address("fd00::5/64", "fd00::1"),
        ];
        let texts = |ipv6| -> Vec<String> {
            gateways(&addresses, ipv6)
                .unwrap()
                .iter()
                .map(IpPrefix::to_string)
                .collect()
        };
        assert_eq!(texts(false), ["10.22.0.1/16"]);
        assert_eq!(texts(true), ["fd00::1/64"]);
    }

    #[test]
    fn another_ipv4_address_conflicts_and_an_overlapping_ipv6_one() {
        for (present, gateway, expected) in [
            ("10.22.0.1/16", "10.22.0.1/16", false),
            ("192.0.2.1/24", "10.22.0.1/16", true),
            ("fd00::9/64", "fd00::1/64", true),
            ("fd01::9/64", "fd00::1/64", false),
            ("fd00::1/64", "10.22.0.1/16", false),
        ] {
            assert_eq!(
                conflicts(present.parse().unwrap(), gateway.parse().unwrap(), 0),
                expected,
                "{present} {gateway}"
            );
        }
        assert!(!conflicts(
            "fe80::1/64".parse().unwrap(),
            "fe80::2/64".parse().unwrap(),
            LINK_SCOPE
        ));
    }
}
