//! Addresses of dnsmasq, and of a server that tells what it heard.

use cofferdam_tests::{
    Container, SPEC_VERSIONS, answers,
    dhcp::{
        Server,
        wire::{RELEASE, REQUEST, lend},
    },
    needs_kernel, with,
};
use serde_json::{Value, json};

use crate::lan::{Dnsmasq, Lan, network, wait_for};

const MASK: (u8, &[u8]) = (1, &[255, 255, 255, 0]);

fn address(result: &Value) -> String {
    result["ips"][0]["address"].as_str().unwrap().to_owned()
}

#[test]
fn dnsmasq_lends_each_pod_an_address_and_has_it_back_after_del() {
    needs_kernel!();
    let lan = Lan::new();
    let Some(dnsmasq) = Dnsmasq::start(&lan, &["--dhcp-option=option:router,10.77.0.1"]) else {
        return;
    };
    let before = lan.site.snapshot();
    let config = network(json!({}));
    let pods = [Container::new("one"), Container::new("two")];
    let results = pods.each_ref().map(|pod| lan.site.add(pod, &config));
    let lent = results.each_ref().map(address);
    assert_ne!(lent[0], lent[1]);
    for (pod, (result, lent)) in pods.iter().zip(results.iter().zip(&lent)) {
        assert!(lent.starts_with("10.77.0.1") && lent.ends_with("/24"), "{lent}");
        assert_eq!(result["ips"][0]["gateway"], "10.77.0.1");
        assert_eq!(result["routes"], json!([{ "dst": "0.0.0.0/0", "gw": "10.77.0.1" }]));
        assert_eq!(pod.namespace.addresses("eth0"), [lent.as_str()]);
        lan.site.check(pod, &config, result).silent_success();
    }
    let server = cofferdam_tests::EchoServer::start(&lan.server);
    assert!(answers(&pods[0].namespace, "10.77.0.1", &server), "the address works");
    assert_eq!(
        lan.site.try_add(&pods[0], &config).error().code,
        114,
        "attached already"
    );
    assert_eq!(dnsmasq.lent().len(), 2);
    for pod in &pods {
        lan.site.del(pod, &config);
        lan.site.del(pod, &config);
    }
    wait_for("both leases are given back", || dnsmasq.lent().is_empty());
    before.assert_same(&lan.site.snapshot());
}

#[test]
fn what_is_asked_for_and_told_reaches_the_server_and_the_result() {
    needs_kernel!();
    let lan = Lan::new();
    let options = [
        "--dhcp-option=option:router,10.77.0.1",
        "--dhcp-option=option:classless-static-route,192.0.2.0/24,10.77.0.2,198.51.100.0/24,0.0.0.0",
        "--dhcp-option=option:dns-server,10.77.0.53",
        "--dhcp-option=option:domain-name,example.com",
        "--dhcp-option=option:domain-search,eng.example.com,example.org",
    ];
    let Some(dnsmasq) = Dnsmasq::start(&lan, &options) else {
        return;
    };
    let config = network(json!({
        "request": [{ "option": "121" }, { "option": "6" }, { "option": "15" }, { "option": "119" }],
        "provide": [{ "option": "host-name", "value": "nobody", "fromArg": "K8S_POD_NAME" }],
        "priority": 77,
    }));
    let pod = Container::new("one");
    let args = "IgnoreUnknown=1;K8S_POD_NAME=web-0";
    let result = lan.site.call("ADD", &pod, &config).args(args).run().result();
    assert_eq!(
        result["routes"],
        json!([
            { "dst": "192.0.2.0/24", "gw": "10.77.0.2", "priority": 77 },
            { "dst": "198.51.100.0/24", "priority": 77, "scope": 253 },
        ])
    );
    assert_eq!(
        result["dns"],
        json!({ "nameservers": ["10.77.0.53"], "domain": "example.com", "search": ["eng.example.com", "example.org"] })
    );
    let routes = pod.namespace.ip(&["route", "show", "dev", "eth0"]);
    assert!(routes.contains("192.0.2.0/24 via 10.77.0.2 metric 77"), "{routes}");
    assert_eq!(dnsmasq.lent()[0].1, "web-0");
    lan.site.call("DEL", &pod, &config).args(args).run().silent_success();
}

#[test]
fn every_version_of_the_specification_has_its_result() {
    needs_kernel!();
    let lan = Lan::new();
    let _server = Server::start(&lan.server, |message| {
        lend(message, [10, 77, 0, 50], &[MASK, (3, &[10, 77, 0, 1])])
    });
    for version in SPEC_VERSIONS {
        let config = with(network(json!({})), json!({ "cniVersion": version }));
        let pod = Container::new("one");
        let result = lan.site.add(&pod, &config);
        let text = result.to_string();
        assert!(
            text.contains("10.77.0.50/24") && text.contains("0.0.0.0/0"),
            "{version}: {text}"
        );
        lan.site.del(&pod, &config);
    }
}

#[test]
fn a_lease_is_known_by_the_attachment_and_given_back_without_the_plugin() {
    needs_kernel!();
    let lan = Lan::new();
    let server = Server::start(&lan.server, |message| lend(message, [10, 77, 0, 50], &[MASK]));
    let config = network(json!({}));
    let pod = Container::new("one");
    lan.site.add(&pod, &config);
    let heard = server.heard();
    let identifier = |kind| {
        let message = heard.iter().find(|message| message.kind == kind).unwrap();
        message.options[&61].clone()
    };
    assert_eq!(identifier(REQUEST), b"\0one/lan/eth0");
    // Whoever detaches it needs neither policies nor components.
    lan.site.installation().remove_policies();
    lan.site.installation().remove_component("dhcp");
    let _ = lan.site.call("DEL", &pod, &config).run();
    wait_for("the lease is given back", || {
        server.count(RELEASE, Some([10, 77, 0, 50])) == 1
    });
}

#[test]
fn an_add_that_fails_later_gives_its_lease_back() {
    needs_kernel!();
    let lan = Lan::new();
    // A default route through a router that no route leads to.
    let server = Server::start(&lan.server, |message| {
        lend(message, [10, 77, 0, 50], &[MASK, (3, &[192, 0, 2, 1])])
    });
    let before = lan.site.snapshot();
    let pod = Container::new("one");
    let error = lan.site.try_add(&pod, &network(json!({}))).error();
    assert!(error.message.contains("failed to add route"), "{error:?}");
    wait_for("the lease is given back", || {
        server.count(RELEASE, Some([10, 77, 0, 50])) == 1
    });
    before.assert_same(&lan.site.snapshot());
}

#[test]
fn an_address_of_another_attachment_is_refused_with_its_owner() {
    needs_kernel!();
    let lan = Lan::new();
    let _server = Server::start(&lan.server, |message| lend(message, [10, 77, 0, 50], &[MASK]));
    let config = network(json!({}));
    let (first, second) = (Container::new("one"), Container::new("two"));
    lan.site.add(&first, &config);
    let error = lan.site.try_add(&second, &config).error();
    assert_eq!(error.code, 105);
    assert!(
        error.message.contains("10.77.0.50") && error.message.contains("one"),
        "{error:?}"
    );
    assert_eq!(second.namespace.link_names(), ["lo"]);
}

#[test]
fn what_is_not_granted_is_refused_before_anything_is_done() {
    needs_kernel!();
    let lan = Lan::new();
    let server = Server::start(&lan.server, |message| lend(message, [10, 77, 0, 50], &[MASK]));
    let policy = include_str!("../../../host/policy/default/dhcp.toml");
    for (operation, instead) in [
        (
            "packet.exchange",
            policy.replace("ports = [67, 68]", "ports = [68, 69]"),
        ),
        (
            "upkeep.keep",
            policy.replace("[[plugin.dhcp.grant]]\nallow = \"upkeep.keep\"", ""),
        ),
    ] {
        lan.site.installation().policy("dhcp.toml", &instead);
        let error = lan.site.try_add(&Container::new("one"), &network(json!({}))).error();
        assert_eq!(error.code, 100, "{error:?}");
        assert!(error.message.contains(operation), "{error:?}");
    }
    assert!(server.heard().is_empty());
}

#[test]
fn mistakes_in_the_configuration_are_told_with_their_place() {
    needs_kernel!();
    let lan = Lan::new();
    for (ipam, words) in [
        (
            json!({ "request": [{ "option": "mask" }] }),
            "ipam.request[0]: Can not parse option \"mask\"",
        ),
        (
            json!({ "provide": [{ "option": "51x" }] }),
            "ipam.provide[0]: Can not parse option \"51x\"",
        ),
        (
            json!({ "provide": [{ "option": "53", "value": "1" }] }),
            "ipam.provide[0]: option 53",
        ),
        (json!({ "priority": "high" }), "priority"),
    ] {
        let config = network(ipam);
        let error = lan.site.try_add(&Container::new("one"), &config).error();
        assert!(error.message.contains(words), "{words}: {error:?}");
        let status = lan
            .site
            .cni()
            .plugin("bridge")
            .command("STATUS")
            .config(&config)
            .run()
            .error();
        assert!(status.message.contains(words), "{words}: {status:?}");
    }
}
