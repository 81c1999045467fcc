//! The plugin `dummy`, where the kernel has such links.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, Site, has_flag, has_kind, interface, needs_kernel, network_upon, with};
use serde_json::{Value, json};

fn plain() -> Value {
    with(network_upon("dummy"), json!({ "master": null }))
}

#[test]
fn a_container_gets_a_link_that_leads_nowhere() {
    needs_kernel!();
    if !has_kind("dummy") {
        return;
    }
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    let config = with(plain(), json!({ "ipam": { "subnet": null, "ranges": ranges } }));
    let result = site.add(&container, &config);
    let eth0 = interface(&container);
    assert!(has_flag(&eth0, "UP"), "{eth0}");
    assert_eq!(eth0["linkinfo"]["info_kind"], "dummy");
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16", "fd00:22::2/64"]);
    assert_eq!(result["interfaces"][0]["mac"], eth0["address"]);
    site.check(&container, &config, &result).silent_success();
    container.namespace.ip(&["link", "set", "eth0", "down"]);
    let error = site.check(&container, &config, &result).error();
    assert_eq!((error.code, error.message.as_str()), (107, "Interface eth0 is down"));
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
    site.del(&container, &config);
}

#[test]
fn it_has_addresses_or_is_not_made() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let text = site
        .try_add(&container, &with(plain(), json!({ "ipam": null })))
        .error()
        .text();
    assert!(
        text.contains("dummy interface requires an IPAM configuration"),
        "{text}"
    );
    assert_eq!(container.namespace.link_names(), ["lo"]);
}
