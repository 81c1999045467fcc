//! Published ports of a node whose iptables drops what is forwarded, as
//! Docker's does.

use std::net::{IpAddr, SocketAddr};

use cofferdam_tests::{EchoServer, Namespace, TcpGreeter, answers, is_silent, needs_kernel, with};
use serde_json::{Value, json};

use crate::ground::{Attached, Ground, Sender, caller, is_closed, mapping};

/// What iptables makes of `-P FORWARD`, in both families.
fn set_policy(node: &Namespace, policy: &str) {
    for family in ["ip", "ip6"] {
        node.tool("nft", &[&format!("add table {family} filter")]);
        let base = format!("{{ type filter hook forward priority 0; policy {policy}; }}");
        node.tool("nft", &[&format!("add chain {family} filter FORWARD {base}")]);
    }
}

fn filtered() -> Ground {
    let ground = Ground::new();
    set_policy(ground.site.node(), "drop");
    ground
}

fn rules(node: &Namespace, family: &str) -> usize {
    let chain = node.tool("nft", &["list", "chain", family, "filter", "FORWARD"]);
    chain.lines().filter(|line| line.trim_end().ends_with("accept")).count()
}

/// What listens in a container, and is published.
struct Served {
    attached: Attached,
    greeter: TcpGreeter,
    echo: EchoServer,
}

impl Served {
    fn new(ground: &Ground, id: &str) -> Self {
        let attached = ground.attach(id);
        let greeter = TcpGreeter::start(&attached.container.namespace);
        let echo = EchoServer::start(&attached.container.namespace);
        Self {
            attached,
            greeter,
            echo,
        }
    }

    fn greeter_at(&self, address: &str) -> String {
        let address: IpAddr = address.parse().unwrap();
        SocketAddr::new(address, self.greeter.port()).to_string()
    }

    fn mappings(&self) -> [Value; 2] {
        [
            mapping("tcp", 8080, self.greeter.port()),
            mapping("udp", 5353, self.echo.port()),
        ]
    }
}

#[track_caller]
fn assert_reached(ground: &Ground) {
    for at in ["192.0.2.1", "[2001:db8::1]"] {
        assert!(caller(&ground.outside, &format!("{at}:8080")).is_some(), "TCP to {at}");
        let sender = Sender::new(&ground.outside, &format!("{at}:5353"));
        assert!(sender.ask(20).is_some(), "UDP to {at}");
    }
}

#[track_caller]
fn assert_not_reached(ground: &Ground) {
    for at in ["192.0.2.1", "[2001:db8::1]"] {
        assert!(is_closed(&ground.outside, &format!("{at}:8080")), "TCP to {at}");
        let sender = Sender::new(&ground.outside, &format!("{at}:5353"));
        assert!(sender.ask(3).is_none(), "UDP to {at}");
    }
}

/// The configuration of `firewall` after the same result.
fn firewall(of: &Attached) -> Value {
    json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "firewall", "prevResult": of.result })
}

#[test]
fn published_ports_are_reached_and_others_are_not() {
    needs_kernel!();
    let ground = filtered();
    let (one, two) = (Served::new(&ground, "c1"), Served::new(&ground, "c2"));
    let node = ground.site.node();
    let before = ground.site.snapshot();
    let config = ground.publish(&one.attached, &one.mappings(), json!({}));
    assert_reached(&ground);
    ground
        .site
        .check(&one.attached.container, &config, &one.attached.result)
        .silent_success();
    let unpublished = [
        ("10.22.0.2", &one),
        ("fd00:22::2", &one),
        ("10.22.0.3", &two),
        ("fd00:22::3", &two),
    ];
    for (address, served) in unpublished {
        assert!(is_closed(&ground.outside, &served.greeter_at(address)), "{address}");
        assert!(is_silent(&ground.outside, address, &served.echo), "{address}");
    }
    ground.site.del(&one.attached.container, &config);
    before.assert_same(&ground.site.snapshot());
    assert_not_reached(&ground);
    // Nothing else keeps them from outside.
    set_policy(node, "accept");
    for (address, served) in unpublished {
        assert!(
            caller(&ground.outside, &served.greeter_at(address)).is_some(),
            "{address}"
        );
        assert!(answers(&ground.outside, address, &served.echo), "{address}");
    }
}

/// What a container begins is for `firewall` to accept, also where somebody
/// translates its destination.
#[test]
fn what_the_container_begins_is_not_accepted() {
    needs_kernel!();
    let ground = filtered();
    let one = Served::new(&ground, "c1");
    let node = ground.site.node();
    let server = EchoServer::start(&ground.outside);
    node.tool("nft", &["add table ip theirs"]);
    node.tool(
        "nft",
        &["add chain ip theirs pre { type nat hook prerouting priority -110; }"],
    );
    let rule = "add rule ip theirs pre ip daddr 198.51.100.7 dnat to 192.0.2.2";
    node.tool("nft", &[rule]);
    ground.publish(&one.attached, &one.mappings(), json!({}));
    let inside = &one.attached.container.namespace;
    for to in ["192.0.2.2", "198.51.100.7"] {
        assert!(is_silent(inside, to, &server), "{to}");
    }
    ground.site.add(&one.attached.container, &firewall(&one.attached));
    for to in ["192.0.2.2", "198.51.100.7"] {
        assert!(answers(inside, to, &server), "{to} with the plugin firewall");
    }
}

#[test]
fn it_goes_with_firewall_on_either_side_of_it_and_with_each_backend() {
    needs_kernel!();
    let ground = filtered();
    let server = EchoServer::start(&ground.outside);
    let one = Served::new(&ground, "c1");
    let container = &one.attached.container;
    let before = ground.site.snapshot();
    for (backend, is_first) in [("iptables", true), ("nftables", false)] {
        let firewall = firewall(&one.attached);
        if !is_first {
            ground.site.add(container, &firewall);
        }
        let config = ground.publish(&one.attached, &one.mappings(), json!({ "backend": backend }));
        if is_first {
            ground.site.add(container, &firewall);
        }
        assert_reached(&ground);
        assert!(answers(&container.namespace, "192.0.2.2", &server));
        for config in [&config, &firewall] {
            ground
                .site
                .check(container, config, &one.attached.result)
                .silent_success();
        }
        // In either order.
        let (sooner, later) = if is_first {
            (&firewall, &config)
        } else {
            (&config, &firewall)
        };
        ground.site.del(container, sooner);
        ground.site.del(container, later);
        before.assert_same(&ground.site.snapshot());
    }
}

/// A rule is somebody's word, and a policy only what holds without one.
#[test]
fn rules_that_are_there_go_before() {
    needs_kernel!();
    let ground = filtered();
    let one = Served::new(&ground, "c1");
    let node = ground.site.node();
    node.tool("nft", &["add rule ip filter FORWARD ip saddr 192.0.2.2 drop"]);
    ground.publish(&one.attached, &one.mappings(), json!({}));
    assert!(is_closed(&ground.outside, "192.0.2.1:8080"));
    assert!(caller(&ground.outside, "[2001:db8::1]:8080").is_some());
    node.tool("nft", &["insert rule ip6 filter FORWARD ip6 saddr 2001:db8::2 drop"]);
    assert!(is_closed(&ground.outside, "[2001:db8::1]:8080"));
}

#[test]
fn without_the_grant_ports_are_published_and_the_filter_stays_as_it_is() {
    needs_kernel!();
    let ground = filtered();
    let policy = ground
        .site
        .installation()
        .root()
        .join("etc/cofferdam/policy.d/portmap.toml");
    let text = std::fs::read_to_string(policy).unwrap();
    let grant = "[[plugin.portmap.grant]]\nallow = \"forwarding.publish\"\nin = \"host\"\n";
    assert!(text.contains(grant), "{text}");
    ground
        .site
        .installation()
        .policy("portmap.toml", &text.replace(grant, ""));
    let one = Served::new(&ground, "c1");
    let config = ground.publish(&one.attached, &one.mappings(), json!({}));
    assert_not_reached(&ground);
    ground
        .site
        .check(&one.attached.container, &config, &one.attached.result)
        .silent_success();
    set_policy(ground.site.node(), "accept");
    assert_reached(&ground);
}

#[test]
fn check_tells_what_was_flushed_and_repair_puts_it_back() {
    needs_kernel!();
    let ground = filtered();
    let one = Served::new(&ground, "c1");
    let node = ground.site.node();
    let before = ground.site.snapshot();
    let config = ground.publish(&one.attached, &one.mappings(), json!({}));
    let check = || {
        ground
            .site
            .check(&one.attached.container, &config, &one.attached.result)
    };
    for (family, address) in [("ip", "10.22.0.2"), ("ip6", "fd00:22::2")] {
        assert_eq!(rules(node, family), 2);
        node.tool("nft", &["flush", "chain", family, "filter", "FORWARD"]);
        let text = check().error().text();
        let told = format!("what published ports lead to {address}");
        assert!(text.contains(&told), "{text}");
        let ended = ground.site.cofferctl(&["repair", "--all"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        check().silent_success();
        assert_reached(&ground);
    }
    // Gone altogether, it is nobody's business any more.
    node.tool("nft", &["flush", "chain", "ip", "filter", "FORWARD"]);
    ground
        .site
        .del(&one.attached.container, &with(config, json!({ "runtimeConfig": null })));
    before.assert_same(&ground.site.snapshot());
}

/// Rules that say the same are told apart by the comment.
#[test]
fn a_rule_of_the_operators_stays() {
    needs_kernel!();
    let ground = filtered();
    let one = Served::new(&ground, "c1");
    let node = ground.site.node();
    let theirs = "add rule ip filter FORWARD ip daddr 10.22.0.2 ct status dnat ct direction original accept";
    node.tool("nft", &[theirs]);
    let before = ground.site.snapshot();
    let config = ground.publish(&one.attached, &one.mappings(), json!({}));
    assert_eq!(rules(node, "ip"), 3);
    ground.site.del(&one.attached.container, &config);
    before.assert_same(&ground.site.snapshot());
}
