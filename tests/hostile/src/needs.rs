use cofferdam_guest_sdk::Need;

const AN_ATTACK: &str = "an attack or call of the configuration";

/// Whatever there is, so that grants alone are in the way.
pub(crate) const EVERYTHING: &[Need] = &[
    Need::when(AN_ATTACK, "link.*").in_host(),
    Need::when(AN_ATTACK, "link.*").in_container(),
    Need::when(AN_ATTACK, "address.*").in_host(),
    Need::when(AN_ATTACK, "address.*").in_container(),
    Need::when(AN_ATTACK, "route.*").in_host(),
    Need::when(AN_ATTACK, "route.*").in_container(),
    Need::when(AN_ATTACK, "rule.*").in_host(),
    Need::when(AN_ATTACK, "rule.*").in_container(),
    Need::when(AN_ATTACK, "neighbor.*").in_host(),
    Need::when(AN_ATTACK, "neighbor.*").in_container(),
    Need::when(AN_ATTACK, "sysctl.*").in_host(),
    Need::when(AN_ATTACK, "sysctl.*").in_container(),
    Need::when(AN_ATTACK, "nftables.*").in_host(),
    Need::when(AN_ATTACK, "nftables.*").in_container(),
    Need::when(AN_ATTACK, "qdisc.*").in_host(),
    Need::when(AN_ATTACK, "qdisc.*").in_container(),
    Need::when(AN_ATTACK, "conntrack.forget").in_host(),
    Need::when(AN_ATTACK, "conntrack.forget").in_container(),
    Need::when(AN_ATTACK, "store.open"),
    Need::when(AN_ATTACK, "resolver.read"),
    Need::when(AN_ATTACK, "ipam.delegate"),
    Need::when(AN_ATTACK, "packet.exchange").in_host(),
    Need::when(AN_ATTACK, "packet.exchange").in_container(),
    Need::when(AN_ATTACK, "upkeep.keep"),
    Need::when(AN_ATTACK, "allow-list.read"),
    Need::when(AN_ATTACK, "forwarding.accept").in_host(),
    Need::when(AN_ATTACK, "forwarding.publish").in_host(),
    Need::when(AN_ATTACK, "forwarding.zone").in_host(),
    Need::when(AN_ATTACK, "vlan.join").in_host(),
    Need::when(AN_ATTACK, "vxlan.join").in_host(),
    Need::when(AN_ATTACK, "device.take").in_host(),
    Need::when(AN_ATTACK, "http.request"),
];
