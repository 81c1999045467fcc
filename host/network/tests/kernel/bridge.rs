use cofferdam_network::{Bridge, Error, Network};
use cofferdam_protocol::{MacAddress, Place};

use crate::fixture::{assert_exists, assert_invalid, bridge, in_new_namespaces, mac};

fn declaration(name: &str) -> Bridge {
    Bridge {
        place: Place::Host,
        name: name.to_owned(),
        mac: mac(9),
        mtu: Some(1400),
        vlan_filtering: false,
    }
}

#[test]
fn a_bridge_is_made_as_declared_and_down() {
    in_new_namespaces(|kernel| {
        for place in [Place::Host, Place::Container] {
            let id = kernel
                .create_bridge(&Bridge {
                    place,
                    ..declaration("br0")
                })
                .unwrap();
            let info = kernel.link_by_name(place, "br0").unwrap().unwrap();
            assert_eq!((info.id, info.kind.as_str()), (id, "bridge"));
            assert_eq!((info.mac, info.mtu, info.up), (Some(mac(9)), 1400, false));
        }
    });
}

#[test]
fn its_address_does_not_follow_its_ports() {
    in_new_namespaces(|kernel| {
        let bridge = bridge(kernel, "br0");
        let (_, outer) = crate::fixture::veth(kernel);
        kernel.set_link_master(outer, Some(bridge.index)).unwrap();
        assert_eq!(kernel.link(bridge).unwrap().unwrap().mac, Some(mac(0xbb)));
    });
}

#[test]
fn a_name_that_is_taken_is_told() {
    in_new_namespaces(|kernel| {
        bridge(kernel, "br0");
        let again = kernel.create_bridge(&declaration("br0"));
        assert_exists(again, &["br0", "host"]);
        assert_exists(kernel.create_bridge(&declaration("lo")), &["lo", "host"]);
    });
}

#[test]
fn a_name_or_address_that_no_bridge_can_have_is_refused() {
    in_new_namespaces(|kernel| {
        for name in ["", "sixteen-letters!", "br%d", "a/b"] {
            assert_invalid(kernel.create_bridge(&declaration(name)));
        }
        assert_invalid(kernel.create_bridge(&Bridge {
            mac: MacAddress([0; 6]),
            ..declaration("br0")
        }));
        assert_eq!(kernel.links(Place::Host).unwrap().len(), 1);
    });
}

#[test]
fn vlan_filtering_is_on_or_the_bridge_is_not_made() {
    in_new_namespaces(|kernel| {
        let made = kernel.create_bridge(&Bridge {
            vlan_filtering: true,
            ..declaration("br0")
        });
        let present = kernel.link_by_name(Place::Host, "br0").unwrap();
        match made {
            Ok(id) => assert_eq!(present.map(|link| link.id), Some(id)),
            Err(Error::Unsupported(text)) => {
                assert!(text.contains("br0") && text.contains("VLAN"), "{text}");
                assert_eq!(present, None);
            }
            Err(error) => panic!("{error}"),
        }
    });
}
