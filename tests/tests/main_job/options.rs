//! What `cofferctl run` asks of the plugins.

use std::fs;

use cofferdam_tests::{Ended, Running, Site, bridge_network, finish, needs_kernel, outside, with};
use serde_json::{Value, json};

use crate::ground::{PROBE, run, serving, state, succeeds};

/// Whom a [`PROBE`] that serves behind an address and port has seen, where
/// there is one.
fn seen_by(site: &Site, address: &str, port: &str) -> Option<String> {
    let mut command = std::process::Command::new(PROBE);
    let ended: Ended = site.node().run(|| finish(command.args([address, port]), b""));
    (ended.code == Some(0)).then(|| ended.stdout.trim().to_owned())
}

fn ends(mut running: Running) {
    running.end_input();
    assert!(running.wait().success());
}

/// The file of a list of these plugins.
fn network(site: &Site, name: &str, plugins: &[Value]) -> String {
    let file = site.installation().root().join(format!("{name}.conflist"));
    let list = json!({ "cniVersion": "1.0.0", "name": name, "plugins": plugins });
    fs::write(&file, list.to_string()).unwrap();
    file.to_string_lossy().into_owned()
}

/// A bridge on a subnet of its own.
fn bridge(bridge: &str, subnet: &str) -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "name": null, "cniVersion": null, "bridge": bridge, "ipam": { "subnet": subnet, "routes": null } }),
    )
}

fn portmap() -> Value {
    json!({ "type": "portmap", "capabilities": { "portMappings": true } })
}

#[test]
fn a_published_port_is_reached_from_outside_and_from_the_node() {
    needs_kernel!();
    let site = Site::new();
    site.node().keep_links_bare();
    let outside = outside(site.node());
    let before = site.snapshot();

    let serving = serving(&site, &["-p", "8080:7", "--publish", "127.0.0.1:9090:7/tcp"]);
    let from_outside = outside.tool(PROBE, &["192.0.2.1", "8080"]);
    let from_node = seen_by(&site, "127.0.0.1", "9090");
    let elsewhere = seen_by(&site, "192.0.2.1", "9090");
    ends(serving);

    assert_eq!(from_outside.trim(), "192.0.2.2");
    assert!(from_node.is_some(), "the node itself reaches its loopback address");
    assert_eq!(elsewhere, None, "published at one address only");
    before.assert_same(&site.snapshot());
    assert!(state(site.installation()).is_empty(), "files stayed");
}

#[test]
fn of_several_networks_the_first_that_publishes_ports_does() {
    needs_kernel!();
    let site = Site::new();
    site.node().keep_links_bare();
    let before = site.snapshot();
    let plain = network(&site, "plain", &[bridge("cni1", "10.23.0.0/16")]);
    let first = network(&site, "first", &[bridge("cni2", "10.24.0.0/16"), portmap()]);
    let second = network(&site, "second", &[bridge("cni3", "10.25.0.0/16"), portmap()]);

    let options = ["--net", &plain, "--net", &first, "--net", &second, "-p", "8080:7"];
    let serving = serving(&site, &options);
    let ruleset = site.node().ruleset();
    ends(serving);

    assert!(
        ruleset.contains("10.24.0.2") && !ruleset.contains("10.25.0.2 . 7"),
        "{ruleset}"
    );
    before.assert_same(&site.snapshot());
}

#[test]
fn a_port_is_published_at_an_ipv6_address() {
    needs_kernel!();
    let site = Site::new();
    site.node().keep_links_bare();
    let six = with(
        bridge("cni0", "10.22.0.0/16"),
        json!({ "ipam": { "subnet": null, "ranges": [[{ "subnet": "fd00:22::/64" }]] } }),
    );
    let six = network(&site, "six", &[six, portmap()]);

    let serving = serving(&site, &["--net", &six, "-p", "[::1]:8080:7"]);
    let ruleset = site.node().ruleset();
    ends(serving);

    assert!(
        ruleset.contains("::1 . tcp . 8080 ") && ruleset.contains(": fd00:22::2 . 7 "),
        "{ruleset}"
    );
}

#[test]
fn what_the_container_gets_and_sends_is_limited() {
    needs_kernel!();
    let site = Site::new();
    site.node().keep_links_bare();
    let before = site.snapshot();

    let serving = serving(&site, &["--bandwidth", "ingress=8M/800k,egress=4M"]);
    let shown = site.node().tool("tc", &["qdisc", "show"]);
    ends(serving);

    let limit = |link: &str| {
        let mut lines = shown.lines().filter(|line| line.starts_with("qdisc tbf"));
        lines
            .find(|line| line.contains(&format!("dev {link}")))
            .map(str::to_owned)
    };
    assert!(
        limit("veth").is_some_and(|line| line.contains("rate 8Mbit burst 100000b")),
        "{shown}"
    );
    assert!(
        limit("bwp").is_some_and(|line| line.contains("rate 4Mbit burst 50000b")),
        "{shown}"
    );
    before.assert_same(&site.snapshot());
}

#[test]
fn what_no_plugin_would_do_is_refused_by_option_and_network() {
    needs_kernel!();
    let site = Site::new();
    let before = site.snapshot();
    let blue = network(&site, "blue", &[bridge("cni0", "10.22.0.0/16")]);

    for (option, value, capability) in [
        ("--publish", "8080:80", "portMappings"),
        ("--bandwidth", "egress=1M", "bandwidth"),
        ("--cap-args", r#"{"mac":"c2:11:22:33:44:55"}"#, "mac"),
    ] {
        let ended = run(&site, &["--net", &blue, option, value, "--", "true"]);
        let said = &ended.stderr;
        assert_eq!(ended.code, Some(1), "{said}");
        for word in [option, "\"blue\"", capability, "capabilities", "--net"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
    before.assert_same(&site.snapshot());
    assert!(state(site.installation()).is_empty(), "files stayed");
}

#[test]
fn what_keeps_from_attaching_is_told_first_and_once() {
    needs_kernel!();
    let site = Site::new();
    let blue = network(
        &site,
        "blue",
        &[with(bridge("cni0", "10.22.0.0/16"), json!({ "mtu": "1400" }))],
    );
    let ended = run(&site, &["--net", &blue, "--", "true"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let problem = "mtu: expected an integer, found \"1400\"";
    let first = ended
        .stderr
        .lines()
        .find(|line| line.starts_with("cofferctl: "))
        .unwrap();
    assert!(
        first.contains("failed (add)") && first.contains("; write 1400 without quotation marks"),
        "{ended:?}"
    );
    assert_eq!(first.matches(problem).count(), 1, "{ended:?}");
}

#[test]
fn a_container_has_the_name_that_it_is_given_and_no_other_gets_it() {
    needs_kernel!();
    let site = Site::new();
    let first = serving(&site, &["--name", "web"]);

    let attached = site.cofferctl_json(&["attachments"]);
    let second = run(&site, &["--name", "web", "--", "true"]);
    let answer = seen_by(&site, "10.22.0.2", "7");
    ends(first);

    let containers: Vec<&Value> = attached["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attachment| &attachment["container"])
        .collect();
    assert_eq!(containers, ["web", "web"], "the bridge's and the loopback's");
    assert_eq!(second.code, Some(1));
    assert!(
        second.stderr.contains("--name")
            && second
                .stderr
                .contains("\"web\" is attached already, to network \"mynet\" and \"lo\""),
        "{}",
        second.stderr
    );
    assert!(answer.is_some(), "the first one is as it was");
    let _ = succeeds(&run(&site, &["--name", "web", "--", "true"]));
    assert!(state(site.installation()).is_empty(), "files stayed");
}
