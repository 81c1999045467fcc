//! The plugin `tap`: each key of its configuration, seen in the kernel.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, Site, has_flag, interface, needs_kernel, network_upon, with};
use serde_json::{Value, json};

fn plain() -> Value {
    with(network_upon("tap"), json!({ "master": null }))
}

#[test]
fn a_container_gets_a_persistent_device() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let result = site.add(&container, &plain());
    let eth0 = interface(&container);
    assert!(has_flag(&eth0, "UP"), "{eth0}");
    assert_eq!(eth0["linkinfo"]["info_kind"], "tun");
    let data = &eth0["linkinfo"]["info_data"];
    assert_eq!(data["type"], "tap");
    for (setting, on) in [
        ("pi", false),
        ("vnet_hdr", false),
        ("persist", true),
        ("multi_queue", false),
    ] {
        assert_eq!(data[setting], on, "{setting} of {data}");
    }
    assert_eq!((&data["user"], &data["group"]), (&Value::Null, &Value::Null));
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
    assert_eq!(result["interfaces"][0]["mac"], eth0["address"]);
    assert_eq!(result["ips"][0]["interface"], 0);
    site.check(&container, &plain(), &result).silent_success();
    site.del(&container, &plain());
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
    site.del(&container, &plain());
}

#[test]
fn owner_group_and_queues_are_what_is_asked_for() {
    needs_kernel!();
    for (owner, group, multi_queue) in [
        (json!(54321), Value::Null, false),
        (Value::Null, json!(0), true),
        (json!(0), json!(54322), true),
    ] {
        let site = Site::new();
        let container = Container::new("c1");
        let config = with(
            plain(),
            json!({ "owner": owner, "group": group, "multiQueue": multi_queue }),
        );
        let config = with(config, json!({ "mtu": 1400, "mac": "c2:11:22:33:44:03" }));
        let result = site.add(&container, &config);
        let eth0 = interface(&container);
        assert_eq!(
            (&eth0["mtu"], &eth0["address"]),
            (&json!(1400), &json!("c2:11:22:33:44:03"))
        );
        let data = &eth0["linkinfo"]["info_data"];
        // Root is told by name.
        let shown = |number: &Value| match number {
            Value::Number(number) if number.as_u64() == Some(0) => json!("root"),
            other => other.clone(),
        };
        assert_eq!((&data["user"], &data["group"]), (&shown(&owner), &shown(&group)));
        assert_eq!(data["multi_queue"], multi_queue, "{data}");
        site.check(&container, &config, &result).silent_success();
        let other = with(config, json!({ "owner": 1001 }));
        assert_eq!(site.check(&container, &other, &result).error().code, 107);
    }
}

#[test]
fn a_mac_address_may_be_asked_for_in_three_ways() {
    needs_kernel!();
    let by_capability = json!({ "capabilities": { "mac": true }, "runtimeConfig": { "mac": "c2:11:22:33:44:01" } });
    let by_config = json!({ "mac": "c2:11:22:33:44:03" });
    let by_args = "IgnoreUnknown=1;MAC=c2:11:22:33:44:02";
    for (changes, args, expected) in [
        (by_config.clone(), "", "c2:11:22:33:44:03"),
        (by_config.clone(), by_args, "c2:11:22:33:44:02"),
        (with(by_config, by_capability), by_args, "c2:11:22:33:44:01"),
    ] {
        let site = Site::new();
        let container = Container::new("c1");
        let config = with(plain(), changes);
        let result = site.call("ADD", &container, &config).args(args).run().result();
        assert_eq!(result["interfaces"][0]["mac"], expected);
    }
}

#[test]
fn the_device_may_be_a_port_of_a_bridge_in_the_container() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let config = with(plain(), json!({ "bridge": "br0", "ipam": null }));
    let text = site.try_add(&container, &config).error().text();
    assert!(text.contains("bridge") && text.contains("br0"), "{text}");
    assert_eq!(container.namespace.link_names(), ["lo"]);
    container.namespace.ip(&["link", "add", "br0", "type", "bridge"]);
    let result = site.add(&container, &config);
    assert_eq!(interface(&container)["master"], "br0");
    site.check(&container, &config, &result).silent_success();
    container.namespace.ip(&["link", "set", "eth0", "nomaster"]);
    assert_eq!(site.check(&container, &config, &result).error().code, 107);
    site.del(&container, &config);
    assert_eq!(container.namespace.link_names(), ["br0", "lo"]);
}

#[test]
fn nobody_waits_for_a_carrier_that_a_program_brings() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    let config = with(
        plain(),
        json!({ "ipam": { "subnet": null, "routes": null, "ranges": ranges } }),
    );
    let result = site.add(&container, &config);
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16", "fd00:22::2/64"]);
    site.check(&container, &config, &result).silent_success();
}

#[test]
fn what_makes_no_sense_is_told_by_its_name() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    for (changes, words) in [
        (
            json!({ "selinuxContext": "system_u:system_r:container_t:s0" }),
            "selinuxContext",
        ),
        (json!({ "owner": -1 }), "owner"),
        (json!({ "group": "kvm" }), "group"),
        (json!({ "multiQueue": 1 }), "multiQueue"),
        (json!({ "mtu": 20 }), "eth0"),
        (json!({ "mac": "c2:11" }), "c2:11"),
    ] {
        let container = Container::new("c1");
        let text = site.try_add(&container, &with(plain(), changes.clone())).error().text();
        assert!(text.contains(words), "{changes}: {text}");
        assert_eq!(container.namespace.link_names(), ["lo"]);
    }
    before.assert_same(&site.snapshot());
}
