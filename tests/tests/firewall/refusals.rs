//! What makes no sense.

use cofferdam_tests::{Container, Output, Site, finish, needs_kernel};
use serde_json::{Value, json};

use crate::ground::{bridge, firewall};

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let before = site.snapshot();
    let attempt = |keys: Value| -> Output { site.try_add(&container, &firewall(&bridge(), &result, keys)) };
    for (keys, words) in [
        (json!({ "prevResult": null }), "missing prevResult from earlier plugin"),
        (json!({ "backend": "firewalld" }), "firewalld does not run on this node"),
        (
            json!({ "backend": "firewalld", "firewalldZone": "a zone" }),
            "a zone of firewalld has",
        ),
        (json!({ "firewalldZone": 1 }), "firewalldZone"),
        (json!({ "backend": "pf" }), "unknown firewall backend \"pf\""),
        (
            json!({ "ingressPolicy": "closed" }),
            "unknown ingress policy: \"closed\"",
        ),
        (
            json!({ "iptablesAdminChainName": "FORWARD" }),
            "a chain that is asked first",
        ),
        (
            json!({ "iptablesAdminChainName": "a chain" }),
            "a chain that is asked first",
        ),
        (json!({ "iptablesAdminChainName": 1 }), "iptablesAdminChainName"),
    ] {
        let text = attempt(keys).error().text();
        assert!(text.contains(words), "{words}: {text}");
        before.assert_same(&site.snapshot());
    }
    let ended = finish(site.installation().cofferctl().args(["policy", "check"]), b"");
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
