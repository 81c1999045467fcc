use cofferdam_guest_sdk::Need;

const LIMIT: &str = "a rate";
const EGRESS: &str = "egressRate";

/// What any request asks for. Without rates it asks for nothing.
pub(crate) const NEEDS: &[Need] = &[
    Need::when(LIMIT, "link.see").in_container().kinds(&["veth"]),
    Need::when(LIMIT, "link.see").in_host().kinds(&["veth"]),
    Need::when(LIMIT, "qdisc.set").in_host().kinds(&["veth"]),
    Need::when(EGRESS, "link.create").in_host().kinds(&["ifb"]),
    Need::when("CHECK", "link.see").in_host().kinds(&["ifb"]),
    Need::when("CHECK", "qdisc.see").in_host().kinds(&["veth", "ifb"]),
];
