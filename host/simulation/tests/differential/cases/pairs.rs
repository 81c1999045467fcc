use super::{Case, hold};

#[test]
fn pairs_are_made_and_go_together() {
    hold(&[
        Case(
            "both ends appear where they belong, down",
            &[
                "veth eth0@c veth0 mtu 1400 peer-mtu 1400",
                "up eth0@c",
                "up veth0",
                "down eth0@c",
                "down veth0",
            ],
        ),
        Case(
            "with one end goes the other",
            &[
                "veth eth0@c veth0",
                "up eth0@c",
                "up veth0",
                "address add 10.22.0.2/16 dev eth0@c",
                "address add fd00::2/64 dev eth0@c",
                "route add default via 10.22.0.1 dev eth0@c",
                "delete veth0",
                "veth eth0@c veth0",
            ],
        ),
        Case(
            "an end whose name is taken is refused, and nothing is left",
            &[
                "veth a b@c",
                "veth a c@c => exists",
                "veth c b@c => exists",
                "veth lo c => exists",
                "veth c c => invalid",
                "veth c c@c",
            ],
        ),
        Case(
            "names that no link can have are refused",
            &[
                "veth sixteen-letters! b => invalid",
                "veth a/b b => invalid",
                "veth a:b b => invalid",
                "veth a%d b => invalid",
                "veth . b => invalid",
                "bridge .. => invalid",
            ],
        ),
        Case(
            "sizes of packets that no end can have are refused",
            &[
                "veth a b mtu 67 => EINVAL",
                "veth a b peer-mtu 65536 => EINVAL",
                "veth a b mtu 68 peer-mtu 65535",
            ],
        ),
        Case(
            "one end can be made a port at once",
            &[
                "bridge br0",
                "veth a b@c master br0",
                "veth c@c d peer-master br0",
                "veth e f master lo => conflict",
                "veth e f master nobody => missing",
                "veth e f peer-master a => conflict",
                "veth e f master br0 peer-master br0 => invalid",
            ],
        ),
        Case(
            "an end is ready when both are up",
            &["veth a b", "up a", "up b", "down a", "up a", "delete b"],
        ),
    ]);
}
