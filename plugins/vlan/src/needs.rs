use cofferdam_guest_sdk::{Need, addressing};

use crate::KIND;

const MASTER_OF_NODE: &str = "a master of the node";
const CHECK: &str = "CHECK";
const CHECK_AND_DEL: &str = "CHECK and DEL";

/// What any request asks for; the link of this attachment is its own.
pub(crate) const NEEDS: &[Need] = &[
    Need::always("link.create").in_container().kinds(&[KIND]),
    Need::when(MASTER_OF_NODE, "link.see").in_host(),
    Need::when("linkInContainer", "link.see").in_container(),
    Need::always("ipam.delegate"),
    addressing::TURNS_IPV6_ON,
    addressing::KEEPS_ADDRESSES,
    Need::always("address.add").in_container(),
    Need::when("routes of the IPAM plugin", "route.add").in_container(),
    Need::when(CHECK_AND_DEL, "link.see").in_container().kinds(&[KIND]),
    Need::when(CHECK, "address.see").in_container(),
    Need::when(CHECK, "route.see").in_container(),
    Need::when("DEL of a link that another plugin of this name made", "link.delete")
        .in_container()
        .kinds(&[KIND]),
];
