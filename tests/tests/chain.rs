//! `"type": "cofferdam"` with a `chain`: several plugins in one process, all
//! of them or none.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, Site, Snapshot, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

fn chain(version: &str, members: &[Value]) -> Value {
    json!({ "cniVersion": version, "name": "mynet", "type": "cofferdam", "chain": members })
}

/// A plugin's configuration as it stands in a chain.
fn member(config: Value) -> Value {
    with(config, json!({ "cniVersion": null, "name": null }))
}

fn bridge() -> Value {
    member(bridge_network("1.0.0"))
}

#[test]
fn each_member_gets_the_result_of_the_one_before() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let config = chain("1.0.0", &[bridge(), json!({ "type": "loopback" })]);
    let result = site.add(&container, &config);
    assert_eq!(result["cniVersion"], "1.0.0");
    assert_eq!(
        result["ips"][0]["address"], "10.22.0.2/16",
        "loopback passes on what bridge made"
    );
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
    assert_eq!(container.namespace.addresses("lo"), ["127.0.0.1/8", "::1/128"]);
    site.check(&container, &config, &result).silent_success();
    let with_result = with(config, json!({ "prevResult": result }));
    site.del(&container, &with_result);
    assert_eq!(container.namespace.link_names(), ["lo"]);
    assert_eq!(container.namespace.addresses("lo"), [""; 0]);
    before.assert_same(&site.snapshot());
    site.del(&container, &with_result);
}

#[test]
fn when_a_later_member_fails_the_earlier_ones_work_is_undone() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let inside = Snapshot::of(&container.namespace);
    for (last, words) in [
        // The same interface name again.
        (with(bridge(), json!({ "bridge": "cni1" })), "bridge"),
        (json!({ "type": "no-such-plugin" }), "no-such-plugin"),
    ] {
        let text = site
            .try_add(&container, &chain("1.0.0", &[bridge(), last]))
            .error()
            .text();
        assert!(text.contains(words), "{text}");
        before.assert_same(&site.snapshot());
        inside.assert_same(&Snapshot::of(&container.namespace));
    }
}

#[test]
fn a_chain_of_one_is_that_plugin() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    for version in ["0.3.1", "1.1.0"] {
        let config = chain(version, &[bridge()]);
        let result = site.add(&container, &config);
        assert_eq!(result["cniVersion"], version);
        site.del(&container, &config);
    }
}

#[test]
fn status_and_gc_reach_every_member() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let config = chain("1.1.0", &[bridge(), json!({ "type": "loopback" })]);
    site.add(&container, &config);
    site.call("STATUS", &container, &config).run().silent_success();
    let valid = json!([{ "containerID": "c1", "ifname": "eth0" }]);
    site.call(
        "GC",
        &container,
        &with(config.clone(), json!({ "cni.dev/valid-attachments": valid })),
    )
    .run()
    .silent_success();
    assert_eq!(site.leased("mynet"), ["10.22.0.2"]);
    site.call(
        "GC",
        &container,
        &with(config, json!({ "cni.dev/valid-attachments": [] })),
    )
    .run()
    .silent_success();
    assert_eq!(site.leased("mynet"), Vec::<String>::new());
    assert_eq!(container.namespace.link_names(), ["lo"]);
}

#[test]
fn a_cofferdam_configuration_that_names_no_plugin_is_refused() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let none = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam" });
    for config in [
        none.clone(),
        with(none.clone(), json!({ "chain": [] })),
        with(none, json!({ "chain": [{}] })),
    ] {
        let error = site.try_add(&container, &config).error();
        assert!(
            error.code != 0 && (error.text().contains("plugin") || error.text().contains("type")),
            "{config}: {error:?}"
        );
    }
}
