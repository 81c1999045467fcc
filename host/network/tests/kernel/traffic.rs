use std::{net::UdpSocket, process::Command};

use cofferdam_network::{Error, Flows, Incoming, Kernel, LinkId, Network, Outgoing, RateLimit};
use cofferdam_protocol::Place;

use crate::fixture::{assert_exists, assert_not_found, end, in_new_namespaces, missing, veth_up};

const LIMIT: RateLimit = RateLimit {
    rate: 1_000_000,
    burst: 100_000,
    latency: 25_000,
};

/// What `tc(8)` shows.
fn tc(words: &str) -> String {
    let output = Command::new("tc").args(words.split(' ')).output().unwrap();
    assert!(output.status.success(), "tc {words}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn pair(kernel: &mut Kernel) -> (LinkId, LinkId) {
    let (one, other) = (end(Place::Host, "one", 0x61), end(Place::Host, "other", 0x62));
    kernel.create_veth(&one, &other).unwrap()
}

#[test]
fn a_rate_limit_is_what_tc_shows_and_goes() {
    in_new_namespaces(|kernel| {
        let (_, outer) = veth_up(kernel);
        assert_eq!(kernel.outgoing(outer).unwrap(), Outgoing::Default);
        kernel.limit_rate(outer, &LIMIT).unwrap();
        let expected = Outgoing::Limited(LIMIT.token_bucket().unwrap());
        assert_eq!(kernel.outgoing(outer).unwrap(), expected);
        let shown = tc("qdisc show dev veth0 root");
        assert!(shown.contains("tbf 1: root"), "{shown}");
        assert!(shown.contains("rate 8Mbit burst 100000b lat 25ms"), "{shown}");
        assert_exists(kernel.limit_rate(outer, &LIMIT), &["link", "host"]);
        kernel.delete_rate_limit(outer).unwrap();
        assert_eq!(kernel.outgoing(outer).unwrap(), Outgoing::Default);
        assert_not_found(kernel.delete_rate_limit(outer), &["host"]);
    });
}

#[test]
fn rates_of_more_than_32_bits_are_kept() {
    in_new_namespaces(|kernel| {
        let (inner, _) = veth_up(kernel);
        let limit = RateLimit {
            rate: 12_500_000_000,
            burst: 1_000_000,
            latency: 25_000,
        };
        kernel.limit_rate(inner, &limit).unwrap();
        let expected = Outgoing::Limited(limit.token_bucket().unwrap());
        assert_eq!(kernel.outgoing(inner).unwrap(), expected);
    });
}

#[test]
fn a_limit_of_somebody_elses_is_neither_replaced_nor_taken_for_ours() {
    in_new_namespaces(|kernel| {
        let (_, outer) = veth_up(kernel);
        tc("qdisc add dev veth0 root handle 7: pfifo limit 5");
        assert_eq!(kernel.outgoing(outer).unwrap(), Outgoing::Other("pfifo".to_owned()));
        assert_exists(kernel.limit_rate(outer, &LIMIT), &["link"]);
        assert_not_found(kernel.delete_rate_limit(outer), &["link"]);
        assert!(tc("qdisc show dev veth0 root").contains("pfifo 7:"));
    });
}

#[test]
fn what_comes_in_is_sent_by_another_link() {
    in_new_namespaces(|kernel| {
        let (inner, outer) = veth_up(kernel);
        let (one, other) = pair(kernel);
        for link in [one, other] {
            kernel.set_link_up(link, true).unwrap();
        }
        assert_eq!(kernel.incoming(outer).unwrap(), Incoming::Default);
        kernel.redirect_incoming(outer, one.index).unwrap();
        assert_eq!(kernel.incoming(outer).unwrap(), Incoming::Redirected(one.index));
        let shown = tc("filter show dev veth0 ingress");
        assert_eq!(
            shown.matches("mirred (Egress Redirect to device one) stolen").count(),
            1,
            "{shown}"
        );
        assert_exists(kernel.redirect_incoming(outer, one.index), &["link"]);
        let before = redirected();
        // The container asks whether somebody has the address.
        kernel.add_address(inner, "fd00::2/64".parse().unwrap(), false).unwrap();
        crate::fixture::wait_until(|| redirected() > before);
        kernel.delete_redirect(outer).unwrap();
        assert_eq!(kernel.incoming(outer).unwrap(), Incoming::Default);
        assert_not_found(kernel.delete_redirect(outer), &["host"]);
    });
}

/// Bytes that went the other way.
fn redirected() -> u64 {
    let shown = tc("-s filter show dev veth0 ingress");
    let sent = shown.split("Sent ").nth(1).unwrap_or("0 ");
    sent.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn filters_of_others_are_told_from_a_redirect() {
    in_new_namespaces(|kernel| {
        let (_, outer) = veth_up(kernel);
        let (one, _) = pair(kernel);
        tc("qdisc add dev veth0 ingress");
        assert_eq!(kernel.incoming(outer).unwrap(), Incoming::Empty);
        let narrow = "filter add dev veth0 ingress protocol all prio 1 u32 match u8 6 0xff at 9 action mirred egress \
                      redirect dev one";
        tc(narrow);
        assert_eq!(kernel.incoming(outer).unwrap(), Incoming::Other);
        tc("qdisc del dev veth0 ingress");
        kernel.redirect_incoming(outer, one.index).unwrap();
        tc("filter add dev veth0 ingress protocol all prio 2 u32 match u32 0 0 action mirred egress redirect dev one");
        assert_eq!(kernel.incoming(outer).unwrap(), Incoming::Other);
    });
}

#[test]
fn a_redirect_to_a_missing_link_leaves_nothing() {
    in_new_namespaces(|kernel| {
        let (_, outer) = veth_up(kernel);
        assert_not_found(kernel.redirect_incoming(outer, 4711), &["4711"]);
        assert_eq!(kernel.incoming(outer).unwrap(), Incoming::Default);
        let link = missing(Place::Host);
        assert_not_found(kernel.limit_rate(link, &LIMIT), &["4711"]);
        assert_not_found(kernel.redirect_incoming(link, outer.index), &["4711"]);
        assert_eq!(kernel.outgoing(link).unwrap(), Outgoing::Default);
    });
}

/// Tracked flows of UDP to a port, by their destinations.
fn tracked(port: u16) -> Vec<String> {
    let text = std::fs::read_to_string("/proc/thread-self/net/nf_conntrack").unwrap();
    let is_it = |line: &&str| line.contains(" udp ") && line.contains(&format!("dport={port} "));
    let destination = |line: &str| {
        let word = line.split(' ').find(|word| word.starts_with("dst=")).unwrap();
        word.trim_start_matches("dst=").to_owned()
    };
    let mut found: Vec<String> = text.lines().filter(is_it).map(destination).collect();
    found.sort();
    found
}

#[test]
fn flows_to_a_port_are_forgotten_and_others_are_not() {
    in_new_namespaces(|kernel| {
        if std::fs::read_to_string("/proc/thread-self/net/nf_conntrack").is_err() {
            eprintln!("skipped: this kernel does not tell of connections");
            return;
        }
        let lo = kernel.link_by_name(Place::Host, "lo").unwrap().unwrap().id;
        kernel.set_link_up(lo, true).unwrap();
        // Connections are tracked where rules look at them.
        let rules = "table inet t { chain c { type filter hook output priority 0; ct state new accept\n}\n}";
        let nft = Command::new("nft").arg(rules).status().unwrap();
        assert!(nft.success());
        let send = |source: &str, to: &str| {
            let socket = UdpSocket::bind(source).unwrap();
            let _ = socket.send_to(b"x", to);
        };
        let fill = || {
            for to in ["127.0.0.1:53", "127.0.0.2:53", "127.0.0.1:54"] {
                send("127.0.0.1:0", to);
            }
            send("[::1]:0", "[::1]:53");
        };
        let flows = |ipv6, port, address: Option<&str>| Flows {
            ipv6,
            port,
            address: address.map(|address| address.parse().unwrap()),
        };
        fill();
        let v6 = tracked(53).into_iter().find(|address| address.contains(':')).unwrap();
        kernel
            .forget_flows(Place::Host, &[flows(false, 53, Some("127.0.0.2"))])
            .unwrap();
        assert_eq!(tracked(53), [v6.as_str(), "127.0.0.1"].map(str::to_owned));
        kernel.forget_flows(Place::Host, &[flows(false, 53, None)]).unwrap();
        assert_eq!(tracked(53), [v6]);
        kernel
            .forget_flows(Place::Host, &[flows(true, 53, None), flows(true, 99, None)])
            .unwrap();
        assert_eq!(tracked(53), Vec::<String>::new());
        assert_eq!(tracked(54), ["127.0.0.1"]);
        let mixed = kernel.forget_flows(Place::Host, &[flows(true, 53, Some("127.0.0.1"))]);
        assert!(matches!(mixed, Err(Error::Invalid(_))), "{mixed:?}");
    });
}
