use std::net::IpAddr;

use cofferdam_guest_sdk::{
    Attachment, DuplicateDetection, Failure, IpPrefix, Link, Namespace, Request, Route,
    addressing::{self, first_gateway, set_where_there},
    ipam,
};

use crate::config::Config;

/// Position of the container's end in the result.
pub(crate) const CONTAINER: u32 = 2;

/// Gets addresses from the IPAM plugin and puts them and its routes on the
/// container's end, which is up afterwards.
pub(crate) fn configure(
    request: &Request<Config>,
    attachment: &mut Attachment,
    container: &Namespace,
    link: &Link,
) -> Result<(), Failure> {
    let config = &request.config;
    let interface = &request.interface_name;
    let allocated = ipam::allocate()?;
    attachment.addresses = allocated.addresses;
    attachment.routes = allocated.routes;
    attachment.dns = allocated.dns;
    complete(config, attachment)?;
    detect_duplicates(container, interface, config.enabledad)?;
    addressing::announce(container, interface)?;
    let detection = if config.enabledad {
        DuplicateDetection::Run
    } else {
        DuplicateDetection::Skip
    };
    addressing::configure(container, interface, link, attachment, detection)
}

fn detect_duplicates(container: &Namespace, interface: &str, enabled: bool) -> Result<(), Failure> {
    let set = |setting, value| set_where_there(container, &["net", "ipv6", "conf", interface, setting], value);
    if enabled {
        set("enhanced_dad", "1")?;
    }
    set("accept_dad", if enabled { "1" } else { "0" })
}

/// Fills in what the configuration implies: interfaces, gateways, the default
/// routes.
fn complete(config: &Config, attachment: &mut Attachment) -> Result<(), Failure> {
    for address in &mut attachment.addresses {
        address.interface = Some(CONTAINER);
        if address.gateway.is_none() && config.is_gateway() {
            address.gateway = Some(first_address(address.address)?);
        }
    }
    if config.is_default_gateway {
        for ipv6 in [false, true] {
            let gateway = first_gateway(&attachment.addresses, ipv6);
            let present = attachment
                .routes
                .iter()
                .any(|route| route.destination.length() == 0 && route.destination.is_ipv6() == ipv6);
            if let Some(gateway) = gateway.filter(|_| !present) {
                attachment.routes.push(Route::to(IpPrefix::any(ipv6)).via(gateway));
            }
        }
    }
    Ok(())
}

/// The address after the network's own: where a gateway is by convention.
fn first_address(address: IpPrefix) -> Result<IpAddr, Failure> {
    let next = match address.network().address() {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    };
    let inside = next.filter(|next| address.contains(*next));
    inside.ok_or_else(|| Failure::internal(format!("there is no room for a gateway in {address}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::{Address, config::parse};

    use super::*;

    fn attachment(addresses: &[&str], routes: &[&str]) -> Attachment {
        Attachment {
            addresses: addresses
                .iter()
                .map(|text| Address::new(text.parse().unwrap()))
                .collect(),
            routes: routes.iter().map(|text| Route::to(text.parse().unwrap())).collect(),
            ..Attachment::default()
        }
    }

    fn completed(config: &str, mut attachment: Attachment) -> Attachment {
        complete(&parse(config).unwrap(), &mut attachment).unwrap();
        attachment
    }

    #[test]
    fn a_gateway_is_the_first_address_of_its_network() {
        let completed = completed(
            r#"{"isGateway":true}"#,
            attachment(&["10.22.0.5/16", "fd00:22::9/64"], &[]),
        );
        let gateways: Vec<String> = completed
            .addresses
            .iter()
            .map(|a| a.gateway.unwrap().to_string())
            .collect();
        assert_eq!(gateways, ["10.22.0.1", "fd00:22::1"]);
        assert!(completed.routes.is_empty());
    }

    #[test]
    fn a_default_route_is_added_once_for_each_family() {
        let given = attachment(&["10.22.0.5/16", "10.23.0.5/16", "fd00:22::9/64"], &["0.0.0.0/0"]);
        let completed = completed(r#"{"isDefaultGateway":true}"#, given);
        let routes: Vec<String> = completed
            .routes
            .iter()
            .map(|route| route.destination.to_string())
            .collect();
        assert_eq!(routes, ["0.0.0.0/0", "::/0"]);
    }

    #[test]
    fn a_network_of_one_address_has_no_room_for_a_gateway() {
        let mut attachment = attachment(&["10.22.0.5/32"], &[]);
        let config = parse(r#"{"isGateway":true}"#).unwrap();
        assert!(complete(&config, &mut attachment).is_err());
    }
}
