//! What belongs to another tenant.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, INVALID, NOT_FOUND, on_own_pair};

/// A link of the node that may be seen, and this.
fn on_tenants_link(call: Value) -> Value {
    json!([{ "do": "find", "in": "host", "name": "vethtenant" }, call])
}

#[test]
fn another_tenants_link_is_not_changed() {
    needs_kernel!();
    let arena = Arena::new();
    for (setting, call) in [
        ("up", json!({ "do": "down", "link": 0 })),
        ("mtu", json!({ "do": "mtu", "link": 0, "mtu": 68 })),
        ("mac", json!({ "do": "mac", "link": 0, "mac": [2, 0, 0, 0, 0, 1] })),
        ("promiscuous", json!({ "do": "promiscuous", "link": 0, "on": true })),
        ("all-multicast", json!({ "do": "all-multicast", "link": 0, "on": true })),
        (
            "transmit-queue-length",
            json!({ "do": "queue-length", "link": 0, "packets": 9 }),
        ),
        ("hairpin", json!({ "do": "hairpin", "link": 0, "on": true })),
        ("isolated", json!({ "do": "isolated", "link": 0, "on": false })),
        ("master", json!({ "do": "master", "link": 0, "master": 0 })),
    ] {
        let grant = format!("names = [\"vethtenant\"], settings = [\"{setting}\"]");
        arena.denied(setting, &on_tenants_link(call), "link.set", "\"vethtenant\"", &grant);
    }
    let delete = on_tenants_link(json!({ "do": "delete", "link": 0 }));
    arena.denied(
        "delete",
        &delete,
        "link.delete",
        "\"vethtenant\"",
        "names = [\"vethtenant\"]",
    );
}

#[test]
fn what_could_not_be_put_back_is_not_deleted_even_where_that_is_granted() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"link.delete\"\nin = \"host\"\nkinds = [\"veth\"]\nnames = [\"veth*\"]\n",
    );
    let delete = on_tenants_link(json!({ "do": "delete", "link": 0 }));
    arena.refused("delete", &delete, CONFLICT, "could not be put back");
}

#[test]
fn another_tenants_link_tells_nothing_of_what_is_on_it() {
    needs_kernel!();
    let arena = Arena::new();
    for (operation, call) in [
        ("address.see", json!({ "do": "addresses", "link": 0 })),
        (
            "address.see",
            json!({ "do": "wait-usable", "link": 0, "milliseconds": 1 }),
        ),
        ("neighbor.see", json!({ "do": "neighbors", "link": 0 })),
        ("route.see", json!({ "do": "routes", "link": 0, "table": 100 })),
    ] {
        arena.denied(
            operation,
            &on_tenants_link(call),
            operation,
            "\"vethtenant\"",
            "names = [\"vethtenant\"]",
        );
    }
    let info = arena.told(&[
        json!({ "do": "find", "in": "host", "name": "vethtenant" }),
        json!({ "do": "info", "link": 0 }),
    ]);
    assert!(
        info.contains("vethtenant") && info.contains("master: None"),
        "its bridge is hidden: {info}"
    );
    let peer = on_tenants_link(json!({ "do": "peer", "link": 0 }));
    arena.refused(
        "the other end",
        &peer,
        NOT_FOUND,
        "the other end of link \"vethtenant\"",
    );
}

#[test]
fn another_attachments_lease_is_neither_taken_nor_given_up() {
    needs_kernel!();
    let arena = Arena::new();
    let with_records = |call: Value| json!([{ "do": "open-records" }, call]);
    let release = with_records(json!({ "do": "release", "name": "10.22.0.77" }));
    arena.refused(
        "release",
        &release,
        NOT_FOUND,
        "a claim of this attachment on 10.22.0.77",
    );
    for call in [
        json!({ "do": "claims" }),
        json!({ "do": "release-stale", "name": "10.22.0.77" }),
    ] {
        arena.refused("what is for GC", &with_records(call), INVALID, "for GC only");
    }
    let claimed = arena.told(&[
        json!({ "do": "open-records" }),
        json!({ "do": "claim", "name": "10.22.0.77" }),
        json!({ "do": "owned" }),
    ]);
    assert_eq!(claimed, "false; []");
}

#[test]
fn another_networks_records_are_out_of_reach() {
    needs_kernel!();
    let arena = Arena::new();
    let told = arena.told(&[
        json!({ "do": "open-records" }),
        json!({ "do": "owner", "name": "10.33.0.5" }),
        json!({ "do": "claim", "name": "10.33.0.5" }),
    ]);
    assert_eq!(told, "None; true", "its own network knows nothing of 10.33.0.5");
}

#[test]
fn another_directory_of_records_is_not_opened() {
    needs_kernel!();
    let arena = Arena::new();
    for directory in [
        "/var/lib/cni/networks/othernet",
        "/var/lib/cni/networks/..",
        "/var/lib/cni/networks/../networks",
        "/var/lib/cni",
        "/",
        "/etc",
        "/run/cofferdam",
    ] {
        let mut config = crate::arena::config(&json!([{ "do": "open-records" }]));
        config["ipam"]["dataDir"] = json!(directory);
        let error = arena.site.try_add(&arena.container, &config).error();
        assert_eq!(error.code, crate::arena::DENIED, "{directory}: {error:?}");
        assert!(error.message.starts_with("store.open"), "{directory}: {error:?}");
        assert!(
            error.text().contains(&format!("locations = [\"{directory}\"]")),
            "{directory}: {error:?}"
        );
        arena.assert_untouched(directory);
    }
}

#[test]
fn a_table_that_somebody_else_made_is_not_joined() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = [\"nftables.table\"]\nin = \"host\"\nfamily = \"inet\"\ntables = \
         [\"firewall\", \"hostile-2\"]\n[[plugin.hostile.grant]]\nallow = [\"nftables.element\"]\nin = \
         \"host\"\nfamily = \"inet\"\ntables = [\"firewall\", \"hostile-2\"]\nsets = [\"sources\"]\n",
    );
    for name in ["firewall", "hostile-2"] {
        let table = json!({ "family": "inet", "name": name, "sets": ["sources"] });
        let join = json!([{ "do": "ensure-table", "in": "host", "table": table }]);
        arena.refused(name, &join, CONFLICT, "Cofferdam did not make it");
        let chain = json!([{
            "do": "ensure-chain", "in": "host",
            "table": { "family": "inet", "name": name }, "chain": { "name": "input", "rules": ["drop"] }
        }]);
        arena.refused(name, &chain, NOT_FOUND, name);
        let element = json!([{
            "do": "add-elements", "in": "host",
            "family": "inet", "table": name, "set": "sources", "address": "10.22.0.9"
        }]);
        arena.refused(name, &element, NOT_FOUND, name);
    }
}

#[test]
fn a_pair_has_no_end_on_another_tenants_bridge() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"host\"\nnames = [\"br-ex\", \"up0\"]\n",
    );
    let join = json!([
        { "do": "find", "in": "host", "name": "br-ex" },
        { "do": "veth", "first": { "in": "host", "name": "veth0", "master": 0 },
          "second": { "in": "container", "name": "eth0" } },
    ]);
    arena.denied("at birth", &join, "link.set", "\"br-ex\"", "settings = [\"ports\"]");
    let later = json!([
        { "do": "find", "in": "host", "name": "br-ex" },
        { "do": "veth", "first": { "in": "host", "name": "veth0" }, "second": { "in": "container", "name": "eth0" } },
        { "do": "master", "link": 1, "master": 0 },
    ]);
    arena.denied("later", &later, "link.set", "\"br-ex\"", "settings = [\"ports\"]");
    let uplink = json!([
        { "do": "find", "in": "host", "name": "up0" },
        { "do": "bridge", "in": "host", "name": "cni0" },
        { "do": "master", "link": 0, "master": 1 },
    ]);
    arena.denied(
        "the uplink as a port",
        &uplink,
        "link.set",
        "\"up0\"",
        "settings = [\"master\"]",
    );
    let across = json!([
        { "do": "find", "in": "host", "name": "br-ex" },
        { "do": "veth", "first": { "in": "host", "name": "veth0" },
          "second": { "in": "container", "name": "eth0", "master": 0 } },
    ]);
    arena.refused("across namespaces", &across, INVALID, "in the same namespace");
    let itself = on_own_pair(json!({ "do": "master", "link": 0, "master": 0 }));
    let error = arena.fails("a link as its own master", &itself);
    assert!(error.message.contains("link"), "{error:?}");
}
