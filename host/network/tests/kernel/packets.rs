use std::{
    fs,
    net::{Ipv4Addr, UdpSocket},
    time::Duration,
};

use cofferdam_network::{Ahead, Datagram, Error, Exchange, Kernel, LinkId, Network, Ports};
use cofferdam_protocol::Place;

use crate::fixture::{
    TIME_LIMIT, assert_not_found, in_new_namespaces, mac, missing, prefix, skipped, veth, veth_up, with_namespace,
};

const CLIENT: Ports = Ports { local: 68, remote: 67 };
const SERVER: Ports = Ports { local: 67, remote: 68 };
const LONG: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(50);

fn to_all(payload: &[u8]) -> Datagram {
    Datagram {
        source: Ipv4Addr::UNSPECIFIED,
        destination: Ipv4Addr::BROADCAST,
        mac: None,
        payload: payload.to_vec(),
    }
}

fn both_ends(kernel: &mut Kernel) -> (LinkId, Box<dyn Exchange>, Box<dyn Exchange>) {
    let (inner, outer) = veth_up(kernel);
    let client = kernel.open_exchange(inner, CLIENT).unwrap();
    (inner, client, kernel.open_exchange(outer, SERVER).unwrap())
}

#[test]
fn datagrams_go_both_ways_where_no_link_has_an_address() {
    in_new_namespaces(|kernel| {
        let (_, mut client, mut server) = both_ends(kernel);
        client.send(&to_all(b"who am I")).unwrap();
        let asked = server.receive(LONG).unwrap().unwrap();
        assert_eq!((asked.source, asked.mac), (Ipv4Addr::UNSPECIFIED, mac(1)));
        assert_eq!(asked.payload, b"who am I");
        let answer = Datagram {
            source: Ipv4Addr::new(10, 22, 0, 1),
            destination: Ipv4Addr::new(10, 22, 0, 9),
            mac: Some(asked.mac),
            payload: b"you are 10.22.0.9".to_vec(),
        };
        server.send(&answer).unwrap();
        let answered = client.receive(LONG).unwrap().unwrap();
        assert_eq!((answered.source, answered.mac), (answer.source, mac(2)));
        assert_eq!(answered.payload, answer.payload);
        assert_eq!(client.receive(SHORT).unwrap(), None);
    });
}

/// A server that sends as programs do, whose checksums are left to hardware
/// that there is none of.
#[test]
fn what_the_kernel_itself_sends_is_received_and_other_ports_are_not() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth_up(kernel);
        kernel.add_address(outer, prefix("10.22.0.1/24"), false).unwrap();
        let mut client = kernel.open_exchange(inner, CLIENT).unwrap();
        let sender = |port| {
            let socket = UdpSocket::bind(("10.22.0.1", port)).unwrap();
            socket.set_broadcast(true).unwrap();
            socket
        };
        let (server, other) = (sender(67), sender(69));
        other.send_to(b"from another port", "10.22.0.255:68").unwrap();
        server.send_to(b"to another port", "10.22.0.255:69").unwrap();
        server.send_to(b"ours", "10.22.0.255:68").unwrap();
        let received = client.receive(LONG).unwrap().unwrap();
        assert_eq!(received.payload, b"ours");
        assert_eq!(client.receive(SHORT).unwrap(), None);
    });
}

#[test]
fn what_is_sent_to_another_neighbour_is_not_seen() {
    in_new_namespaces(|kernel| {
        let (inner, mut client, mut server) = both_ends(kernel);
        // All frames come to a link that is promiscuous.
        kernel.set_link_promiscuous(inner, true).unwrap();
        for (to, payload) in [(mac(0x77), b"not ours"), (mac(1), b"but this")] {
            let datagram = Datagram {
                mac: Some(to),
                ..to_all(payload)
            };
            server.send(&datagram).unwrap();
        }
        assert_eq!(client.receive(LONG).unwrap().unwrap().payload, b"but this");
        assert_eq!(client.receive(SHORT).unwrap(), None);
    });
}

#[test]
fn a_burst_waits_until_it_is_read() {
    let users = fs::read_to_string("/proc/self/uid_map").unwrap();
    if !users.contains("4294967295") {
        skipped("root of a user namespace can't have a socket hold more than others do");
        return;
    }
    in_new_namespaces(|kernel| {
        let (_, mut client, mut server) = both_ends(kernel);
        let burst = 400_u16;
        for number in 0..burst {
            let mut payload = vec![0; 1400];
            payload[..2].copy_from_slice(&number.to_be_bytes());
            server.send(&to_all(&payload)).unwrap();
        }
        for number in 0..burst {
            let received = client.receive(LONG).unwrap().unwrap();
            assert_eq!(received.payload[..2], number.to_be_bytes());
        }
    });
}

#[test]
fn what_is_opened_ahead_is_used_later() {
    with_namespace(|container| {
        let mut kernel = Kernel::new(TIME_LIMIT).with_container(container);
        let ahead = Ahead {
            packets: [Place::Host, Place::Container].into(),
            ..Ahead::default()
        };
        kernel.open_ahead(&ahead).unwrap();
        let (_, mut client, mut server) = both_ends(&mut kernel);
        client.send(&to_all(b"hello")).unwrap();
        assert_eq!(server.receive(LONG).unwrap().unwrap().payload, b"hello");
    });
}

#[test]
fn a_link_that_is_gone_or_down_is_told() {
    in_new_namespaces(|kernel| {
        let gone = missing(Place::Container);
        assert_not_found(kernel.open_exchange(gone, CLIENT).map(drop), &["4711"]);
        let (inner, _) = veth(kernel);
        let mut client = kernel.open_exchange(inner, CLIENT).unwrap();
        let sent = client.send(&to_all(b"hello"));
        assert!(matches!(sent, Err(Error::Os { .. })), "{sent:?}");
        kernel.delete_link(inner).unwrap();
        assert!(client.send(&to_all(b"hello")).is_err());
    });
}
