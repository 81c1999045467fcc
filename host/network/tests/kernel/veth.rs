use cofferdam_network::{Error, Network, VethEnd};
use cofferdam_protocol::Place;

use crate::fixture::{
    TIME_LIMIT, assert_conflict, assert_exists, assert_invalid, assert_not_found, bridge, end, in_new_namespaces, mac,
    with_namespace,
};

#[test]
fn both_ends_appear_where_they_belong_as_declared() {
    in_new_namespaces(|kernel| {
        let bridge = bridge(kernel, "br0");
        let inner = VethEnd {
            mtu: Some(1400),
            ..end(Place::Container, "eth0", 1)
        };
        let outer = VethEnd {
            mtu: Some(1400),
            master: Some(bridge.index),
            ..end(Place::Host, "veth0", 2)
        };
        let (inner_id, outer_id) = kernel.create_veth(&inner, &outer).unwrap();

        let info = kernel.link(inner_id).unwrap().unwrap();
        assert_eq!((info.id.place, info.name.as_str()), (Place::Container, "eth0"));
        assert_eq!((info.mac, info.mtu, info.up), (Some(mac(1)), 1400, false));
        assert_eq!((info.kind.as_str(), info.master), ("veth", None));
        assert_eq!((info.lower, info.lower_elsewhere), (Some(outer_id.index), true));

        let info = kernel.link(outer_id).unwrap().unwrap();
        assert_eq!((info.id.place, info.name.as_str()), (Place::Host, "veth0"));
        assert_eq!((info.mac, info.mtu, info.up), (Some(mac(2)), 1400, false));
        assert_eq!(info.master, Some(bridge.index));
        assert_eq!((info.lower, info.lower_elsewhere), (Some(inner_id.index), true));

        assert_eq!(kernel.links(Place::Host).unwrap().len(), 3);
        assert_eq!(kernel.links(Place::Container).unwrap().len(), 2);
    });
}

/// A link that is made elsewhere and then moved is announced there first.
#[test]
fn no_end_is_seen_in_the_other_namespace() {
    with_namespace(|container| {
        let mut kernel = cofferdam_network::Kernel::new(TIME_LIMIT).with_container(container);
        let groups = 1; // RTMGRP_LINK
        let mut watch = netlink_sys::Socket::new(netlink_sys::protocols::NETLINK_ROUTE).unwrap();
        watch.bind(&netlink_sys::SocketAddr::new(0, groups)).unwrap();
        watch.set_non_blocking(true).unwrap();
        let (first, second) = (end(Place::Container, "eth0", 1), end(Place::Host, "veth0", 2));
        kernel.create_veth(&first, &second).unwrap();
        let mut seen = 0;
        while let Ok((message, _)) = watch.recv_from_full() {
            seen += 1;
            let has = |name: &[u8]| message.windows(name.len()).any(|part| part == name);
            assert!(has(b"veth0\0"), "another link was announced");
            assert!(!has(b"eth0\0\0\0\0"), "the container's end was announced");
        }
        assert!(seen > 0);
    });
}

#[test]
fn either_end_can_have_the_master_and_be_anywhere() {
    let places = [Place::Host, Place::Container];
    for first_place in places {
        for second_place in places {
            for master_of_first in [true, false] {
                in_new_namespaces(move |kernel| {
                    let (mut first, mut second) = (end(first_place, "one", 1), end(second_place, "two", 2));
                    let with_master = if master_of_first { &mut first } else { &mut second };
                    let bridge = kernel
                        .create_bridge(&cofferdam_network::Bridge {
                            place: with_master.place,
                            name: "br0".to_owned(),
                            mac: mac(9),
                            mtu: None,
                            vlan_filtering: false,
                        })
                        .unwrap();
                    with_master.master = Some(bridge.index);
                    let (first_id, second_id) = kernel.create_veth(&first, &second).unwrap();
                    for (id, wanted) in [(first_id, &first), (second_id, &second)] {
                        let info = kernel.link(id).unwrap().unwrap();
                        assert_eq!(info.id.place, wanted.place);
                        assert_eq!(info.name, wanted.name);
                        assert_eq!(info.mac, Some(wanted.mac));
                        assert_eq!(info.master, wanted.master);
                        assert_eq!(info.lower_elsewhere, first_place != second_place);
                    }
                });
            }
        }
    }
}

#[test]
fn the_end_whose_name_is_taken_is_told() {
    in_new_namespaces(|kernel| {
        crate::fixture::veth(kernel);
        let table = [
            ("eth0", "veth1", ["eth0", "container"]),
            ("eth1", "veth0", ["veth0", "host"]),
        ];
        for (inner, outer, words) in table {
            let inner = end(Place::Container, inner, 3);
            let outer = end(Place::Host, outer, 4);
            assert_exists(kernel.create_veth(&inner, &outer), &words);
            assert_exists(kernel.create_veth(&outer, &inner), &words);
        }
        assert_eq!(kernel.links(Place::Host).unwrap().len(), 2);
        assert_eq!(kernel.links(Place::Container).unwrap().len(), 2);
    });
}

#[test]
fn a_pair_that_makes_no_sense_is_refused() {
    in_new_namespaces(|kernel| {
        let same = end(Place::Host, "veth0", 1);
        assert_invalid(kernel.create_veth(&same, &end(Place::Host, "veth0", 2)));
        let first = VethEnd {
            master: Some(1),
            ..end(Place::Container, "eth0", 1)
        };
        let second = VethEnd {
            master: Some(1),
            ..end(Place::Host, "veth0", 2)
        };
        assert_invalid(kernel.create_veth(&first, &second));
        let long = end(Place::Container, "sixteen-letters!", 1);
        assert_invalid(kernel.create_veth(&long, &end(Place::Host, "veth0", 2)));
    });
}

#[test]
fn a_master_that_is_missing_or_no_bridge_leaves_nothing_behind() {
    in_new_namespaces(|kernel| {
        let outer = |master| VethEnd {
            master: Some(master),
            ..end(Place::Host, "veth0", 2)
        };
        let inner = end(Place::Container, "eth0", 1);
        assert_not_found(kernel.create_veth(&inner, &outer(4711)), &["link 4711", "host"]);
        assert_conflict(kernel.create_veth(&inner, &outer(1)), &["link 1", "not a bridge"]);
        assert_eq!(kernel.links(Place::Host).unwrap().len(), 1);
        assert_eq!(kernel.links(Place::Container).unwrap().len(), 1);
    });
}

#[test]
fn a_pair_needs_both_namespaces() {
    let mut kernel = cofferdam_network::Kernel::new(TIME_LIMIT);
    let (inner, outer) = (end(Place::Container, "eth0", 1), end(Place::Host, "veth0", 2));
    let result = kernel.create_veth(&inner, &outer);
    assert!(matches!(result, Err(Error::NoNamespace(Place::Container))));
}
