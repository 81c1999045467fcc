use cofferdam_policy::Question;

use super::{decide, support};

#[test]
fn a_device_is_named_with_its_kind() {
    decide(
        "allow = \"device.take\"\nin = \"host\"\nkinds = [\"none\"]\nnames = [\"eth5\", \"sriov*\", \"0000:03:*\"]",
        &[
            ("device.take host kind=none name=eth5", true),
            ("device.take host kind=none name=sriov7", true),
            ("device.take host kind=none name=eth50", false),
            ("device.take host kind=veth name=eth5", false),
            ("device.take host kind=none name=0000:03:00.1", true),
            ("device.take host kind=none name=0000:04:00.1", false),
            ("link.set host kind=none name=eth5 setting=up", false),
        ],
    );
    decide(
        "allow = \"link.*\"\nin = \"host\"\nkinds = [\"none\"]\nnames = [\"*\"]",
        &[("device.take host kind=none name=eth5", false)],
    );
}

#[test]
fn a_link_that_the_node_uses_is_granted_by_its_very_name() {
    let question = |name| Question::DeviceTake {
        kind: "",
        name,
        is_nodes: true,
    };
    for (names, name, allowed) in [
        ("[\"eth0\"]", "eth0", true),
        ("[\"eth*\"]", "eth0", false),
        ("[\"*\"]", "eth0", false),
        ("[\"eth*\", \"eth0\"]", "eth0", true),
        ("[\"eth0\"]", "eth1", false),
        (r#"["eth\\*"]"#, "eth*", true),
    ] {
        let grant = format!("allow = \"device.take\"\nin = \"host\"\nkinds = [\"none\"]\nnames = {names}");
        let decision = support::grants(&[&grant]).decide(&question(name));
        assert_eq!(decision.is_ok(), allowed, "{names} on {name}");
    }
}
