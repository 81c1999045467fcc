//! Grants that reach beyond the attachment are told.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use support::findings::about;

/// What is told about one grant, but for that it is dangerous.
fn told(grant: &str) -> Vec<String> {
    let found = about(&[grant]);
    let told = found.iter().map(|finding| {
        let text = finding.strip_prefix("warning: DIR/bridge.toml:2: plugin.bridge.grant.");
        text.unwrap_or_else(|| panic!("{finding}")).to_owned()
    });
    told.collect()
}

#[test]
fn a_scope_of_all_packets_is_told() {
    let table = "allow = \"nftables.table\"\nfamily = \"inet\"\ntables = [\"t\"]\n";
    let element = "allow = \"nftables.element\"\nfamily = \"inet\"\ntables = [\"t\"]\nsets = [\"s\"]\n";
    for (grant, key) in [
        (format!("{table}in = \"host\"\nscope = \"all\""), Some("scope")),
        (
            format!("{table}in = \"host\"\nprefixes = [\"0.0.0.0/0\"]"),
            Some("prefixes"),
        ),
        (
            format!("{element}in = \"host\"\nprefixes = [\"10.0.0.0/8\", \"::/0\"]"),
            Some("prefixes"),
        ),
        (format!("{table}in = \"host\"\nscope = \"attachment\""), None),
        (format!("{table}in = \"host\"\nprefixes = [\"10.0.0.0/8\"]"), None),
        (format!("{element}in = \"container\""), None),
    ] {
        let expected = key.map(|key| {
            format!(
                "{key}: its rules may drop, mark and redirect every packet of the node, those of other tenants and of the \
                 node itself too (without it, those of the attachment only)"
            )
        });
        assert_eq!(told(&grant), Vec::from_iter(expected), "{grant}");
    }
}

#[test]
fn routing_rules_for_all_packets_are_told() {
    let rules = "allow = \"rule.add\"\npriorities = [1000]\n";
    for (bounds, is_told) in [
        ("in = \"host\"\nscope = \"all\"", true),
        ("in = \"host\"\nscope = \"attachment\"", false),
        ("in = \"host\"", false),
    ] {
        let expected = "scope: its rules may lead every packet of the node elsewhere, those of other tenants and of the node \
                        itself too (without it, those of the attachment only)";
        let expected = if is_told { vec![expected] } else { vec![] };
        assert_eq!(told(&format!("{rules}{bounds}")), expected, "{bounds}");
    }
}

#[test]
fn marks_with_bits_that_kubernetes_decides_by_are_told() {
    let table = "allow = \"nftables.table\"\nfamily = \"inet\"\ntables = [\"t\"]\nin = \"host\"\n";
    for (mark, shown) in [
        ("0x4000/0x4000", Some("0x4000/0x4000")),
        ("0/0xffff", Some("0x0/0xffff")),
        ("7", Some("0x7")),
        ("*", Some("*")),
        ("0x2000/0x2000", None),
        ("*/0x3fff", None),
    ] {
        let expected = shown.map(|shown| {
            format!(
                "marks: \"{shown}\" sets or clears bits that Kubernetes decides by (0x4000 and 0x8000): what it has \
                 masqueraded or dropped (use a bit of the plugin's own, with a mask, as in \"0x2000/0x2000\")"
            )
        });
        let grant = format!("{table}marks = [\"1/1\", \"{mark}\"]");
        assert_eq!(told(&grant), Vec::from_iter(expected), "{grant}");
    }
}

#[test]
fn setting_every_link_of_the_node_is_told() {
    for (bounds, is_told) in [
        ("in = \"host\"\nnames = [\"*\"]", true),
        ("in = \"host\"\nnames = [\"cni*\", \"*\"]\nkinds = [\"none\"]", true),
        ("in = \"host\"\nnames = [\"*\"]\nkinds = [\"veth\"]", false),
        ("in = \"host\"\nnames = [\"cni*\"]", false),
        ("in = \"container\"\nnames = [\"*\"]", false),
        ("in = \"container\"", false),
    ] {
        let expected = "names: it may set every link of the node, uplinks included: one that is taken down cuts the node off \
                        (name the links, or their kinds)";
        let expected = if is_told { vec![expected] } else { vec![] };
        assert_eq!(told(&format!("allow = \"link.set\"\n{bounds}")), expected, "{bounds}");
    }
}

#[test]
fn traffic_of_every_link_is_told() {
    let found = told("allow = \"qdisc.set\"\nin = \"host\"\nnames = [\"*\"]");
    assert!(
        matches!(found.as_slice(), [one] if one.contains("slow down every link of the node")),
        "{found:?}"
    );
    let veths = told("allow = \"qdisc.set\"\nin = \"host\"\nkinds = [\"veth\"]\nnames = [\"*\"]");
    assert!(veths.is_empty(), "{veths:?}");
}

#[test]
fn a_setting_that_opens_the_node_is_told_unless_its_values_do_no_harm() {
    for (key, values, is_told) in [
        ("net/ipv4/conf/all/route_localnet", None, true),
        ("net/ipv4/conf/*/route_localnet", Some("\"1\""), true),
        ("net/ipv4/conf/cni0/route_localnet", Some("\"0\", \"1\""), true),
        ("net/ipv4/conf/cni0/route_localnet", Some("\"0\""), false),
        ("net/ipv4/conf/*/*", None, true),
        ("net/ipv4/conf/*/accept_local", Some("\"1\""), true),
        ("net/ipv4/conf/all/rp_filter", Some("\"0\""), true),
        ("net/ipv4/conf/all/rp_filter", Some("\"1\""), false),
        ("net/ipv4/conf/eth0/accept_source_route", None, true),
        ("net/ipv4/conf/eth0/accept_redirects", None, true),
        ("net/ipv6/conf/eth0/accept_redirects", None, true),
        ("net/ipv6/conf/default/accept_ra", Some("\"2\""), true),
        ("net/ipv4/conf/eth0/proxy_arp", Some("\"1\""), true),
        ("net/ipv6/conf/eth0/proxy_ndp", Some("\"1\""), true),
        ("net/bridge/bridge-nf-call-iptables", Some("\"0\""), true),
        ("net/bridge/bridge-nf-call-ip6tables", Some("\"1\""), false),
        ("net/ipv4/ip_forward", Some("\"1\""), false),
        ("net/ipv4/ip_forward", None, true),
        ("net/ipv6/conf/all/forwarding", Some("\"0\""), true),
        ("net/ipv4/conf/*/arp_notify", None, false),
    ] {
        let values = values
            .map(|values| format!("\nvalues = [{values}]"))
            .unwrap_or_default();
        let grant = |place: &str| format!("allow = \"sysctl.write\"\nin = {place:?}\nkeys = [{key:?}]{values}");
        let found = told(&grant("host"));
        assert_eq!(found.len(), usize::from(is_told), "{key} {values}: {found:?}");
        for found in found {
            assert!(found.starts_with(&format!("keys: {key:?} opens the node: ")), "{found}");
        }
        assert_eq!(told(&grant("container")), [""; 0], "{key}");
    }
}

#[test]
fn every_link_of_the_node_as_a_parent_and_a_whole_one_are_told() {
    for place in ["host", "container"] {
        let create = format!("allow = \"link.create\"\nin = \"{place}\"\nkinds = [\"macvlan\"]\nnames = [\"x*\"]\n");
        for (bounds, key) in [
            (
                "parents = [\"*\"]",
                Some("parents: a container may be on every network"),
            ),
            ("parents = [\"eth1\"]", None),
            (
                "parents = [\"eth1\"]\nmodes = [\"passthru\"]",
                Some("modes: in mode passthru a container takes the link for itself"),
            ),
            ("parents = [\"eth1\"]\nmodes = [\"bridge\", \"vepa\"]", None),
        ] {
            let told = told(&format!("{create}{bounds}"));
            match key {
                Some(key) => assert!(told.len() == 1 && told[0].starts_with(key), "{bounds}: {told:?}"),
                None => assert_eq!(told, [""; 0], "{bounds}"),
            }
        }
    }
}

#[test]
fn every_node_as_a_peer_is_told() {
    for (peers, is_told) in [
        ("\"0.0.0.0/0\"", true),
        ("\"192.0.2.0/24\", \"::/0\"", true),
        ("\"192.0.2.0/24\"", false),
    ] {
        let grant =
            format!("allow = \"vxlan.join\"\nin = \"host\"\nnames = [\"cni0\"]\nvnis = [42]\npeers = [{peers}]");
        let expected = "peers: frames of containers may be sent to every node there is, in other networks than the \
                        operator's too (name the networks of the nodes)";
        let expected = if is_told { vec![expected] } else { vec![] };
        assert_eq!(told(&grant), expected, "{peers}");
    }
}

#[test]
fn every_device_of_the_node_is_told() {
    for (names, is_told) in [("\"*\"", true), ("\"sriov*\"", false), ("\"eth1\", \"*\"", true)] {
        let grant = format!("allow = \"device.take\"\nin = \"host\"\nkinds = [\"none\"]\nnames = [{names}]");
        let expected = "names: a container may take every link of these kinds that the node does not use itself, those \
                        of other programs too (name the links that are for containers)";
        let expected = if is_told { vec![expected] } else { vec![] };
        assert_eq!(told(&grant), expected, "{names}");
    }
}
