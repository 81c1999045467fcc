//! A port of a bridge of the node that is to become another's.

use cofferdam_tests::{needs_kernel, with};
use serde_json::{Value, json};

use crate::arena::{Arena, CONFLICT, config, own_pair};

const MASTER_OF_TENANT: &str = r#"
[[plugin.hostile.grant]]
allow = "link.see"
in = "host"
names = ["vethtenant"]

[[plugin.hostile.grant]]
allow = "link.set"
in = "host"
names = ["vethtenant"]
settings = ["master"]
"#;

/// The tenant's link is to be a port of a link that has none: the kernel takes
/// it out of its bridge before it refuses that.
fn to_no_bridge() -> Value {
    json!([
        own_pair(),
        { "do": "find", "in": "host", "name": "vethtenant" },
        { "do": "master", "link": 2, "master": 0 },
    ])
}

#[test]
fn a_refused_master_fails_the_add_and_the_port_stays_where_it_was() {
    needs_kernel!();
    let arena = Arena::with_grants(MASTER_OF_TENANT);
    arena.refused("no bridge", &to_no_bridge(), CONFLICT, "is not a bridge");
}

#[test]
fn a_plugin_that_goes_on_after_it_leaves_the_port_where_it_was() {
    needs_kernel!();
    let arena = Arena::with_grants(MASTER_OF_TENANT);
    let undaunted = with(config(&to_no_bridge()), json!({ "undaunted": true }));
    let result = arena.site.add(&arena.container, &undaunted);
    let shown = arena.site.node().ip_json(&["link", "show", "vethtenant"]);
    assert_eq!(shown[0]["master"], "br-ex", "{shown:?}");
    arena.site.check(&arena.container, &undaunted, &result).silent_success();
    arena.site.del(&arena.container, &undaunted);
    arena.assert_untouched("a refused master");
}
