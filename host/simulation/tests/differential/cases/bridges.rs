use super::{Case, hold};

#[test]
fn bridges_have_ports() {
    hold(&[
        Case(
            "a bridge is made as declared, once",
            &[
                "bridge br0 mtu 1400",
                "bridge br0 => exists",
                "bridge lo => exists",
                "bridge br1 mtu 67 => EINVAL",
                "bridge br1 mtu 65536 => EINVAL",
                "bridge br0@c",
            ],
        ),
        Case(
            "a bridge is ready when one of its ports is",
            &[
                "bridge br0",
                "up br0",
                "veth a b",
                "master a br0",
                "up a",
                "up b",
                "down b",
                "up b",
                "nomaster a",
            ],
        ),
        Case(
            "ports have settings, others have not",
            &[
                "bridge br0",
                "veth a b",
                "hairpin a on => conflict",
                "isolated a on => conflict",
                "hairpin br0 on => conflict",
                "vlans a 10 => conflict",
                "master a br0",
                "hairpin a on",
                "isolated a on",
                "master a br0",
                "hairpin a off",
                "nomaster a",
                "nomaster a",
            ],
        ),
        Case(
            "a port leaves its bridge before it joins another",
            &[
                "bridge br0",
                "bridge br1",
                "veth a b",
                "master a br0",
                "master a br1",
                "master a lo => conflict",
                "master a br0",
                "master a nobody => missing",
            ],
        ),
        Case(
            "neither bridges nor what is no bridge can be joined",
            &[
                "bridge br0",
                "bridge br1",
                "veth a b",
                "master br0 br1 => ELOOP",
                "master br0 br0 => ELOOP",
                "master a b => conflict",
                "master a a => conflict",
                "master br0 a => conflict",
            ],
        ),
        Case(
            "with a bridge go neither its ports nor their addresses",
            &[
                "bridge br0",
                "veth a b@c",
                "master a br0",
                "hairpin a on",
                "up a",
                "up br0",
                "address add 10.22.0.1/16 dev br0",
                "address add 10.23.0.1/16 dev a",
                "delete br0",
            ],
        ),
        Case(
            "a port that is deleted is no port any more",
            &[
                "bridge br0",
                "veth a b@c master br0",
                "up a",
                "up b@c",
                "up br0",
                "delete a",
                "veth a b@c",
            ],
        ),
        Case(
            "a bridge takes packets of the size that all its ports take",
            &[
                "bridge br0",
                "veth a b mtu 1400",
                "veth c d mtu 9000",
                "master c br0",
                "master a br0",
                "mtu a 1300",
                "nomaster a",
                "nomaster c",
            ],
        ),
        Case(
            "a size of packets that was set for a bridge stays",
            &[
                "bridge br0",
                "mtu br0 1450",
                "veth a b mtu 1300",
                "master a br0",
                "nomaster a",
            ],
        ),
        Case(
            "a port keeps that it is promiscuous",
            &[
                "bridge br0",
                "veth a b",
                "master a br0",
                "promiscuous a on",
                "nomaster a",
                "promiscuous a off",
            ],
        ),
    ]);
}
