//! What is done in an unusual order, or described loosely, is put back as it
//! was.

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, DENIED, own_pair};

/// Ends the ADD by a denial, after the calls.
fn then_denied(calls: &[Value]) -> Value {
    let denied = json!({ "do": "find", "in": "host", "name": "up0" });
    calls.iter().cloned().chain([denied]).collect()
}

#[test]
fn a_bridge_that_a_pair_joined_later_goes_with_it() {
    needs_kernel!();
    let calls = [
        own_pair(),
        json!({ "do": "bridge", "in": "host", "name": "cni0" }),
        json!({ "do": "master", "link": 0, "master": 2 }),
    ];
    let error = Arena::new().fails("a port of a later bridge", &then_denied(&calls));
    assert_eq!(error.code, DENIED, "{error:?}");
}

#[test]
fn a_rule_that_was_described_loosely_is_put_back_whole() {
    needs_kernel!();
    for from in [Value::Null, json!("0.0.0.0/0")] {
        let calls = [json!({
            "do": "delete-rule", "in": "host", "table": 100, "priority": 1500, "from": from.clone()
        })];
        let error = Arena::new().fails("a rule from anywhere", &then_denied(&calls));
        assert_eq!(error.code, DENIED, "{from}: {error:?}");
    }
}
