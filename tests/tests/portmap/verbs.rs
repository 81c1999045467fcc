//! What each verb makes of a configuration, and of what others changed.

use cofferdam_tests::{Container, SPEC_VERSIONS, TcpGreeter, needs_kernel, with};
use serde_json::{Value, json};

use crate::ground::{Attached, Ground, caller, dual_stack, mapping, portmap};

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
