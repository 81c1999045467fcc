//! Which grant allows what.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{net::IpAddr, path::Path};

use cofferdam_policy::Question;
use cofferdam_protocol::{
    IpPrefix,
    Place::{self, Container, Host},
};
use support::grants;

fn prefix(text: &str) -> IpPrefix {
    text.parse().unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Checks one grant against questions and whether each is allowed.
fn decide(grant: &str, questions: &[(Question<'_>, bool)]) {
    let grants = grants(&[grant]);
    for (question, expected) in questions {
        assert_eq!(grants.decide(question).is_ok(), *expected, "{grant:?} on {question:?}");
    }
}

fn create(place: Place, kind: &'static str, name: &'static str) -> Question<'static> {
    Question::LinkCreate { place, kind, name }
}

#[test]
fn a_link_grant_holds_for_its_operation_place_kind_and_name() {
    decide(
        r#"allow = "link.create"
           in = "host"
           kinds = ["bridge", "veth"]
           names = ["cni*", "veth"]"#,
        &[
            (create(Host, "bridge", "cni0"), true),
            (create(Host, "bridge", "cni"), true),
            (create(Host, "veth", "veth"), true),
            (create(Host, "veth", "veth0"), false),
            (create(Host, "bridge", "Cni0"), false),
            (create(Host, "bridge", "xcni0"), false),
            (create(Host, "bridge", "\u{441}ni0"), false),
            (create(Host, "bridge", ""), false),
            (create(Host, "vxlan", "cni0"), false),
            (create(Host, "", "cni0"), false),
            (create(Host, "Bridge", "cni0"), false),
            (create(Container, "bridge", "cni0"), false),
            (
                Question::LinkSee {
                    place: Host,
                    kind: Some("bridge"),
                    name: "cni0",
                },
                false,
            ),
            (
                Question::LinkDelete {
                    place: Host,
                    kind: "bridge",
                    name: "cni0",
                },
                false,
            ),
            (
                Question::LinkSet {
                    place: Host,
                    kind: "bridge",
                    name: "cni0",
                    what: "mac",
                },
                false,
            ),
        ],
    );
}

#[test]
fn a_wildcard_holds_for_every_operation_of_its_subject() {
    decide(
        r#"allow = "link.*"
           in = "container""#,
        &[
            (create(Container, "dummy", "any"), true),
            (
                Question::LinkSee {
                    place: Container,
                    kind: None,
                    name: "any",
                },
                true,
            ),
            (
                Question::LinkSet {
                    place: Container,
                    kind: "",
                    name: "lo",
                    what: "up",
                },
                true,
            ),
            (
                Question::LinkDelete {
                    place: Container,
                    kind: "veth",
                    name: "eth0",
                },
                true,
            ),
            (
                Question::AddressSee {
                    place: Container,
                    link: "any",
                },
                false,
            ),
            (create(Host, "dummy", "any"), false),
        ],
    );
}

#[test]
fn settings_bound_what_is_set() {
    let set = |what| Question::LinkSet {
        place: Container,
        kind: "",
        name: "lo",
        what,
    };
    decide(
        r#"allow = "link.set"
           in = "container"
           kinds = ["none"]
           settings = ["up", "mtu"]"#,
        &[
            (set("up"), true),
            (set("mtu"), true),
            (set("mac"), false),
            (
                Question::LinkSet {
                    place: Container,
                    kind: "veth",
                    name: "lo",
                    what: "up",
                },
                false,
            ),
        ],
    );
}

#[test]
fn a_link_that_is_missing_is_looked_up_by_name_alone() {
    let see = |kind, name| Question::LinkSee {
        place: Host,
        kind,
        name,
    };
    decide(
        r#"allow = "link.see"
           in = "host"
           kinds = ["bridge"]
           names = ["cni*"]"#,
        &[
            (see(Some("bridge"), "cni0"), true),
            (see(Some("veth"), "cni0"), false),
            (see(None, "cni0"), true),
            (see(None, "eth0"), false),
        ],
    );
}

#[test]
fn an_address_has_to_lie_in_a_prefix_with_its_whole_network() {
    let add = |text| Question::AddressAdd {
        place: Container,
        link: "eth0",
        address: prefix(text),
    };
    decide(
        r#"allow = "address.add"
           in = "container"
           prefixes = ["10.22.0.0/16", "fd00::/64"]"#,
        &[
            (add("10.22.0.5/16"), true),
            (add("10.22.255.255/32"), true),
            (add("10.22.0.5/15"), false),
            (add("10.22.0.5/8"), false),
            (add("10.23.0.5/16"), false),
            (add("fd00::5/64"), true),
            (add("fd00:0:0:1::5/64"), false),
            (add("::ffff:10.22.0.5/128"), false),
            (
                Question::AddressDelete {
                    place: Container,
                    link: "eth0",
                    address: prefix("10.22.0.5/16"),
                },
                false,
            ),
        ],
    );
    decide(
        "allow = \"address.add\"\nin = \"container\"",
        &[(add("192.0.2.1/24"), true), (add("fd00::5/64"), true)],
    );
}

#[test]
fn a_neighbor_has_to_lie_in_a_prefix() {
    let add = |text| Question::NeighborAdd {
        place: Container,
        link: "eth0",
        address: address(text),
    };
    decide(
        r#"allow = ["neighbor.add", "neighbor.delete"]
           in = "container"
           names = ["eth*"]
           prefixes = ["10.22.0.0/16"]"#,
        &[
            (add("10.22.3.4"), true),
            (add("10.23.3.4"), false),
            (
                Question::NeighborDelete {
                    place: Container,
                    link: "eth1",
                    address: address("10.22.0.1"),
                },
                true,
            ),
            (
                Question::NeighborAdd {
                    place: Container,
                    link: "lo",
                    address: address("10.22.0.1"),
                },
                false,
            ),
            (
                Question::NeighborSee {
                    place: Container,
                    link: "eth0",
                },
                false,
            ),
        ],
    );
}

#[test]
fn a_route_is_bounded_by_destination_and_by_table() {
    let add = |text, table| Question::RouteAdd {
        place: Container,
        link: "eth0",
        destination: prefix(text),
        table,
    };
    decide(
        r#"allow = "route.add"
           in = "container"
           destinations = ["10.0.0.0/8"]"#,
        &[
            (add("10.1.0.0/16", 254), true),
            (add("10.0.0.0/8", 254), true),
            (add("0.0.0.0/0", 254), false),
            (add("10.0.0.0/7", 254), false),
            (add("::/0", 254), false),
            // Without `tables`, the main one only.
            (add("10.1.0.0/16", 255), false),
            (add("10.1.0.0/16", 100), false),
        ],
    );
    decide(
        r#"allow = "route.*"
           in = "container"
           tables = [100, [1000, 1999]]"#,
        &[
            (
                Question::RouteSee {
                    place: Container,
                    link: "eth0",
                    table: 100,
                },
                true,
            ),
            (
                Question::RouteSee {
                    place: Container,
                    link: "eth0",
                    table: 254,
                },
                false,
            ),
            (
                Question::RouteSee {
                    place: Container,
                    link: "eth0",
                    table: 1000,
                },
                true,
            ),
            (
                Question::RouteSee {
                    place: Container,
                    link: "eth0",
                    table: 1999,
                },
                true,
            ),
            (
                Question::RouteSee {
                    place: Container,
                    link: "eth0",
                    table: 2000,
                },
                false,
            ),
        ],
    );
}

#[test]
fn a_rule_is_bounded_by_table_and_by_priority() {
    let add = |table, priority| Question::RuleAdd {
        place: Host,
        table,
        priority,
    };
    decide(
        r#"allow = "rule.add"
           in = "host"
           tables = [100]
           priorities = [[1000, 1999]]"#,
        &[
            (add(100, Some(1000)), true),
            (add(100, Some(999)), false),
            (add(101, Some(1000)), false),
            (add(100, None), false),
            (Question::RuleSee { place: Host }, false),
        ],
    );
    decide(
        "allow = \"rule.add\"\nin = \"host\"\npriorities = [[0, 4294967295]]",
        &[
            (add(254, None), true),
            (add(254, Some(0)), true),
            (add(255, None), false),
        ],
    );
}

#[test]
fn a_sysctl_is_bounded_by_key_and_by_value() {
    let key = |text: &str| -> Vec<String> { text.split('/').map(str::to_owned).collect() };
    let (eth0, all) = (
        key("net/ipv4/conf/eth0/arp_notify"),
        key("net/ipv4/conf/all/arp_notify"),
    );
    let other = key("net/ipv4/conf/eth0/forwarding");
    decide(
        r#"allow = "sysctl.write"
           in = "container"
           keys = ["net/ipv4/conf/*/arp_notify"]
           values = ["1"]"#,
        &[
            (
                Question::SysctlWrite {
                    place: Container,
                    key: &eth0,
                    value: "1",
                },
                true,
            ),
            (
                Question::SysctlWrite {
                    place: Container,
                    key: &eth0,
                    value: "1\n",
                },
                false,
            ),
            (
                Question::SysctlWrite {
                    place: Container,
                    key: &eth0,
                    value: "2",
                },
                false,
            ),
            (
                Question::SysctlWrite {
                    place: Container,
                    key: &all,
                    value: "1",
                },
                false,
            ),
            (
                Question::SysctlWrite {
                    place: Container,
                    key: &other,
                    value: "1",
                },
                false,
            ),
            (
                Question::SysctlRead {
                    place: Container,
                    key: &eth0,
                },
                false,
            ),
            (
                Question::SysctlWrite {
                    place: Container,
                    key: &[],
                    value: "1",
                },
                false,
            ),
        ],
    );
}

#[test]
fn a_table_may_have_base_chains_only_where_granted() {
    let table = |family, table, hooks| Question::NftTable {
        place: Host,
        family,
        table,
        hooks,
    };
    decide(
        r#"allow = "nftables.table"
           in = "host"
           family = "inet"
           tables = ["cofferdam_*"]
           hooks = ["postrouting", "prerouting"]
           priorities = [100, [-150, -100]]"#,
        &[
            (table("inet", "cofferdam_masquerade", &[]), true),
            (table("inet", "cofferdam_masquerade", &[("postrouting", 100)]), true),
            (
                table(
                    "inet",
                    "cofferdam_masquerade",
                    &[("postrouting", 100), ("prerouting", -120)],
                ),
                true,
            ),
            (
                table("inet", "cofferdam_masquerade", &[("postrouting", 100), ("input", 100)]),
                false,
            ),
            (table("inet", "cofferdam_masquerade", &[("postrouting", 0)]), false),
            (table("ip", "cofferdam_masquerade", &[]), false),
            (table("inet", "firewalld", &[]), false),
        ],
    );
    decide(
        "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]",
        &[
            (table("inet", "t", &[]), true),
            (table("inet", "t", &[("postrouting", 100)]), false),
        ],
    );
}

#[test]
fn an_element_is_bounded_by_table_and_set() {
    let element = |table, set| Question::NftElement {
        place: Host,
        family: "inet",
        table,
        set,
    };
    decide(
        r#"allow = "nftables.element"
           in = "host"
           family = "inet"
           tables = ["masquerade"]
           sets = ["sources*"]"#,
        &[
            (element("masquerade", "sources4"), true),
            (element("masquerade", "blocked"), false),
            (element("masquerade2", "sources4"), false),
            (
                Question::NftTable {
                    place: Host,
                    family: "inet",
                    table: "masquerade",
                    hooks: &[],
                },
                false,
            ),
        ],
    );
}

#[test]
fn records_are_in_the_very_directory() {
    let open = |text| Question::StoreOpen {
        location: Path::new(text),
    };
    decide(
        "allow = \"store.open\"",
        &[
            (open("/var/lib/cni/networks"), true),
            (open("/var/lib/cni/networks/"), true),
            (open("/var/lib/cni/networks/other"), false),
            (open("/var/lib/cni"), false),
            (open("/var/lib/cni/networks/../../../etc"), false),
            (open("var/lib/cni/networks"), false),
        ],
    );
    decide(
        "allow = \"store.open\"\nlocations = [\"/srv/leases\"]",
        &[(open("/srv/leases"), true), (open("/var/lib/cni/networks"), false)],
    );
}

#[test]
fn files_and_plugins_are_named() {
    decide(
        "allow = \"resolver.read\"\nfiles = [\"/etc/resolv.conf\"]",
        &[
            (
                Question::ResolverRead {
                    file: Path::new("/etc/resolv.conf"),
                },
                true,
            ),
            (
                Question::ResolverRead {
                    file: Path::new("/etc/resolv.conf/../shadow"),
                },
                false,
            ),
            (
                Question::ResolverRead {
                    file: Path::new("/etc/shadow"),
                },
                false,
            ),
        ],
    );
    decide(
        "allow = \"ipam.delegate\"\nplugins = [\"host-local\", \"team-*\"]",
        &[
            (Question::IpamDelegate { plugin: "host-local" }, true),
            (Question::IpamDelegate { plugin: "team-a" }, true),
            (Question::IpamDelegate { plugin: "host-local2" }, false),
            (Question::IpamDelegate { plugin: "dhcp" }, false),
        ],
    );
}
