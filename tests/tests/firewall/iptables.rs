//! Beside an iptables that drops what is forwarded.

use std::process::Command;

use cofferdam_tests::{
    Container, EchoServer, GoPlugins, Namespace, Site, answers, is_silent, needs_go_plugins, needs_kernel, outside,
    skip,
};
use serde_json::json;

use crate::ground::{attach, bridge, detach, firewall};

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
