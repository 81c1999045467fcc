use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use cofferdam_tests::{Container, EchoServer, Namespace, Site, Snapshot, needs_kernel};
use nix::sys::socket::{setsockopt, sockopt};
use serde_json::json;

use crate::recipe::Recipe;

const RECIPE: Recipe = Recipe("policy-routing");
/// What all gateways and the node know: the answer tells which of them a
/// packet came to.
const EVERYWHERE: [&str; 2] = ["203.0.113.1", "2001:db8:113::1"];
/// A place that the policy has another gateway for.
const ELSEWHERE: &str = "198.51.100.1";
const MARK: u32 = 16;
const TRIES: u32 = 20;

#[test]
fn the_scenarios_pass() {
    RECIPE.passes();
}

/// A namespace on the bridge `cni0`, with these addresses there, and those that
/// are everywhere.
fn gateway(site: &Site, number: u32, own: &[&str]) -> Namespace {
    let gateway = Namespace::node();
    let port = format!("gw{number}");
    let peer = gateway.path();
    site.node().ip(&[
        "link", "add", &port, "master", "cni0", "type", "veth", "peer", "name", "eth0", "netns", &peer,
    ]);
    site.node().ip(&["link", "set", &port, "up"]);
    for address in own {
        gateway.ip(&["address", "add", address, "dev", "eth0", "nodad"]);
    }
    gateway.ip(&["link", "set", "eth0", "up"]);
    be_everywhere(&gateway);
    gateway
}

fn be_everywhere(namespace: &Namespace) {
    for address in EVERYWHERE.iter().chain([&ELSEWHERE]) {
        namespace.ip(&["address", "add", address, "dev", "lo"]);
    }
}

/// Whether packets with a mark, or none, come to this server.
fn reaches(from: &Namespace, to: &str, mark: Option<u32>, server: &EchoServer) -> bool {
    let target = SocketAddr::new(to.parse().unwrap(), server.port());
    from.run(|| {
        let socket = UdpSocket::bind(if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        if let Some(mark) = mark {
            setsockopt(&socket, sockopt::Mark, &mark).unwrap();
        }
        (0..TRIES).any(|_| {
            let sent = socket.send_to(b"who am I", target).is_ok();
            sent && socket.recv_from(&mut [0; 64]).is_ok() || {
                std::thread::sleep(Duration::from_millis(20));
                false
            }
        })
    })
}

#[test]
fn marked_packets_and_those_to_a_network_take_gateways_of_their_own() {
    needs_kernel!();
    let site = Site::new();
    RECIPE.install(&site);
    let config = RECIPE.example(&[json!({})]);
    let container = Container::new("c1");
    let (before, inside) = (site.snapshot(), Snapshot::of(&container.namespace));

    let result = site.add(&container, &config);

    let of_the_mark = gateway(&site, 9, &["10.22.0.9/16", "fd00:22::9/64"]);
    let of_the_network = gateway(&site, 8, &["10.22.0.8/16"]);
    be_everywhere(site.node());
    let servers = [&of_the_mark, &of_the_network, site.node()].map(EchoServer::start);
    let [marked, other, node] = &servers;
    for address in EVERYWHERE {
        assert!(
            reaches(&container.namespace, address, None, node),
            "{address}, not marked"
        );
        assert!(
            reaches(&container.namespace, address, Some(MARK), marked),
            "{address}, marked"
        );
    }
    assert!(reaches(&container.namespace, ELSEWHERE, None, other), "to the network");
    assert!(
        reaches(&container.namespace, "10.22.0.8", Some(MARK), other),
        "a neighbour, though marked"
    );
    site.check(&container, &config, &result).silent_success();
    container.namespace.ip(&["rule", "del", "fwmark", "16", "table", "200"]);
    let error = site.check(&container, &config, &result).error();
    assert!(error.text().contains("table 200"), "{error:?}");

    drop(servers);
    for port in ["gw8", "gw9"] {
        site.node().ip(&["link", "del", port]);
    }
    for address in EVERYWHERE.iter().chain([&ELSEWHERE]) {
        site.node().ip(&["address", "del", address, "dev", "lo"]);
    }
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
    inside.assert_same(&Snapshot::of(&container.namespace));
}
