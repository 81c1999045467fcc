use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{Namespace, Snapshot, needs_kernel};

fn run(namespace: &Namespace, command: &str) {
    let words: Vec<_> = command.split(' ').collect();
    match words[..] {
        ["sysctl", key, value] => namespace.set_sysctl(key, value),
        _ => {
            namespace.tool(words[0], &words[1..]);
        }
    }
}

/// A node with a bridge that has an address.
fn node() -> Namespace {
    let node = Namespace::node();
    node.keep_links_bare();
    for command in [
        "ip link add br0 type bridge",
        "ip link set br0 up",
        "ip address add 192.0.2.1/24 dev br0",
    ] {
        run(&node, command);
    }
    node
}

#[test]
fn whatever_is_done_to_a_namespace_is_seen_until_it_is_undone() {
    needs_kernel!();
    let node = node();
    for (done, undone, seen) in [
        ("ip link add br1 type bridge", "ip link delete br1", "+ link br1"),
        ("ip link set br0 mtu 1400", "ip link set br0 mtu 1500", "~ link br0"),
        (
            "ip link set br0 promisc on",
            "ip link set br0 promisc off",
            "~ link br0",
        ),
        (
            "ip address add 192.0.2.9/24 dev br0",
            "ip address delete 192.0.2.9/24 dev br0",
            "+ address 192.0.2.9 on br0",
        ),
        (
            "ip address add fd00::9/64 dev br0 nodad",
            "ip address delete fd00::9/64 dev br0",
            "+ address fd00::9 on br0",
        ),
        (
            "ip route add 198.51.100.0/24 dev br0",
            "ip route delete 198.51.100.0/24",
            "+ route -4 br0",
        ),
        (
            "ip route add blackhole 198.51.100.0/24 table 100",
            "ip route delete blackhole 198.51.100.0/24 table 100",
            "+ route -4 ",
        ),
        (
            "ip -6 route add fd01::/64 dev br0",
            "ip -6 route delete fd01::/64",
            "+ route -6 br0",
        ),
        (
            "ip rule add from 192.0.2.9 lookup 300 priority 77",
            "ip rule delete priority 77",
            "+ rule -4 priority 77 table 300",
        ),
        (
            "ip -6 rule add lookup 100 priority 78",
            "ip -6 rule delete priority 78",
            "+ rule -6 priority 78 table 100",
        ),
        (
            "ip neighbour add 192.0.2.7 lladdr 02:00:00:00:00:07 dev br0 nud permanent",
            "ip neighbour delete 192.0.2.7 dev br0",
            "+ neighbour br0",
        ),
        (
            "tc qdisc add dev br0 root handle 7: pfifo limit 10",
            "tc qdisc delete dev br0 root",
            "+ qdisc br0",
        ),
        (
            "nft add table inet own",
            "nft delete table inet own",
            "+ packet filter ",
        ),
        (
            "sysctl net/ipv4/ip_forward 1",
            "sysctl net/ipv4/ip_forward 0",
            "~ setting net/ipv4/ip_forward",
        ),
        (
            "sysctl net/ipv6/conf/default/addr_gen_mode 0",
            "sysctl net/ipv6/conf/default/addr_gen_mode 1",
            "~ setting net/ipv6/conf/default/addr_gen_mode",
        ),
    ] {
        let before = Snapshot::of(&node);
        run(&node, done);
        let difference = before.difference(&Snapshot::of(&node));
        assert!(difference.contains(seen), "{done}: no {seen:?} in {difference:?}");
        run(&node, undone);
        let left = before.difference(&Snapshot::of(&node));
        assert!(left.is_empty(), "{undone}: {left}");
    }
}

#[test]
fn what_happens_to_packets_is_not_seen() {
    needs_kernel!();
    let node = node();
    for command in [
        "nft add table inet own",
        "nft add chain inet own in { type filter hook input priority 0 ; }",
        "nft add rule inet own in counter",
    ] {
        run(&node, command);
    }
    let before = Snapshot::of(&node);
    let socket = node.run(|| std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback is up"));
    let own = socket.local_addr().expect("it is bound");
    socket.send_to(b"packet", own).expect("loopback is up");
    assert!(!node.ruleset().contains("packets 0 "), "it was counted");
    before.assert_same(&Snapshot::of(&node));
}

#[test]
fn that_an_address_proved_unique_is_not_seen() {
    needs_kernel!();
    let node = node();
    run(&node, "ip link add port type veth peer name other");
    run(&node, "ip link set port up");
    run(&node, "ip link set other up");
    run(&node, "ip address add fd00::9/64 dev port");
    let is_tentative = || {
        node.tool("ip", &["-6", "address", "show", "dev", "port"])
            .contains("tentative")
    };
    let before = Snapshot::of(&node);
    assert!(is_tentative(), "the kernel asks for a second whether anybody has it");
    let deadline = Instant::now() + Duration::from_secs(10);
    while is_tentative() {
        assert!(Instant::now() < deadline, "the address never proved unique");
        thread::sleep(Duration::from_millis(20));
    }
    before.assert_same(&Snapshot::of(&node));
}
