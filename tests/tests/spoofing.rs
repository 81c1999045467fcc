//! `macspoofchk` of the plugin `bridge`: frames from a container have the
//! address of its interface, or go nowhere.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Attached, Container, EchoServer, answers, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

fn guarded() -> Value {
    with(bridge_network("1.0.0"), json!({ "macspoofchk": true }))
}

#[test]
fn frames_from_an_address_that_is_not_the_containers_are_dropped() {
    needs_kernel!();
    for (network, is_guarded) in [(guarded(), true), (bridge_network("1.0.0"), false)] {
        let attached = Attached::to(network);
        let (node, container) = (attached.site.node(), &attached.container.namespace);
        let server = EchoServer::start(node);
        assert!(answers(container, "10.22.0.1", &server));

        let own = container.link("eth0").unwrap()["address"].as_str().unwrap().to_owned();
        container.ip(&["link", "set", "eth0", "address", "02:00:00:00:00:99"]);
        // The node may know the container by its old address still.
        node.ip(&["neighbour", "flush", "all"]);
        assert_eq!(answers(container, "10.22.0.1", &server), !is_guarded);

        container.ip(&["link", "set", "eth0", "address", &own]);
        node.ip(&["neighbour", "flush", "all"]);
        assert!(answers(container, "10.22.0.1", &server), "its own still is good");
    }
}

/// The address that another container has is no exception.
#[test]
fn the_address_of_another_container_is_not_ones_own() {
    needs_kernel!();
    let attached = Attached::to(guarded());
    let (site, container) = (&attached.site, &attached.container);
    let victim = Container::new("victim");
    site.add(&victim, &guarded());
    let server = EchoServer::start(site.node());
    let of_victim = victim.namespace.link("eth0").unwrap()["address"]
        .as_str()
        .unwrap()
        .to_owned();
    container.namespace.ip(&["link", "set", "eth0", "address", &of_victim]);
    assert!(!answers(&container.namespace, "10.22.0.1", &server));
    assert!(answers(&victim.namespace, "10.22.0.1", &server));
    site.del(&victim, &guarded());
}

#[test]
fn nothing_of_it_is_left_and_check_tells_when_it_is_gone() {
    needs_kernel!();
    let attached = Attached::to(guarded());
    attached.check().silent_success();
    let other = Container::new("other");
    let before = attached.site.snapshot();
    attached.site.add(&other, &guarded());
    attached.site.del(&other, &guarded());
    before.assert_same(&attached.site.snapshot());

    attached
        .site
        .node()
        .tool("nft", &["flush", "set", "bridge", "cofferdam_spoofing", "addresses"]);
    let told = attached.check().error();
    assert!(told.text().contains("cofferdam_spoofing"), "{told:?}");
    attached.del();
    assert!(!attached.site.node().ruleset().contains("cofferdam"));
}
