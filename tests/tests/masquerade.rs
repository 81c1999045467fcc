//! `ipMasq`: what leaves the network does so under the node's address.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::IpAddr;

use cofferdam_tests::{Container, EchoServer, Site, answers_as, bridge_network, needs_kernel, outside, with};
use serde_json::{Value, json};

fn dual_stack(masquerade: bool) -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "ipMasq": masquerade, "isDefaultGateway": true, "ipam": {
            "subnet": null, "routes": null, "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]
        } }),
    )
}

fn source(from: &Container, to: &str, server: &EchoServer) -> String {
    let address: Option<IpAddr> = answers_as(&from.namespace, to, server);
    address.map_or_else(|| "no answer".to_owned(), |address| address.to_string())
}

#[test]
fn packets_to_other_networks_leave_with_the_nodes_address() {
    needs_kernel!();
    let site = Site::new();
    let outside = outside(site.node());
    let server = EchoServer::start(&outside);
    let container = Container::new("c1");
    site.add(&container, &dual_stack(true));
    assert_eq!(source(&container, "192.0.2.2", &server), "192.0.2.1");
    assert_eq!(source(&container, "2001:db8::2", &server), "2001:db8::1");
}

#[test]
fn packets_to_the_own_network_keep_their_source() {
    needs_kernel!();
    let site = Site::new();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &dual_stack(true));
    site.add(&two, &dual_stack(true));
    let server = EchoServer::start(&two.namespace);
    assert_eq!(source(&one, "10.22.0.3", &server), "10.22.0.2");
    assert_eq!(source(&one, "fd00:22::3", &server), "fd00:22::2");
    let server = EchoServer::start(site.node());
    assert_eq!(source(&one, "10.22.0.1", &server), "10.22.0.2");
}

#[test]
fn without_it_packets_keep_their_source() {
    needs_kernel!();
    let site = Site::new();
    let outside = outside(site.node());
    let server = EchoServer::start(&outside);
    let container = Container::new("c1");
    site.add(&container, &dual_stack(false));
    assert_eq!(source(&container, "192.0.2.2", &server), "10.22.0.2");
    assert_eq!(source(&container, "2001:db8::2", &server), "fd00:22::2");
    assert_eq!(site.node().ruleset(), "");
}

#[test]
fn one_containers_end_does_not_stop_the_others_translation_and_the_last_takes_the_table() {
    needs_kernel!();
    let site = Site::new();
    let outside = outside(site.node());
    let server = EchoServer::start(&outside);
    let before = site.snapshot();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    site.add(&one, &dual_stack(true));
    site.add(&two, &dual_stack(true));
    site.del(&one, &dual_stack(true));
    assert_eq!(source(&two, "192.0.2.2", &server), "192.0.2.1");
    site.del(&two, &dual_stack(true));
    before.assert_same(&site.snapshot());
    assert_eq!(site.node().ruleset(), "");
}

#[test]
fn somebody_elses_rules_are_left_alone() {
    needs_kernel!();
    let site = Site::new();
    site.node().tool(
        "nft",
        &["add table inet mine; add chain inet mine input { type filter hook input priority 0; policy accept; }"],
    );
    let before = site.snapshot();
    let container = Container::new("c1");
    site.add(&container, &dual_stack(true));
    site.del(&container, &dual_stack(true));
    before.assert_same(&site.snapshot());
}
