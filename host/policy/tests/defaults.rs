//! What the policies that come with Cofferdam allow, and what they do not.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use cofferdam_policy::{Asked, Grants, NO_KEYS, PluginPolicy, default_policy};
use cofferdam_protocol::Place::{Container, Host};

fn default(plugin: &str) -> Grants {
    let text = default_policy(plugin).unwrap().to_owned();
    let policy = PluginPolicy::parse(plugin, &[(PathBuf::from(plugin), text)], NO_KEYS);
    let policy = policy.unwrap_or_else(|error| panic!("{error}"));
    policy.for_attachment("mynet", None)
}

fn check(plugin: &str, questions: &[&str], allowed: bool) {
    let grants = default(plugin);
    for question in questions {
        let mut words = question.split(' ');
        let asked = Asked::read(words.next().unwrap(), words).unwrap_or_else(|error| panic!("{question}: {error}"));
        assert_eq!(
            asked.ask(|question| grants.decide(question).is_ok()),
            allowed,
            "{question}"
        );
    }
}

#[test]
fn loopback_has_lo_and_nothing_else() {
    check(
        "loopback",
        &[
            "link.see container kind=none name=lo",
            "link.set container kind=none name=lo setting=up",
            "address.see container name=lo",
        ],
        true,
    );
    check(
        "loopback",
        &[
            "link.see host kind=none name=lo",
            "link.see container kind=none name=eth0",
            "link.set container kind=none name=lo setting=mtu",
            "address.add container name=lo address=10.0.0.1/32",
        ],
        false,
    );
    assert!(!default("loopback").reaches(Host));
}

#[test]
fn host_local_has_records_and_resolv_conf() {
    check(
        "host-local",
        &[
            "store.open location=/var/lib/cni/networks",
            "resolver.read file=/etc/resolv.conf",
        ],
        true,
    );
    check(
        "host-local",
        &[
            "store.open location=/etc",
            "resolver.read file=/etc/shadow",
            "link.see container name=lo",
        ],
        false,
    );
    assert!(!default("host-local").reaches(Host) && !default("host-local").reaches(Container));
}

#[test]
fn dhcp_talks_with_servers_on_the_containers_links_and_does_nothing_on_the_node() {
    check(
        "dhcp",
        &[
            "link.see container name=eth0",
            "link.set container kind=veth name=eth0 setting=up",
            "packet.exchange container name=eth0 port=68 port=67",
            "upkeep.keep",
        ],
        true,
    );
    check(
        "dhcp",
        &[
            "link.set container kind=veth name=eth0 setting=mac",
            "packet.exchange container name=eth0 port=68 port=53",
            "packet.exchange host name=cni0 port=68 port=67",
            "address.add container name=eth0 address=10.22.0.2/16",
        ],
        false,
    );
    assert!(!default("dhcp").reaches(Host));
}

#[test]
fn bridge_has_what_the_readme_network_needs() {
    check(
        "bridge",
        &[
            "link.create host kind=bridge name=cni0",
            "link.create host kind=veth name=veth0a1b2c3d",
            "link.create container kind=veth name=eth0",
            "link.create host kind=veth name=cni0.100",
            "vlan.join host name=cni0 vlan=100",
            "link.see host kind=bridge name=cni0",
            "link.set host kind=bridge name=cni0 setting=up",
            "address.see host name=cni0",
            "address.add host name=cni0 address=10.22.0.1/16",
            "address.delete host name=cni0 address=10.23.0.1/16",
            "address.add container name=eth0 address=10.22.0.2/16",
            "route.add container name=eth0 destination=0.0.0.0/0",
            "route.see container name=eth0",
            "sysctl.write host key=net/ipv4/ip_forward value=1",
            "sysctl.write host key=net/ipv6/conf/all/forwarding value=1",
            "sysctl.write container key=net/ipv6/conf/lo/disable_ipv6 value=0",
            "sysctl.write container key=net/ipv4/conf/eth0/arp_notify value=1",
            "sysctl.write container key=net/ipv6/conf/eth0/keep_addr_on_down value=1",
            "sysctl.write container key=net/ipv6/conf/eth0/accept_dad value=0",
            "sysctl.write container key=net/ipv6/conf/eth0/enhanced_dad value=1",
            "nftables.table host family=inet table=cofferdam_masquerade hook=postrouting:100",
            "nftables.element host family=inet table=cofferdam_masquerade set=sources4",
            "ipam.delegate plugin=host-local",
        ],
        true,
    );
}

#[test]
fn bridge_has_nothing_of_others_in_the_host() {
    check(
        "bridge",
        &[
            "link.see host kind=none name=eth0",
            "link.see host name=docker0",
            "link.create host kind=bridge name=br-0",
            "vlan.join host name=br-0 vlan=100",
            "link.create host kind=veth name=eth0.100",
            "link.create host kind=vxlan name=cni0",
            "link.set host kind=bridge name=cni0 setting=mac",
            "sysctl.read host key=net/ipv4/ip_forward",
            "link.set host kind=veth name=veth0 setting=up",
            "link.delete host kind=bridge name=cni0",
            "address.add host name=eth0 address=10.22.0.1/16",
            "route.add host name=cni0 destination=0.0.0.0/0",
            "route.add container name=eth0 destination=0.0.0.0/0 table=100",
            "sysctl.write host key=net/ipv4/ip_forward value=0",
            "sysctl.write host key=net/ipv4/conf/all/route_localnet value=1",
            "nftables.table host family=inet table=cofferdam_masquerade hook=prerouting:100",
            "nftables.table host family=inet table=firewalld",
            "rule.add host table=100 priority=1",
            "neighbor.add container name=eth0 address=10.22.0.1",
            "store.open location=/var/lib/cni/networks",
        ],
        false,
    );
}

#[test]
fn what_is_upon_a_link_of_the_node_is_upon_its_network_cards() {
    for plugin in ["macvlan", "ipvlan", "vlan"] {
        let vlan = if plugin == "vlan" { " vlan=5" } else { "" };
        let create = format!("link.create container kind={plugin} name=eth0{vlan}");
        for (parent, allowed) in [("eth1", true), ("enp3s0", true), ("cni0", false), ("docker0", false)] {
            check(plugin, &[&format!("{create} parent={parent}")], allowed);
        }
        check(plugin, &[&format!("{create} parent=eth1 mode=passthru")], false);
        check(plugin, &[&format!("link.create host kind={plugin} name=eth7")], false);
    }
    for plugin in ["dummy", "tap"] {
        assert!(!default(plugin).reaches(Host), "{plugin}");
    }
}

#[test]
fn host_device_takes_virtual_functions_and_nothing_else_of_the_node() {
    let take = |kind: &str, name: &str| format!("device.take host kind={kind} name={name}");
    for (kind, name, allowed) in [
        ("none", "enp3s0f0v4", true),
        ("none", "ens1f1v0", true),
        ("none", "eno1", false),
        ("none", "enp3s0", false),
        ("none", "eth0", false),
        ("none", "lo", false),
        ("veth", "enp3s0f0v4", false),
        ("none", "0000:03:00.1", false),
    ] {
        check("host-device", &[&take(kind, name)], allowed);
    }
    let others = [
        "link.set host kind=none name=ens1f1v0 setting=up",
        "link.see host name=ens1f1v0",
    ];
    check("host-device", &others, false);
}

#[test]
fn static_needs_nothing() {
    let grants = default("static");
    assert!(!grants.reaches(Host) && !grants.reaches(Container));
    check("static", &["store.open location=/var/lib/cni/networks"], false);
}

#[test]
fn ptp_has_its_pair_and_the_ways_between_its_ends() {
    check(
        "ptp",
        &[
            "link.create host kind=veth name=veth0a1b2c3d",
            "link.create container kind=veth name=eth0",
            "address.add host name=veth0a1b2c3d address=10.30.0.1/32",
            "route.add host name=veth0a1b2c3d destination=10.30.0.2/32",
            "address.add container name=eth0 address=10.30.0.2/24",
            "route.add container name=eth0 destination=0.0.0.0/0",
            "sysctl.write host key=net/ipv4/ip_forward value=1",
            "nftables.table host family=inet table=cofferdam_ptp_masquerade hook=postrouting:100",
            "ipam.delegate plugin=static",
        ],
        true,
    );
    check(
        "ptp",
        &[
            "link.create host kind=bridge name=cni0",
            "link.set host kind=veth name=veth0 setting=up",
            "address.add host name=cni0 address=10.30.0.1/32",
            "route.add host name=eth0 destination=10.30.0.2/32",
            "route.add host name=veth0 destination=10.30.0.2/32 table=100",
            "sysctl.write host key=net/ipv4/ip_forward value=0",
            "nftables.table host family=inet table=cofferdam_masquerade hook=postrouting:100",
        ],
        false,
    );
}

#[test]
fn tuning_has_the_container_and_nothing_of_the_node() {
    check(
        "tuning",
        &[
            "sysctl.write container key=net/core/somaxconn value=500",
            "sysctl.write container key=net/ipv4/conf/eth0/arp_filter value=1",
            "sysctl.write container key=net/ipv6/conf/all/forwarding value=1",
            "sysctl.read container key=net/ipv4/ip_forward",
            "link.set container kind=veth name=eth0 setting=mac",
            "link.set container kind=macvlan name=net1 setting=transmit-queue-length",
            "allow-list.read file=/etc/cni/tuning/allowlist.conf",
        ],
        true,
    );
    check(
        "tuning",
        &[
            "sysctl.write host key=net/core/somaxconn value=500",
            "link.set container kind=veth name=eth0 setting=up",
            "link.set container kind=veth name=eth0 setting=master",
            "link.delete container kind=veth name=eth0",
            "allow-list.read file=/etc/shadow",
            "resolver.read file=/etc/cni/tuning/allowlist.conf",
        ],
        false,
    );
    assert!(!default("tuning").reaches(Host));
}

#[test]
fn sbr_has_routes_and_rules_of_the_container() {
    check(
        "sbr",
        &[
            "rule.add container table=100",
            "rule.see container",
            "route.add container name=eth0 destination=0.0.0.0/0 table=100",
            "route.add container name=eth0 destination=fd00::/64",
            "route.delete container name=eth0 destination=10.22.0.0/16",
            "route.see container name=eth0 table=254",
        ],
        true,
    );
    check(
        "sbr",
        &[
            "rule.add container table=254",
            "route.add container name=eth0 destination=0.0.0.0/0 table=99",
            "route.delete container name=eth0 destination=0.0.0.0/0 table=100",
            "address.add container name=eth0 address=10.22.0.2/16",
        ],
        false,
    );
    assert!(!default("sbr").reaches(Host));
}

#[test]
fn vrf_has_what_leads_from_one_interface_of_the_container() {
    check(
        "vrf",
        &[
            "link.create container kind=vrf name=blue",
            "link.set container kind=veth name=eth0 setting=master",
            "route.see container name=eth0",
            "route.see container name=eth0 table=1",
            "route.add container name=eth0 destination=0.0.0.0/0 table=1",
            "address.add container name=eth0 address=fd00::5/64",
        ],
        true,
    );
    check(
        "vrf",
        &[
            "route.add container name=eth0 destination=0.0.0.0/0",
            "route.delete container name=eth0 destination=0.0.0.0/0",
            "link.set container kind=veth name=eth0 setting=mac",
            "link.create container kind=veth name=eth1",
        ],
        false,
    );
    assert!(!default("vrf").reaches(Host));
}

#[test]
fn portmap_has_what_leads_to_published_ports_and_no_more_of_iptables() {
    check(
        "portmap",
        &[
            "nftables.table host family=inet table=cofferdam_hostports hook=prerouting:-100",
            "nftables.element host family=inet table=cofferdam_hostports set=published4 port=8080",
            "forwarding.publish host",
        ],
        true,
    );
    check(
        "portmap",
        &[
            "nftables.element host family=inet table=cofferdam_hostports set=published4 port=22",
            "nftables.table host family=ip table=filter",
            "forwarding.publish host address=10.22.0.5",
            "forwarding.accept host chain=CNI-ADMIN",
        ],
        false,
    );
    assert!(!default("portmap").reaches(Container));
}

#[test]
fn firewall_has_its_table_and_one_chain_of_iptables() {
    check(
        "firewall",
        &[
            "forwarding.accept host chain=CNI-ADMIN",
            "forwarding.zone host zone=trusted",
            "nftables.table host family=inet table=cofferdam_firewall hook=forward:0",
            "nftables.element host family=inet table=cofferdam_firewall set=bridges name=cni0",
            "nftables.element host family=inet table=cofferdam_firewall set=within name=veth0a1b2c3d",
            "link.set host kind=veth name=veth0a1b2c3d setting=isolated",
        ],
        true,
    );
    check(
        "firewall",
        &[
            "forwarding.publish host",
            "forwarding.accept host chain=DOCKER-USER",
            "forwarding.accept host chain=CNI-ADMIN address=10.22.0.5",
            "forwarding.zone host zone=public",
            "forwarding.zone host zone=trusted address=10.22.0.5",
            "nftables.table host family=inet table=cofferdam_firewall hook=forward:0 scope=all",
            "nftables.table host family=ip table=filter",
            "nftables.element host family=inet table=cofferdam_firewall set=bridges name=docker0",
            "link.set host kind=veth name=veth0a1b2c3d setting=up",
            "link.set host kind=bridge name=cni0 setting=isolated",
        ],
        false,
    );
    assert!(!default("firewall").reaches(Container));
}
