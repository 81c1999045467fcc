use cofferdam_guest_sdk::Need;

use crate::{localnet, table};

const MAPPINGS: &str = "portMappings";
const SNAT: &str = "portMappings with snat";
const HOST_IP: &str = "portMappings with hostIP";
const UDP: &str = "portMappings of UDP";

/// Every port: which of them is up to the operator.
const PORTS: &[[u16; 2]] = &[[1, 65535]];
/// All but those with an address of the node in their keys.
const SETS: &[&str] = &[
    "published4",
    "published6",
    "admitted4",
    "admitted6",
    "sources4",
    "sources6",
];
const SETS_AT: &[&str] = &["published_at4", "published_at6", "admitted_at4", "admitted_at6"];

/// What any request asks for. Without mappings it asks for nothing.
pub(crate) const NEEDS: &[Need] = &[
    Need::when(MAPPINGS, "nftables.table")
        .in_host()
        .family("inet")
        .tables(&[table::TABLE])
        .hooks(
            &["prerouting", "output", "postrouting"],
            &[table::DESTINATION_NAT, table::SOURCE_NAT],
        )
        .scope("attachment"),
    Need::when(MAPPINGS, "nftables.element")
        .in_host()
        .family("inet")
        .tables(&[table::TABLE])
        .sets(SETS)
        .ports(PORTS),
    Need::when(MAPPINGS, "forwarding.publish").in_host(),
    Need::when(HOST_IP, "nftables.element")
        .in_host()
        .family("inet")
        .tables(&[table::TABLE])
        .sets(SETS_AT)
        .prefixes(&["0.0.0.0/0", "::/0"])
        .ports(PORTS),
    Need::when(SNAT, "link.see").in_host(),
    Need::when(SNAT, "route.see").in_host(),
    Need::when(SNAT, "nftables.table")
        .in_host()
        .family("inet")
        .tables(&[localnet::TABLE])
        .hooks(&["prerouting"], &[localnet::RAW])
        .prefixes(&["127.0.0.0/8"]),
    Need::when(SNAT, "sysctl.write")
        .in_host()
        .keys(&["net/ipv4/conf/*/route_localnet"])
        .values(&["1"]),
    Need::when(UDP, "conntrack.forget").in_host().ports(PORTS),
];
