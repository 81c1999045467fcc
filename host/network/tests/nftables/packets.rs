//! The rules do to packets what they say.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::fd::OwnedFd,
    thread,
    time::Duration,
};

use cofferdam_network::{
    Kernel, Network, VethEnd,
    nftables::{
        Action, AddressType, ChainType, Data, Element, Family, Field, Hook, Match, Table, Value, ValueType, Verdict,
    },
};
use cofferdam_protocol::{MacAddress, Place};
use nix::sched::{CloneFlags, setns};

use crate::fixture::{address, base_chain, in_new_namespace, map, new_namespace, rule, table_id};

const HOST: &str = "10.9.0.1";
const CONTAINER: &str = "10.9.0.2";
/// Of the host as well, on another network.
const ELSEWHERE: &str = "192.0.2.1";
const PORT: u16 = 8080;

/// A veth pair between the thread's namespace and a container's.
fn connected(kernel: &mut Kernel) {
    let end = |place, name: &str, last| VethEnd {
        place,
        name: name.to_owned(),
        mac: MacAddress([2, 0, 0, 0, 0, last]),
        mtu: None,
        master: None,
    };
    let (inner, outer) = kernel
        .create_veth(&end(Place::Container, "eth0", 1), &end(Place::Host, "veth0", 2))
        .unwrap();
    let loopback = kernel.link_by_name(Place::Host, "lo").unwrap().unwrap().id;
    for (link, address) in [
        (inner, format!("{CONTAINER}/24")),
        (outer, format!("{HOST}/24")),
        (loopback, format!("{ELSEWHERE}/32")),
    ] {
        kernel.add_address(link, address.parse().unwrap(), true).unwrap();
        kernel.set_link_up(link, true).unwrap();
    }
}

/// Sends the peer's address, as the server sees it, to each who connects.
fn serve_peer_address(namespace: OwnedFd) {
    let (ready, wait) = std::sync::mpsc::channel();
    thread::spawn(move || {
        setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
        let listener = TcpListener::bind((CONTAINER, PORT)).unwrap();
        ready.send(()).unwrap();
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let peer = connection.peer_addr().unwrap().ip().to_string();
            connection.write_all(peer.as_bytes()).unwrap();
        }
    });
    wait.recv().unwrap();
}

fn ask(server: &str, port: u16) -> std::io::Result<IpAddr> {
    let server = SocketAddr::new(server.parse().unwrap(), port);
    // Long enough for TCP to send again (after 1 s) what a link that has just
    // come up has lost. Where nobody listens the refusal comes at once.
    let mut connection = TcpStream::connect_timeout(&server, Duration::from_secs(10))?;
    let mut text = String::new();
    connection.read_to_string(&mut text)?;
    Ok(text.parse().unwrap())
}

#[test]
fn a_published_port_leads_into_the_container_and_its_answer_back() {
    in_new_namespace(|kernel| {
        let namespace = new_namespace();
        let mut both = Kernel::new(Duration::from_secs(10)).with_container(namespace.try_clone().unwrap());
        connected(&mut both);
        serve_peer_address(namespace);

        let service = &[ValueType::Protocol, ValueType::Port];
        let targets = map("targets", service, &[ValueType::Ipv4Address, ValueType::Port]);
        let published = rule(
            vec![Match::DestinationType(AddressType::Local)],
            vec![Action::DestinationNatMap {
                fields: vec![Field::Protocol, Field::DestinationPort],
                map: "targets".to_owned(),
            }],
        );
        let masquerade = rule(
            vec![Match::DestinationTranslated],
            vec![Action::Count, Action::Masquerade],
        );
        let table = Table {
            id: table_id(Family::Inet, "t"),
            sets: vec![targets.clone()],
            chains: vec![
                base_chain("output", ChainType::Nat, Hook::Output, -100, vec![published]),
                base_chain("postrouting", ChainType::Nat, Hook::Postrouting, 100, vec![masquerade]),
            ],
        };
        kernel.create_table(Place::Host, &table).unwrap();
        assert!(ask(ELSEWHERE, 80).is_err());
        let element = [Element {
            key: vec![Value::Protocol(6), Value::Port(80)],
            data: Some(Data::Values(vec![address(CONTAINER), Value::Port(PORT)])),
        }];
        kernel
            .add_elements(Place::Host, &table.id, &targets, &element, "web")
            .unwrap();
        // The container has no route to the host's other address: only as
        // masqueraded packets can the client's reach it and be answered.
        let seen = ask(ELSEWHERE, 80).unwrap();
        assert_eq!(seen.to_string(), HOST);
        kernel
            .delete_elements(Place::Host, &table.id, &targets, &element)
            .unwrap();
        assert!(ask(ELSEWHERE, 80).is_err());
    });
}

#[test]
fn a_port_that_is_named_without_a_protocol_drops_what_has_it() {
    in_new_namespace(|kernel| {
        let loopback = kernel.link_by_name(Place::Host, "lo").unwrap().unwrap().id;
        kernel.set_link_up(loopback, true).unwrap();
        let drop_port = rule(
            vec![Match::Value {
                field: Field::DestinationPort,
                value: Value::Port(5_353),
                negate: false,
            }],
            vec![Action::Verdict(Verdict::Drop)],
        );
        let table = Table {
            id: table_id(Family::Inet, "t"),
            sets: vec![],
            chains: vec![base_chain("in", ChainType::Filter, Hook::Input, 0, vec![drop_port])],
        };
        kernel.create_table(Place::Host, &table).unwrap();
        for (port, arrives) in [(5_353, false), (5_354, true)] {
            let receiver = UdpSocket::bind(("127.0.0.1", port)).unwrap();
            receiver.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
            sender.send_to(b"x", ("127.0.0.1", port)).unwrap();
            assert_eq!(receiver.recv(&mut [0; 8]).is_ok(), arrives, "{port}");
        }
    });
}
