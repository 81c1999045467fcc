use cofferdam_guest_sdk::{
    Need, addressing,
    masquerade::{SETS, SOURCE_NAT},
};

use crate::{TABLE, spoofing};

const VLANS: &str = "vlan or vlanTrunk";
const IPAM: &str = "ipam.type";
const GATEWAY: &str = "isGateway or isDefaultGateway";
const FORCE_ADDRESS: &str = "isGateway with forceAddress";
const MASQUERADE: &str = "ipMasq";
const SPOOFING: &str = "macspoofchk";
const CHECK: &str = "CHECK";
const CHECK_AND_DEL: &str = "CHECK and DEL";

/// What any request asks for; the links of this attachment are its own.
pub(crate) const NEEDS: &[Need] = &[
    Need::always("link.create").in_host().kinds(&["bridge"]),
    Need::always("link.set").in_host().kinds(&["bridge"]).settings(&["up"]),
    Need::always("link.create").in_host().kinds(&["veth"]),
    Need::always("link.create").in_container().kinds(&["veth"]),
    Need::when("promiscMode", "link.set")
        .in_host()
        .kinds(&["bridge"])
        .settings(&["promiscuous"]),
    Need::when(VLANS, "vlan.join").in_host(),
    Need::when(IPAM, "ipam.delegate"),
    Need::when(IPAM, "sysctl.write")
        .in_container()
        .keys(&["net/ipv4/conf/*/arp_notify"])
        .values(&["1"]),
    Need::when(IPAM, "sysctl.write")
        .in_container()
        .keys(&["net/ipv6/conf/*/accept_dad"])
        .values(&["0", "1"]),
    Need::when("enabledad", "sysctl.write")
        .in_container()
        .keys(&["net/ipv6/conf/*/enhanced_dad"])
        .values(&["1"]),
    addressing::TURNS_IPV6_ON,
    addressing::KEEPS_ADDRESSES,
    Need::when(IPAM, "address.add").in_container(),
    Need::when("routes of the IPAM plugin, or isDefaultGateway", "route.add").in_container(),
    Need::when(GATEWAY, "address.see").in_host(),
    Need::when(GATEWAY, "address.add").in_host(),
    Need::when(FORCE_ADDRESS, "address.delete").in_host(),
    Need::when(GATEWAY, "sysctl.write")
        .in_host()
        .keys(&["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"])
        .values(&["1"]),
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
    Need::when(SPOOFING, "nftables.table")
        .in_host()
        .family("bridge")
        .tables(&[spoofing::TABLE])
        .hooks(&["prerouting"], &[spoofing::PREROUTING])
        .scope("attachment"),
    Need::when(SPOOFING, "nftables.element")
        .in_host()
        .family("bridge")
        .tables(&[spoofing::TABLE])
        .sets(&[spoofing::PORTS, spoofing::ADDRESSES]),
    Need::when(CHECK, "link.see").in_host().kinds(&["bridge", "veth"]),
    Need::when(CHECK_AND_DEL, "link.see").in_container().kinds(&["veth"]),
    Need::when(CHECK, "address.see").in_container(),
    Need::when(CHECK, "route.see").in_container(),
    Need::when("DEL of a link that another plugin of this name made", "link.delete")
        .in_container()
        .kinds(&["veth"]),
];
