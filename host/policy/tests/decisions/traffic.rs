use super::decide;

#[test]
fn traffic_of_a_link_is_bounded_by_its_kind_and_name() {
    decide(
        r#"allow = "qdisc.*"
           in = "host"
           kinds = ["veth"]
           names = ["veth*"]"#,
        &[
            ("qdisc.set host kind=veth name=veth0", true),
            ("qdisc.see host kind=veth name=veth0", true),
            ("qdisc.set host kind=none name=veth0", false),
            ("qdisc.set host kind=veth name=eth0", false),
            ("qdisc.set container kind=veth name=veth0", false),
            ("link.set host kind=veth name=veth0 setting=up", false),
        ],
    );
}

#[test]
fn a_grant_to_set_links_is_none_to_limit_them() {
    decide(
        "allow = \"link.*\"\nin = \"container\"",
        &[
            ("link.set container kind=veth name=eth0 setting=mtu", true),
            ("qdisc.set container kind=veth name=eth0", false),
        ],
    );
}

#[test]
fn every_port_of_flows_has_to_be_granted() {
    decide(
        r#"allow = "conntrack.forget"
           in = "host"
           ports = [53, [30000, 32767]]"#,
        &[
            ("conntrack.forget host port=53", true),
            ("conntrack.forget host port=53 port=30000 port=32767", true),
            ("conntrack.forget host port=53 port=54", false),
            ("conntrack.forget container port=53", false),
        ],
    );
    decide(
        "allow = \"conntrack.forget\"\nin = \"container\"",
        &[("conntrack.forget container port=1", true)],
    );
}
