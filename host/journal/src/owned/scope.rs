use std::net::IpAddr;

use cofferdam_network::{NewLink, Route, VethEnd};
use cofferdam_protocol::Place;

use super::Thing;
use crate::{
    NamespaceRecord,
    model::{Inverse, Operation},
};

/// `RT_TABLE_MAIN`.
const MAIN_TABLE: u32 = 254;

/// Where an attachment is: what makes its operations mean certain things.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The network's name.
    pub network: &'a str,
    /// The container's namespace, where it is known.
    pub namespace: Option<&'a NamespaceRecord>,
}

impl Scope<'_> {
    /// What an operation makes the attachment's, by the way back from it.
    #[must_use]
    pub fn things(&self, operation: &Operation, inverse: &Inverse) -> Vec<Thing> {
        match operation {
            Operation::CreateVeth { first, second } => self.pair(first, second),
            Operation::CreateLink { link } => self.made_link(link),
            Operation::SetLinkMac { link, mac, .. } if link.place == Place::Container => vec![Thing::Mac(*mac)],
            Operation::AddAddress { link, address, .. } if link.place == Place::Container => {
                self.address(address.address()).into_iter().collect()
            }
            Operation::AddAddress { name, address, .. } if !matches!(inverse, Inverse::LeaveShared { .. }) => {
                vec![Thing::LinkAddress {
                    link: name.clone(),
                    address: *address,
                }]
            }
            Operation::AddRoute { link, route, .. } if link.place == Place::Host => vec![self.route(route)],
            Operation::AddRule {
                place: Place::Host,
                rule,
            } => vec![Thing::Rule(rule.clone())],
            Operation::AddNeighbor { link, name, neighbor }
                if link.place == Place::Host && matches!(inverse, Inverse::DeleteNeighbor { .. }) =>
            {
                vec![Thing::Neighbor {
                    link: name.clone(),
                    address: neighbor.address,
                }]
            }
            Operation::TakeDevice { link, name, inside } => {
                let mut things: Vec<Thing> = self.link(link.place, name).into_iter().collect();
                things.extend(self.link(Place::Container, inside));
                if let Inverse::ReturnDevice { device, .. } = inverse {
                    things.extend(device.mac.map(Thing::Mac));
                }
                things
            }
            _ => Vec::new(),
        }
    }

    /// A link by its name. `None` in a container whose namespace is not known.
    #[must_use]
    pub fn link(&self, place: Place, name: &str) -> Option<Thing> {
        let container = match place {
            Place::Host => None,
            Place::Container => Some(self.namespace?.key()),
        };
        Some(Thing::Link {
            container,
            name: name.to_owned(),
        })
    }

    /// An address of a container. `None` for those that every node or link
    /// has, and that nobody owns.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> Option<Thing> {
        let local = match address {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        let common = local || address.is_loopback() || address.is_multicast() || address.is_unspecified();
        (!common).then(|| Thing::Address {
            network: self.network.to_owned(),
            address,
        })
    }

    /// A route of the node.
    #[must_use]
    pub fn route(&self, route: &Route) -> Thing {
        Thing::Route {
            table: route.table.unwrap_or(MAIN_TABLE),
            destination: route.destination.network(),
        }
    }

    /// Its name, and in the container the address that it was given. That of
    /// its parent is the parent's.
    fn made_link(&self, link: &NewLink) -> Vec<Thing> {
        let mut things = Vec::with_capacity(2);
        things.extend(self.link(link.place, &link.name));
        if link.place == Place::Container {
            things.extend(link.mac.map(Thing::Mac));
        }
        things
    }

    /// Both names, and the address of each end that is in the container: the
    /// node's own links are there to be looked at.
    fn pair(&self, first: &VethEnd, second: &VethEnd) -> Vec<Thing> {
        let mut things = Vec::with_capacity(4);
        for end in [first, second] {
            things.extend(self.link(end.place, &end.name));
            if end.place == Place::Container {
                things.push(Thing::Mac(end.mac));
            }
        }
        things
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_network::{Device, LinkId, RouteMode, namespace::NamespaceIdentity};
    use cofferdam_protocol::MacAddress;

    use super::*;
    use crate::SharedObject;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

    fn end(place: Place, name: &str) -> VethEnd {
        VethEnd {
            place,
            name: name.to_owned(),
            mac: MAC,
            mtu: None,
            master: None,
        }
    }

    fn names(operation: &Operation, inverse: &Inverse) -> Vec<String> {
        let namespace = NamespaceRecord {
            identity: NamespaceIdentity { device: 4, inode: 7 },
            path: String::new(),
            cookie: Some(0xa1),
        };
        let scope = Scope {
            network: "mynet",
            namespace: Some(&namespace),
        };
        scope.things(operation, inverse).iter().map(Thing::file_name).collect()
    }

    fn at(place: Place) -> LinkId {
        LinkId { place, index: 3 }
    }

    #[test]
    fn a_pair_is_two_names_and_the_containers_address() {
        let operation = Operation::CreateVeth {
            first: end(Place::Host, "veth1"),
            second: end(Place::Container, "eth0"),
        };
        let inverse = Inverse::WithLink { link: at(Place::Host) };
        assert_eq!(
            names(&operation, &inverse),
            ["link.host.veth1", "link.container.a1.eth0", "mac.02:00:00:00:00:01"]
        );
    }

    #[test]
    fn a_device_is_its_name_on_the_node_and_what_it_is_in_the_container() {
        let device = Device {
            link: at(Place::Host),
            name: "eth5".to_owned(),
            kind: String::new(),
            mac: Some(MAC),
            permanent_mac: Some(MAC),
            alias: None,
            up: true,
            mtu: 1500,
            promiscuous: false,
            all_multicast: false,
            transmit_queue_length: 1000,
        };
        let operation = Operation::TakeDevice {
            link: device.link,
            name: device.name.clone(),
            inside: "net1".to_owned(),
        };
        let inverse = Inverse::ReturnDevice {
            device,
            inside: "net1".to_owned(),
        };
        assert_eq!(
            names(&operation, &inverse),
            ["link.host.eth5", "link.container.a1.net1", "mac.02:00:00:00:00:01"]
        );
    }

    #[test]
    fn an_address_is_the_networks_in_a_container_and_the_links_on_the_node() {
        let add = |place, address: &str| Operation::AddAddress {
            link: at(place),
            name: "l".to_owned(),
            address: address.parse().unwrap(),
            skip_duplicate_detection: true,
        };
        let with_link = Inverse::WithLink { link: at(Place::Host) };
        for (address, expected) in [
            ("10.22.0.5/16", Some("address.10%2E22%2E0%2E5.mynet")),
            ("fd00::5/64", Some("address.fd00::5.mynet")),
            ("127.0.0.2/8", None),
            ("::1/128", None),
            ("169.254.1.1/32", None),
            ("fe80::1/64", None),
        ] {
            let owned = names(&add(Place::Container, address), &with_link);
            assert_eq!(owned, expected.into_iter().collect::<Vec<_>>());
        }
        let foreign = Inverse::DeleteAddress {
            link: at(Place::Host),
            name: "l".to_owned(),
            address: "10.22.0.1/16".parse().unwrap(),
        };
        let operation = add(Place::Host, "10.22.0.1/16");
        for inverse in [foreign, with_link] {
            assert_eq!(names(&operation, &inverse), ["link-address.l.10%2E22%2E0%2E1%2F16"]);
        }
        let shared = Inverse::LeaveShared {
            object: SharedObject::Address {
                place: Place::Host,
                link: "l".to_owned(),
                address: "10.22.0.1/16".parse().unwrap(),
            },
        };
        assert!(names(&operation, &shared).is_empty());
    }

    #[test]
    fn a_route_is_owned_on_the_node_through_any_link() {
        let add = |place| Operation::AddRoute {
            link: at(place),
            name: "l".to_owned(),
            route: Route {
                destination: "10.22.0.5/32".parse().unwrap(),
                gateway: None,
                source: None,
                priority: Some(5),
                table: None,
                scope: None,
                mtu: None,
                advmss: None,
            },
            mode: RouteMode::Exclusive,
        };
        let inverse = Inverse::WithLink { link: at(Place::Host) };
        assert_eq!(names(&add(Place::Host), &inverse), ["route.254.10%2E22%2E0%2E5%2F32"]);
        assert!(names(&add(Place::Container), &inverse).is_empty());
    }
}
