use std::{fmt, net::IpAddr};

use cofferdam_network::Rule;
use cofferdam_protocol::{IpPrefix, MacAddress};

use super::shelf;
use crate::names::{escape, file_name, unescape};

const ADDRESS: &str = "address";
const LINK_ADDRESS: &str = "link-address";
const ROUTE: &str = "route";
const NEIGHBOR: &str = "neighbor";

/// Something that one attachment owns, and others have to leave alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Thing {
    /// A link by its name. `container` is what the container's namespace is
    /// known by, and absent for the node's own.
    Link { container: Option<String>, name: String },
    /// The Ethernet address of a container's link, on the whole node.
    Mac(MacAddress),
    /// An address of a container, within its network.
    Address { network: String, address: IpAddr },
    /// An address on a link of the node that attachments do not share.
    LinkAddress { link: String, address: IpPrefix },
    /// All routes of the node to one destination in one table.
    Route { table: u32, destination: IpPrefix },
    /// A routing policy rule of the node.
    Rule(Rule),
    /// A permanent neighbour on a link of the node that the attachment did not
    /// make.
    Neighbor { link: String, address: IpAddr },
}

impl Thing {
    /// Where its file is, below the directory of the registry.
    pub(crate) fn path(&self) -> String {
        let shelf = match self {
            Self::Address { address, .. } => shelf::of_address(*address),
            Self::LinkAddress { address, .. } => shelf::of_way(address),
            Self::Route { destination, .. } => shelf::of_way(destination),
            Self::Neighbor { .. } => shelf::NEIGHBORS.to_owned(),
            Self::Link { .. } => "link".to_owned(),
            Self::Mac(_) => "mac".to_owned(),
            Self::Rule(_) => "rule".to_owned(),
        };
        format!("{shelf}/{}", self.file_name())
    }

    /// The name of its file; no other thing has it.
    pub(crate) fn file_name(&self) -> String {
        match self {
            Self::Link { container: None, name } => file_name("link", ["host", name]),
            Self::Link {
                container: Some(container),
                name,
            } => file_name("link", ["container", container, name]),
            Self::Mac(mac) => file_name("mac", [&*mac.to_string()]),
            // The address stays readable, however long the network's name is.
            Self::Address { network, address } => {
                let kind = format!("{ADDRESS}.{}", escape(&address.to_string()));
                file_name(&kind, [&**network])
            }
            Self::LinkAddress { link, address } => file_name(LINK_ADDRESS, [link, &*address.to_string()]),
            Self::Route { table, destination } => {
                let destination = destination.network().to_string();
                file_name(ROUTE, [&*table.to_string(), &*destination])
            }
            Self::Rule(rule) => file_name("rule", rule_parts(rule).iter().map(String::as_str)),
            Self::Neighbor { link, address } => file_name(NEIGHBOR, [link, &*address.to_string()]),
        }
    }

    /// Which address of a container it is that has this name.
    pub(super) fn address_of_name(name: &str) -> Option<IpAddr> {
        let (address, _) = rest_of(name, ADDRESS)?.split_once('.')?;
        parsed(address)
    }

    /// The route, or the address of a link, that has this name.
    pub(super) fn way_of_name(name: &str) -> Option<Self> {
        if let Some(rest) = rest_of(name, ROUTE) {
            let (table, destination) = rest.split_once('.')?;
            return Some(Self::Route {
                table: parsed(table)?,
                destination: parsed(destination)?,
            });
        }
        let (link, address) = rest_of(name, LINK_ADDRESS)?.split_once('.')?;
        Some(Self::LinkAddress {
            link: unescape(link)?,
            address: parsed(address)?,
        })
    }

    /// What is on a link of the node, by its name: an address or a neighbour.
    pub(super) fn on_link_of_name(name: &str) -> Option<Self> {
        let Some(rest) = rest_of(name, NEIGHBOR) else {
            return Self::way_of_name(name).filter(|way| way.link().is_some());
        };
        let (link, address) = rest.split_once('.')?;
        Some(Self::Neighbor {
            link: unescape(link)?,
            address: parsed(address)?,
        })
    }

    /// The link of the node that it is on.
    pub(super) fn link(&self) -> Option<&str> {
        match self {
            Self::LinkAddress { link, .. } | Self::Neighbor { link, .. } => Some(link),
            _ => None,
        }
    }
}

fn rest_of<'a>(name: &'a str, kind: &str) -> Option<&'a str> {
    name.strip_prefix(kind)?.strip_prefix('.')
}

fn parsed<T: std::str::FromStr>(escaped: &str) -> Option<T> {
    unescape(escaped)?.parse().ok()
}

/// What is absent is empty, which no value is.
fn rule_parts(rule: &Rule) -> [String; 8] {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    [
        if rule.ipv6 { "6" } else { "4" }.to_owned(),
        rule.table.to_string(),
        text(rule.priority),
        text(rule.source.map(|prefix| prefix.network())),
        text(rule.destination.map(|prefix| prefix.network())),
        text(rule.input_interface.as_ref()),
        text(rule.output_interface.as_ref()),
        text(rule.mark),
    ]
}

/// In the words of errors.
impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link { container: None, name } => write!(f, "link {name:?} in the host namespace"),
            Self::Link { name, .. } => write!(f, "link {name:?} in the container namespace"),
            Self::Mac(mac) => write!(f, "Ethernet address {mac}"),
            Self::Address { network, address } => write!(f, "address {address} of network {network}"),
            Self::LinkAddress { link, address } => write!(f, "address {address} of link {link:?}"),
            Self::Route { table, destination } => {
                write!(f, "the route to {} in table {table}", destination.network())
            }
            Self::Rule(rule) => write!(f, "the rule that looks into table {}", rule.table),
            Self::Neighbor { link, address } => write!(f, "neighbour {address} of link {link:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rule(priority: Option<u32>, source: Option<&str>, destination: Option<&str>) -> Thing {
        Thing::Rule(Rule {
            ipv6: false,
            source: source.map(|prefix| prefix.parse().unwrap()),
            destination: destination.map(|prefix| prefix.parse().unwrap()),
            input_interface: None,
            output_interface: None,
            mark: None,
            priority,
            table: 100,
        })
    }

    fn link(container: Option<&str>, name: &str) -> Thing {
        Thing::Link {
            container: container.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    #[test]
    fn things_are_told_apart_by_their_names() {
        let address: IpAddr = "10.22.0.5".parse().unwrap();
        let things = [
            link(None, "eth0"),
            link(Some("a1"), "eth0"),
            link(Some("a2"), "eth0"),
            link(Some("a1"), "eth1"),
            link(Some("host"), "eth0"),
            Thing::Mac(MacAddress([2, 0, 0, 0, 0, 1])),
            Thing::Address {
                network: "net".to_owned(),
                address,
            },
            Thing::Address {
                network: "net.10".to_owned(),
                address,
            },
            Thing::LinkAddress {
                link: "net".to_owned(),
                address: IpPrefix::host(address),
            },
            Thing::Neighbor {
                link: "net".to_owned(),
                address,
            },
            Thing::Route {
                table: 254,
                destination: IpPrefix::host(address),
            },
            Thing::Route {
                table: 100,
                destination: IpPrefix::host(address),
            },
            rule(None, None, None),
            rule(Some(100), None, None),
            rule(None, Some("10.0.0.0/8"), None),
            rule(None, None, Some("10.0.0.0/8")),
        ];
        let names: std::collections::BTreeSet<String> = things.iter().map(Thing::file_name).collect();
        assert_eq!(names.len(), things.len(), "{names:?}");
        assert!(names.iter().all(|name| !name.contains('/')), "{names:?}");
    }

    #[test]
    fn a_destination_has_one_name() {
        let route = |text: &str| Thing::Route {
            table: 254,
            destination: text.parse().unwrap(),
        };
        assert_eq!(route("10.22.0.5/16").file_name(), route("10.22.0.0/16").file_name());
    }

    #[test]
    fn neighbors_are_read_from_names() {
        let neighbor = Thing::Neighbor {
            link: "eth0.5".to_owned(),
            address: "fd00::5".parse().unwrap(),
        };
        assert_eq!(Thing::on_link_of_name(&neighbor.file_name()), Some(neighbor));
        assert_eq!(Thing::on_link_of_name(&link(None, "eth0").file_name()), None);
    }

    #[test]
    fn addresses_and_ways_are_read_from_names() {
        let address: IpAddr = "fd00::5".parse().unwrap();
        for network in ["my.net", "n", &"n".repeat(500)] {
            let name = Thing::Address {
                network: network.to_owned(),
                address,
            }
            .file_name();
            assert!(name.len() < 255, "{name}");
            assert_eq!(Thing::address_of_name(&name), Some(address), "{name}");
            assert_eq!(Thing::way_of_name(&name), None, "{name}");
        }
        for way in [
            Thing::Route {
                table: 254,
                destination: "10.22.0.0/16".parse().unwrap(),
            },
            Thing::LinkAddress {
                link: "eth0.5".to_owned(),
                address: "10.22.0.1/16".parse().unwrap(),
            },
        ] {
            let name = way.file_name();
            let on = Thing::on_link_of_name(&name);
            assert_eq!(on, Some(way.clone()).filter(|way| way.link().is_some()), "{name}");
            assert_eq!(Thing::way_of_name(&name), Some(way), "{name}");
            assert_eq!(Thing::address_of_name(&name), None, "{name}");
        }
    }
}
