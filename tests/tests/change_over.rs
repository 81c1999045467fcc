//! A node changes over from the Go plugins, or back, while containers run: who
//! attached them is no matter to whoever detaches them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{path::Path, process::Command};

use cofferdam_tests::{
    Cni, Container, GoPlugins, Output, Site, Snapshot, bridge_network, device_network, furnish_device,
    needs_go_plugins, needs_kernel, skip, with,
};
use serde_json::{Value, json};

/// The two implementations on one node, with the same records.
struct ChangeOver {
    site: Site,
    go: GoPlugins,
}

impl ChangeOver {
    fn go(&self, verb: &str, container: &Container, config: &Value) -> Output {
        let config = match config.get("ipam") {
            Some(_) => with(config.clone(), json!({ "ipam": { "dataDir": self.site.leases() } })),
            None => config.clone(),
        };
        Cni::go(&self.go, self.site.node())
            .plugin(config["type"].as_str().unwrap())
            .command(verb)
            .container_id(&container.id)
            .netns(&container.namespace)
            .config(&config)
            .run()
    }

    fn ours(&self, verb: &str, container: &Container, config: &Value) -> Output {
        self.site.call(verb, container, config).run()
    }
}

#[test]
fn a_node_changes_over_with_its_containers_running() {
    needs_kernel!();
    let node = ChangeOver {
        go: needs_go_plugins!(),
        site: Site::new(),
    };
    let config = bridge_network("1.0.0");
    let (old, new) = (Container::new("old"), Container::new("new"));
    let result = node.go("ADD", &old, &config).result();
    assert_eq!(
        node.ours("ADD", &new, &config).result()["ips"][0]["address"],
        "10.22.0.3/16",
        "the old lease is seen"
    );
    let with_result = with(config.clone(), json!({ "prevResult": result }));
    node.ours("CHECK", &old, &with_result).silent_success();
    node.ours("DEL", &old, &with_result).silent_success();
    assert_eq!(old.namespace.link_names(), ["lo"]);
    assert_eq!(node.site.leased("mynet"), ["10.22.0.3"]);
    node.ours("DEL", &new, &config).silent_success();
    assert_eq!(node.site.leased("mynet"), Vec::<String>::new());
}

#[test]
fn a_node_changes_back_with_its_containers_running() {
    needs_kernel!();
    let node = ChangeOver {
        go: needs_go_plugins!(),
        site: Site::new(),
    };
    let config = bridge_network("1.0.0");
    let (old, new) = (Container::new("old"), Container::new("new"));
    let result = node.ours("ADD", &old, &config).result();
    assert_eq!(
        node.go("ADD", &new, &config).result()["ips"][0]["address"],
        "10.22.0.3/16",
        "the old lease is seen"
    );
    let with_result = with(config.clone(), json!({ "prevResult": result }));
    node.go("CHECK", &old, &with_result).silent_success();
    node.go("DEL", &old, &with_result).silent_success();
    assert_eq!(old.namespace.link_names(), ["lo"]);
    assert_eq!(node.site.leased("mynet"), ["10.22.0.3"]);
    node.go("DEL", &new, &config).silent_success();
    assert_eq!(node.site.leased("mynet"), Vec::<String>::new());
}

#[test]
fn a_device_that_the_go_plugin_moved_comes_home() {
    needs_kernel!();
    let node = ChangeOver {
        go: needs_go_plugins!(),
        site: Site::new(),
    };
    furnish_device(&node.site);
    let mac = |link: Option<Value>| link.map(|link| link["address"].clone());
    let before = mac(node.site.node().link("dev5"));
    let container = Container::new("c1");
    let result = node.go("ADD", &container, &device_network()).result();
    assert_eq!(node.site.node().link("dev5"), None);

    let with_result = with(device_network(), json!({ "prevResult": result }));
    node.ours("DEL", &container, &with_result).silent_success();

    assert_eq!(mac(node.site.node().link("dev5")), before);
    assert_eq!(container.namespace.link_names(), ["lo"]);
    assert_eq!(node.site.leased("mynet"), Vec::<String>::new());
    node.ours("DEL", &container, &with_result).silent_success();
    assert_eq!(mac(node.site.node().link("dev5")), before);
}

/// Ends the test where the Go plugins can't use one of their backends.
macro_rules! needs_programs {
    () => {
        for program in ["iptables", "nft"] {
            if !Path::new("/usr/sbin").join(program).exists() {
                return skip(&format!("{program} is not installed, and the Go plugins need it"));
            }
        }
    };
}

fn masqueraded(backend: &str) -> Value {
    let ranges = json!([[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]]);
    with(
        bridge_network("1.0.0"),
        json!({ "ipMasq": true, "ipMasqBackend": backend, "ipam": { "subnet": null, "ranges": ranges } }),
    )
}

#[test]
fn the_rules_that_masqueraded_for_the_go_plugin_go_with_its_container() {
    needs_kernel!();
    needs_programs!();
    for backend in ["iptables", "nftables"] {
        let node = ChangeOver {
            go: needs_go_plugins!(),
            site: Site::new(),
        };
        let config = masqueraded(backend);
        let (stays, goes) = (Container::new("stays"), Container::new("goes"));
        node.go("ADD", &stays, &config).result();
        let before = Snapshot::of(node.site.node());
        node.go("ADD", &goes, &config).result();
        assert!(!before.difference(&Snapshot::of(node.site.node())).is_empty());

        let output = node.ours("DEL", &goes, &config);

        output.silent_success();
        before.assert_same(&Snapshot::of(node.site.node()));
        assert!(
            output.stderr.contains("removed what another plugin left"),
            "{backend}: {output}"
        );
        // What is not the container's is nobody's to take away.
        node.ours("DEL", &goes, &config).silent_success();
        before.assert_same(&Snapshot::of(node.site.node()));
    }
}

#[test]
fn the_ports_that_the_go_plugin_published_go_with_its_container() {
    needs_kernel!();
    needs_programs!();
    for backend in ["iptables", "nftables"] {
        let node = ChangeOver {
            go: needs_go_plugins!(),
            site: Site::new(),
        };
        let ports = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "portmap", "backend": backend, "runtimeConfig": {
            "portMappings": [{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }]
        } });
        let (stays, goes) = (Container::new("stays"), Container::new("goes"));
        let publish = |container: &Container, port: u16| {
            let result = node.go("ADD", container, &masqueraded("iptables")).result();
            let mut ports = with(ports.clone(), json!({ "prevResult": result }));
            ports["runtimeConfig"]["portMappings"][0]["hostPort"] = json!(port);
            (result, ports)
        };
        let (_, first) = publish(&stays, 8080);
        node.go("ADD", &stays, &first).result();
        let (_, second) = publish(&goes, 8081);
        let before = ruleset(&node);
        node.go("ADD", &goes, &second).result();
        assert_ne!(ruleset(&node), before);

        node.ours("DEL", &goes, &second).silent_success();

        assert_eq!(ruleset(&node), before, "{backend}");
    }
}

/// The links with queueing disciplines go with what the Go plugin for the
/// container made, or by themselves.
#[test]
fn the_limits_of_the_go_plugin_go_with_its_container() {
    needs_kernel!();
    let node = ChangeOver {
        go: needs_go_plugins!(),
        site: Site::new(),
    };
    let bridge = bridge_network("1.0.0");
    let container = Container::new("goes");
    let result = node.go("ADD", &container, &bridge).result();
    let limited = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "bandwidth", "prevResult": result,
        "ingressRate": 8_000_000, "ingressBurst": 800_000, "egressRate": 8_000_000, "egressBurst": 800_000 });
    let limits = node.go("ADD", &container, &limited).result();
    let ifb = limits["interfaces"][3]["name"].as_str().unwrap();
    assert!(node.site.node().link(ifb).is_some(), "{limits}");

    let with_result = with(limited, json!({ "prevResult": limits }));
    node.ours("DEL", &container, &with_result).silent_success();

    assert!(node.site.node().link(ifb).is_none());
    node.ours("DEL", &container, &with(bridge, json!({ "prevResult": limits })))
        .silent_success();
    assert_eq!(node.site.node().link_names(), ["cni0", "lo"]);
}

/// What the runtime does not list any more; of another network the same
/// container's rules stay.
#[test]
fn the_rules_of_the_go_plugins_go_with_gc_for_containers_that_are_not_listed() {
    needs_kernel!();
    needs_programs!();
    for backend in ["iptables", "nftables"] {
        let node = ChangeOver {
            go: needs_go_plugins!(),
            site: Site::new(),
        };
        let config = with(masqueraded(backend), json!({ "cniVersion": "1.1.0" }));
        let other = with(
            config.clone(),
            json!({ "name": "mynet2", "bridge": "cni2",
            "ipam": { "ranges": [[{ "subnet": "10.24.0.0/16" }], [{ "subnet": "fd00:24::/64" }]] } }),
        );
        let ports = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "portmap", "backend": "iptables", "runtimeConfig": {
            "portMappings": [{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }]
        } });
        let (stays, goes) = (Container::new("stays"), Container::new("goes"));
        let attach = |container: &Container, port: u16| {
            let result = node.go("ADD", container, &config).result();
            let mut ports = with(ports.clone(), json!({ "prevResult": result }));
            ports["runtimeConfig"]["portMappings"][0]["hostPort"] = json!(port);
            node.go("ADD", container, &ports).result();
        };
        attach(&stays, 8080);
        let elsewhere = Container::new("goes");
        node.go("ADD", &elsewhere, &other).result();
        let before = ruleset(&node);
        attach(&goes, 8081);
        assert_ne!(ruleset(&node), before);
        drop(goes);
        let listed = json!({ "cni.dev/valid-attachments": [{ "containerID": "stays", "ifname": "eth0" }] });
        let gc = |config: &Value| node.ours("GC", &stays, &with(config.clone(), listed.clone()));

        gc(&config).silent_success();
        gc(&ports).silent_success();

        assert_eq!(ruleset(&node), before, "{backend}");
    }
}

fn ruleset(node: &ChangeOver) -> String {
    let list = || Command::new("nft").args(["list", "ruleset"]).output();
    let listed = node.site.node().run(list).unwrap();
    assert!(listed.status.success());
    // Counters of the rules that iptables makes.
    let text = String::from_utf8(listed.stdout).unwrap();
    let lines = text
        .lines()
        .map(|line| line.split(" counter packets ").next().unwrap_or_default().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}
