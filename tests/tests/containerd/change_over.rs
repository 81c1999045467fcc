//! The plugins' files are replaced while pods run: who attached a pod is no matter to whoever detaches it.

use cofferdam_tests::{Products, needs_go_plugins};
use serde_json::json;

use crate::{
    needs_containerd,
    node::{Node, list},
    pods::published_and_limited,
};

#[test]
fn a_node_changes_over_from_the_go_plugins_with_its_pods_running() {
    needs_containerd!();
    let node = Node::new(&list());
    node.put_go_plugins(&needs_go_plugins!());
    let before = node.machine.snapshot();
    let old = node.run_pod("old", published_and_limited());

    node.put_our_plugins();
    let new = node.run_pod("new", json!({}));

    assert_ne!(old.address, new.address);
    node.delete_pod(&old);
    node.delete_pod(&new);
    // Nobody knows any more whose the Go plugin's bridge is, and its chains that hold no rule of a pod's.
    let left = before.difference(&node.machine.snapshot());
    for trace in [
        "veth",
        "ifb",
        "lease ",
        "result ",
        "state ",
        "8080",
        &old.address,
        &new.address,
    ] {
        assert!(!left.contains(trace), "{trace}: {left}");
    }
}

/// The Go bridge's DEL fails, however often it is repeated, where its chain for masquerading is missing; with an empty one
/// in its place it goes through. What only Cofferdam has on record is cleared away by Cofferdam.
#[test]
fn a_node_changes_back_to_the_go_plugins_with_its_pods_running() {
    needs_containerd!();
    let node = Node::new(&list());
    let before = node.machine.snapshot();
    let old = node.run_pod("old", published_and_limited());

    node.put_go_plugins(&needs_go_plugins!());
    let new = node.run_pod("new", json!({}));

    assert_ne!(old.address, new.address);
    node.delete_pod(&new);
    if let Err(error) = node.try_call("StopPodSandbox", &json!({ "pod_sandbox_id": old.id })) {
        let (_, rest) = error.split_once("Chain '").unwrap_or_else(|| panic!("{error}"));
        let (chain, _) = rest.split_once("' does not exist").unwrap_or_else(|| panic!("{error}"));
        node.machine.run("iptables", &["-t", "nat", "-N", chain]);
    }
    node.delete_pod(&old);
    let left = before.difference(&node.machine.snapshot());
    for trace in ["link veth", "lease ", "result "] {
        assert!(!left.contains(trace), "{trace}: {left}");
    }
    node.put_our_plugins();
    let cofferctl = Products::locate().cofferctl();
    let collected = node
        .machine
        .run(&cofferctl.to_string_lossy(), &["gc", "--grace", "0s", "--all-gone"]);
    let left = before.difference(&node.machine.snapshot());
    for trace in ["state ", "8080", "link bwp", &old.address] {
        assert!(!left.contains(trace), "{trace}: {left}\n{collected}");
    }
}
