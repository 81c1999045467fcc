//! The plugin `static`: the addresses that it is told to give, by whomever.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, Output, SPEC_VERSIONS, Site, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

/// Address management alone, with these keys in `ipam`.
fn ipam(version: &str, keys: Value) -> Value {
    let network = json!({ "cniVersion": version, "name": "mynet", "type": "bridge", "ipam": { "type": "static" } });
    with(network, json!({ "ipam": keys }))
}

fn call(site: &Site, verb: &str, config: &Value, args: &str) -> Output {
    let container = Container::new("c1");
    site.call(verb, &container, config).plugin("static").args(args).run()
}

fn one(address: &str) -> Value {
    json!({ "addresses": [{ "address": address }] })
}

#[test]
fn addresses_routes_and_name_resolution_are_those_of_the_configuration() {
    needs_kernel!();
    let site = Site::new();
    let keys = json!({
        "addresses": [{ "address": "10.1.0.5/24", "gateway": "10.1.0.254" }, { "address": "fd00::5/64" }],
        "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "192.0.2.0/24", "gw": "10.1.0.9", "mtu": 1400 }],
        "dns": { "nameservers": ["192.0.2.53"], "domain": "example", "search": ["a.example"], "options": ["ndots:2"] },
    });
    let result = call(&site, "ADD", &ipam("1.1.0", keys), "").result();
    assert_eq!(
        result["ips"],
        json!([{ "address": "10.1.0.5/24", "gateway": "10.1.0.254" }, { "address": "fd00::5/64" }])
    );
    assert_eq!(
        result["routes"],
        json!([{ "dst": "0.0.0.0/0" }, { "dst": "192.0.2.0/24", "gw": "10.1.0.9", "mtu": 1400 }])
    );
    assert_eq!(
        result["dns"],
        json!({ "nameservers": ["192.0.2.53"], "domain": "example", "search": ["a.example"], "options": ["ndots:2"] })
    );
}

#[test]
fn who_asks_last_replaces_what_others_said() {
    needs_kernel!();
    let by_args = json!({ "args": { "cni": { "ips": ["10.2.0.5/24"] } } });
    let by_capability =
        json!({ "capabilities": { "ips": true }, "runtimeConfig": { "ips": ["10.3.0.5/24", "fd03::5/64"] } });
    let environment = "IP=10.4.0.5/24,fd04::5/64;GATEWAY=10.1.0.1,10.4.0.1";
    for (changes, args, expected) in [
        (json!({}), "", json!([{ "address": "10.1.0.5/24" }])),
        (
            json!({}),
            environment,
            json!([
                { "address": "10.1.0.5/24", "gateway": "10.1.0.1" },
                { "address": "10.4.0.5/24", "gateway": "10.4.0.1" },
                { "address": "fd04::5/64" },
            ]),
        ),
        (by_args.clone(), environment, json!([{ "address": "10.2.0.5/24" }])),
        (
            with(by_args, by_capability),
            environment,
            json!([{ "address": "10.3.0.5/24" }, { "address": "fd03::5/64" }]),
        ),
    ] {
        let site = Site::new();
        let config = with(ipam("1.0.0", one("10.1.0.5/24")), changes);
        assert_eq!(call(&site, "ADD", &config, args).result()["ips"], expected, "{args}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    needs_kernel!();
    let site = Site::new();
    let ips = |ips: Value| json!({ "args": { "cni": { "ips": ips } } });
    for (keys, changes, args, words) in [
        (
            one("10.1.0.5"),
            json!({}),
            "",
            "the 'address' field is expected to be in CIDR notation, got: '10.1.0.5'",
        ),
        (one(""), json!({}), "", "the 'address' field"),
        (
            json!({ "addresses": [{ "address": "10.1.0.5/24", "gateway": "x" }] }),
            json!({}),
            "",
            "\"x\" is not an IP address",
        ),
        (json!({ "addresses": "10.1.0.5/24" }), json!({}), "", "addresses"),
        (json!({ "routes": [{ "dst": "x" }] }), json!({}), "", "routes"),
        (json!({ "dns": { "nameservers": 1 } }), json!({}), "", "nameservers"),
        (
            one("10.1.0.5/24"),
            json!({}),
            "IP=10.4.0.5",
            "the 'ip' field is expected to be in CIDR notation",
        ),
        (one("10.1.0.5/24"), json!({}), "GATEWAY=x", "invalid gateway address: x"),
        (one("10.1.0.5/24"), json!({}), "FOO=x", "unknown args"),
        (
            one("10.1.0.5/24"),
            ips(json!(["10.2.0.5"])),
            "",
            "an entry in the 'ips' field is NOT in CIDR notation",
        ),
    ] {
        let config = with(ipam("1.0.0", keys), changes);
        let error = call(&site, "ADD", &config, args).error();
        assert!(error.text().contains(words), "{config} {args}: {error:?}");
    }
}

#[test]
fn old_results_have_room_for_one_address_of_a_family() {
    needs_kernel!();
    let addresses = |one: &str, other: &str| json!({ "addresses": [{ "address": one }, { "address": other }] });
    let both = addresses("10.1.0.5/24", "fd00::5/64");
    for version in SPEC_VERSIONS {
        let site = Site::new();
        call(&site, "ADD", &ipam(version, both.clone()), "").result();
        for (one, other) in [("10.1.0.5/24", "10.2.0.5/24"), ("fd00::5/64", "fd01::5/64")] {
            let output = call(&site, "ADD", &ipam(version, addresses(one, other)), "");
            if version < "0.3.0" {
                let text = output.error().text();
                assert!(
                    text.contains("does not support more than 1 address per family"),
                    "{text}"
                );
            } else {
                // Nothing is on record of what it gave before.
                assert_eq!(output.result()["ips"][1]["address"], other);
            }
        }
    }
}

#[test]
fn a_bridge_puts_them_on_its_interface() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let keys = json!({ "type": "static", "subnet": null, "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
        "addresses": [{ "address": "10.1.0.5/24", "gateway": "10.1.0.1" }, { "address": "fd00::5/64", "gateway": "fd00::1" }] });
    let network = with(bridge_network("1.1.0"), json!({ "ipam": keys }));
    let result = site.add(&container, &network);
    assert_eq!(container.namespace.addresses("eth0"), ["10.1.0.5/24", "fd00::5/64"]);
    site.check(&container, &network, &result).silent_success();
    assert!(site.leased("mynet").is_empty(), "there are no records");
    let second = Container::new("c2");
    let text = site.try_add(&second, &network).error().text();
    assert!(text.contains("c1"), "two containers can't have one address: {text}");
    site.del(&container, &network);
    site.del(&container, &network);
    before.assert_same(&site.snapshot());
}

#[test]
fn check_compares_addresses_and_gateways_with_the_result() {
    needs_kernel!();
    let keys = json!({ "addresses": [{ "address": "10.1.0.5/24", "gateway": "10.1.0.1" }] });
    for (ip, words) in [
        (json!({ "address": "10.1.0.5/24", "gateway": "10.1.0.1" }), None),
        (
            json!({ "address": "10.1.0.5/24", "gateway": "10.1.0.2" }),
            Some("Failed to match gateway 10.1.0.1"),
        ),
        (
            json!({ "address": "10.1.0.6/24", "gateway": "10.1.0.1" }),
            Some("10.1.0.5/24 is not in prevResult"),
        ),
    ] {
        let site = Site::new();
        let config = ipam("1.0.0", keys.clone());
        call(&site, "ADD", &config, "").result();
        let previous = json!({ "prevResult": { "cniVersion": "1.0.0", "ips": [ip] } });
        let output = call(&site, "CHECK", &with(config, previous), "");
        match words {
            None => output.silent_success(),
            Some(words) => assert!(output.error().text().contains(words)),
        }
    }
}
