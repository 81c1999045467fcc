//! Whose packets reach a published port, and whom they seem to come from.

use std::net::{SocketAddr, TcpStream};

use cofferdam_tests::{EchoServer, TcpGreeter, needs_kernel, with};
use serde_json::json;

use crate::ground::{Ground, PAUSE, Sender, caller, dual_stack, is_closed, mapping, portmap};

#[test]
fn a_published_port_leads_to_the_container_from_everywhere() {
    needs_kernel!();
    let ground = Ground::new();
    let before = ground.site.snapshot();
    let one = ground.attach("c1");
    let two = ground.attach("c2");
    let greeter = TcpGreeter::start(&one.container.namespace);
    let attached = ground.site.snapshot();
    let config = ground.publish(&one, &[mapping("tcp", 8080, greeter.port())], json!({}));
    let node = ground.site.node();
    for (who, from, to, seen) in [
        ("outside", &ground.outside, "192.0.2.1:8080", "192.0.2.2"),
        (
            "outside over IPv6",
            &ground.outside,
            "[2001:db8::1]:8080",
            "2001:db8::2",
        ),
        ("the node at its loopback", node, "127.0.0.1:8080", "10.22.0.1"),
        (
            "the node at another loopback address",
            node,
            "127.0.0.9:8080",
            "10.22.0.1",
        ),
        ("the node at its own address", node, "192.0.2.1:8080", "192.0.2.1"),
        (
            "the container itself",
            &one.container.namespace,
            "192.0.2.1:8080",
            "10.22.0.1",
        ),
        (
            "the container itself over IPv6",
            &one.container.namespace,
            "[2001:db8::1]:8080",
            "fd00:22::1",
        ),
        ("a neighbour", &two.container.namespace, "192.0.2.1:8080", "10.22.0.1"),
    ] {
        assert_eq!(caller(from, to).as_deref(), Some(seen), "{who}");
    }
    // A port that is not published, and an address that is not the node's.
    assert!(is_closed(&ground.outside, "192.0.2.1:8081"));
    assert!(is_closed(&ground.outside, "10.22.0.3:8080"));
    ground.site.check(&one.container, &config, &one.result).silent_success();
    ground.site.del(&one.container, &config);
    ground.site.del(&one.container, &config);
    attached.assert_same(&ground.site.snapshot());
    assert_eq!(ground.site.node().ruleset(), "");
    assert!(is_closed(&ground.outside, "192.0.2.1:8080"));
    for attached in [&one, &two] {
        ground.site.del(&attached.container, &dual_stack());
    }
    before.assert_same(&ground.site.snapshot());
}

/// CVE-2020-8558: what makes published ports reachable at 127.0.0.1 must not
/// open what the node serves there.
#[test]
fn the_nodes_loopback_stays_closed_to_containers() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let greeter = TcpGreeter::start(&one.container.namespace);
    let config = ground.publish(&one, &[mapping("tcp", 8080, greeter.port())], json!({}));
    let node = ground.site.node();
    assert_eq!(node.sysctl("net/ipv4/conf/cni0/route_localnet"), "1");
    let private = node.run(|| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let port = private.local_addr().unwrap().port();
    let inside = &one.container.namespace;
    inside.ip(&[
        "route",
        "add",
        "127.0.0.0/8",
        "via",
        "10.22.0.1",
        "dev",
        "eth0",
        "table",
        "77",
    ]);
    inside.ip(&["rule", "add", "to", "127.0.0.1/32", "lookup", "77", "priority", "1"]);
    inside.ip(&["rule", "del", "lookup", "local"]);
    inside.ip(&["rule", "add", "lookup", "local", "priority", "10"]);
    inside.set_sysctl("net/ipv4/conf/eth0/route_localnet", "1");
    let reached = inside.run(|| {
        let to = SocketAddr::new("127.0.0.1".parse().unwrap(), port);
        TcpStream::connect_timeout(&to, PAUSE * 5).is_ok()
    });
    assert!(!reached);
    ground.site.del(&one.container, &config);
    assert_eq!(node.sysctl("net/ipv4/conf/cni0/route_localnet"), "0");
}

#[test]
fn udp_follows_the_mapping_at_once_and_no_longer_than_it_is_there() {
    needs_kernel!();
    let ground = Ground::new();
    let (one, two) = (ground.attach("c1"), ground.attach("c2"));
    let echo = EchoServer::start(&one.container.namespace);
    // The kernel tracks flows as long as something translates.
    ground.publish(&two, &[mapping("udp", 9999, 9999)], json!({}));
    for (to, seen) in [("192.0.2.1:5353", "192.0.2.2"), ("[2001:db8::1]:5353", "2001:db8::2")] {
        // Both sockets go on sending all the time, as a resolver does.
        let sender = Sender::new(&ground.outside, to);
        assert_eq!(sender.ask(2), None);
        let config = ground.publish(&one, &[mapping("udp", 5353, echo.port())], json!({}));
        assert_eq!(sender.ask(20), Some(seen.parse().unwrap()), "{to}");
        ground.site.del(&one.container, &config);
        assert_eq!(sender.ask(2), None, "{to}");
    }
}

/// Lets ports of the addresses at the node's uplink be published, one more
/// among them.
fn grant_uplink(ground: &Ground) {
    let node = ground.site.node();
    node.ip(&["address", "add", "192.0.2.9/24", "dev", "uplink"]);
    ground.site.installation().policy(
        "portmap.uplink.toml",
        r#"[plugin.portmap]
           [[plugin.portmap.grant]]
           allow = "nftables.element"
           in = "host"
           family = "inet"
           tables = ["cofferdam_hostports"]
           sets = ["published_at4", "published_at6", "admitted_at4", "admitted_at6"]
           prefixes = ["192.0.2.0/24", "2001:db8::/64"]
           ports = [[1024, 65535]]"#,
    );
}

#[test]
fn a_host_address_narrows_a_mapping() {
    needs_kernel!();
    let ground = Ground::new();
    grant_uplink(&ground);
    let (one, two) = (ground.attach("c1"), ground.attach("c2"));
    let first = TcpGreeter::start(&one.container.namespace);
    let second = TcpGreeter::start(&two.container.namespace);
    let at = |address: &str, port| with(mapping("tcp", 8080, port), json!({ "hostIP": address }));
    ground.publish(
        &one,
        &[at("192.0.2.9", first.port()), at("2001:db8::1", first.port())],
        json!({}),
    );
    assert!(caller(&ground.outside, "192.0.2.9:8080").is_some());
    assert!(caller(&ground.outside, "[2001:db8::1]:8080").is_some());
    assert!(is_closed(&ground.outside, "192.0.2.1:8080"));
    assert!(is_closed(ground.site.node(), "127.0.0.1:8080"));
    // The same port at all other addresses is still to be had.
    ground.publish(&two, &[at("0.0.0.0", second.port())], json!({}));
    let first_only = caller(&ground.outside, "192.0.2.9:8080");
    drop(first);
    assert!(first_only.is_some() && is_closed(&ground.outside, "192.0.2.9:8080"));
    assert!(caller(&ground.outside, "192.0.2.1:8080").is_some());
    assert!(is_closed(&ground.outside, "[2001:db8::9]:8080"), "0.0.0.0 is for IPv4");
}

#[test]
fn an_address_of_the_node_that_is_not_granted_is_denied_with_the_grant() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let before = ground.site.snapshot();
    let mapping = with(mapping("tcp", 8080, 80), json!({ "hostIP": "192.0.2.1" }));
    let text = ground.try_publish(&one, &[mapping], json!({})).error().text();
    for word in ["published_at4", "192.0.2.1", "prefixes"] {
        assert!(text.contains(word), "{text}");
    }
    before.assert_same(&ground.site.snapshot());
}

#[test]
fn the_second_owner_of_a_port_is_refused_and_the_first_is_named() {
    needs_kernel!();
    let ground = Ground::new();
    let (one, two) = (ground.attach("c1"), ground.attach("c2"));
    let greeter = TcpGreeter::start(&one.container.namespace);
    let config = ground.publish(&one, &[mapping("tcp", 8080, greeter.port())], json!({}));
    let before = ground.site.snapshot();
    let text = ground
        .try_publish(&two, &[mapping("tcp", 8080, 80)], json!({}))
        .error()
        .text();
    assert!(text.contains("mynet/c1/eth0"), "{text}");
    before.assert_same(&ground.site.snapshot());
    assert!(caller(&ground.outside, "192.0.2.1:8080").is_some());
    // Conditions divide no port: they would say what is let in to another's.
    let conditions = json!({ "conditionsV4": ["-s", "192.0.2.0/24"], "conditionsV6": ["-s", "2001:db8::/64"] });
    let text = ground
        .try_publish(&two, &[mapping("tcp", 8080, 80)], conditions)
        .error()
        .text();
    assert!(text.contains("mynet/c1/eth0"), "{text}");
    before.assert_same(&ground.site.snapshot());
    // Another protocol is another port, and a port that was given up is free.
    ground.publish(&two, &[mapping("udp", 8080, 80)], json!({}));
    ground.site.del(&two.container, &portmap(&two.result, &[], json!({})));
    ground.site.del(&one.container, &config);
    ground.publish(&two, &[mapping("tcp", 8080, 80)], json!({}));
}

#[test]
fn sources_stay_as_they_are_without_snat_and_none_does_with_masq_all() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let greeter = TcpGreeter::start(&one.container.namespace);
    let node = ground.site.node();
    let mappings = [mapping("tcp", 8080, greeter.port())];
    let config = ground.publish(&one, &mappings, json!({ "snat": false }));
    assert_eq!(caller(&ground.outside, "192.0.2.1:8080").as_deref(), Some("192.0.2.2"));
    assert!(is_closed(node, "127.0.0.1:8080"));
    assert_eq!(node.sysctl("net/ipv4/conf/cni0/route_localnet"), "0");
    ground.site.del(&one.container, &config);
    let config = ground.publish(&one, &mappings, json!({ "masqAll": true }));
    assert_eq!(caller(&ground.outside, "192.0.2.1:8080").as_deref(), Some("10.22.0.1"));
    assert_eq!(
        caller(&ground.outside, "[2001:db8::1]:8080").as_deref(),
        Some("fd00:22::1")
    );
    ground.site.del(&one.container, &config);
    assert_eq!(node.ruleset(), "");
}

#[test]
fn conditions_say_whose_packets_are_let_in_in_either_dialect() {
    needs_kernel!();
    let ground = Ground::new();
    ground.outside.ip(&["address", "add", "192.0.2.3/24", "dev", "eth0"]);
    let (one, two) = (ground.attach("c1"), ground.attach("c2"));
    let greeter = TcpGreeter::start(&one.container.namespace);
    let other = TcpGreeter::start(&two.container.namespace);
    for conditions in [
        json!({ "conditionsV4": ["!", "-s", "192.0.2.2", "-i", "uplink"], "conditionsV6": ["-s", "fd00::/8"] }),
        json!({ "conditionsV4": ["ip", "saddr", "!=", "192.0.2.2", "iifname uplink"],
                "conditionsV6": ["ip6", "saddr", "fd00::/8"], "backend": "nftables" }),
    ] {
        let config = ground.publish(&one, &[mapping("tcp", 8080, greeter.port())], conditions.clone());
        assert!(is_closed(&ground.outside, "192.0.2.1:8080"), "{conditions}");
        assert!(is_closed(&ground.outside, "[2001:db8::1]:8080"));
        let neighbor = caller(&two.container.namespace, "[2001:db8::1]:8080");
        assert_eq!(neighbor.as_deref(), Some("fd00:22::1"));
        // Others' ports are not bounded by them.
        let unbounded = ground.publish(&two, &[mapping("tcp", 8081, other.port())], json!({}));
        assert!(caller(&ground.outside, "192.0.2.1:8081").is_some());
        ground.site.del(&two.container, &unbounded);
        ground
            .outside
            .ip(&["route", "replace", "192.0.2.1/32", "dev", "eth0", "src", "192.0.2.3"]);
        assert_eq!(caller(&ground.outside, "192.0.2.1:8080").as_deref(), Some("192.0.2.3"));
        ground.outside.ip(&["route", "del", "192.0.2.1/32"]);
        ground.site.del(&one.container, &config);
    }
    assert_eq!(ground.site.node().ruleset(), "");
}
