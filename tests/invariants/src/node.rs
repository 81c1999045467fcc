use cofferdam_network::{LinkId, Neighbor, Network as _, Route, RouteMode, Rule, nftables};
use cofferdam_protocol::{MacAddress, Place};

use cofferdam_simulation::{Nobody, Sides, Simulated};

/// A node with an uplink, another tenant's bridge and port, a firewall, and
/// something of everything else; and a new container.
pub(crate) fn sides() -> Sides {
    let mut sides = Sides::bare();
    for (place, name, kind) in [
        (Place::Host, "up0", ""),
        (Place::Host, "br-ex", "bridge"),
        (Place::Host, "veth-ex", "veth"),
        (Place::Host, "vethtenant", "veth"),
        (Place::Container, "net1", "veth"),
    ] {
        let last = u8::try_from(name.len()).unwrap();
        sides
            .at_mut(place)
            .add_link(place, name, kind, Some(MacAddress([2, 0, 0, 0, 7, last])));
    }
    let mut network = Simulated::new(sides, Box::new(Nobody));
    let link =
        |network: &mut Simulated, place, name| -> LinkId { network.link_by_name(place, name).unwrap().unwrap().id };
    let up = link(&mut network, Place::Host, "up0");
    let bridge = link(&mut network, Place::Host, "br-ex");
    for (port, hairpin) in [("veth-ex", true), ("vethtenant", false)] {
        let port = link(&mut network, Place::Host, port);
        network.set_link_master(port, Some(bridge.index)).unwrap();
        network.set_port_hairpin(port, hairpin).unwrap();
        network.set_link_up(port, true).unwrap();
    }
    network.set_link_up(up, true).unwrap();
    network.add_address(up, "192.0.2.2/24".parse().unwrap(), true).unwrap();
    network
        .add_address(bridge, "10.22.0.1/16".parse().unwrap(), true)
        .unwrap();
    network.add_route(up, &default_route(), RouteMode::Exclusive).unwrap();
    let neighbor = Neighbor {
        address: "192.0.2.1".parse().unwrap(),
        mac: MacAddress([2, 0, 0, 0, 8, 1]),
    };
    network.add_neighbor(up, &neighbor).unwrap();
    network.add_rule(Place::Host, &others_rule()).unwrap();
    network.create_table(Place::Host, &firewall()).unwrap();
    network.sides()
}

fn default_route() -> Route {
    Route {
        destination: "0.0.0.0/0".parse().unwrap(),
        gateway: Some("192.0.2.1".parse().unwrap()),
        source: None,
        priority: None,
        table: None,
        scope: None,
        mtu: None,
        advmss: None,
    }
}

fn others_rule() -> Rule {
    Rule {
        ipv6: false,
        source: Some("198.51.100.0/24".parse().unwrap()),
        destination: None,
        input_interface: None,
        output_interface: None,
        mark: None,
        priority: Some(500),
        table: 100,
    }
}

fn firewall() -> nftables::Table {
    nftables::Table {
        id: nftables::TableId {
            family: nftables::Family::Inet,
            name: "firewall".to_owned(),
        },
        sets: Vec::new(),
        chains: vec![nftables::Chain {
            name: "input".to_owned(),
            base: None,
            rules: Vec::new(),
        }],
    }
}
