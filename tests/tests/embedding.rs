//! The example for authors of container runtimes does what its page says.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Machine, Running, bridge_network, needs_kernel, needs_root_and, with};
use serde_json::json;

/// A machine with one network.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.node().keep_links_bare();
    let plugin = with(bridge_network("1.1.0"), json!({ "name": null, "cniVersion": null }));
    let list = json!({ "cniVersion": "1.1.0", "name": "mynet", "plugins": [plugin] });
    machine.network("10-mynet.conflist", &list.to_string());
    machine
}

#[test]
fn the_example_attaches_until_it_is_sent_a_line() {
    needs_kernel!();
    needs_root_and!("unshare", "nsenter", "mount");
    let machine = machine();
    let before = machine.snapshot();
    machine.run("ip", &["netns", "add", "demo"]);

    let mut attach = Running::start(
        machine
            .command(env!("CARGO_BIN_EXE_attach"))
            .args(["mynet", "/run/netns/demo"]),
    );
    assert_eq!(attach.line(), "{");
    assert!(machine.run("ip", &["-n", "demo", "address"]).contains("10.22.0.2/16"));
    attach.end_input();

    assert!(attach.wait().success());
    assert!(!machine.run("ip", &["-n", "demo", "address"]).contains("eth0"));
    machine.run("ip", &["netns", "del", "demo"]);
    before.assert_same(&machine.snapshot());
}

#[test]
fn the_example_leaves_nothing_where_it_can_not_attach() {
    needs_kernel!();
    needs_root_and!("unshare", "nsenter", "mount");
    let machine = machine();
    machine.installation().remove_policies();
    let before = machine.snapshot();
    machine.run("ip", &["netns", "add", "demo"]);

    let ended = machine.try_run(env!("CARGO_BIN_EXE_attach"), &["mynet", "/run/netns/demo"]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("nothing is granted"), "{ended:?}");
    machine.run("ip", &["netns", "del", "demo"]);
    before.assert_same(&machine.snapshot());
}
