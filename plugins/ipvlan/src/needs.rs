use cofferdam_guest_sdk::Need;

use crate::KIND;

const IPAM: &str = "ipam.type";
const IPV6: &str = "an IPv6 address";
const MASTER_OF_NODE: &str = "a master of the node";
const DEFAULT_MASTER: &str = "no master";
const CHECK: &str = "CHECK";
const CHECK_AND_DEL: &str = "CHECK and DEL";

/// What any request asks for; the link of this attachment is its own.
pub(crate) const NEEDS: &[Need] = &[
    Need::always("link.create").in_container().kinds(&[KIND]),
    Need::when(MASTER_OF_NODE, "link.see").in_host(),
    Need::when(DEFAULT_MASTER, "route.see").in_host(),
    Need::when("linkInContainer", "link.see").in_container(),
    Need::when("linkInContainer without a master", "route.see").in_container(),
    Need::when(IPAM, "ipam.delegate"),
    Need::when(IPAM, "sysctl.write")
        .in_container()
        .keys(&["net/ipv4/conf/*/arp_notify", "net/ipv6/conf/*/ndisc_notify"])
        .values(&["1"]),
    Need::when(IPV6, "sysctl.write")
        .in_container()
        .keys(&["net/ipv6/conf/*/disable_ipv6"])
        .values(&["0"]),
    Need::when(IPV6, "sysctl.write")
        .in_container()
        .keys(&["net/ipv6/conf/*/keep_addr_on_down"])
        .values(&["1"]),
    Need::when(IPAM, "address.add").in_container(),
    Need::when("routes of the IPAM plugin", "route.add").in_container(),
    Need::when(CHECK_AND_DEL, "link.see").in_container().kinds(&[KIND]),
    Need::when(CHECK, "address.see").in_container(),
    Need::when(CHECK, "route.see").in_container(),
    Need::when("DEL of a link that another plugin of this name made", "link.delete")
        .in_container()
        .kinds(&[KIND]),
];
