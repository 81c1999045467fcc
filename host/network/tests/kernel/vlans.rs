use cofferdam_network::{Bridge, Error, Kernel, LinkId, Network, PortVlans, VlanRange};
use cofferdam_protocol::Place;

use crate::fixture::{assert_conflict, assert_not_found, bridge, in_new_namespaces, mac, missing, skipped, veth};

fn range(first: u16, last: u16, pvid: bool, untagged: bool) -> VlanRange {
    VlanRange {
        first,
        last,
        pvid,
        untagged,
    }
}

fn vlans(ranges: &[VlanRange]) -> PortVlans {
    PortVlans::new(ranges.to_vec()).unwrap()
}

/// A port of a bridge that filters; `None`, and says so, where the kernel has
/// no such bridges.
fn port(kernel: &mut Kernel) -> Option<LinkId> {
    let made = kernel.create_bridge(&Bridge {
        place: Place::Host,
        name: "br0".to_owned(),
        mac: mac(0xbb),
        mtu: None,
        vlan_filtering: true,
    });
    let bridge = match made {
        Ok(bridge) => bridge,
        Err(Error::Unsupported(text)) => {
            skipped(text);
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(kernel.link(bridge).unwrap().unwrap().vlan_filtering, Some(true));
    let (_, outer) = veth(kernel);
    kernel.set_link_master(outer, Some(bridge.index)).unwrap();
    Some(outer)
}

#[test]
fn vlans_of_a_port_are_as_they_were_set() {
    in_new_namespaces(|kernel| {
        let Some(port) = port(kernel) else { return };
        assert_eq!(kernel.port_vlans(port).unwrap(), vlans(&[range(1, 1, true, true)]));
        for wanted in [
            vlans(&[range(10, 10, true, true)]),
            vlans(&[
                range(1, 1, false, true),
                range(10, 10, true, true),
                range(20, 29, false, false),
            ]),
            vlans(&[range(1, 1, true, true), range(25, 40, false, false)]),
            // Another way of being in the same ones.
            vlans(&[
                range(1, 24, false, false),
                range(25, 25, true, false),
                range(26, 40, false, true),
            ]),
            vlans(&[range(1, 4094, false, false)]),
            PortVlans::default(),
            vlans(&[range(4094, 4094, true, true)]),
        ] {
            kernel.set_port_vlans(port, &wanted).unwrap();
            assert_eq!(kernel.port_vlans(port).unwrap(), wanted, "{wanted}");
            kernel.set_port_vlans(port, &wanted).unwrap();
            assert_eq!(kernel.port_vlans(port).unwrap(), wanted, "{wanted}, again");
        }
    });
}

#[test]
fn what_is_no_port_is_told() {
    in_new_namespaces(|kernel| {
        bridge(kernel, "br1");
        let (_, outer) = veth(kernel);
        let wanted = vlans(&[range(10, 10, true, true)]);
        assert_eq!(kernel.port_vlans(outer).unwrap(), PortVlans::default());
        assert_conflict(kernel.set_port_vlans(outer, &wanted), &["not a port of a bridge"]);
        assert_not_found(kernel.set_port_vlans(missing(Place::Host), &wanted), &["4711"]);
    });
}
