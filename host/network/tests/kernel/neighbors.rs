use cofferdam_network::{Neighbor, Network};
use cofferdam_protocol::Place;

use crate::fixture::{assert_exists, assert_not_found, has_file, in_new_namespaces, mac, missing, prefix, veth_up};

fn neighbor(address: &str) -> Neighbor {
    Neighbor {
        address: address.parse().unwrap(),
        mac: mac(0x42),
    }
}

#[test]
fn a_permanent_neighbour_comes_and_goes() {
    in_new_namespaces(|kernel| {
        if !has_file("/proc/sys/net/ipv6", "IPv6") {
            return;
        }
        let (inner, outer) = veth_up(kernel);
        for address in ["10.22.0.9", "fd00::9"] {
            let neighbor = neighbor(address);
            kernel.add_neighbor(inner, &neighbor).unwrap();
            assert_eq!(kernel.neighbors(inner).unwrap(), std::slice::from_ref(&neighbor));
            assert_eq!(kernel.neighbors(outer).unwrap(), []);
            let words = [address, "container"];
            assert_exists(kernel.add_neighbor(inner, &neighbor), &words);
            kernel.delete_neighbor(inner, &neighbor).unwrap();
            assert_eq!(kernel.neighbors(inner).unwrap(), []);
            assert_not_found(kernel.delete_neighbor(inner, &neighbor), &words);
        }
    });
}

#[test]
fn neighbours_that_the_kernel_found_itself_are_not_listed() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth_up(kernel);
        kernel.add_address(inner, prefix("10.22.0.2/16"), false).unwrap();
        kernel.add_address(outer, prefix("10.22.0.1/16"), false).unwrap();
        let socket = std::net::UdpSocket::bind("10.22.0.1:0").unwrap();
        socket.send_to(b"hello", "10.22.0.2:9").unwrap();
        let table = || std::fs::read_to_string("/proc/thread-self/net/arp").unwrap();
        crate::fixture::wait_until(|| table().contains("10.22.0.2"));
        assert_eq!(kernel.neighbors(outer).unwrap(), []);
        kernel.add_neighbor(outer, &neighbor("10.22.0.9")).unwrap();
        assert_eq!(kernel.neighbors(outer).unwrap(), [neighbor("10.22.0.9")]);
    });
}

#[test]
fn a_missing_link_is_told() {
    in_new_namespaces(|kernel| {
        let link = missing(Place::Host);
        let words = ["link 4711", "host"];
        assert_not_found(kernel.add_neighbor(link, &neighbor("10.22.0.9")), &words);
        assert_not_found(kernel.delete_neighbor(link, &neighbor("10.22.0.9")), &words);
    });
}
