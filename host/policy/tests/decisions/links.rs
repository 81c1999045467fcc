use super::decide;

#[test]
fn a_grant_holds_for_its_operation_place_kind_and_name() {
    decide(
        r#"allow = "link.create"
           in = "host"
           kinds = ["bridge", "veth"]
           names = ["cni*", "veth"]"#,
        &[
            ("link.create host kind=bridge name=cni0", true),
            ("link.create host kind=bridge name=cni", true),
            ("link.create host kind=veth name=veth", true),
            ("link.create host kind=veth name=veth0", false),
            ("link.create host kind=bridge name=Cni0", false),
            ("link.create host kind=bridge name=xcni0", false),
            ("link.create host kind=bridge name=\u{441}ni0", false),
            ("link.create host kind=bridge name=", false),
            ("link.create host kind=vxlan name=cni0", false),
            ("link.create host kind=none name=cni0", false),
            ("link.create host kind=Bridge name=cni0", false),
            ("link.create container kind=bridge name=cni0", false),
            ("link.see host kind=bridge name=cni0", false),
            ("link.delete host kind=bridge name=cni0", false),
            ("link.set host kind=bridge name=cni0 setting=mac", false),
        ],
    );
}

#[test]
fn a_wildcard_holds_for_every_operation_of_its_subject() {
    decide(
        "allow = \"link.*\"\nin = \"container\"",
        &[
            ("link.create container kind=dummy name=any", true),
            ("link.see container name=any", true),
            ("link.set container kind=none name=lo setting=up", true),
            ("link.delete container kind=veth name=eth0", true),
            ("address.see container name=any", false),
            ("link.create host kind=dummy name=any", false),
        ],
    );
}

#[test]
fn settings_bound_what_is_set() {
    decide(
        r#"allow = "link.set"
           in = "container"
           kinds = ["none"]
           settings = ["up", "mtu"]"#,
        &[
            ("link.set container kind=none name=lo setting=up", true),
            ("link.set container kind=none name=lo setting=mtu", true),
            ("link.set container kind=none name=lo setting=mac", false),
            ("link.set container kind=veth name=lo setting=up", false),
        ],
    );
}

#[test]
fn a_link_that_is_missing_is_looked_up_by_name_alone() {
    decide(
        r#"allow = "link.see"
           in = "host"
           kinds = ["bridge"]
           names = ["cni*"]"#,
        &[
            ("link.see host kind=bridge name=cni0", true),
            ("link.see host kind=veth name=cni0", false),
            ("link.see host name=cni0", true),
            ("link.see host name=eth0", false),
        ],
    );
}

#[test]
fn a_link_is_upon_one_of_the_node_where_parent_mode_and_vlan_are_granted() {
    let container = "allow = \"link.create\"\nin = \"container\"\nkinds = [\"macvlan\", \"vlan\"]\n";
    let inside = "link.create container kind=macvlan name=eth0";
    let vlan = "link.create container kind=vlan name=eth0 parent=eth1";
    decide(
        container,
        &[
            (inside, true),
            (&format!("{inside} parent=eth1 mode=bridge"), false),
            (&format!("{vlan} vlan=5"), false),
        ],
    );
    decide(
        &format!("{container}parents = [\"eth*\"]\nvlans = [5, [10, 19]]"),
        &[
            (inside, true),
            (&format!("{inside} parent=eth1 mode=bridge"), true),
            (&format!("{inside} parent=eth1 mode=passthru"), false),
            (&format!("{inside} parent=br0 mode=bridge"), false),
            (&format!("{vlan} vlan=5"), true),
            (&format!("{vlan} vlan=19"), true),
            (&format!("{vlan} vlan=20"), false),
        ],
    );
    decide(
        &format!("{container}parents = [\"eth*\"]\nmodes = [\"passthru\"]"),
        &[
            (&format!("{inside} parent=eth1 mode=passthru"), true),
            (&format!("{inside} parent=eth1 mode=vepa"), false),
            (&format!("{vlan} vlan=5"), false),
        ],
    );
}

#[test]
fn a_vrf_of_the_node_has_a_table_that_is_granted() {
    let vrf = "link.create host kind=vrf name=blue";
    let grant = "allow = \"link.create\"\nin = \"host\"\nkinds = [\"vrf\"]\nnames = [\"blue\"]\n";
    decide(grant, &[(&format!("{vrf} table=100"), false)]);
    decide(
        &format!("{grant}tables = [[100, 199]]"),
        &[
            (&format!("{vrf} table=100"), true),
            (&format!("{vrf} table=200"), false),
        ],
    );
}

#[test]
fn a_bridge_is_joined_to_the_networks_and_nodes_that_are_named() {
    let grant = r#"allow = "vxlan.join"
           in = "host"
           names = ["cni*"]
           vnis = [42, [100, 199]]"#;
    decide(
        grant,
        &[
            ("vxlan.join host name=cni0 vni=42", true),
            ("vxlan.join host name=cni0 vni=199", true),
            ("vxlan.join host name=cni0 vni=43", false),
            ("vxlan.join host name=br0 vni=42", false),
            // Without `peers` there are none.
            ("vxlan.join host name=cni0 vni=42 peer=192.0.2.7", false),
        ],
    );
    decide(
        &format!("{grant}\npeers = [\"192.0.2.0/24\", \"2001:db8::/32\"]"),
        &[
            ("vxlan.join host name=cni0 vni=42", true),
            ("vxlan.join host name=cni0 vni=42 peer=192.0.2.7 peer=2001:db8::7", true),
            (
                "vxlan.join host name=cni0 vni=42 peer=192.0.2.7 peer=198.51.100.7",
                false,
            ),
            ("vxlan.join host name=cni0 vni=43 peer=192.0.2.7", false),
            ("vlan.join host name=cni0 vlan=42", false),
        ],
    );
}

#[test]
fn a_port_joins_the_vlans_of_the_bridges_that_are_named() {
    decide(
        r#"allow = "vlan.join"
           in = "host"
           names = ["cni*"]
           vlans = [100, [200, 299]]"#,
        &[
            ("vlan.join host name=cni0 vlan=100", true),
            ("vlan.join host name=cni0 vlan=299", true),
            ("vlan.join host name=cni0 vlan=101", false),
            ("vlan.join host name=br0 vlan=100", false),
            ("link.set host kind=bridge name=cni0 setting=ports", false),
        ],
    );
}
