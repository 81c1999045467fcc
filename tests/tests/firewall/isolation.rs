//! Between containers.

use cofferdam_tests::{Container, EchoServer, Site, answers, is_silent, needs_kernel, outside};
use serde_json::{Value, json};

use crate::ground::{attach, bridge, detach, firewall, other_bridge};

/// Whether containers of two networks, and two of the first, reach each other:
/// before and after the second plugin.
struct Between {
    site: Site,
    containers: [Container; 3],
    configs: Vec<Value>,
}

impl Between {
    fn new(policies: [&str; 3]) -> Self {
        let site = Site::new();
        let containers = ["c1", "c2", "c3"].map(Container::new);
        let networks = [bridge(), bridge(), other_bridge()];
        let mut configs = Vec::new();
        for ((container, network), policy) in containers.iter().zip(&networks).zip(policies) {
            configs.push(attach(&site, container, network, json!({ "ingressPolicy": policy })));
        }
        Self {
            site,
            containers,
            configs,
        }
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        let address = ["10.22.0.2", "10.22.0.3", "10.23.0.2"][to];
        let address6 = ["fd00:22::2", "fd00:22::3", "fd00:23::2"][to];
        let server = EchoServer::start(&self.containers[to].namespace);
        let from = &self.containers[from].namespace;
        if is_silent(from, address, &server) {
            assert!(
                is_silent(from, address6, &server),
                "{address} is silent and {address6} is not"
            );
            return false;
        }
        assert!(
            answers(from, address6, &server),
            "{address} answers and {address6} does not"
        );
        true
    }

    /// The other checks of packets show it where nothing is forwarded.
    fn reaches_outside(&self, from: usize) -> bool {
        let outside = outside(self.site.node());
        outside.ip(&["route", "add", "10.0.0.0/8", "via", "192.0.2.1"]);
        let server = EchoServer::start(&outside);
        answers(&self.containers[from].namespace, "192.0.2.2", &server)
    }
}

#[test]
fn open_networks_reach_each_other() {
    needs_kernel!();
    let between = Between::new(["open", "", "same-bridge"]);
    assert!(between.reaches(0, 1) && between.reaches(0, 2) && between.reaches(2, 1));
}

#[test]
fn a_bridge_with_a_policy_is_not_reached_from_another_one() {
    needs_kernel!();
    let between = Between::new(["same-bridge", "same-bridge", "same-bridge"]);
    assert!(between.reaches(0, 1), "the same bridge");
    assert!(!between.reaches(0, 2) && !between.reaches(2, 1));
    assert!(between.reaches_outside(0));
    let site = &between.site;
    for (container, config) in between.containers.iter().zip(&between.configs) {
        site.call("CHECK", container, config).run().silent_success();
    }
    // Whoever stays keeps the policy.
    site.del(&between.containers[0], &between.configs[0]);
    assert!(!between.reaches(1, 2));
    site.del(&between.containers[2], &between.configs[2]);
    assert!(between.reaches(1, 2), "the other bridge has none any more");
    site.del(&between.containers[1], &between.configs[1]);
    assert!(!site.node().ruleset().contains("cofferdam_firewall"));
}

#[test]
fn isolated_containers_reach_nobody_on_the_node_but_the_outside() {
    needs_kernel!();
    let between = Between::new(["isolated", "isolated", "same-bridge"]);
    assert!(!between.reaches(0, 1) && !between.reaches(0, 2) && !between.reaches(2, 0));
    assert!(between.reaches_outside(0));
    let site = &between.site;
    let text = || site.call("CHECK", &between.containers[0], &between.configs[0]).run();
    text().silent_success();
    site.node()
        .tool("nft", &["flush", "set", "inet", "cofferdam_firewall", "closed"]);
    assert!(text().error().text().contains("ingress policy of \"cni0\""));
    site.del(&between.containers[0], &between.configs[0]);
    site.del(&between.containers[1], &between.configs[1]);
    assert!(between.reaches(0, 1), "ports are not isolated any more");
}

#[test]
fn containers_behind_links_of_their_own_are_kept_apart() {
    needs_kernel!();
    let site = Site::new();
    let network = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "ptp",
        "ipam": { "type": "host-local", "subnet": "10.30.0.0/24", "routes": [{ "dst": "0.0.0.0/0" }] } });
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    let first = attach(&site, &one, &network, json!({ "ingressPolicy": "same-bridge" }));
    let result = site.add(&two, &network);
    let server = EchoServer::start(&two.namespace);
    assert!(answers(&one.namespace, "10.30.0.3", &server));
    let second = firewall(&network, &result, json!({ "ingressPolicy": "same-bridge" }));
    site.add(&two, &second);
    assert!(is_silent(&one.namespace, "10.30.0.3", &server));
    detach(&site, &one, &network, &first);
    detach(&site, &two, &network, &second);
}
