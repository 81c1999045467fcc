use super::{Case, hold};

#[test]
fn vlans_of_ports() {
    hold(&[Case(
        "a port has the first VLAN, until it gets others",
        &[
            "?vlans",
            "bridge br0 vlan_filtering",
            "veth a b",
            "master a br0",
            "vlans a 10p 20-29",
            "vlans a 10p 20-24",
            "vlans a",
            "nomaster a",
            "vlans a 10 => conflict",
            "vlans br0 10 => conflict",
            "master a br0",
            "delete br0",
        ],
    )]);
}
