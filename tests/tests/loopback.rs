//! The plugin `loopback`.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, EchoServer, Site, answers, loopback_network, needs_kernel, with};
use serde_json::json;

fn is_up(container: &Container) -> bool {
    let lo = container.namespace.link("lo").unwrap();
    lo["flags"].as_array().unwrap().iter().any(|flag| flag == "UP")
}

#[test]
fn lo_is_up_after_add_and_down_after_del() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let config = with(loopback_network(), json!({ "cniVersion": "1.0.0" }));
    let before = site.snapshot();
    assert!(!is_up(&container));
    let result = site.call("ADD", &container, &config).ifname("lo").run().result();
    assert!(is_up(&container));
    assert_eq!(
        result,
        json!({
            "cniVersion": "1.0.0",
            "interfaces": [{ "mac": "00:00:00:00:00:00", "name": "lo", "sandbox": container.namespace.path() }],
            "ips": [{ "address": "127.0.0.1/8", "interface": 0 }, { "address": "::1/128", "interface": 0 }],
        })
    );
    let server = EchoServer::start(&container.namespace);
    assert!(answers(&container.namespace, "127.0.0.1", &server));
    site.call("DEL", &container, &config)
        .ifname("lo")
        .run()
        .silent_success();
    assert!(!is_up(&container));
    before.assert_same(&site.snapshot());
}

#[test]
fn the_interface_name_that_is_asked_for_does_not_matter() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let result = site.add(&container, &with(loopback_network(), json!({ "cniVersion": "1.0.0" })));
    assert_eq!(result["interfaces"][0]["name"], "lo");
    assert!(is_up(&container));
}

#[test]
fn an_address_of_another_kind_on_lo_is_refused() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    container.namespace.ip(&["address", "add", "192.0.2.1/32", "dev", "lo"]);
    let text = site.try_add(&container, &loopback_network()).error().text();
    assert!(text.contains("192.0.2.1"), "{text}");
    assert!(!is_up(&container), "the failed ADD left lo up");
}

#[test]
fn a_previous_result_is_passed_on() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let previous = json!({ "cniVersion": "1.0.0", "ips": [{ "address": "192.0.2.7/24" }] });
    let config = with(
        loopback_network(),
        json!({ "cniVersion": "1.0.0", "prevResult": previous }),
    );
    assert_eq!(site.add(&container, &config), previous);
    assert!(is_up(&container));
}

#[test]
fn check_looks_whether_lo_is_up() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let config = with(loopback_network(), json!({ "cniVersion": "1.0.0" }));
    let result = site.add(&container, &config);
    site.check(&container, &config, &result).silent_success();
    container.namespace.ip(&["link", "set", "lo", "down"]);
    let text = site.check(&container, &config, &result).error().text();
    assert!(text.contains("loopback"), "{text}");
}
