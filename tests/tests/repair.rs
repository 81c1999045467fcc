//! `cofferctl repair`: what others took away is put back, what they put in
//! its place stays.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, process::Command};

use cofferdam_tests::{
    Attached, Container, EchoServer, Ended, Site, answers, answers_as, bridge_network, finish, needs_kernel, outside,
    with,
};
use serde_json::{Value, json};

fn network() -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "ipMasq": true, "mtu": 1400, "ipam": { "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "192.0.2.0/24" }] } }),
    )
}

fn repair(site: &Site, arguments: &[&str]) -> Ended {
    let mut command: Command = site.installation().cofferctl();
    command.arg("repair").args(arguments);
    site.node().run(|| finish(&mut command, b""))
}

#[test]
fn a_flushed_packet_filter_is_put_back_and_packets_pass_as_before() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let container = Container::new("c1");
    let result = site.add(&container, &network());
    let ruleset = site.node().ruleset();
    let outside = outside(site.node());
    // Only the node's own address is answered.
    outside.ip(&["route", "del", "10.22.0.0/16"]);
    let server = EchoServer::start(&outside);
    let source = || answers_as(&container.namespace, "192.0.2.2", &server).map(|address| address.to_string());
    assert_eq!(source().as_deref(), Some("192.0.2.1"));

    site.node().tool("nft", &["flush", "ruleset"]);
    assert_eq!(source(), None, "nothing masquerades any more");
    let ended = repair(&site, &["--all"]);

    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.ends_with("1 attachment looked at: 3 mended, 0 left\n"),
        "{}",
        ended.stdout
    );
    assert_eq!(source().as_deref(), Some("192.0.2.1"));
    site.node().ip(&["link", "del", "uplink"]);
    assert_eq!(site.node().ruleset(), ruleset);
    site.check(&container, &network(), &result).silent_success();
    site.del(&container, &network());
    before.assert_same(&site.snapshot());
}

/// All of them at once: each is put back as it was.
#[test]
fn routes_addresses_settings_and_leases_are_put_back() {
    needs_kernel!();
    let attached = Attached::to(network());
    let Attached {
        site,
        container,
        result,
        ..
    } = &attached;
    let inside = || {
        let routes = container.namespace.ip(&["-4", "route", "show"]);
        (
            routes,
            container.namespace.addresses("eth0"),
            site.node().addresses("cni0"),
        )
    };
    let before = inside();
    let port = result["interfaces"][1]["name"].as_str().unwrap();
    container.namespace.ip(&["route", "del", "192.0.2.0/24"]);
    container
        .namespace
        .ip(&["address", "del", "10.22.0.2/16", "dev", "eth0"]);
    container.namespace.ip(&["link", "set", "eth0", "mtu", "1300"]);
    container.namespace.ip(&["link", "set", "eth0", "down"]);
    site.node().ip(&["address", "del", "10.22.0.1/16", "dev", "cni0"]);
    site.node().ip(&["link", "set", port, "nomaster"]);
    site.node().set_sysctl("net/ipv4/ip_forward", "0");
    fs::remove_file(site.leases().join("mynet/10.22.0.2")).unwrap();
    attached.check().error();

    let ended = repair(&attached.site, &["mynet/c1/eth0"]);

    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(inside(), before);
    assert_eq!(site.leased("mynet"), ["10.22.0.2"]);
    attached.check().silent_success();
    let server = EchoServer::start(site.node());
    assert!(answers(&container.namespace, "10.22.0.1", &server));
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    needs_kernel!();
    let attached = Attached::to(network());
    attached.site.node().set_sysctl("net/ipv4/ip_forward", "0");
    attached.container.namespace.ip(&["route", "del", "default"]);
    let before = attached.site.snapshot().and_state(attached.site.installation());
    let ended = repair(&attached.site, &["--all", "--dry-run"]);
    before.assert_same(&attached.site.snapshot().and_state(attached.site.installation()));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        ended.stdout.lines().collect::<Vec<_>>(),
        [
            "mynet/c1/eth0 (bridge): to mend: route 0.0.0.0/0 via 10.22.0.1 through link eth0 in the container \
             namespace, which was gone",
            "mynet/c1/eth0 (bridge): to mend: sysctl net/ipv4/ip_forward in the host namespace: \"1\", which was \"0\"",
            "1 attachment looked at: 2 to mend, 0 left",
        ]
    );
}

#[test]
fn what_somebody_put_in_the_place_is_told_of_and_left_alone() {
    needs_kernel!();
    let attached = Attached::to(network());
    let inside = &attached.container.namespace;
    inside.ip(&["route", "replace", "192.0.2.0/24", "via", "10.22.0.9"]);
    attached.site.node().ip(&["link", "add", "br9", "type", "bridge"]);
    let port = attached.result["interfaces"][1]["name"].as_str().unwrap();
    attached.site.node().ip(&["link", "set", port, "master", "br9"]);
    fs::write(attached.site.leases().join("mynet/10.22.0.2"), "c9\r\neth0").unwrap();
    let ended = repair(&attached.site, &["--network", "mynet"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert_eq!(attached.site.node().link(port).unwrap()["master"], "br9");
    assert!(inside.ip(&["route", "show", "192.0.2.0/24"]).contains("via 10.22.0.9"));
    let lease = fs::read_to_string(attached.site.leases().join("mynet/10.22.0.2")).unwrap();
    assert_eq!(lease, "c9\r\neth0");
    for told in [
        &format!(
            "link {port} in the host namespace is a port of br9 instead of a port of cni0: somebody else did that"
        ),
        "route 192.0.2.0/24 via 10.22.0.1 through link eth0 in the container namespace is another one, via 10.22.0.9",
        "is container c9's interface eth0 by now",
        "1 attachment looked at: 0 mended, 3 left",
    ] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
}

#[test]
fn what_takes_a_new_attachment_is_left_to_it() {
    needs_kernel!();
    let attached = Attached::to(network());
    attached.container.namespace.ip(&["link", "del", "eth0"]);
    let ended = repair(&attached.site, &["--all", "--json"]);
    assert_eq!(ended.code, Some(1));
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["looked_at"], 1);
    let item = &document["attachments"][0];
    assert_eq!((&item["container"], &item["unit"]), (&json!("c1"), &json!("bridge")));
    let left = &item["left"][0];
    assert_eq!(left["found"], "gone");
    assert_eq!(left["mendable"], false);
    assert_eq!(left["why"], "only DEL and ADD make it again");
    attached.site.del(&attached.container, &network());
    let result = attached.site.add(&attached.container, &network());
    attached
        .site
        .check(&attached.container, &network(), &result)
        .silent_success();
}

/// The declaration that the table has now is another attachment's.
#[test]
fn several_attachments_are_mended_at_once() {
    needs_kernel!();
    let attached = Attached::to(network());
    let other = Container::new("c2");
    let result = attached.site.add(&other, &network());
    let before = attached.site.snapshot();
    attached.site.node().tool("nft", &["flush", "ruleset"]);
    let ended = repair(&attached.site, &["--all"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    before.assert_same(&attached.site.snapshot());
    attached.check().silent_success();
    attached.site.check(&other, &network(), &result).silent_success();
}

#[test]
fn an_attachment_is_named_by_the_beginning_of_its_container() {
    needs_kernel!();
    let attached = Attached::to(network());
    let other = Container::new("c22");
    attached.site.add(&other, &network());
    for (name, code, words) in [
        ("mynet/c1/eth0", 0, "1 attachment looked at: 0 mended, 0 left"),
        ("mynet/c2/eth0", 0, "1 attachment looked at: 0 mended, 0 left"),
        (
            "mynet/c/eth0",
            1,
            "can be any of 2 attachments: mynet/c1/eth0, mynet/c22/eth0",
        ),
        ("mynet/c9/eth0", 1, "mynet/c9/eth0 is not attached"),
        ("mynet", 2, "an attachment is named NETWORK/CONTAINER/INTERFACE"),
    ] {
        let ended = repair(&attached.site, &[name]);
        assert_eq!(ended.code, Some(code), "{name}");
        assert!(
            format!("{}{}", ended.stdout, ended.stderr).contains(words),
            "{name}: {}{}",
            ended.stdout,
            ended.stderr
        );
    }
}

#[test]
fn where_nothing_is_attached_there_is_nothing_to_do() {
    needs_kernel!();
    let site = Site::new();
    let ended = repair(&site, &["--all"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "0 attachments looked at: 0 mended, 0 left\n")
    );
    assert!(!site.installation().state().exists(), "nothing is made");
}
