use super::{Case, hold};

#[test]
fn moves() {
    hold(&[
        Case(
            "a link that moves is down, without addresses, routes, neighbours and settings",
            &[
                "veth a b",
                "up a",
                "up b",
                "promiscuous a on",
                "mtu a 1400",
                "qlen a 55",
                "address add 10.22.0.2/16 dev a",
                "address add fd00::2/64 dev a",
                "route add 192.0.2.0/24 via 10.22.0.1 dev a",
                "route add 2001:db8::/32 via fd00::1 dev a",
                "neighbor add 10.22.0.9 dev a",
                "set net/ipv4/conf/a/arp_notify 1",
                "move a eth0@c",
                "up eth0@c",
                "move eth0@c a",
            ],
        ),
        Case(
            "a name that is taken there is refused, and nothing moves",
            &[
                "veth a b",
                "veth c@c d",
                "up a",
                "address add 10.22.0.2/16 dev a",
                "move a c@c => exists",
                "move a lo@c => exists",
                "move a b => exists",
                "move a a@c",
            ],
        ),
        Case(
            "within a namespace a link is renamed, with its settings",
            &[
                "veth a b",
                "set net/ipv4/conf/a/arp_notify 1",
                "address add 10.22.0.2/16 dev a",
                "move a x",
                "move x x",
                "set net/ipv4/conf/x/arp_notify 0",
            ],
        ),
        Case(
            "the loopback and bridges stay",
            &[
                "bridge br0",
                "move br0 br0@c => EINVAL",
                "move lo lo9@c => EINVAL",
                "move br0 br9",
            ],
        ),
        Case(
            "a port that moves is none any more",
            &[
                "bridge br0",
                "veth a b",
                "master a br0",
                "hairpin a on",
                "move a a@c",
                "move a@c a",
            ],
        ),
        Case(
            "both ends may meet",
            &["veth a b@c", "move a a@c", "up a@c", "up b@c", "delete a@c"],
        ),
        Case(
            "a link keeps what is upon it",
            &[
                "veth a b",
                "link m type macvlan bridge dev a",
                "up a",
                "up b",
                "up m",
                "move m m@c",
                "move a a@c",
                "delete a@c",
            ],
        ),
        Case(
            "routes of others that are sent with its address go with a link",
            &[
                "veth a b",
                "veth c d",
                "up c",
                "address add 10.22.0.2/16 dev a",
                "address add 10.23.0.2/16 dev c",
                "route add 192.0.2.0/24 src 10.22.0.2 dev c",
                "move a a@c",
            ],
        ),
    ]);
}
