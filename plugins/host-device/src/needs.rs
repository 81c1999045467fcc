use cofferdam_guest_sdk::{Need, addressing};

const IPAM: &str = "ipam.type";
const CHECK: &str = "CHECK";

/// What any request asks for; the device is the attachment's own while it is in
/// the container.
pub(crate) const NEEDS: &[Need] = &[
    Need::always("device.take").in_host(),
    Need::when(IPAM, "ipam.delegate"),
    addressing::TURNS_IPV6_ON,
    addressing::KEEPS_ADDRESSES,
    Need::when(IPAM, "address.add").in_container(),
    Need::when("routes of the IPAM plugin", "route.add").in_container(),
    Need::when(CHECK, "link.see").in_container(),
    Need::when(CHECK, "address.see").in_container(),
    Need::when(CHECK, "route.see").in_container(),
];
