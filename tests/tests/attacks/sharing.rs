//! What attachments share: settings, tables and what is in them.

use cofferdam_tests::{bridge_network, needs_kernel, with};
use serde_json::json;

use crate::{
    arena::{Arena, CONFLICT, config},
    ownership::{WIDE, beside},
};

#[test]
fn a_shared_setting_keeps_the_value_that_others_need() {
    needs_kernel!();
    let key = ["net", "ipv4", "ip_forward"];
    let (arena, _victim) = beside(&[
        json!({ "do": "bridge", "in": "host", "name": "cni0" }),
        json!({ "do": "up", "link": 0 }),
        json!({ "do": "write-setting", "in": "host", "key": key, "value": "1" }),
    ]);
    let write = json!([{ "do": "write-setting", "in": "host", "key": key, "value": "0" }]);
    let words = "ip_forward in the host namespace is shared with the value \"1\" by attachment mynet/victim/eth0";
    arena.refused("forwarding", &write, CONFLICT, words);
    for (setting, call) in [
        ("up", json!({ "do": "down", "link": 0 })),
        ("mtu", json!({ "do": "mtu", "link": 0, "mtu": 1300 })),
        ("mac", json!({ "do": "mac", "link": 0, "mac": [2, 0, 0, 0, 0, 1] })),
    ] {
        let calls = json!([{ "do": "bridge", "in": "host", "name": "cni0" }, call]);
        let words = format!("{setting} of link \"cni0\" can't be changed: attachment mynet/victim/eth0 uses the link");
        arena.refused(setting, &calls, CONFLICT, &words);
    }
}

/// A bridge that was there before, whose settings go back.
#[test]
fn a_setting_that_was_found_as_needed_is_not_changed_under_those_who_need_it() {
    needs_kernel!();
    let (arena, _victim) = Arena::beside(WIDE, "victim", |site, victim| {
        let calls = json!([
            { "do": "bridge", "in": "host", "name": "br-ex" },
            { "do": "up", "link": 0 },
        ]);
        site.add(victim, &config(&calls));
    });
    let calls = json!([
        { "do": "bridge", "in": "host", "name": "br-ex" },
        { "do": "down", "link": 0 },
    ]);
    let words = "setting up of link br-ex in the host namespace is shared with the value \"1\"";
    arena.refused("taking it down", &calls, CONFLICT, words);
}

#[test]
fn a_table_is_its_plugins() {
    needs_kernel!();
    let (arena, _victim) = Arena::beside(WIDE, "victim", |site, victim| {
        site.add(victim, &with(bridge_network("1.0.0"), json!({ "ipMasq": true })));
    });
    let (family, table) = ("inet", "cofferdam_masquerade");
    let words = "belongs to plugin bridge";
    let declare = json!([{ "do": "ensure-table", "in": "host", "table": { "family": family, "name": table } }]);
    arena.refused("its declaration", &declare, CONFLICT, words);
    let chain = json!([{
        "do": "ensure-chain", "in": "host",
        "table": { "family": family, "name": table }, "chain": { "name": "to-10.22.0.0-16", "rules": ["accept"] }
    }]);
    arena.refused("a chain", &chain, CONFLICT, words);
    let elements = |call: &str| {
        json!({
            "do": call, "in": "host", "family": family, "table": table, "set": "sources4", "address": "10.22.0.2"
        })
    };
    arena.refused("an element", &json!([elements("add-elements")]), CONFLICT, words);
    let told = arena.told(&[elements("delete-elements"), elements("has-elements")]);
    assert_eq!(told, "[false]");
}

#[test]
fn elements_of_another_attachment_are_not_there() {
    needs_kernel!();
    let declare = json!({
        "do": "ensure-table", "in": "host", "table": { "family": "inet", "name": "own", "sets": ["sources"] }
    });
    let element = |call: &str, address: &str| json!({ "do": call, "in": "host", "family": "inet", "table": "own", "set": "sources", "address": address });
    let (arena, _victim) = beside(&[declare.clone(), element("add-elements", "10.22.0.2")]);
    let told = arena.told(&[
        declare,
        element("add-elements", "10.22.0.3"),
        element("has-elements", "10.22.0.2"),
        element("has-elements", "10.22.0.3"),
    ]);
    assert_eq!(told, "[false]; [true]");
}
