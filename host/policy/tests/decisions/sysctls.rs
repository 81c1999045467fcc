use cofferdam_policy::Question;
use cofferdam_protocol::Place::Container;

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
