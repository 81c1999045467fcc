use serde_json::{Value, json};

use super::{Scene, attachment, config, on_eth0};
use crate::verify::{Given, check_allocation};

#[test]
fn a_gateway_is_a_neighbour_or_the_configurations() {
    let with = |gateway: &str| on_eth0(json!({ "address": "10.22.0.5/16", "interface": 0, "gateway": gateway }));
    for gateway in ["10.22.0.1", "10.22.255.254", "203.0.113.1"] {
        Scene::new().is_true(&with(gateway));
    }
    for gateway in [
        "192.0.2.1",
        "10.23.0.1",
        "0.0.0.0",
        "127.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::2",
    ] {
        Scene::new().is_untrue(&with(gateway), "the gateway");
    }
    for said in [
        json!({ "ipam": { "gateway": "192.0.2.1" } }),
        json!({ "runtimeConfig": { "ips": ["192.0.2.1/24"] } }),
    ] {
        Scene::new().given(said).is_true(&with("192.0.2.1"));
    }
    let mut scene = Scene::new();
    scene.arguments = cofferdam_protocol::args::parse("GATEWAY=192.0.2.1");
    scene.is_true(&with("192.0.2.1"));
    for said in [
        json!({ "prevResult": { "ips": [{ "address": "192.0.2.1/24" }] } }),
        json!({ "ipam": { "gateway": "127.0.0.1" } }),
    ] {
        let gateway = said["ipam"]["gateway"].as_str().unwrap_or("192.0.2.1").to_owned();
        Scene::new().given(said).is_untrue(&with(&gateway), "the gateway");
    }
}

#[test]
fn names_are_looked_up_where_the_plugin_was_told() {
    for (dns, said) in [
        (
            json!({ "nameservers": ["192.0.2.53"] }),
            json!({ "dns": { "nameservers": ["192.0.2.53"] } }),
        ),
        (
            json!({ "domain": "a.example" }),
            json!({ "dns": { "domain": "a.example" } }),
        ),
        (
            json!({ "search": ["a.example"] }),
            json!({ "runtimeConfig": { "dns": { "searches": ["a.example"] } } }),
        ),
        (
            json!({ "options": ["ndots:5"] }),
            json!({ "dns": { "options": ["ndots:5"] } }),
        ),
    ] {
        let result = json!({ "dns": dns });
        Scene::new().is_untrue(&result, "its dns has");
        Scene::new().given(said).is_true(&result);
        Scene::new().after(result.clone()).is_true(&result);
    }
    let mut scene = Scene::new();
    scene
        .deeds
        .read
        .push("nameserver 192.0.2.53\nsearch a.example b.example\n".to_owned());
    scene.is_true(&json!({ "dns": { "nameservers": ["192.0.2.53"], "search": ["b.example"] } }));
    let gateway = json!({ "address": "10.22.0.5/16", "interface": 0, "gateway": "10.22.0.1" });
    let mut result = on_eth0(gateway);
    result["dns"] = json!({ "nameservers": ["10.22.0.1"] });
    Scene::new().is_true(&result);
    result["dns"] = json!({ "nameservers": ["10.22.0.2"] });
    Scene::new().is_untrue(&result, "its dns has");
}

#[test]
fn address_management_tells_of_its_claims_and_of_what_it_is_asked_for() {
    let claimed = ["10.22.0.5".parse().unwrap()];
    let check = |with: &Value, result: Value| {
        let config = config(with.clone());
        check_allocation(&attachment(&result), &claimed, &Given::new(&config, Vec::new(), &[]))
    };
    let nothing = json!({});
    let gateway = json!({ "ipam": { "gateway": "192.0.2.1", "subnet": "10.22.0.0/16" } });
    let asked = json!({ "ipam": { "addresses": [{ "address": "10.22.0.7/16" }] } });
    for (with, result) in [
        (
            &nothing,
            json!({ "ips": [{ "address": "10.22.0.5/16", "gateway": "10.22.0.1" }] }),
        ),
        (
            &nothing,
            json!({ "ips": [{ "address": "10.22.0.5/16" }], "routes": [{ "dst": "0.0.0.0/0" }] }),
        ),
        (
            &gateway,
            json!({ "ips": [{ "address": "10.22.0.5/16", "gateway": "192.0.2.1" }] }),
        ),
        (&asked, json!({ "ips": [{ "address": "10.22.0.7/16" }] })),
    ] {
        assert_eq!(check(with, result.clone()), Ok(()), "{result}");
    }
    for (with, result) in [
        (&nothing, json!({ "ips": [{ "address": "10.22.0.7/16" }] })),
        (&gateway, json!({ "ips": [{ "address": "192.0.2.1/16" }] })),
        (
            &nothing,
            json!({ "ips": [{ "address": "10.22.0.5/16", "gateway": "192.0.2.1" }] }),
        ),
        (
            &nothing,
            json!({ "ips": [{ "address": "10.22.0.5/16", "interface": 0 }] }),
        ),
        (&nothing, json!({ "interfaces": [{ "name": "eth0" }] })),
        (&nothing, json!({ "dns": { "nameservers": ["192.0.2.53"] } })),
    ] {
        assert!(check(with, result.clone()).is_err(), "{result}");
    }
}
