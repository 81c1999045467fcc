//! What the policies that come with Cofferdam allow, and what they do not.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use cofferdam_policy::{Grants, NO_KEYS, PluginPolicy, Question, default_policy};
use cofferdam_protocol::Place::{Container, Host};

fn parse(plugin: &str) -> PluginPolicy {
    let text = default_policy(plugin).unwrap().to_owned();
    PluginPolicy::parse(plugin, &[(PathBuf::from(plugin), text)], NO_KEYS).unwrap_or_else(|error| panic!("{error}"))
}

fn default(plugin: &str) -> Grants {
    parse(plugin).for_attachment("mynet", None)
}

fn key(text: &str) -> Vec<String> {
    text.split('/').map(str::to_owned).collect()
}

fn check(grants: &Grants, allowed: &[Question<'_>], denied: &[Question<'_>]) {
    for question in allowed {
        assert!(grants.decide(question).is_ok(), "{question:?}");
    }
    for question in denied {
        assert!(grants.decide(question).is_err(), "{question:?}");
    }
}

#[test]
fn loopback_has_lo_and_nothing_else() {
    let see = |place, name| Question::LinkSee {
        place,
        kind: Some(""),
        name,
    };
    let set = |what| Question::LinkSet {
        place: Container,
        kind: "",
        name: "lo",
        what,
    };
    check(
        &default("loopback"),
        &[
            see(Container, "lo"),
            set("up"),
            Question::AddressSee {
                place: Container,
                link: "lo",
            },
        ],
        &[
            see(Host, "lo"),
            see(Container, "eth0"),
            set("mtu"),
            Question::AddressAdd {
                place: Container,
                link: "lo",
                address: "10.0.0.1/32".parse().unwrap(),
            },
        ],
    );
    assert!(!default("loopback").reaches(Host));
}

#[test]
fn host_local_has_records_and_resolv_conf() {
    check(
        &default("host-local"),
        &[
            Question::StoreOpen {
                location: Path::new("/var/lib/cni/networks"),
            },
            Question::ResolverRead {
                file: Path::new("/etc/resolv.conf"),
            },
        ],
        &[
            Question::StoreOpen {
                location: Path::new("/etc"),
            },
            Question::ResolverRead {
                file: Path::new("/etc/shadow"),
            },
            Question::LinkSee {
                place: Container,
                kind: None,
                name: "lo",
            },
        ],
    );
    assert!(!default("host-local").reaches(Host) && !default("host-local").reaches(Container));
}

#[test]
fn bridge_has_what_the_readme_network_needs() {
    let prefix = |text: &str| text.parse().unwrap();
    let (forward4, forward6) = (key("net/ipv4/ip_forward"), key("net/ipv6/conf/all/forwarding"));
    let (notify, dad) = (
        key("net/ipv4/conf/eth0/arp_notify"),
        key("net/ipv6/conf/eth0/accept_dad"),
    );
    let (enhanced, keep) = (
        key("net/ipv6/conf/eth0/enhanced_dad"),
        key("net/ipv6/conf/eth0/keep_addr_on_down"),
    );
    let disable = key("net/ipv6/conf/lo/disable_ipv6");
    check(
        &default("bridge"),
        &[
            Question::LinkCreate {
                place: Host,
                kind: "bridge",
                name: "cni0",
            },
            Question::LinkCreate {
                place: Host,
                kind: "veth",
                name: "veth0a1b2c3d",
            },
            Question::LinkCreate {
                place: Container,
                kind: "veth",
                name: "eth0",
            },
            Question::LinkSee {
                place: Host,
                kind: Some("bridge"),
                name: "cni0",
            },
            Question::LinkSet {
                place: Host,
                kind: "bridge",
                name: "cni0",
                what: "mac",
            },
            Question::AddressSee {
                place: Host,
                link: "cni0",
            },
            Question::AddressAdd {
                place: Host,
                link: "cni0",
                address: prefix("10.22.0.1/16"),
            },
            Question::AddressDelete {
                place: Host,
                link: "cni0",
                address: prefix("10.23.0.1/16"),
            },
            Question::AddressAdd {
                place: Container,
                link: "eth0",
                address: prefix("10.22.0.2/16"),
            },
            Question::RouteAdd {
                place: Container,
                link: "eth0",
                destination: prefix("0.0.0.0/0"),
                table: 254,
            },
            Question::RouteSee {
                place: Container,
                link: "eth0",
                table: 254,
            },
            Question::SysctlRead {
                place: Host,
                key: &forward4,
            },
            Question::SysctlWrite {
                place: Host,
                key: &forward4,
                value: "1",
            },
            Question::SysctlWrite {
                place: Host,
                key: &forward6,
                value: "1",
            },
            Question::SysctlRead {
                place: Container,
                key: &disable,
            },
            Question::SysctlWrite {
                place: Container,
                key: &disable,
                value: "0",
            },
            Question::SysctlWrite {
                place: Container,
                key: &notify,
                value: "1",
            },
            Question::SysctlWrite {
                place: Container,
                key: &keep,
                value: "1",
            },
            Question::SysctlWrite {
                place: Container,
                key: &dad,
                value: "0",
            },
            Question::SysctlWrite {
                place: Container,
                key: &enhanced,
                value: "1",
            },
            Question::NftTable {
                place: Host,
                family: "inet",
                table: "cofferdam_masquerade",
                hooks: &[("postrouting", 100)],
            },
            Question::NftElement {
                place: Host,
                family: "inet",
                table: "cofferdam_masquerade",
                set: "sources4",
            },
            Question::IpamDelegate { plugin: "host-local" },
        ],
        &[],
    );
}

#[test]
fn bridge_has_nothing_of_others_in_the_host() {
    let prefix = |text: &str| text.parse().unwrap();
    let (forward4, route_localnet) = (key("net/ipv4/ip_forward"), key("net/ipv4/conf/all/route_localnet"));
    check(
        &default("bridge"),
        &[],
        &[
            Question::LinkSee {
                place: Host,
                kind: Some(""),
                name: "eth0",
            },
            Question::LinkSee {
                place: Host,
                kind: None,
                name: "docker0",
            },
            Question::LinkCreate {
                place: Host,
                kind: "bridge",
                name: "br-0",
            },
            Question::LinkCreate {
                place: Host,
                kind: "vxlan",
                name: "cni0",
            },
            Question::LinkSet {
                place: Host,
                kind: "veth",
                name: "veth0",
                what: "up",
            },
            Question::LinkDelete {
                place: Host,
                kind: "bridge",
                name: "cni0",
            },
            Question::AddressAdd {
                place: Host,
                link: "eth0",
                address: prefix("10.22.0.1/16"),
            },
            Question::RouteAdd {
                place: Host,
                link: "cni0",
                destination: prefix("0.0.0.0/0"),
                table: 254,
            },
            Question::RouteAdd {
                place: Container,
                link: "eth0",
                destination: prefix("0.0.0.0/0"),
                table: 100,
            },
            Question::SysctlWrite {
                place: Host,
                key: &forward4,
                value: "0",
            },
            Question::SysctlWrite {
                place: Host,
                key: &route_localnet,
                value: "1",
            },
            Question::NftTable {
                place: Host,
                family: "inet",
                table: "cofferdam_masquerade",
                hooks: &[("prerouting", 100)],
            },
            Question::NftTable {
                place: Host,
                family: "inet",
                table: "firewalld",
                hooks: &[],
            },
            Question::RuleAdd {
                place: Host,
                table: 100,
                priority: Some(1),
            },
            Question::NeighborAdd {
                place: Container,
                link: "eth0",
                address: "10.22.0.1".parse().unwrap(),
            },
            Question::StoreOpen {
                location: Path::new("/var/lib/cni/networks"),
            },
        ],
    );
}
