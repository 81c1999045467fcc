use cofferdam_guest_sdk::Need;

const IPAM: &str = "ipam.type";
const IPV6: &str = "an IPv6 address";
const CHECK: &str = "CHECK";

/// What any request asks for; the device is the attachment's own while it is in
/// the container.
pub(crate) const NEEDS: &[Need] = &[
    Need::always("device.take").in_host(),
    Need::when(IPAM, "ipam.delegate"),
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
    Need::when(CHECK, "link.see").in_container(),
    Need::when(CHECK, "address.see").in_container(),
    Need::when(CHECK, "route.see").in_container(),
];
