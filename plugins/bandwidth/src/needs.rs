use cofferdam_guest_sdk::Need;

const LIMIT: &str = "a rate";

/// What any request asks for. Without rates it asks for nothing.
pub(crate) const NEEDS: &[Need] = &[
    Need::when(LIMIT, "link.see").in_container().kinds(&["veth"]),
    Need::when(LIMIT, "link.see").in_host().kinds(&["veth"]),
    Need::when(LIMIT, "qdisc.set").in_host().kinds(&["veth"]),
    Need::when("CHECK", "qdisc.see").in_host().kinds(&["veth"]),
];
