use super::{Case, hold};

#[test]
fn settings() {
    hold(&[
        Case(
            "a node that forwards does so on all links, and takes no redirects",
            &[
                "veth a b",
                "set net/ipv4/ip_forward 1",
                "veth c d",
                "set net/ipv4/conf/c/forwarding 0",
                "set net/ipv4/ip_forward 1",
                "set net/ipv4/conf/all/accept_redirects 1",
                "set net/ipv4/ip_forward 2",
                "set net/ipv4/conf/all/forwarding 0",
                "set net/ipv4/conf/default/forwarding 1",
                "veth e f",
            ],
        ),
        Case(
            "the same of IPv6, but for the redirects",
            &[
                "veth a b",
                "set net/ipv6/conf/all/forwarding 1",
                "veth c d",
                "set net/ipv6/conf/a/forwarding 0",
                "set net/ipv6/conf/default/forwarding 0",
                "veth e f",
                "set net/ipv6/conf/all/forwarding 0",
            ],
        ),
        Case(
            "links follow the default of IPv4 until they are set",
            &[
                "veth a b",
                "veth c d",
                "set net/ipv4/conf/a/arp_notify 0",
                "set net/ipv4/conf/default/arp_notify 1",
                "veth e f",
                "set net/ipv4/conf/default/arp_notify 0",
                "set net/ipv4/conf/all/arp_notify 1",
                "set net/ipv4/conf/default/promote_secondaries 1",
                "set net/ipv4/conf/default/arp_notify 1",
                "veth g h",
                "set net/ipv4/conf/default/promote_secondaries 0",
            ],
        ),
        Case(
            "or have an address",
            &[
                "veth a b",
                "veth c d",
                "address add 10.22.0.2/16 dev a",
                "set net/ipv4/conf/default/arp_notify 1",
                "up lo",
                "set net/ipv4/conf/default/arp_notify 0",
            ],
        ),
        Case(
            "links do not follow the default of IPv6",
            &[
                "veth a b",
                "set net/ipv6/conf/default/accept_ra 0",
                "veth c d",
                "set net/ipv6/conf/default/accept_ra 2",
                "set net/ipv6/conf/all/accept_ra 0",
            ],
        ),
        Case(
            "IPv6 can be taken from all links at once",
            &[
                "veth a b",
                "up a",
                "up b",
                "up lo",
                "address add fd00::2/64 dev a",
                "address add fd00::3/64 dev b",
                "set net/ipv6/conf/all/disable_ipv6 1",
                "veth c d",
                "address add fd00::2/64 dev c => EACCES",
                "set net/ipv6/conf/a/disable_ipv6 0",
                "address add fd00::2/64 dev a",
                "set net/ipv6/conf/all/disable_ipv6 0",
            ],
        ),
        Case(
            "settings of a link go with it",
            &[
                "veth a b",
                "set net/ipv4/conf/a/arp_notify 1",
                "delete a",
                "set net/ipv4/conf/a/arp_notify 1 => missing",
                "veth a b",
            ],
        ),
        Case(
            "numbers are read as in C, and others refused",
            &[
                "veth a b",
                "set net/ipv4/conf/a/arp_notify 0x10",
                "set net/ipv4/conf/a/arp_notify 010",
                "set net/ipv4/conf/a/arp_notify -1",
                "set net/ipv4/conf/a/arp_notify yes => invalid",
                "set net/ipv4/conf/a/arp_notify +1 => invalid",
                "set net/ipv4/conf/a/arp_notify 2147483647",
                "set net/ipv4/conf/a/arp_notify 2147483648 => invalid",
                "set net/ipv4/conf/a/mc_forwarding 1 => EACCES",
                "set net/ipv4/conf/nobody/arp_notify 1 => missing",
                "set net/core/somaxconn 1024",
                "set net/core/somaxconn -1 => invalid",
                "set net/ipv6/bindv6only 1",
            ],
        ),
    ]);
}
