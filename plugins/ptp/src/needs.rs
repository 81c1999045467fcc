use cofferdam_guest_sdk::{
    Need, addressing,
    masquerade::{SETS, SOURCE_NAT},
};

use crate::TABLE;

const MASQUERADE: &str = "ipMasq";
const CHECK: &str = "CHECK";

/// What any request asks for; the links of this attachment are its own.
pub(crate) const NEEDS: &[Need] = &[
    Need::always("link.create").in_host().kinds(&["veth"]),
    Need::always("link.create").in_container().kinds(&["veth"]),
    Need::always("ipam.delegate"),
    Need::always("address.add").in_container(),
    Need::always("route.add").in_container(),
    Need::always("address.add").in_host(),
    Need::always("route.add").in_host(),
    Need::always("sysctl.write")
        .in_host()
        .keys(&["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"])
        .values(&["1"]),
    addressing::TURNS_IPV6_ON,
    addressing::KEEPS_ADDRESSES,
    Need::when(MASQUERADE, "nftables.table")
        .in_host()
        .family("inet")
        .tables(&[TABLE])
        .hooks(&["postrouting"], &[SOURCE_NAT])
        .scope("attachment"),
    Need::when(MASQUERADE, "nftables.element")
        .in_host()
        .family("inet")
        .tables(&[TABLE])
        .sets(SETS),
    Need::when(CHECK, "link.see").in_host().kinds(&["veth"]),
    Need::when("CHECK and DEL", "link.see").in_container().kinds(&["veth"]),
    Need::when(CHECK, "address.see").in_container(),
    Need::when(CHECK, "route.see").in_container(),
    Need::when("DEL of a link that another plugin of this name made", "link.delete")
        .in_container()
        .kinds(&["veth"]),
];
