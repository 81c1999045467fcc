use super::{Case, hold};

#[test]
fn ipv4_addresses_come_with_their_networks() {
    hold(&[
        Case(
            "the route to an address's network is there while the link is up",
            &[
                "veth a b",
                "address add 10.22.0.2/16 dev a",
                "up a",
                "address add 10.23.0.2/24 dev a",
                "address add 10.24.0.2/32 dev a",
                "address add 10.25.0.2/31 dev a",
                "down a",
                "up a",
            ],
        ),
        Case(
            "a route to a network that was deleted stays so until the link goes up anew",
            &[
                "veth a b",
                "up a",
                "address add 10.22.0.2/16 dev a",
                "route del 10.22.0.0/16 dev a",
                "address add 10.22.0.3/16 dev a",
                "up a",
                "down a",
                "up a",
            ],
        ),
        Case(
            "the same address twice is refused, in another network it is not",
            &[
                "veth a b",
                "up a",
                "address add 10.22.0.2/16 dev a",
                "address add 10.22.0.2/16 dev a => exists",
                "address add 10.22.0.2/24 dev a",
                "address add 10.22.0.2/16 dev b",
                "address del 10.22.0.2/16 dev a",
                "address del 10.22.0.2/16 dev a => missing",
                "address del 10.22.0.3/24 dev a => missing",
            ],
        ),
        Case(
            "further addresses of a network go with the first",
            &[
                "veth a b",
                "up a",
                "address add 10.22.0.2/16 dev a",
                "address add 10.22.0.3/16 dev a",
                "address add 10.23.0.3/16 dev a",
                "address add 10.22.0.4/16 dev a",
                "address del 10.22.0.3/16 dev a",
                "address del 10.22.0.2/16 dev a",
            ],
        ),
        Case(
            "or the next one takes its place, where it is set so",
            &[
                "veth a b",
                "set net/ipv4/conf/a/promote_secondaries 1",
                "up a",
                "address add 10.22.0.2/16 dev a",
                "address add 10.22.0.3/16 dev a",
                "address add 10.22.0.4/16 dev a",
                "address del 10.22.0.2/16 dev a",
                "address del 10.22.0.3/16 dev a",
            ],
        ),
        Case(
            "routes whose packets are sent with an address go with it",
            &[
                "veth a b",
                "veth c d",
                "up a",
                "up c",
                "address add 10.22.0.2/16 dev a",
                "address add 10.23.0.2/16 dev a",
                "address add 10.24.0.2/16 dev c",
                "route add 192.0.2.0/24 via 10.23.0.1 src 10.22.0.2 dev a",
                "route add 198.51.100.0/24 src 10.22.0.2 dev c",
                "route add 203.0.113.0/24 src 10.22.0.2 table 100 dev c",
                "address del 10.22.0.2/16 dev a",
            ],
        ),
        Case(
            "but not while another link has it",
            &[
                "veth a b",
                "veth c d",
                "up a",
                "up c",
                "address add 10.22.0.2/16 dev a",
                "address add 10.22.0.2/24 dev c",
                "route add 192.0.2.0/24 src 10.22.0.2 dev c",
                "address del 10.22.0.2/16 dev a",
            ],
        ),
        Case(
            "the last address takes all routes and neighbours of the link along",
            &[
                "veth a b",
                "up a",
                "address add 10.22.0.2/16 dev a",
                "route add 192.0.2.0/24 dev a",
                "route add 198.51.100.0/24 via 10.22.0.1 table 100 dev a",
                "address add fd00::2/64 dev a",
                "route add 2001:db8::/32 via fd00::1 dev a",
                "neighbor add 10.22.0.9 dev a",
                "neighbor add fd00::9 dev a",
                "address del 10.22.0.2/16 dev a",
            ],
        ),
        Case(
            "what is no address of one link is refused",
            &[
                "veth a b",
                "address add 0.0.0.0/8 dev a => invalid",
                "address add 224.0.0.1/8 dev a => invalid",
                "address add ::/64 dev a => invalid",
                "address add ff02::1/64 dev a => invalid",
            ],
        ),
        Case(
            "addresses of the loopback have no routes to their networks",
            &[
                "up lo",
                "address add 10.22.0.2/16 dev lo",
                "address add 127.0.0.2/8 dev lo => EINVAL",
                "address add 127.0.0.2/16 dev lo",
                "address del 127.0.0.1/8 dev lo",
            ],
        ),
        Case(
            "IPv4 addresses outlive that the link is down",
            &[
                "veth a b",
                "up a",
                "address add 10.22.0.2/16 dev a",
                "route add 192.0.2.0/24 via 10.22.0.1 dev a",
                "route add 198.51.100.0/24 scope 254 dev a",
                "route add 203.0.113.0/24 dev a table 100",
                "down a",
                "up a",
                "down b",
            ],
        ),
    ]);
}

#[test]
fn ipv6_addresses_go_when_the_link_goes_down() {
    hold(&[
        Case(
            "the route to an address's network is there from when the link goes up",
            &[
                "veth a b",
                "address add fd00::2/64 dev a",
                "address add fd01::2/128 dev a",
                "up a",
                "up b",
                "address add fd02::2/48 dev a",
                "down b",
            ],
        ),
        Case(
            "addresses and routes go when the link goes down",
            &[
                "veth a b",
                "up a",
                "up b",
                "address add fd00::2/64 dev a",
                "route add 2001:db8::/32 via fd00::1 dev a",
                "route add 2001:db9::/32 dev a table 100",
                "neighbor add fd00::9 dev a",
                "down a",
                "up a",
            ],
        ),
        Case(
            "or addresses stay, where it is set so",
            &[
                "veth a b",
                "set net/ipv6/conf/a/keep_addr_on_down 1",
                "up a",
                "address add fd00::2/64 dev a",
                "route add 2001:db8::/32 via fd00::1 dev a",
                "down a",
                "up a",
            ],
        ),
        Case(
            "an address is there once, whatever its network",
            &[
                "veth a b",
                "address add fd00::2/64 dev a",
                "address add fd00::2/64 dev a => exists",
                "address add fd00::2/48 dev a => exists",
                "address add fd00::2/64 dev b",
                "address del fd00::2/48 dev a => missing",
                "address del fd00::2/64 dev a",
                "address del fd00::2/64 dev a => missing",
            ],
        ),
        Case(
            "the route to a network goes with the last address of it",
            &[
                "veth a b",
                "up a",
                "address add fd00::2/64 dev a",
                "address add fd00::3/64 dev a",
                "route add 2001:db8::/32 via fd00::1 dev a",
                "address del fd00::2/64 dev a",
                "address del fd00::3/64 dev a",
            ],
        ),
        Case(
            "routes stay without a source that is gone",
            &[
                "veth a b",
                "up a",
                "address add fd00::2/64 dev a",
                "address add fd01::2/64 dev a",
                "route add 2001:db8::/32 via fd01::1 src fd00::2 dev a",
                "address del fd00::2/64 dev a",
            ],
        ),
        Case(
            "the scope of an address is told by the address",
            &[
                "veth a b",
                "address add fe80::2/64 dev a",
                "address add fec0::2/64 dev a",
                "address add 2001:db8::2/64 dev a",
                "address del fe80::2/64 dev a",
            ],
        ),
        Case(
            "a link without IPv6 takes no addresses",
            &[
                "veth a b",
                "up a",
                "address add fd00::2/64 dev a",
                "route add 2001:db8::/32 via fd00::1 dev a",
                "set net/ipv6/conf/a/disable_ipv6 1",
                "address add fd00::2/64 dev a => EACCES",
                "route add 2001:db8::/32 dev a => EACCES",
                "address del fd00::2/64 dev a => missing",
                "neighbor add fd00::9 dev a => EINVAL",
                "set net/ipv6/conf/a/disable_ipv6 0",
                "address add fd00::2/64 dev a",
            ],
        ),
    ]);
}
