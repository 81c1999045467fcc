use cofferdam_policy::{Operation, Question};
use cofferdam_protocol::Place::{Container, Host};

use super::{decide, support::grants};

const NOTIFY: &str = r#"allow = "sysctl.write"
    in = "container"
    keys = ["net/ipv4/conf/*/arp_notify"]
    values = ["1"]"#;

#[test]
fn a_sysctl_is_bounded_by_key_and_by_value() {
    decide(
        NOTIFY,
        &[
            ("sysctl.write container key=net/ipv4/conf/eth0/arp_notify value=1", true),
            (
                "sysctl.write container key=net/ipv4/conf/eth0/arp_notify value=1\n",
                false,
            ),
            (
                "sysctl.write container key=net/ipv4/conf/eth0/arp_notify value=2",
                false,
            ),
            ("sysctl.write container key=net/ipv4/conf/all/arp_notify value=1", false),
            (
                "sysctl.write container key=net/ipv4/conf/eth0/forwarding value=1",
                false,
            ),
            ("sysctl.write host key=net/ipv4/conf/eth0/arp_notify value=1", false),
            ("sysctl.read container key=net/ipv4/conf/eth0/arp_notify", false),
        ],
    );
}

#[test]
fn a_key_without_parts_is_no_key() {
    let question = Question::SysctlWrite {
        place: Container,
        key: &[],
        value: "1",
    };
    assert!(grants(&[NOTIFY]).decide(&question).is_err());
}

#[test]
fn the_directories_of_granted_settings_are_known() {
    let grants = grants(&[
        NOTIFY,
        "allow = \"sysctl.read\"\nin = \"container\"\nkeys = [\"net/core/somaxconn\", \"net/nf_conntrack_max\"]",
        "allow = \"sysctl.read\"\nin = \"host\"\nkeys = [\"net/ipv6/conf/*/mtu\"]",
    ]);
    let of = |place| grants.setting_directories(place).collect::<Vec<_>>();
    assert_eq!(of(Container), ["ipv4", "core"]);
    assert_eq!(of(Host), ["ipv6"]);
    let written = |place| grants.has_any(&[Operation::SysctlWrite, Operation::RuleAdd], place);
    assert!(written(Container) && !written(Host));
}
