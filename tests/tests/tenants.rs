//! What is granted to one tenant's pods, on nodes that several share.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use cofferdam_tests::{Container, Output, Products, Site, bridge_network, needs_kernel};

/// `CNI_ARGS` as containerd writes them.
fn pod(namespace: &str) -> String {
    format!("IgnoreUnknown=1;K8S_POD_NAMESPACE={namespace};K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=c1")
}

/// The default policy of a plugin, for pods of `team-a`.
fn for_team_a(plugin: &str) -> String {
    let path = Products::workspace().join(format!("host/policy/default/{plugin}.toml"));
    let head = format!("[plugin.{plugin}]\n");
    fs::read_to_string(path)
        .unwrap()
        .replace(&head, &format!("{head}tenants = [\"team-a\"]\n"))
}

fn add(site: &Site, container: &Container, args: &str) -> Output {
    site.call("ADD", container, &bridge_network("1.0.0")).args(args).run()
}

#[test]
fn a_policy_for_a_tenant_is_for_its_pods_only() {
    needs_kernel!();
    // The plugin that is called, and the one that it calls.
    for plugin in ["bridge", "host-local"] {
        let site = Site::new();
        site.installation()
            .policy(&format!("{plugin}.toml"), &for_team_a(plugin));
        let container = Container::new("c1");
        let before = site.snapshot();
        for args in [
            "",
            "IgnoreUnknown=1",
            &pod("team-b"),
            &pod("team-a2"),
            &format!("{};K8S_POD_NAMESPACE=team-b", pod("team-a")),
            &format!("{};K8S_POD_NAMESPACE=team-a", pod("team-b")),
        ] {
            let text = add(&site, &container, args).error().text();
            assert!(
                text.contains(&format!("a [plugin.{plugin}] for network")),
                "{args}: {text}"
            );
            before.assert_same(&site.snapshot());
        }
        add(&site, &container, &pod("team-a")).result();
        assert!(site.node().link("cni0").is_some());
        // DEL is served from the journal, whoever calls.
        site.del(&container, &bridge_network("1.0.0"));
        before.assert_same(&site.snapshot());
    }
}
