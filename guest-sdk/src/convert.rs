//! Between the contract's types and the ones that plugins use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cofferdam_protocol::{IpPrefix, MacAddress};

use crate::{Address, Attachment, Dns, Interface, Place, Route, bindings::types};

impl From<types::IpAddress> for IpAddr {
    fn from(address: types::IpAddress) -> Self {
        match address {
            types::IpAddress::Ipv4((a, b, c, d)) => Self::V4(Ipv4Addr::new(a, b, c, d)),
            types::IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => Self::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)),
        }
    }
}

impl From<IpAddr> for types::IpAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self::Ipv4((a, b, c, d))
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h] = v6.segments();
                Self::Ipv6((a, b, c, d, e, f, g, h))
            }
        }
    }
}

impl From<IpPrefix> for types::IpPrefix {
    fn from(prefix: IpPrefix) -> Self {
        Self {
            address: prefix.address().into(),
            length: prefix.length(),
        }
    }
}

impl From<types::IpPrefix> for IpPrefix {
    /// The host gives no length that is too long; one that is counts as the
    /// longest.
    fn from(prefix: types::IpPrefix) -> Self {
        let address = IpAddr::from(prefix.address);
        Self::new(address, prefix.length).unwrap_or_else(|_| Self::host(address))
    }
}

pub(crate) fn mac_from_wit((a, b, c, d, e, f): types::MacAddress) -> MacAddress {
    MacAddress([a, b, c, d, e, f])
}

pub(crate) fn mac_to_wit(mac: MacAddress) -> types::MacAddress {
    let [a, b, c, d, e, f] = mac.0;
    (a, b, c, d, e, f)
}

impl From<types::Attachment> for Attachment {
    fn from(attachment: types::Attachment) -> Self {
        Self {
            interfaces: attachment.interfaces.into_iter().map(Into::into).collect(),
            addresses: attachment.addresses.into_iter().map(Into::into).collect(),
            routes: attachment.routes.into_iter().map(Into::into).collect(),
            dns: attachment.dns.into(),
        }
    }
}

impl From<Attachment> for types::Attachment {
    fn from(attachment: Attachment) -> Self {
        Self {
            interfaces: attachment.interfaces.into_iter().map(Into::into).collect(),
            addresses: attachment.addresses.into_iter().map(Into::into).collect(),
            routes: attachment.routes.into_iter().map(Into::into).collect(),
            dns: attachment.dns.into(),
        }
    }
}

impl From<types::Interface> for Interface {
    fn from(interface: types::Interface) -> Self {
        Self {
            name: interface.name,
            mac: interface.mac,
            mtu: interface.mtu,
            place: match interface.place {
                types::Place::Host => Place::Host,
                types::Place::Container => Place::Container,
                types::Place::Elsewhere(text) => Place::Elsewhere(text),
            },
            socket_path: interface.socket_path,
            pci_id: interface.pci_id,
        }
    }
}

impl From<Interface> for types::Interface {
    fn from(interface: Interface) -> Self {
        Self {
            name: interface.name,
            mac: interface.mac,
            mtu: interface.mtu,
            place: match interface.place {
                Place::Host => types::Place::Host,
                Place::Container => types::Place::Container,
                Place::Elsewhere(text) => types::Place::Elsewhere(text),
            },
            socket_path: interface.socket_path,
            pci_id: interface.pci_id,
        }
    }
}

impl From<types::Address> for Address {
    fn from(address: types::Address) -> Self {
        Self {
            address: address.address.into(),
            gateway: address.gateway.map(Into::into),
            interface: address.interface,
        }
    }
}

impl From<Address> for types::Address {
    fn from(address: Address) -> Self {
        Self {
            address: address.address.into(),
            gateway: address.gateway.map(Into::into),
            interface: address.interface,
        }
    }
}

impl From<types::Route> for Route {
    fn from(route: types::Route) -> Self {
        Self {
            destination: route.destination.into(),
            gateway: route.gateway.map(Into::into),
            mtu: route.mtu,
            advmss: route.advmss,
            priority: route.priority,
            table: route.table,
            scope: route.scope,
        }
    }
}

impl From<Route> for types::Route {
    fn from(route: Route) -> Self {
        Self {
            destination: route.destination.into(),
            gateway: route.gateway.map(Into::into),
            mtu: route.mtu,
            advmss: route.advmss,
            priority: route.priority,
            table: route.table,
            scope: route.scope,
        }
    }
}

impl From<types::Dns> for Dns {
    fn from(dns: types::Dns) -> Self {
        Self {
            nameservers: dns.nameservers,
            domain: dns.domain,
            search: dns.search,
            options: dns.options,
        }
    }
}

impl From<Dns> for types::Dns {
    fn from(dns: Dns) -> Self {
        Self {
            nameservers: dns.nameservers,
            domain: dns.domain,
            search: dns.search,
            options: dns.options,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_survive_the_way_there_and_back() {
        for text in ["10.22.0.5", "0.0.0.0", "fd00:22::5", "::ffff:10.0.0.1", "::"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(IpAddr::from(types::IpAddress::from(address)), address);
        }
    }

    #[test]
    fn an_attachment_survives_the_way_there_and_back() {
        let mut attachment = Attachment::default();
        attachment.add_interface(Interface::in_host("cni0").with_mac(Some(MacAddress([2, 0, 0, 0, 0, 1]))));
        let position = attachment.add_interface(Interface::in_container("eth0"));
        attachment.addresses.push(
            Address::new("10.22.0.5/16".parse().unwrap())
                .with_gateway("10.22.0.1".parse().unwrap())
                .on_interface(position),
        );
        attachment
            .routes
            .push(Route::to("::/0".parse().unwrap()).via("fd00::1".parse().unwrap()));
        attachment.dns.domain = Some("example.com".into());
        assert_eq!(
            Attachment::from(types::Attachment::from(attachment.clone())),
            attachment
        );
    }
}
