use cofferdam_guest_sdk::{Need, addressing};

use crate::KIND;

const IPAM: &str = "ipam.type";
const BRIDGE: &str = "bridge";
const CHECK: &str = "CHECK";
const CHECK_AND_DEL: &str = "CHECK and DEL";

/// What any request asks for; the link of this attachment is its own.
pub(crate) const NEEDS: &[Need] = &[
    Need::always("link.create").in_container().kinds(&[KIND]),
    Need::when(BRIDGE, "link.see").in_container().kinds(&["bridge"]),
    Need::when(BRIDGE, "link.set")
        .in_container()
        .kinds(&["bridge"])
        .settings(&["ports"]),
    Need::when(IPAM, "ipam.delegate"),
    Need::when(IPAM, "sysctl.write")
        .in_container()
        .keys(&["net/ipv4/conf/*/arp_notify"])
        .values(&["1"]),
    addressing::TURNS_IPV6_ON,
    addressing::KEEPS_ADDRESSES,
    Need::when(IPAM, "address.add").in_container(),
    Need::when("routes of the IPAM plugin", "route.add").in_container(),
    Need::when(CHECK_AND_DEL, "link.see").in_container().kinds(&[KIND]),
    Need::when(CHECK, "address.see").in_container(),
    Need::when(CHECK, "route.see").in_container(),
    Need::when("DEL of a link that another plugin of this name made", "link.delete")
        .in_container()
        .kinds(&[KIND]),
];
