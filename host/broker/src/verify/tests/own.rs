use serde_json::json;

use super::{SANDBOX, Scene, eth0, on_eth0};

#[test]
fn what_is_so_may_be_told() {
    for result in [
        json!({}),
        json!({ "interfaces": [eth0()] }),
        json!({ "interfaces": [{ "name": "eth0", "sandbox": SANDBOX, "mac": "02:00:00:00:00:05", "mtu": 1500 }] }),
        json!({ "interfaces": [{ "name": "veth0" }, eth0()], "ips": [{ "address": "10.22.0.5/16", "interface": 1 }] }),
        on_eth0(json!({ "address": "10.22.0.5/16" })),
        on_eth0(json!({ "address": "fe80::1/64", "interface": 0 })),
        json!({ "interfaces": [{ "name": "lo", "sandbox": SANDBOX }], "ips": [{ "address": "127.0.0.1/8", "interface": 0 }] }),
        json!({ "ips": [{ "address": "10.22.0.9/16" }] }),
        json!({ "interfaces": [eth0()], "routes": [{ "dst": "192.0.2.0/24" }, { "dst": "192.0.2.0/24", "gw": "10.22.0.1" }] }),
    ] {
        Scene::new().is_true(&result);
    }
}

#[test]
fn an_interface_is_the_attachments_and_as_it_says() {
    let mut scene = Scene::new();
    let told = "was neither made nor joined";
    for (interface, words) in [
        (json!({ "name": "up0" }), told),
        (json!({ "name": "nothing0" }), told),
        (json!({ "name": "net0", "sandbox": SANDBOX }), told),
        (json!({ "name": "nothing0", "sandbox": SANDBOX }), "does not exist"),
        (
            json!({ "name": "eth0", "sandbox": "/run/netns/c2" }),
            "not this request's",
        ),
        (
            json!({ "name": "eth0", "sandbox": SANDBOX, "mac": "02:00:00:00:00:06" }),
            "but has",
        ),
        (
            json!({ "name": "eth0", "sandbox": SANDBOX, "mtu": 9000 }),
            "MTU of 9000",
        ),
        (
            json!({ "name": "eth0", "sandbox": SANDBOX, "socketPath": "/x" }),
            "handed out none",
        ),
        (
            json!({ "name": "eth0", "sandbox": SANDBOX, "pciID": "0000:00:01.0" }),
            "handed out none",
        ),
    ] {
        scene.is_untrue(&json!({ "interfaces": [interface] }), words);
    }
    scene.is_untrue(&json!({ "interfaces": [eth0(), eth0()] }), "twice");
    let mut scene = Scene::new();
    scene.picture = scene.picture.without_mac();
    let with_mac = json!({ "name": "eth0", "sandbox": SANDBOX, "mac": "02:00:00:00:00:05" });
    scene.is_untrue(&json!({ "interfaces": [with_mac] }), "no Ethernet address");
}

#[test]
fn an_address_is_one_that_the_attachment_added() {
    let mut scene = Scene::new();
    for (name, ip, words) in [
        (
            "eth0",
            json!({ "address": "10.22.0.7/16", "interface": 0 }),
            "is not on interface",
        ),
        (
            "eth0",
            json!({ "address": "10.22.0.5/24", "interface": 0 }),
            "is not on interface",
        ),
        (
            "eth0",
            json!({ "address": "10.22.0.6/16", "interface": 0 }),
            "was not added by this attachment",
        ),
        (
            "lo",
            json!({ "address": "10.22.0.66/16", "interface": 0 }),
            "was not added by this attachment",
        ),
        (
            "eth0",
            json!({ "address": "10.22.0.5/16", "interface": 1 }),
            "which is not in it",
        ),
        ("eth0", json!({ "address": "10.22.0.7/16" }), "was not claimed"),
        (
            "eth0",
            json!({ "address": "10.22.0.9/16" }),
            "on none of its interfaces",
        ),
    ] {
        let interface = json!({ "name": name, "sandbox": SANDBOX });
        scene.is_untrue(&json!({ "interfaces": [interface], "ips": [ip] }), words);
    }
    let ip = json!({ "address": "10.22.0.5/16", "interface": 0 });
    scene.is_untrue(&json!({ "interfaces": [eth0()], "ips": [ip, ip] }), "twice");
}

#[test]
fn a_route_is_there_as_it_says() {
    for (route, words) in [
        (json!({ "dst": "192.0.2.0/25" }), "is not in table 254"),
        (json!({ "dst": "10.33.0.0/16" }), "is not in table 254"),
        (
            json!({ "dst": "192.0.2.0/24", "gw": "10.22.0.2" }),
            "gateway 10.22.0.2, but has 10.22.0.1",
        ),
        (json!({ "dst": "192.0.2.0/24", "priority": 8 }), "priority 8, but has 7"),
        (json!({ "dst": "192.0.2.0/24", "mtu": 1400 }), "MTU 1400, but has none"),
        (
            json!({ "dst": "192.0.2.0/24", "advmss": 1400 }),
            "MSS 1400, but has none",
        ),
        (json!({ "dst": "192.0.2.0/24", "scope": 253 }), "scope 253, but has 0"),
        (json!({ "dst": "192.0.2.0/24", "table": 100 }), "is not in table 100"),
    ] {
        Scene::new().is_untrue(&json!({ "interfaces": [eth0()], "routes": [route] }), words);
    }
}
