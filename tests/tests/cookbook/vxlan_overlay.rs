use cofferdam_tests::{Container, EchoServer, Site, answers, has_kind, needs_kernel};
use serde_json::{Value, json};

use crate::recipe::Recipe;

const RECIPE: Recipe = Recipe("vxlan-overlay");

#[test]
fn the_scenarios_pass() {
    RECIPE.passes();
}

/// Two nodes with a wire between them.
fn nodes() -> [Site; 2] {
    let nodes = [Site::new(), Site::new()];
    let far = nodes[1].node().path();
    nodes[0].node().ip(&[
        "link", "add", "eth1", "type", "veth", "peer", "name", "eth1", "netns", &far,
    ]);
    for (number, site) in nodes.iter().enumerate() {
        site.node().keep_links_bare();
        let address = format!("192.0.2.{}/24", number + 1);
        site.node().ip(&["address", "add", &address, "dev", "eth1"]);
        site.node().ip(&["link", "set", "eth1", "up"]);
        RECIPE.install(site);
    }
    nodes
}

/// The example, with what is another on each node.
fn config(number: usize) -> Value {
    let (own, other) = [(1, 2), (2, 1)][number];
    let addresses = json!({ "ranges": [[{
        "subnet": "10.22.0.0/16",
        "rangeStart": format!("10.22.{own}.2"), "rangeEnd": format!("10.22.{own}.254"),
    }]] });
    RECIPE.example(&[
        json!({ "ipam": addresses }),
        json!({ "local": format!("192.0.2.{own}"), "peers": [format!("192.0.2.{other}")] }),
    ])
}

#[test]
fn containers_of_two_nodes_are_on_one_network() {
    needs_kernel!();
    if !has_kind("vxlan") {
        return;
    }
    let nodes = nodes();
    let before = nodes.each_ref().map(Site::snapshot);
    let containers = [["a1", "a2"], ["b1", "b2"]].map(|ids| ids.map(Container::new));

    let mut results = Vec::new();
    for (number, site) in nodes.iter().enumerate() {
        for container in &containers[number] {
            results.push(site.add(container, &config(number)));
        }
    }

    let server = EchoServer::start(&containers[1][0].namespace);
    for from in [&containers[0][0], &containers[0][1], &containers[1][1]] {
        assert!(answers(&from.namespace, "10.22.2.2", &server), "from {}", from.id);
    }
    nodes[0]
        .check(&containers[0][0], &config(0), &results[0])
        .silent_success();

    // What is shared stays with those who use it …
    nodes[0].del(&containers[0][0], &config(0));
    assert!(
        answers(&containers[0][1].namespace, "10.22.2.2", &server),
        "the other one of the node"
    );
    drop(server);
    // … and goes with the last of them.
    nodes[0].del(&containers[0][1], &config(0));
    for container in &containers[1] {
        nodes[1].del(container, &config(1));
    }
    for (before, site) in before.iter().zip(&nodes) {
        before.assert_same(&site.snapshot());
        assert!(site.node().link("vx42").is_none());
    }
}

#[test]
fn what_others_took_of_the_vxlan_is_told_and_put_back() {
    needs_kernel!();
    if !has_kind("vxlan") {
        return;
    }
    let [site, _other] = nodes();
    let container = Container::new("c1");
    let result = site.add(&container, &config(0));
    let node = site.node();

    for harm in [
        &[
            "bridge",
            "fdb",
            "del",
            "00:00:00:00:00:00",
            "dev",
            "vx42",
            "dst",
            "192.0.2.2",
        ][..],
        &["ip", "link", "set", "vx42", "down"],
        &["ip", "link", "set", "vx42", "nomaster"],
    ] {
        node.tool(harm[0], &harm[1..]);
        let error = site.check(&container, &config(0), &result).error();
        assert!(error.text().contains("vx42"), "{harm:?}: {error:?}");

        let ended = site.cofferctl(&["repair", "--all"]);

        assert_eq!(ended.code, Some(0), "{harm:?}: {ended:?}");
        site.check(&container, &config(0), &result).silent_success();
    }
    site.del(&container, &config(0));
    assert!(node.link("vx42").is_none());
}

#[test]
fn a_vxlan_that_was_there_before_stays() {
    needs_kernel!();
    if !has_kind("vxlan") {
        return;
    }
    let [site, _other] = nodes();
    let node = site.node();
    node.ip(&["link", "add", "cni0", "type", "bridge"]);
    node.ip(&[
        "link",
        "add",
        "vx42",
        "master",
        "cni0",
        "type",
        "vxlan",
        "id",
        "42",
        "dstport",
        "4789",
        "local",
        "192.0.2.1",
        "dev",
        "eth1",
    ]);
    node.tool(
        "bridge",
        &["fdb", "append", "00:00:00:00:00:00", "dev", "vx42", "dst", "192.0.2.9"],
    );
    for link in ["cni0", "vx42"] {
        node.ip(&["link", "set", link, "up"]);
    }
    let before = site.snapshot();
    let container = Container::new("c1");

    site.add(&container, &config(0));

    let peers = || node.tool("bridge", &["fdb", "show", "dev", "vx42"]);
    assert!(
        peers().contains("dst 192.0.2.2") && peers().contains("dst 192.0.2.9"),
        "{}",
        peers()
    );
    site.del(&container, &config(0));
    assert!(
        !peers().contains("dst 192.0.2.2") && peers().contains("dst 192.0.2.9"),
        "{}",
        peers()
    );
    before.assert_same(&site.snapshot());
}
