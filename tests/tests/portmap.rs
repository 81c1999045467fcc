//! portmap: ports of the node that lead to a container, seen by those who send
//! packets to them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    io::Read as _,
    net::{IpAddr, SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use cofferdam_tests::{
    Container, EchoServer, Namespace, Output, SPEC_VERSIONS, Site, TcpGreeter, bridge_network, needs_kernel, outside,
    with,
};
use serde_json::{Value, json};

const PAUSE: Duration = Duration::from_millis(200);

fn dual_stack() -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "isDefaultGateway": true, "hairpinMode": true, "ipam": {
            "subnet": null, "routes": null, "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]
        } }),
    )
}

fn mapping(protocol: &str, host: u32, container: u16) -> Value {
    json!({ "hostPort": host, "containerPort": container, "protocol": protocol })
}

/// Configuration of the second plugin of a list, as a runtime passes it.
fn portmap(result: &Value, mappings: &[Value], changes: Value) -> Value {
    let config = json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "portmap", "capabilities": { "portMappings": true },
        "runtimeConfig": { "portMappings": mappings }, "prevResult": result,
    });
    with(config, changes)
}

/// A node with containers on the bridge, and a host behind the node.
struct Ground {
    site: Site,
    outside: Namespace,
}

/// A container with an address, and what its ADD printed.
struct Attached {
    container: Container,
    result: Value,
}

impl Ground {
    fn new() -> Self {
        let site = Site::new();
        // Addresses of the kernel's own come some time after a link.
        site.node().set_sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
        let outside = outside(site.node());
        Self { site, outside }
    }

    fn attach(&self, id: &str) -> Attached {
        self.attach_to(id, &dual_stack())
    }

    fn attach_to(&self, id: &str, network: &Value) -> Attached {
        let container = Container::new(id);
        let result = self.site.add(&container, network);
        // What is forwarded, neighbours are looked for with.
        self.site
            .node()
            .ip(&["address", "replace", "fe80::1/64", "dev", "cni0", "nodad"]);
        Attached { container, result }
    }

    #[track_caller]
    fn publish(&self, to: &Attached, mappings: &[Value], changes: Value) -> Value {
        let config = portmap(&to.result, mappings, changes);
        let result = self.site.add(&to.container, &config);
        assert_eq!(result, to.result, "the result is passed on");
        config
    }

    fn try_publish(&self, to: &Attached, mappings: &[Value], changes: Value) -> Output {
        self.site
            .try_add(&to.container, &portmap(&to.result, mappings, changes))
    }
}

/// The address that a connection is seen to come from; `None` when there is
/// none after some tries: neighbours are not always found at once.
fn caller(from: &Namespace, to: &str) -> Option<String> {
    (0..8).find_map(|_| try_caller(from, to))
}

/// Whether nobody answers there.
fn is_closed(from: &Namespace, to: &str) -> bool {
    try_caller(from, to).is_none()
}

fn try_caller(from: &Namespace, to: &str) -> Option<String> {
    let to: SocketAddr = to.parse().unwrap();
    from.run(|| {
        let mut stream = TcpStream::connect_timeout(&to, PAUSE * 10).ok()?;
        stream.set_read_timeout(Some(PAUSE * 20)).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text.trim().to_owned())
    })
}

/// The same for a packet of UDP, from one socket.
struct Sender(UdpSocket);

impl Sender {
    fn new(from: &Namespace, to: &str) -> Self {
        let to: SocketAddr = to.parse().unwrap();
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = from.run(|| UdpSocket::bind(any).unwrap());
        socket.set_read_timeout(Some(PAUSE)).unwrap();
        socket.connect(to).unwrap();
        Self(socket)
    }

    fn ask(&self, times: u32) -> Option<IpAddr> {
        let mut packet = [0; 64];
        for _ in 0..times {
            // A refusal of the packet before is no answer.
            if self.0.send(b"who am I").is_err() {
                continue;
            }
            if let Ok(length) = self.0.recv(&mut packet) {
                return String::from_utf8_lossy(&packet[..length]).parse().ok();
            }
        }
        None
    }
}

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
    let one = ground.attach("c1");
    let echo = EchoServer::start(&one.container.namespace);
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

#[test]
fn del_needs_nothing_of_what_add_was_given() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let before = ground.site.snapshot();
    for changes in [
        json!({ "runtimeConfig": null, "prevResult": null }),
        json!({ "runtimeConfig": { "portMappings": [mapping("tcp", 9999, 1)] } }),
        json!({ "snat": false, "conditionsV4": ["-s", "10.0.0.0/8"] }),
        json!({ "backend": "nftables", "masqAll": true }),
        json!({ "backend": "pf", "conditionsV6": ["nonsense"], "markMasqBit": 99 }),
    ] {
        let config = ground.publish(&one, &[mapping("tcp", 8080, 80), mapping("sctp", 8080, 80)], json!({}));
        ground.site.del(&one.container, &with(config, changes));
        before.assert_same(&ground.site.snapshot());
        assert_eq!(ground.site.node().ruleset(), "");
    }
}

#[test]
fn add_twice_is_an_error_that_changes_nothing() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    ground.publish(&one, &[mapping("tcp", 8080, 80)], json!({}));
    let before = ground.site.snapshot();
    let _ = ground.try_publish(&one, &[mapping("tcp", 8080, 80)], json!({})).error();
    before.assert_same(&ground.site.snapshot());
}

#[test]
fn without_mappings_the_result_is_passed_on_in_every_version() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let before = ground.site.snapshot();
    for changes in [
        json!({ "runtimeConfig": { "portMappings": null } }),
        json!({ "runtimeConfig": null }),
        json!({}),
    ] {
        ground.publish(&one, &[], changes);
        before.assert_same(&ground.site.snapshot());
        ground.site.del(&one.container, &portmap(&one.result, &[], json!({})));
    }
}

#[test]
fn a_result_of_every_version_tells_where_the_port_leads() {
    needs_kernel!();
    let ground = Ground::new();
    for version in SPEC_VERSIONS {
        let bridge = with(dual_stack(), json!({ "cniVersion": version }));
        let Attached { container, result } = ground.attach_to("c1", &bridge);
        let greeter = TcpGreeter::start(&container.namespace);
        let config = portmap(
            &result,
            &[mapping("tcp", 8080, greeter.port())],
            json!({ "cniVersion": version }),
        );
        assert_eq!(ground.site.add(&container, &config), result, "{version}");
        for to in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
            assert!(caller(&ground.outside, to).is_some(), "{version}: {to}");
        }
        ground.site.del(&container, &config);
        ground.site.del(&container, &bridge);
    }
}

/// What says by which means packets are marked or masqueraded makes no
/// difference for them, and so is taken.
#[test]
fn fields_that_name_means_are_taken_where_the_end_is_the_same() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let greeter = TcpGreeter::start(&one.container.namespace);
    for changes in [
        json!({ "markMasqBit": 0 }),
        json!({ "markMasqBit": 31, "backend": "iptables" }),
        json!({ "externalSetMarkChain": "KUBE-MARK-MASQ" }),
        json!({ "backend": "nftables" }),
    ] {
        let config = ground.publish(&one, &[mapping("TCP", 8080, greeter.port())], changes.clone());
        let seen = caller(ground.site.node(), "127.0.0.1:8080");
        assert_eq!(seen.as_deref(), Some("10.22.0.1"), "{changes}");
        ground.site.check(&one.container, &config, &one.result).silent_success();
        ground.site.del(&one.container, &config);
    }
}

#[test]
fn check_tells_of_each_thing_that_somebody_took_away_and_repair_puts_it_back() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let greeter = TcpGreeter::start(&one.container.namespace);
    let at_loopback = with(mapping("tcp", 8081, 80), json!({ "hostIP": "127.0.0.1" }));
    let config = ground.publish(
        &one,
        &[mapping("tcp", 8080, greeter.port()), at_loopback],
        json!({ "conditionsV4": ["!", "-s", "192.0.2.77"] }),
    );
    let check = || ground.site.check(&one.container, &config, &one.result);
    check().silent_success();
    let node = ground.site.node();
    let filter = node.ruleset();
    let conditions = filter
        .lines()
        .find_map(|line| line.trim().strip_prefix("chain conditions4-"));
    let conditions = format!("conditions4-{}", conditions.unwrap().trim_end_matches(" {"));
    let leads = "set net.ipv4.conf.cni0.route_localnet";
    for (taken, words) in [
        (
            "delete element inet cofferdam_hostports published4 { tcp . 8080 }",
            "published4",
        ),
        (
            "delete element inet cofferdam_hostports published6 { tcp . 8080 }",
            "published6",
        ),
        (
            "delete element inet cofferdam_hostports admitted4 { tcp . 8080 }",
            "admitted4",
        ),
        (
            "delete element inet cofferdam_hostports admitted6 { tcp . 8080 }",
            "admitted6",
        ),
        (
            "delete element inet cofferdam_hostports published_at4 { 127.0.0.1 . tcp . 8081 }",
            "published_at4",
        ),
        (
            "delete element inet cofferdam_hostports admitted_at4 { 127.0.0.1 . tcp . 8081 }",
            "admitted_at4",
        ),
        (
            "delete element inet cofferdam_hostports sources4 { 10.22.0.2 }",
            "sources4",
        ),
        ("flush chain inet cofferdam_hostports prerouting", "prerouting"),
        ("flush chain inet cofferdam_hostports output", "output"),
        ("flush chain inet cofferdam_hostports postrouting", "postrouting"),
        ("flush chain inet cofferdam_hostports publish", "publish"),
        ("flush chain inet cofferdam_hostports anybody6", "anybody6"),
        (
            format!("flush chain inet cofferdam_hostports {conditions}").as_str(),
            conditions.as_str(),
        ),
        (
            "flush chain inet cofferdam_hostports from-10.22.0.0-16",
            "from-10.22.0.0-16",
        ),
        ("delete table inet cofferdam_hostports", "cofferdam_hostports"),
        ("delete table inet cofferdam_localnet", "cofferdam_localnet"),
        ("flush chain inet cofferdam_localnet prerouting", "prerouting"),
        (leads, "route_localnet"),
    ] {
        if taken == leads {
            node.set_sysctl("net/ipv4/conf/cni0/route_localnet", "0");
        } else {
            node.tool("nft", &[taken]);
        }
        let text = check().error().text();
        assert!(text.contains(words), "{taken}: {text}");
        // Rules that jump to a chain come back together with it only.
        if let Some(chain) = ["prerouting", "output"].iter().find(|chain| **chain == words)
            && taken.contains("hostports")
        {
            let rule = "fib daddr type local jump publish";
            node.tool("nft", &[&format!("add rule inet cofferdam_hostports {chain} {rule}")]);
        }
        let ended = ground.site.cofferctl(&["repair", "--all"]);
        assert_eq!(ended.code, Some(0), "{taken}: {ended:?}");
        check().silent_success();
        assert!(caller(&ground.outside, "192.0.2.1:8080").is_some(), "{taken}");
    }
    ground.site.del(&one.container, &config);
    assert_eq!(node.ruleset(), "");
}

/// Somebody else's element with the same key stays, and is told of.
#[test]
fn check_tells_of_a_port_that_somebody_led_elsewhere() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let config = ground.publish(&one, &[mapping("tcp", 8080, 80)], json!({}));
    let node = ground.site.node();
    let table = "element inet cofferdam_hostports published4";
    node.tool("nft", &[&format!("delete {table} {{ tcp . 8080 }}")]);
    node.tool("nft", &[&format!("add {table} {{ tcp . 8080 : 10.22.0.99 . 80 }}")]);
    let text = ground.site.check(&one.container, &config, &one.result).error().text();
    assert!(text.contains("published4"), "{text}");
    ground.site.del(&one.container, &config);
}

#[test]
fn gc_closes_the_ports_of_containers_that_are_not_listed() {
    needs_kernel!();
    let ground = Ground::new();
    let stays = ground.attach("stays");
    let greeter = TcpGreeter::start(&stays.container.namespace);
    ground.publish(&stays, &[mapping("tcp", 8080, greeter.port())], json!({}));
    let before = ground.site.snapshot();
    let goes = ground.attach("goes");
    ground.publish(&goes, &[mapping("tcp", 8081, 80)], json!({}));
    let listed = json!({ "cni.dev/valid-attachments": [{ "containerID": "stays", "ifname": "eth0" }],
        "cniVersion": "1.1.0" });
    let config = with(portmap(&stays.result, &[], json!({})), listed);
    ground.site.call("GC", &stays.container, &config).run().silent_success();
    before.assert_same(&ground.site.snapshot());
    assert!(caller(&ground.outside, "192.0.2.1:8080").is_some());
}

#[test]
fn status_tells_what_an_add_would_refuse() {
    needs_kernel!();
    let ground = Ground::new();
    let container = Container::new("c1");
    let status = |changes: Value| {
        let config = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "portmap" });
        ground.site.call("STATUS", &container, &with(config, changes)).run()
    };
    status(json!({ "conditionsV4": ["-s", "10.0.0.0/8"] })).silent_success();
    let text = status(json!({ "conditionsV4": ["-m", "geoip"] })).error().text();
    assert!(text.contains("-m geoip"), "{text}");
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    needs_kernel!();
    let ground = Ground::new();
    let one = ground.attach("c1");
    let before = ground.site.snapshot();
    let good = mapping("tcp", 8080, 80);
    for (mappings, changes, words) in [
        (
            vec![mapping("tcp", 0, 80)],
            json!({}),
            "failed to parse config: Invalid host port number: 0",
        ),
        (
            vec![mapping("tcp", 80, 0)],
            json!({}),
            "failed to parse config: Invalid container port number: 0",
        ),
        (vec![mapping("icmp", 80, 80)], json!({}), "Invalid protocol \"icmp\""),
        (vec![good.clone(), mapping("tcp", 8080, 81)], json!({}), "tcp port 8080"),
        (
            vec![good.clone()],
            json!({ "prevResult": null }),
            "must be called as chained plugin",
        ),
        (
            vec![good.clone()],
            json!({ "backend": "pf" }),
            "unrecognized backend \"pf\"",
        ),
        (
            vec![good.clone()],
            json!({ "markMasqBit": 32 }),
            "MasqMarkBit must be between 0 and 31",
        ),
        (
            vec![good.clone()],
            json!({ "conditionsV4": ["-m", "geoip"] }),
            "-m geoip",
        ),
        (
            vec![good.clone()],
            json!({ "externalSetMarkChain": "X" }),
            "externalSetMarkChain \"X\"",
        ),
        (
            vec![mapping("tcp", 65536, 80)],
            json!({}),
            "Invalid host port number: 65536",
        ),
        (vec![mapping("", 80, 80)], json!({}), "Invalid protocol \"\""),
        (
            vec![with(good.clone(), json!({ "hostIP": "here" }))],
            json!({}),
            "Invalid hostIP \"here\"",
        ),
        (
            vec![good.clone()],
            json!({ "markMasqBit": 1, "externalSetMarkChain": "KUBE-MARK-MASQ" }),
            "Cannot specify externalSetMarkChain and markMasqBit",
        ),
        (
            vec![good.clone()],
            json!({ "backend": "nftables", "conditionsV4": ["-s", "10.0.0.0/8"] }),
            "iptables-specific options [conditionsV4]",
        ),
        (
            vec![good.clone()],
            json!({ "conditionsV6": ["ip6", "saddr", "10.0.0.0/8"] }),
            "conditionsV6: ",
        ),
        (vec![good.clone()], json!({ "snat": "yes" }), "snat"),
        (vec![good.clone()], json!({ "masqAll": 1 }), "masqAll"),
        (vec![mapping("tcp", 22, 80)], json!({}), "port 22"),
    ] {
        let text = ground.try_publish(&one, &mappings, changes).error().text();
        assert!(text.contains(words), "{words:?} is not in {text}");
        before.assert_same(&ground.site.snapshot());
    }
}
