//! A meta plugin in the manner of Multus hands configurations down: each of its `delegates` is executed with an interface's
//! name of its own, the pod's `CNI_ARGS`, and what it was asked for in `runtimeConfig` and `args.cni`.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, Output, Site, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

const POD: &str =
    "IgnoreUnknown=true;K8S_POD_NAMESPACE=team-a;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=1-2-3";

/// What the meta plugin does for one pod.
struct Meta<'a> {
    site: &'a Site,
    container: &'a Container,
    delegates: Vec<Value>,
}

impl Meta<'_> {
    /// `eth0`, `net1`, `net2`, …
    fn interface(number: usize) -> String {
        if number == 0 {
            "eth0".to_owned()
        } else {
            format!("net{number}")
        }
    }

    fn delegate(&self, verb: &str, number: usize, config: &Value) -> Output {
        let call = self.site.call(verb, self.container, config);
        call.ifname(&Self::interface(number)).args(POD).run()
    }

    fn add(&self) -> Vec<Value> {
        let delegates = self.delegates.iter().enumerate();
        delegates
            .map(|(number, config)| self.delegate("ADD", number, config).result())
            .collect()
    }

    fn check(&self, results: &[Value]) {
        for (number, config) in self.delegates.iter().enumerate() {
            let config = with(config.clone(), json!({ "prevResult": results[number] }));
            self.delegate("CHECK", number, &config).silent_success();
        }
    }

    /// Last first, as it does, with the results that it kept.
    fn del(&self, results: &[Value]) {
        for (number, config) in self.delegates.iter().enumerate().rev() {
            let config = with(config.clone(), json!({ "prevResult": results[number] }));
            self.delegate("DEL", number, &config).silent_success();
        }
    }
}

fn delegates() -> Vec<Value> {
    let second = with(
        bridge_network("1.0.0"),
        json!({
            "name": "second", "bridge": "cni1", "capabilities": { "mac": true },
            "ipam": { "subnet": "10.23.0.0/16", "routes": null },
            "runtimeConfig": { "mac": "0a:00:00:00:00:23" },
            "args": { "cni": { "ips": ["10.23.0.77"] } },
        }),
    );
    let third = json!({ "cniVersion": "1.0.0", "name": "third", "type": "cofferdam", "chain": [
        { "type": "bridge", "bridge": "cni2", "ipam": { "type": "host-local", "subnet": "10.24.0.0/16" } },
        { "type": "tuning", "sysctl": { "net.ipv4.conf.IFNAME.arp_filter": "1" } },
    ] });
    vec![bridge_network("1.0.0"), second, third]
}

#[test]
fn delegates_get_interfaces_of_their_own_and_what_they_were_asked_for() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("pod");
    let meta = Meta {
        site: &site,
        container: &container,
        delegates: delegates(),
    };
    let before = site.snapshot().and_state(site.installation());

    let results = meta.add();

    assert_eq!(container.namespace.link_names(), ["eth0", "lo", "net1", "net2"]);
    assert_eq!(container.namespace.addresses("net1"), ["10.23.0.77/16"]);
    assert_eq!(
        container.namespace.link("net1").unwrap()["address"],
        "0a:00:00:00:00:23"
    );
    assert_eq!(container.namespace.addresses("net2"), ["10.24.0.2/16"]);
    assert_eq!(container.namespace.sysctl("net/ipv4/conf/net2/arp_filter"), "1");
    meta.check(&results);
    meta.del(&results);
    assert_eq!(container.namespace.link_names(), ["lo"]);
    before.assert_same(&site.snapshot().and_state(site.installation()));
}

/// The meta plugin undoes what it had done for the pod before.
#[test]
fn a_delegate_that_fails_leaves_what_others_made_to_the_meta_plugin() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("pod");
    let before = site.snapshot().and_state(site.installation());
    let meta = Meta {
        site: &site,
        container: &container,
        delegates: delegates(),
    };
    let first = meta.delegate("ADD", 0, &meta.delegates[0]).result();

    let bad = with(
        meta.delegates[1].clone(),
        json!({ "args": { "cni": { "ips": ["192.0.2.77"] } } }),
    );
    meta.delegate("ADD", 1, &bad).error();

    assert_eq!(container.namespace.link_names(), ["eth0", "lo"]);
    meta.delegate("DEL", 1, &bad).silent_success();
    let config = with(meta.delegates[0].clone(), json!({ "prevResult": first }));
    meta.delegate("DEL", 0, &config).silent_success();
    before.assert_same(&site.snapshot().and_state(site.installation()));
}

#[test]
fn a_delegate_is_granted_what_the_tenant_of_its_pod_is() {
    needs_kernel!();
    let site = Site::new();
    let policy = site.installation().root().join("etc/cofferdam/policy.d/bridge.toml");
    let text = std::fs::read_to_string(&policy).unwrap();
    let container = Container::new("pod");
    let meta = Meta {
        site: &site,
        container: &container,
        delegates: delegates(),
    };
    let of = |tenant: &str| text.replace("[plugin.bridge]", &format!("[plugin.bridge]\ntenants = [\"{tenant}\"]"));

    site.installation().policy("bridge.toml", &of("team-b"));
    meta.delegate("ADD", 0, &meta.delegates[0]).error();
    site.installation().policy("bridge.toml", &of("team-a"));
    let result = meta.delegate("ADD", 0, &meta.delegates[0]).result();

    let config = with(meta.delegates[0].clone(), json!({ "prevResult": result }));
    meta.delegate("DEL", 0, &config).silent_success();
}
