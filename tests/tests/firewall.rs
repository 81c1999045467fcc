//! The plugin `firewall`: beside an iptables that drops what is forwarded, and
//! between containers.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;

use cofferdam_tests::{
    Container, EchoServer, GoPlugins, Namespace, Output, Site, answers, bridge_network, finish, is_silent,
    needs_go_plugins, needs_kernel, outside, skip, with,
};
use serde_json::{Value, json};

const BOTH: &str = r#"{ "subnet": null, "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]],
    "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }] }"#;

fn bridge() -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "ipam": serde_json::from_str::<Value>(BOTH).unwrap() }),
    )
}

/// A network of its own on another bridge.
fn other_bridge() -> Value {
    with(
        bridge(),
        json!({ "name": "other", "bridge": "cni1", "ipam": { "ranges": [[{ "subnet": "10.23.0.0/16" }], [{ "subnet": "fd00:23::/64" }]] } }),
    )
}

fn firewall(network: &Value, result: &Value, keys: Value) -> Value {
    let config = json!({ "cniVersion": "1.0.0", "name": network["name"], "type": "firewall", "prevResult": result });
    with(config, keys)
}

/// Attaches as a runtime does that walks the list, and returns the
/// configuration of the second plugin.
fn attach(site: &Site, container: &Container, network: &Value, keys: Value) -> Value {
    let result = site.add(container, network);
    let config = firewall(network, &result, keys);
    assert_eq!(site.add(container, &config), result, "the result is passed on");
    config
}

fn detach(site: &Site, container: &Container, network: &Value, config: &Value) {
    site.del(container, config);
    site.del(container, network);
}

/// Runs `iptables` where the node has one that uses nf_tables.
fn has_iptables() -> bool {
    let version = Command::new("iptables").arg("--version").output();
    version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("nf_tables"))
}

fn iptables(node: &Namespace, arguments: &str) -> Vec<String> {
    let mut words = arguments.split(' ');
    let program = words.next().unwrap();
    let text = node.tool(program, &words.collect::<Vec<_>>());
    text.lines().map(str::to_owned).collect()
}

/// What is there of the plugin's, in the words of `iptables`.
fn rules(node: &Namespace, program: &str) -> Vec<String> {
    let all = iptables(node, &format!("{program} -S"));
    all.into_iter()
        .filter(|line| line.contains("CNI") || line.contains("10.22") || line.contains("fd00"))
        .collect()
}

/// A node whose iptables drops whatever is forwarded, as Docker's does.
fn dropping() -> Site {
    let site = Site::new();
    drop_forwarded(&site);
    site
}

fn drop_forwarded(site: &Site) {
    for program in ["iptables", "ip6tables"] {
        site.node().tool(program, &["-P", "FORWARD", "DROP"]);
    }
}

macro_rules! needs_iptables {
    () => {
        if !has_iptables() {
            return skip("iptables that uses nf_tables is not installed");
        }
    };
}

#[test]
fn rules_are_those_of_the_reference_plugin_and_go_with_the_last_container() {
    needs_kernel!();
    needs_iptables!();
    let site = dropping();
    let before = site.snapshot();
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    let first = attach(&site, &one, &bridge(), json!({}));
    assert_eq!(
        rules(site.node(), "iptables"),
        [
            "-N CNI-ADMIN",
            "-N CNI-FORWARD",
            "-A FORWARD -m comment --comment \"CNI firewall plugin rules\" -j CNI-FORWARD",
            "-A CNI-FORWARD -m comment --comment \"CNI firewall plugin admin overrides\" -j CNI-ADMIN",
            "-A CNI-FORWARD -d 10.22.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "-A CNI-FORWARD -s 10.22.0.2/32 -j ACCEPT",
        ]
    );
    assert_eq!(
        rules(site.node(), "ip6tables").last().unwrap(),
        "-A CNI-FORWARD -s fd00:22::2/128 -j ACCEPT"
    );
    let alone = site.snapshot();
    let second = attach(&site, &two, &bridge(), json!({}));
    assert_eq!(rules(site.node(), "iptables").len(), 8);
    site.call("CHECK", &one, &first).run().silent_success();
    detach(&site, &two, &bridge(), &second);
    alone.assert_same(&site.snapshot());
    detach(&site, &one, &bridge(), &first);
    before.assert_same(&site.snapshot());
    site.del(&one, &first);
}

#[test]
fn they_are_the_same_as_those_of_go_and_iptables_deletes_them() {
    needs_kernel!();
    needs_iptables!();
    let plugins: GoPlugins = needs_go_plugins!();
    let sites = [Site::new(), Site::go(plugins)];
    let listed = sites.each_ref().map(|site| {
        drop_forwarded(site);
        let container = Container::new("c1");
        attach(
            site,
            &container,
            &bridge(),
            json!({ "iptablesAdminChainName": "CNI-ADMIN" }),
        );
        ["iptables", "ip6tables"].map(|program| rules(site.node(), program))
    });
    assert_eq!(listed[0], listed[1]);
    let node = sites[0].node();
    node.tool(
        "iptables",
        &[
            "-D",
            "CNI-FORWARD",
            "-d",
            "10.22.0.2/32",
            "-m",
            "conntrack",
            "--ctstate",
            "RELATED,ESTABLISHED",
            "-j",
            "ACCEPT",
        ],
    );
    node.tool("iptables", &["-D", "CNI-FORWARD", "-s", "10.22.0.2/32", "-j", "ACCEPT"]);
    node.tool(
        "iptables",
        &[
            "-D",
            "FORWARD",
            "-m",
            "comment",
            "--comment",
            "CNI firewall plugin rules",
            "-j",
            "CNI-FORWARD",
        ],
    );
}

#[test]
fn packets_pass_a_node_that_drops_what_is_forwarded() {
    needs_kernel!();
    needs_iptables!();
    let site = dropping();
    let outside = outside(site.node());
    let server = EchoServer::start(&outside);
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    for to in ["192.0.2.2", "2001:db8::2"] {
        assert!(is_silent(&container.namespace, to, &server), "{to} without the plugin");
    }
    let config = firewall(&bridge(), &result, json!({}));
    site.add(&container, &config);
    for to in ["192.0.2.2", "2001:db8::2"] {
        assert!(answers(&container.namespace, to, &server), "{to}");
    }
    // From outside nobody begins.
    let inside = EchoServer::start(&container.namespace);
    assert!(is_silent(&outside, "10.22.0.2", &inside));
    // The operator's chain comes first.
    site.node()
        .tool("iptables", &["-A", "CNI-ADMIN", "-s", "10.22.0.2", "-j", "DROP"]);
    assert!(is_silent(&container.namespace, "192.0.2.2", &server));
}

#[test]
fn nothing_is_there_where_iptables_is_not() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let before = site.snapshot();
    let config = firewall(&bridge(), &result, json!({ "backend": "iptables" }));
    site.add(&container, &config);
    site.call("CHECK", &container, &config).run().silent_success();
    before.assert_same(&site.snapshot());
    site.del(&container, &config);
    site.del(&container, &config);
}

#[test]
fn another_admin_chain_has_to_be_granted() {
    needs_kernel!();
    needs_iptables!();
    let site = dropping();
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let config = firewall(&bridge(), &result, json!({ "iptablesAdminChainName": "MY-CHAIN" }));
    let text = site.try_add(&container, &config).error().text();
    assert!(
        text.contains("forwarding.accept") && text.contains("chains = [\"MY-CHAIN\"]"),
        "{text}"
    );
    let grant = "[[plugin.firewall.grant]]\nallow = \"forwarding.accept\"\nin = \"host\"\nchains = [\"MY-*\"]\n";
    site.installation()
        .policy("firewall.mine.toml", &format!("[plugin.firewall]\n{grant}"));
    let before = site.snapshot();
    site.add(&container, &config);
    assert!(
        rules(site.node(), "iptables")
            .iter()
            .any(|rule| rule.ends_with("-j MY-CHAIN"))
    );
    site.del(&container, &config);
    before.assert_same(&site.snapshot());
}

#[test]
fn chains_of_others_stay_and_so_does_what_they_put_into_ours() {
    needs_kernel!();
    needs_iptables!();
    let site = dropping();
    site.node().tool("iptables", &["-N", "CNI-ADMIN"]);
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let config = firewall(&bridge(), &result, json!({}));
    site.add(&container, &config);
    site.node()
        .tool("ip6tables", &["-A", "CNI-ADMIN", "-s", "2001:db8::9", "-j", "DROP"]);
    // What is left alone is told of, and no reason to fail.
    let _ = site.call("DEL", &container, &config).run();
    assert_eq!(rules(site.node(), "iptables"), ["-N CNI-ADMIN"], "the operator made it");
    let left = iptables(site.node(), "ip6tables -S CNI-ADMIN");
    assert_eq!(left, ["-N CNI-ADMIN", "-A CNI-ADMIN -s 2001:db8::9/128 -j DROP"]);
    site.node().tool("ip6tables", &["-F", "CNI-ADMIN"]);
    site.add(&container, &config);
    site.del(&container, &config);
}

#[test]
fn check_sees_a_flushed_filter_and_repair_fills_it_again() {
    needs_kernel!();
    needs_iptables!();
    for flush in [
        "-F CNI-FORWARD",
        "-F FORWARD",
        "-D CNI-FORWARD -s 10.22.0.2/32 -j ACCEPT",
    ] {
        let site = dropping();
        let container = Container::new("c1");
        let config = attach(&site, &container, &bridge(), json!({}));
        let full = rules(site.node(), "iptables");
        site.node().tool("iptables", &flush.split(' ').collect::<Vec<_>>());
        let text = site.call("CHECK", &container, &config).run().error().text();
        assert!(
            text.contains("10.22.0.2 forwards is not accepted any more"),
            "{flush}: {text}"
        );
        let told = site.cofferctl(&["repair", "--all"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(told.stdout.contains("mended"), "{told:?}");
        let mut now = rules(site.node(), "iptables");
        let mut before = full;
        now.sort();
        before.sort();
        assert_eq!(now, before, "{flush}");
        site.call("CHECK", &container, &config).run().silent_success();
        site.del(&container, &config);
    }
}

#[test]
fn what_the_go_plugin_added_goes_with_del() {
    needs_kernel!();
    needs_iptables!();
    let plugins = needs_go_plugins!();
    let site = dropping();
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let config = firewall(&bridge(), &result, json!({}));
    let go = cofferdam_tests::Cni::go(&plugins, site.node())
        .plugin("firewall")
        .command("ADD");
    go.container_id(&container.id)
        .netns(&container.namespace)
        .config(&config)
        .run()
        .result();
    assert_eq!(rules(site.node(), "iptables").len(), 6);
    // The address is one of ours: its owner is asked first.
    site.del(&container, &bridge());
    site.del(&container, &config);
    assert_eq!(
        rules(site.node(), "iptables").len(),
        4,
        "chains stay, as the Go plugin leaves them"
    );
}

/// Whether containers of two networks, and two of the first, reach each other:
/// before and after the second plugin.
struct Between {
    site: Site,
    containers: [Container; 3],
    configs: Vec<Value>,
}

impl Between {
    fn new(policies: [&str; 3]) -> Self {
        let site = Site::new();
        let containers = ["c1", "c2", "c3"].map(Container::new);
        let networks = [bridge(), bridge(), other_bridge()];
        let mut configs = Vec::new();
        for ((container, network), policy) in containers.iter().zip(&networks).zip(policies) {
            configs.push(attach(&site, container, network, json!({ "ingressPolicy": policy })));
        }
        Self {
            site,
            containers,
            configs,
        }
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        let address = ["10.22.0.2", "10.22.0.3", "10.23.0.2"][to];
        let address6 = ["fd00:22::2", "fd00:22::3", "fd00:23::2"][to];
        let server = EchoServer::start(&self.containers[to].namespace);
        let from = &self.containers[from].namespace;
        if is_silent(from, address, &server) {
            assert!(
                is_silent(from, address6, &server),
                "{address} is silent and {address6} is not"
            );
            return false;
        }
        assert!(
            answers(from, address6, &server),
            "{address} answers and {address6} does not"
        );
        true
    }

    /// The other checks of packets show it where nothing is forwarded.
    fn reaches_outside(&self, from: usize) -> bool {
        let outside = outside(self.site.node());
        outside.ip(&["route", "add", "10.0.0.0/8", "via", "192.0.2.1"]);
        let server = EchoServer::start(&outside);
        answers(&self.containers[from].namespace, "192.0.2.2", &server)
    }
}

#[test]
fn open_networks_reach_each_other() {
    needs_kernel!();
    let between = Between::new(["open", "", "same-bridge"]);
    assert!(between.reaches(0, 1) && between.reaches(0, 2) && between.reaches(2, 1));
}

#[test]
fn a_bridge_with_a_policy_is_not_reached_from_another_one() {
    needs_kernel!();
    let between = Between::new(["same-bridge", "same-bridge", "same-bridge"]);
    assert!(between.reaches(0, 1), "the same bridge");
    assert!(!between.reaches(0, 2) && !between.reaches(2, 1));
    assert!(between.reaches_outside(0));
    let site = &between.site;
    for (container, config) in between.containers.iter().zip(&between.configs) {
        site.call("CHECK", container, config).run().silent_success();
    }
    // Whoever stays keeps the policy.
    site.del(&between.containers[0], &between.configs[0]);
    assert!(!between.reaches(1, 2));
    site.del(&between.containers[2], &between.configs[2]);
    assert!(between.reaches(1, 2), "the other bridge has none any more");
    site.del(&between.containers[1], &between.configs[1]);
    assert!(!site.node().ruleset().contains("cofferdam_firewall"));
}

#[test]
fn isolated_containers_reach_nobody_on_the_node_but_the_outside() {
    needs_kernel!();
    let between = Between::new(["isolated", "isolated", "same-bridge"]);
    assert!(!between.reaches(0, 1) && !between.reaches(0, 2) && !between.reaches(2, 0));
    assert!(between.reaches_outside(0));
    let site = &between.site;
    let text = || site.call("CHECK", &between.containers[0], &between.configs[0]).run();
    text().silent_success();
    site.node()
        .tool("nft", &["flush", "set", "inet", "cofferdam_firewall", "closed"]);
    assert!(text().error().text().contains("ingress policy of \"cni0\""));
    site.del(&between.containers[0], &between.configs[0]);
    site.del(&between.containers[1], &between.configs[1]);
    assert!(between.reaches(0, 1), "ports are not isolated any more");
}

#[test]
fn containers_behind_links_of_their_own_are_kept_apart() {
    needs_kernel!();
    let site = Site::new();
    let network = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "ptp",
        "ipam": { "type": "host-local", "subnet": "10.30.0.0/24", "routes": [{ "dst": "0.0.0.0/0" }] } });
    let (one, two) = (Container::new("c1"), Container::new("c2"));
    let first = attach(&site, &one, &network, json!({ "ingressPolicy": "same-bridge" }));
    let result = site.add(&two, &network);
    let server = EchoServer::start(&two.namespace);
    assert!(answers(&one.namespace, "10.30.0.3", &server));
    let second = firewall(&network, &result, json!({ "ingressPolicy": "same-bridge" }));
    site.add(&two, &second);
    assert!(is_silent(&one.namespace, "10.30.0.3", &server));
    detach(&site, &one, &network, &first);
    detach(&site, &two, &network, &second);
}

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
        (json!({ "backend": "firewalld" }), "--add-source"),
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
