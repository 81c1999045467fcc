use cofferdam_network::{Error, Network, SysctlKey};
use cofferdam_protocol::Place;

use crate::fixture::{assert_invalid, assert_not_found, end, in_new_namespaces, veth};

fn key(text: &str) -> SysctlKey {
    SysctlKey::new(text.split('/').map(str::to_owned).collect()).unwrap()
}

#[test]
fn each_namespace_has_its_own_value() {
    in_new_namespaces(|kernel| {
        // One at each depth, and some that belong to no family of addresses.
        for (name, host, container) in [
            ("net/ipv4/ip_forward", "0", "1"),
            ("net/ipv4/conf/lo/arp_notify", "0", "1"),
            ("net/ipv4/neigh/lo/gc_stale_time", "61", "62"),
            ("net/ipv6/conf/all/forwarding", "0", "1"),
            ("net/ipv6/conf/lo/accept_ra", "0", "2"),
            ("net/core/somaxconn", "1001", "1002"),
            ("net/unix/max_dgram_qlen", "11", "12"),
        ] {
            let key = key(name);
            for (place, value) in [(Place::Host, host), (Place::Container, container)] {
                kernel.set_sysctl(place, &key, value).unwrap();
            }
            assert_eq!(kernel.sysctl(Place::Host, &key).unwrap(), host, "{name}");
            assert_eq!(kernel.sysctl(Place::Container, &key).unwrap(), container, "{name}");
        }
    });
}

#[test]
fn a_links_settings_are_where_the_link_is() {
    in_new_namespaces(|kernel| {
        veth(kernel);
        let inner = key("net/ipv4/conf/eth0/arp_notify");
        kernel.set_sysctl(Place::Container, &inner, "1").unwrap();
        assert_eq!(kernel.sysctl(Place::Container, &inner).unwrap(), "1");
        let words = ["net/ipv4/conf/eth0/arp_notify", "host"];
        assert_not_found(kernel.sysctl(Place::Host, &inner), &words);
        assert_not_found(kernel.set_sysctl(Place::Host, &inner, "1"), &words);
    });
}

#[test]
fn a_link_may_have_a_dot_in_its_name() {
    in_new_namespaces(|kernel| {
        let first = end(Place::Container, "eth0.5", 1);
        kernel.create_veth(&first, &end(Place::Host, "veth0", 2)).unwrap();
        let parts = ["net", "ipv4", "conf", "eth0.5", "arp_notify"];
        let key = SysctlKey::new(parts.map(str::to_owned).to_vec()).unwrap();
        assert_eq!(kernel.sysctl(Place::Container, &key).unwrap(), "0");
    });
}

#[test]
fn a_value_of_several_words_is_read_whole() {
    in_new_namespaces(|kernel| {
        let range = key("net/ipv4/ip_local_port_range");
        kernel.set_sysctl(Place::Container, &range, "2000 3000").unwrap();
        assert_eq!(kernel.sysctl(Place::Container, &range).unwrap(), "2000\t3000");
    });
}

#[test]
fn a_value_that_cannot_be_written_is_refused() {
    in_new_namespaces(|kernel| {
        let forwarding = key("net/ipv4/ip_forward");
        for value in ["1\0", &"1".repeat(4097), "yes"] {
            assert_invalid(kernel.set_sysctl(Place::Container, &forwarding, value));
        }
        assert_eq!(kernel.sysctl(Place::Container, &forwarding).unwrap(), "0");
    });
}

#[test]
fn a_setting_that_is_in_no_directory_of_the_containers_own_is_out_of_reach() {
    in_new_namespaces(|kernel| {
        let key = key("net/nf_conntrack_max");
        let error = kernel.sysctl(Place::Container, &key).unwrap_err();
        assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
        assert!(error.to_string().contains("net/nf_conntrack_max"), "{error}");
    });
}
