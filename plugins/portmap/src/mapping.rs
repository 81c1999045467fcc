use std::net::IpAddr;

use cofferdam_guest_sdk::{Attachment, Failure, IpPrefix, Place};

/// A transport protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
    Sctp,
}

impl Protocol {
    /// In any case, as runtimes write it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Tcp, Self::Udp, Self::Sctp]
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }

    /// `IPPROTO_*` of `linux/in.h`.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }
}

/// A port of the node that leads to one of the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) protocol: Protocol,
    pub(crate) host_port: u16,
    pub(crate) container_port: u16,
    /// Absent: both families.
    pub(crate) ipv6: Option<bool>,
    /// Absent: every address of the node.
    pub(crate) address: Option<IpAddr>,
}

/// The mappings of one family, with where they lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The container's address with its network.
    pub(crate) address: IpPrefix,
    /// Each is for another port or address of the node.
    pub(crate) mappings: Vec<Mapping>,
}

/// What is published of a container; at most one target a family.
pub(crate) fn targets(previous: &Attachment, interface: &str, mappings: &[Mapping]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for ipv6 in [false, true] {
        let Some(address) = container_address(previous, interface, ipv6) else {
            continue;
        };
        let of_family = mappings
            .iter()
            .filter(|mapping| mapping.ipv6.is_none_or(|of| of == ipv6));
        let mappings = distinct(of_family)?;
        if !mappings.is_empty() {
            targets.push(Target { address, mappings });
        }
    }
    Ok(targets)
}

/// The first address of the family on the container's interface, or on none in
/// particular.
fn container_address(previous: &Attachment, interface: &str, ipv6: bool) -> Option<IpPrefix> {
    let is_its = |position: Option<u32>| {
        let position = position.and_then(|position| usize::try_from(position).ok());
        match position.and_then(|position| previous.interfaces.get(position)) {
            Some(of) => of.name == interface && of.place != Place::Host,
            None => true,
        }
    };
    let mut addresses = previous.addresses.iter();
    let found = addresses.find(|address| address.address.is_ipv6() == ipv6 && is_its(address.interface));
    found.map(|address| address.address)
}

/// Each once; one port can't lead to two.
fn distinct<'m>(mappings: impl Iterator<Item = &'m Mapping>) -> Result<Vec<Mapping>, Failure> {
    let mut distinct: Vec<Mapping> = Vec::new();
    for mapping in mappings {
        let key = |mapping: &Mapping| (mapping.protocol, mapping.host_port, mapping.address);
        match distinct.iter().find(|other| key(other) == key(mapping)) {
            Some(other) if other.container_port != mapping.container_port => {
                return Err(Failure::internal(format!(
                    "portMappings: {} port {} of the host can't lead to both {} and {} of the container",
                    mapping.protocol.name(),
                    mapping.host_port,
                    other.container_port,
                    mapping.container_port
                )));
            }
            Some(_) => {}
            None => distinct.push(mapping.clone()),
        }
    }
    Ok(distinct)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::{Address, Interface};

    use super::*;

    fn mapping(host_port: u16, container_port: u16, ipv6: Option<bool>) -> Mapping {
        Mapping {
            protocol: Protocol::Tcp,
            host_port,
            container_port,
            ipv6,
            address: None,
        }
    }

    fn attachment(addresses: &[(&str, Option<u32>)]) -> Attachment {
        let address = |(text, interface): &(&str, Option<u32>)| Address {
            interface: *interface,
            ..Address::new(text.parse().unwrap())
        };
        Attachment {
            interfaces: vec![Interface::in_host("eth0"), Interface::in_container("eth0")],
            addresses: addresses.iter().map(address).collect(),
            ..Attachment::default()
        }
    }

    #[test]
    fn ports_lead_to_the_first_address_of_the_containers_interface() {
        let previous = attachment(&[
            ("192.0.2.9/24", Some(0)),
            ("10.22.0.2/16", Some(1)),
            ("10.22.0.3/16", None),
            ("fd00::2/64", Some(7)),
        ]);
        let targets = targets(&previous, "eth0", &[mapping(8080, 80, None)]).unwrap();
        let addresses: Vec<String> = targets.iter().map(|target| target.address.to_string()).collect();
        assert_eq!(addresses, ["10.22.0.2/16", "fd00::2/64"]);
    }

    #[test]
    fn a_mapping_is_for_its_family() {
        let previous = attachment(&[("10.22.0.2/16", Some(1)), ("fd00::2/64", Some(1))]);
        let all = [
            mapping(1, 1, None),
            mapping(2, 2, Some(false)),
            mapping(3, 3, Some(true)),
        ];
        let targets = targets(&previous, "eth0", &all).unwrap();
        let ports: Vec<Vec<u16>> = targets
            .iter()
            .map(|target| target.mappings.iter().map(|mapping| mapping.host_port).collect())
            .collect();
        assert_eq!(ports, [[1, 2], [1, 3]]);
    }

    #[test]
    fn a_port_that_leads_to_two_is_refused_and_a_repeated_one_is_not() {
        let previous = attachment(&[("10.22.0.2/16", Some(1))]);
        let of = |mappings: &[Mapping]| targets(&previous, "eth0", mappings);
        assert!(of(&[mapping(1, 1, None), mapping(1, 2, None)]).is_err());
        let repeated = of(&[mapping(1, 1, None), mapping(1, 1, Some(false))]).unwrap();
        assert_eq!(repeated[0].mappings.len(), 1);
    }
}
