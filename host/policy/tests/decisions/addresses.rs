use super::decide;

#[test]
fn an_address_has_to_lie_in_a_prefix_with_its_whole_network() {
    decide(
        r#"allow = "address.add"
           in = "container"
           prefixes = ["10.22.0.0/16", "fd00::/64"]"#,
        &[
            ("address.add container name=eth0 address=10.22.0.5/16", true),
            ("address.add container name=eth0 address=10.22.255.255/32", true),
            ("address.add container name=eth0 address=10.22.0.5/15", false),
            ("address.add container name=eth0 address=10.22.0.5/8", false),
            ("address.add container name=eth0 address=10.23.0.5/16", false),
            ("address.add container name=eth0 address=fd00::5/64", true),
            ("address.add container name=eth0 address=fd00:0:0:1::5/64", false),
            ("address.add container name=eth0 address=::ffff:10.22.0.5/128", false),
            ("address.delete container name=eth0 address=10.22.0.5/16", false),
        ],
    );
}

#[test]
fn without_prefixes_a_containers_link_may_have_any_address() {
    decide(
        "allow = \"address.add\"\nin = \"container\"",
        &[
            ("address.add container name=eth0 address=192.0.2.1/24", true),
            ("address.add container name=eth0 address=fd00::5/64", true),
            ("address.add host name=eth0 address=192.0.2.1/24", false),
        ],
    );
}

#[test]
fn a_neighbor_has_to_lie_in_a_prefix() {
    decide(
        r#"allow = ["neighbor.add", "neighbor.delete"]
           in = "container"
           names = ["eth*"]
           prefixes = ["10.22.0.0/16"]"#,
        &[
            ("neighbor.add container name=eth0 address=10.22.3.4", true),
            ("neighbor.add container name=eth0 address=10.23.3.4", false),
            ("neighbor.add container name=eth0 address=fd00::1", false),
            ("neighbor.delete container name=eth1 address=10.22.0.1", true),
            ("neighbor.add container name=lo address=10.22.0.1", false),
            ("neighbor.see container name=eth0", false),
        ],
    );
}
