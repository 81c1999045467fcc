use cofferdam_network::Network;
use cofferdam_protocol::Place;

use crate::fixture::{
    assert_exists, assert_invalid, assert_not_found, has_file, in_new_namespaces, missing, prefix, veth, veth_up,
    wait_until,
};

const IPV6: &str = "/proc/sys/net/ipv6";

#[test]
fn an_ipv4_address_comes_and_goes() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth(kernel);
        let address = prefix("10.22.0.2/16");
        kernel.add_address(inner, address, false).unwrap();
        let [info] = &kernel.addresses(inner).unwrap()[..] else {
            panic!("one address");
        };
        assert_eq!((info.address, info.scope), (address, 0));
        assert!(!info.tentative && !info.duplicate);
        assert_eq!(kernel.addresses(outer).unwrap(), []);

        assert_exists(
            kernel.add_address(inner, address, false),
            &["10.22.0.2/16", "container"],
        );
        assert_not_found(
            kernel.delete_address(inner, prefix("10.22.0.2/24")),
            &["10.22.0.2/24", "container"],
        );
        kernel.delete_address(inner, address).unwrap();
        assert_eq!(kernel.addresses(inner).unwrap(), []);
        assert_not_found(kernel.delete_address(inner, address), &["10.22.0.2/16"]);
    });
}

#[test]
fn an_ipv4_address_gets_the_broadcast_address_of_its_network() {
    in_new_namespaces(|kernel| {
        let (_, outer) = veth_up(kernel);
        kernel.add_address(outer, prefix("10.22.0.1/16"), false).unwrap();
        let table = std::fs::read_to_string("/proc/thread-self/net/fib_trie").unwrap();
        assert!(table.contains("10.22.255.255"), "{table}");
    });
}

#[test]
fn a_list_holds_both_families_of_this_link_only() {
    in_new_namespaces(|kernel| {
        if !has_file(IPV6, "IPv6") {
            return;
        }
        let (inner, _) = veth(kernel);
        let lo = kernel.link_by_name(Place::Container, "lo").unwrap().unwrap();
        kernel.add_address(lo.id, prefix("10.9.0.1/32"), false).unwrap();
        let all = ["10.22.0.2/16", "10.23.0.2/32", "fd00::2/64"].map(prefix);
        for address in all {
            kernel.add_address(inner, address, false).unwrap();
        }
        let listed = kernel.addresses(inner).unwrap();
        let listed: Vec<_> = listed.iter().map(|info| info.address).collect();
        assert_eq!(listed, all);
    });
}

#[test]
fn duplicate_detection_of_an_ipv6_address_can_be_left_out() {
    in_new_namespaces(|kernel| {
        if !has_file(IPV6, "IPv6") {
            return;
        }
        let (inner, _) = veth_up(kernel);
        let (plain, quick) = (prefix("fd00::2/64"), prefix("fd00::3/64"));
        kernel.add_address(inner, plain, false).unwrap();
        kernel.add_address(inner, quick, true).unwrap();
        let mut tentative = |address| {
            let listed = kernel.addresses(inner).unwrap();
            let info = listed.into_iter().find(|info| info.address == address);
            let info = info.unwrap();
            assert!(!info.duplicate);
            info.tentative
        };
        assert!(tentative(plain));
        assert!(!tentative(quick));
        wait_until(|| !tentative(plain));
    });
}

#[test]
fn an_ipv6_address_that_another_node_has_is_told() {
    in_new_namespaces(|kernel| {
        if !has_file(IPV6, "IPv6") {
            return;
        }
        let (inner, outer) = veth_up(kernel);
        let address = prefix("fd00::2/64");
        kernel.add_address(outer, address, true).unwrap();
        kernel.add_address(inner, address, false).unwrap();
        wait_until(|| {
            let listed = kernel.addresses(inner).unwrap();
            let found = listed.into_iter().find(|info| info.address == address);
            found.is_some_and(|info| info.duplicate)
        });
        assert_exists(kernel.add_address(inner, address, true), &["fd00::2/64"]);
        kernel.delete_address(inner, address).unwrap();
        assert_not_found(kernel.delete_address(inner, address), &["fd00::2/64"]);
    });
}

#[test]
fn a_missing_link_is_told() {
    in_new_namespaces(|kernel| {
        let link = missing(Place::Host);
        let address = prefix("10.22.0.2/16");
        let words = ["link 4711", "host"];
        assert_not_found(kernel.addresses(link), &words);
        assert_not_found(kernel.add_address(link, address, false), &words);
        assert_not_found(kernel.delete_address(link, address), &words);
    });
}

#[test]
fn what_cannot_be_an_address_is_refused() {
    in_new_namespaces(|kernel| {
        let (inner, _) = veth(kernel);
        for address in ["0.0.0.0/8", "224.0.0.1/8", "::/64", "ff02::1/64"] {
            assert_invalid(kernel.add_address(inner, prefix(address), false));
        }
    });
}

#[test]
fn a_namespaces_list_holds_the_addresses_of_all_its_links() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth(kernel);
        let lo = kernel.link_by_name(Place::Container, "lo").unwrap().unwrap();
        kernel.add_address(inner, prefix("10.22.0.2/16"), false).unwrap();
        kernel.add_address(lo.id, prefix("10.9.0.1/32"), false).unwrap();
        kernel.add_address(outer, prefix("10.22.0.1/16"), false).unwrap();
        let mut listed = |place| {
            let listed = kernel.addresses_in(place).unwrap();
            let mut listed: Vec<_> = listed.iter().map(|info| info.address).collect();
            listed.sort();
            listed
        };
        assert_eq!(
            listed(Place::Container),
            [prefix("10.9.0.1/32"), prefix("10.22.0.2/16")]
        );
        assert_eq!(listed(Place::Host), [prefix("10.22.0.1/16")]);
    });
}

#[test]
fn an_address_is_there_whatever_link_of_the_namespace_has_it() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth(kernel);
        for (link, address) in [
            (inner, "10.22.0.2/16"),
            (inner, "fd00::2/64"),
            (outer, "10.22.0.1/16"),
            (outer, "fd00::1/64"),
        ] {
            kernel.add_address(link, prefix(address), true).unwrap();
        }
        for (place, address, there) in [
            (Place::Container, "10.22.0.2", true),
            (Place::Container, "fd00::2", true),
            (Place::Container, "10.22.0.1", false),
            (Place::Container, "fd00::1", false),
            (Place::Host, "10.22.0.1", true),
            (Place::Host, "fd00::1", true),
            (Place::Host, "10.22.0.2", false),
            (Place::Host, "fd00::2", false),
            (Place::Host, "fd00::", false),
            (Place::Host, "10.22.255.255", false),
        ] {
            let found = kernel.has_address(place, address.parse().unwrap()).unwrap();
            assert_eq!(found, there, "{address} in the {place} namespace");
        }
    });
}
