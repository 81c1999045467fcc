//! What pods see of their network, and what is left of them.

use cofferdam_tests::{BusyboxImage, page};
use serde_json::{Value, json};

use crate::{
    needs_containerd,
    node::{Node, chain, list},
};

#[test]
fn pods_come_and_go_on_a_list_of_plugins() {
    needs_containerd!();
    pods_come_and_go(&list());
}

#[test]
fn pods_come_and_go_on_a_chain_in_one_process() {
    needs_containerd!();
    pods_come_and_go(&chain());
}

fn pods_come_and_go(network: &Value) {
    let node = Node::new(network);
    let before = node.machine.snapshot();

    let web = node.run_pod("web", published_and_limited());
    let other = node.run_pod("other", json!({}));
    assert_ne!(web.address, other.address);
    node.run_container(&web, "server", &["httpd", "-f", "-p", "80", "-h", "/"]);
    let inside = node.run_container(&other, "main", &["sleep", "1000"]);

    node.exec(&inside, &["ping", "-c", "1", "-W", "5", &web.address]);
    let fetched = node.exec(
        &inside,
        &["wget", "-q", "-O-", &format!("http://{}/greeting", web.address)],
    );
    assert_eq!(fetched, GREETING);
    assert_eq!(
        node.exec(&inside, &["cat", "/proc/sys/net/core/somaxconn"]).trim(),
        "512"
    );
    assert_eq!(
        page(&node.outside, "192.0.2.1:8080", "/greeting").as_deref(),
        Some(GREETING)
    );
    let published = ["wget", "-q", "-O-", "http://192.0.2.1:8080/greeting"];
    assert_eq!(node.exec(&inside, &published), GREETING, "from a pod beside it");
    let itself = node.run_container(&web, "client", &["sleep", "1000"]);
    assert_eq!(node.exec(&itself, &published), GREETING, "from the pod itself");
    let limits = node.machine.node().tool("tc", &["qdisc", "show"]);
    assert_eq!(limits.matches("qdisc tbf").count(), 2, "{limits}");

    node.delete_pod(&web);
    assert_eq!(page(&node.outside, "192.0.2.1:8080", "/greeting"), None);
    node.delete_pod(&other);
    before.assert_same(&node.machine.snapshot());
}

#[test]
fn pods_outlive_a_restart_of_containerd_and_are_deleted_after_it() {
    needs_containerd!();
    let mut node = Node::new(&list());
    let before = node.machine.snapshot();
    let web = node.run_pod("web", published_and_limited());
    let other = node.run_pod("other", json!({}));
    node.run_container(&web, "server", &["httpd", "-f", "-p", "80", "-h", "/"]);
    let attached = node.machine.snapshot();

    node.stop();
    assert_eq!(
        page(&node.outside, "192.0.2.1:8080", "/greeting").as_deref(),
        Some(GREETING)
    );
    node.start();

    assert_eq!(node.pod_states(), [0, 0]);
    attached.assert_same(&node.machine.snapshot());
    assert_eq!(
        page(&node.outside, "192.0.2.1:8080", "/greeting").as_deref(),
        Some(GREETING)
    );
    let third = node.run_pod("third", json!({}));
    assert!(![&web.address, &other.address].contains(&&third.address));
    for pod in [web, other, third] {
        node.delete_pod(&pod);
    }
    before.assert_same(&node.machine.snapshot());
}

/// The runtime takes a pod back whose network can't be had, and what the first plugins of the list had done goes with it.
#[test]
fn a_pod_whose_port_is_taken_leaves_nothing() {
    needs_containerd!();
    let node = Node::new(&list());
    let web = node.run_pod("web", published_and_limited());
    let before = node.machine.snapshot();

    let request = node.pod_request("late", published_and_limited());
    let error = node.try_call("RunPodSandbox", &request).unwrap_err();

    assert!(error.contains("8080"), "{error}");
    before.assert_same(&node.machine.snapshot());
    node.delete_pod(&web);
}

const GREETING: &str = BusyboxImage::GREETING;

pub(crate) fn published_and_limited() -> Value {
    json!({
        "port_mappings": [{ "protocol": 0, "container_port": 80, "host_port": 8080 }],
        "annotations": { "kubernetes.io/ingress-bandwidth": "80M", "kubernetes.io/egress-bandwidth": "80M" },
    })
}
