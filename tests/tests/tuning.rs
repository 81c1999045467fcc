//! The plugin `tuning`: settings of the kernel and of the interface, and that
//! all of them go back.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, os::unix::fs::PermissionsExt as _};

use cofferdam_tests::{Container, Site, Snapshot, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

const MAC: &str = "c2:11:22:33:44:55";

/// A container that bridge attached, and what bridge told of it.
struct Before {
    site: Site,
    container: Container,
    result: Value,
}

impl Before {
    fn new() -> Self {
        let site = Site::new();
        let container = Container::new("c1");
        let result = site.add(&container, &bridge_network("1.0.0"));
        Self {
            site,
            container,
            result,
        }
    }

    fn tuning(&self, keys: Value) -> Value {
        let config = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "tuning", "prevResult": self.result });
        with(config, keys)
    }

    fn eth0(&self) -> Value {
        self.container.namespace.link("eth0").unwrap()
    }

    fn is(&self, flag: &str) -> bool {
        self.eth0()["flags"]
            .as_array()
            .unwrap()
            .iter()
            .any(|found| found == flag)
    }
}

#[test]
fn every_setting_is_made_and_goes_back() {
    needs_kernel!();
    let before = Before::new();
    let inside = Snapshot::of(&before.container.namespace);
    let config = before.tuning(json!({
        "sysctl": { "net.ipv4.conf.IFNAME.arp_filter": "1", "net/core/somaxconn": "500", "net.ipv4.ip_local_port_range": "1024 65000" },
        "mac": MAC, "promisc": true, "mtu": 1400, "allmulti": true, "txQLen": 500,
    }));
    let result = before.site.add(&before.container, &config);
    let eth0 = before.eth0();
    assert_eq!(
        (&eth0["address"], &eth0["mtu"], &eth0["txqlen"]),
        (&json!(MAC), &json!(1400), &json!(500))
    );
    assert!(before.is("PROMISC") && before.is("ALLMULTI"), "{eth0}");
    let namespace = &before.container.namespace;
    assert_eq!(namespace.sysctl("net/ipv4/conf/eth0/arp_filter"), "1");
    assert_eq!(namespace.sysctl("net/core/somaxconn"), "500");
    assert_eq!(namespace.sysctl("net/ipv4/ip_local_port_range"), "1024\t65000");
    let mut expected = before.result.clone();
    expected["interfaces"][2]["mac"] = MAC.into();
    assert_eq!(result, expected, "only the address is another one");
    let checked = with(config.clone(), json!({ "prevResult": result }));
    before
        .site
        .call("CHECK", &before.container, &checked)
        .run()
        .silent_success();
    before.site.del(&before.container, &checked);
    inside.assert_same(&Snapshot::of(namespace));
    before.site.del(&before.container, &checked);
}

#[test]
fn a_list_with_tuning_comes_and_goes_as_one() {
    needs_kernel!();
    let site = Site::new();
    let node = site.snapshot();
    let container = Container::new("c1");
    let inside = Snapshot::of(&container.namespace);
    let bridge = with(bridge_network("1.1.0"), json!({ "cniVersion": null, "name": null }));
    let tuning = json!({ "type": "tuning", "mac": MAC, "mtu": 1300, "sysctl": { "net.ipv4.ip_forward": "1" } });
    let config = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "chain": [bridge, tuning] });
    let result = site.add(&container, &config);
    assert_eq!(result["interfaces"][2]["mac"], MAC);
    assert_eq!(container.namespace.sysctl("net/ipv4/ip_forward"), "1");
    site.check(&container, &config, &result).silent_success();
    site.del(&container, &config);
    inside.assert_same(&Snapshot::of(&container.namespace));
    node.assert_same(&site.snapshot());
}

#[test]
fn who_asks_last_is_the_strongest() {
    needs_kernel!();
    let [first, second, third] = [1, 2, 3].map(|number| format!("c2:11:22:33:44:0{number}"));
    let by_args = json!({ "args": { "cni": { "mac": first, "mtu": 1300, "allmulti": false, "txQLen": 7, "promisc": true,
        "sysctl": { "net.core.somaxconn": "100" } } } });
    let by_capability = json!({ "capabilities": { "mac": true }, "runtimeConfig": { "mac": second } });
    let environment = format!("IgnoreUnknown=1;MAC={third}");
    for (changes, args, expected) in [
        (json!({}), "", MAC),
        (json!({}), environment.as_str(), third.as_str()),
        (by_capability.clone(), environment.as_str(), second.as_str()),
        (
            with(by_capability, by_args.clone()),
            environment.as_str(),
            first.as_str(),
        ),
    ] {
        let before = Before::new();
        let config = with(
            before.tuning(json!({ "mac": MAC, "mtu": 1400, "allmulti": true })),
            changes.clone(),
        );
        before
            .site
            .call("ADD", &before.container, &config)
            .args(args)
            .run()
            .result();
        assert_eq!(before.eth0()["address"], expected);
        let is_overridden = changes.get("args").is_some();
        assert_eq!(before.eth0()["mtu"], if is_overridden { 1300 } else { 1400 });
        assert_eq!(before.is("ALLMULTI"), !is_overridden);
        if is_overridden {
            assert_eq!(before.eth0()["txqlen"], 7);
            assert!(before.is("PROMISC"));
            assert_eq!(before.container.namespace.sysctl("net/core/somaxconn"), "100");
        }
    }
}

#[test]
fn the_nodes_list_says_what_may_be_set() {
    needs_kernel!();
    let before = Before::new();
    let directory = before.site.installation().root().join("etc/cni/tuning");
    fs::create_dir_all(&directory).unwrap();
    let list = directory.join("allowlist.conf");
    let allow = |text: &str| {
        fs::write(&list, text).unwrap();
        fs::set_permissions(&list, fs::Permissions::from_mode(0o644)).unwrap();
    };
    for (text, words) in [
        ("^net.ipv4.conf.[a-z0-9]*.arp_filter$\n\n  somax  \n", None),
        ("net.ipv6", Some("Sysctl net.core.somaxconn is not allowed")),
        ("", Some("Only the following sysctls are allowed: []")),
        ("(", Some("the expression \"(\" can't be read")),
    ] {
        allow(text);
        let config = before.tuning(json!({ "sysctl": { "net.core.somaxconn": "300" } }));
        let output = before.site.try_add(&before.container, &config);
        match words {
            None => {
                output.result();
                before.site.del(&before.container, &config);
            }
            Some(words) => assert!(output.error().text().contains(words), "{text}"),
        }
        assert_ne!(before.container.namespace.sysctl("net/core/somaxconn"), "300");
    }
    // Of settings of the link it says nothing.
    before
        .site
        .add(&before.container, &before.tuning(json!({ "mtu": 1400 })));
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    needs_kernel!();
    let before = Before::new();
    let inside = Snapshot::of(&before.container.namespace);
    for (keys, words) in [
        (json!({ "prevResult": null }), "Required prevResult missing"),
        (
            json!({ "sysctl": { "kernel.hostname": "x" } }),
            "invalid net sysctl key: \"kernel.hostname\"",
        ),
        (json!({ "sysctl": { "net.nothing.there": "1" } }), "net/nothing/there"),
        (
            json!({ "sysctl": { "net.core.somaxconn": "many" } }),
            "net/core/somaxconn",
        ),
        (json!({ "sysctl": { "net.core.somaxconn": 1 } }), "sysctl"),
        (json!({ "mac": "x" }), "mac"),
        (json!({ "mac": "01:00:00:00:00:01" }), "01:00:00:00:00:01"),
        (json!({ "mtu": 60 }), "mtu"),
        (json!({ "mtu": "x" }), "mtu"),
        (json!({ "promisc": 1 }), "promisc"),
        (json!({ "allmulti": 1 }), "allmulti"),
        (json!({ "txQLen": -1 }), "txQLen"),
        (json!({ "txQLen": 10_000_000 }), "txQLen"),
    ] {
        let text = before
            .site
            .try_add(&before.container, &before.tuning(keys))
            .error()
            .text();
        assert!(text.to_lowercase().contains(&words.to_lowercase()), "{words}: {text}");
        inside.assert_same(&Snapshot::of(&before.container.namespace));
    }
    let twice = before.tuning(json!({ "sysctl": { "net.a": "1" } })).to_string();
    let twice = twice.replace(r#""net.a":"1""#, r#""net.a":"1","net.a":"2""#);
    let config = before.tuning(json!({}));
    let call = before
        .site
        .call("ADD", &before.container, &config)
        .stdin(twice.as_bytes());
    assert!(
        call.run()
            .error()
            .text()
            .contains("duplicated sysctl keys are not allowed")
    );
}

#[test]
fn check_tells_what_was_changed() {
    needs_kernel!();
    for (act, words) in [
        (
            "link set eth0 address c2:11:22:33:44:66",
            "mac of \"eth0\" is c2:11:22:33:44:66",
        ),
        ("link set eth0 promisc off", "promisc of \"eth0\" is false"),
        ("link set eth0 mtu 1500", "mtu of \"eth0\" is 1500"),
        ("link set eth0 allmulticast off", "allmulti of \"eth0\" is false"),
        ("link set eth0 txqueuelen 1", "txQLen of \"eth0\" is 1"),
    ] {
        let before = Before::new();
        let config =
            before.tuning(json!({ "mac": MAC, "promisc": true, "mtu": 1400, "allmulti": true, "txQLen": 500 }));
        let result = before.site.add(&before.container, &config);
        before.container.namespace.ip(&act.split(' ').collect::<Vec<_>>());
        let config = with(config, json!({ "prevResult": result }));
        let text = before
            .site
            .call("CHECK", &before.container, &config)
            .run()
            .error()
            .text();
        assert!(text.contains(words), "{act}: {text}");
    }
    let before = Before::new();
    let config = before.tuning(json!({ "sysctl": { "net.core.somaxconn": "300" } }));
    before.site.add(&before.container, &config);
    before.container.namespace.set_sysctl("net/core/somaxconn", "301");
    let text = before
        .site
        .call("CHECK", &before.container, &config)
        .run()
        .error()
        .text();
    assert!(
        text.contains("net.core.somaxconn has value \"301\", not \"300\""),
        "{text}"
    );
}

#[test]
fn what_somebody_set_since_stays_as_it_is() {
    needs_kernel!();
    let before = Before::new();
    let config = before.tuning(json!({ "mtu": 1400, "txQLen": 500, "sysctl": { "net.core.somaxconn": "300" } }));
    let queue = before.eth0()["txqlen"].clone();
    before.site.add(&before.container, &config);
    before.container.namespace.ip(&["link", "set", "eth0", "mtu", "1350"]);
    before.container.namespace.set_sysctl("net/core/somaxconn", "301");
    let _ = before.site.call("DEL", &before.container, &config).run();
    assert_eq!(before.eth0()["mtu"], 1350);
    assert_eq!(before.eth0()["txqlen"], queue);
    assert_eq!(before.container.namespace.sysctl("net/core/somaxconn"), "301");
}

#[test]
fn the_node_is_out_of_reach() {
    needs_kernel!();
    let before = Before::new();
    let somaxconn = before.site.node().sysctl("net/core/somaxconn");
    before.site.add(
        &before.container,
        &before.tuning(json!({ "sysctl": { "net.core.somaxconn": "333" } })),
    );
    assert_eq!(before.site.node().sysctl("net/core/somaxconn"), somaxconn);
    assert_eq!(before.container.namespace.sysctl("net/core/somaxconn"), "333");
}
