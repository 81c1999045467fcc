//! A meta plugin in the manner of Multus, which a runtime executes and which hands configurations down: each of its
//! `delegates` gets an interface of its own, the pod's `CNI_ARGS`, and what it was asked for in `runtimeConfig` and
//! `args.cni`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, os::unix::fs::symlink};

use cofferdam_protocol::{NetworkList, json::Node};
use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, RuntimeError, SearchPath};
use cofferdam_tests::{
    Container, Recorder, Site, Snapshot, bridge_network,
    libcni::{Libcni, NetworkConfigList, PluginError, RuntimeConf},
    needs_kernel, with,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const META: &str = env!("CARGO_BIN_EXE_meta");
const POD: [(&str, &str); 4] = [
    ("IgnoreUnknown", "true"),
    ("K8S_POD_NAMESPACE", "team-a"),
    ("K8S_POD_NAME", "web"),
    ("K8S_POD_INFRA_CONTAINER_ID", "abc"),
];
const POD_ARGS: &str = "IgnoreUnknown=true;K8S_POD_NAMESPACE=team-a;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=abc";

/// A node with the meta plugin beside ours, and a runtime that has one network: the meta plugin's.
struct Cluster {
    site: Site,
    recorder: Recorder,
    state: TempDir,
    network: Value,
}

impl Cluster {
    fn new(delegates: Value) -> Self {
        let site = Site::new();
        site.node().keep_links_bare();
        let recorder = Recorder::of(site.installation());
        symlink(META, recorder.bin().join("meta")).unwrap();
        let state = TempDir::with_prefix("cofferdam-test-").unwrap();
        let network = json!({ "cniVersion": "1.1.0", "name": "multi", "plugins": [{
            "type": "meta", "capabilities": { "portMappings": true }, "stateDir": state.path().join("meta"),
            "delegates": delegates,
        }] });
        Self {
            site,
            recorder,
            state,
            network,
        }
    }

    fn runtime(&self) -> Runtime<SearchPath> {
        let cache = ResultCache::new(self.state.path().join("runtime"));
        Runtime::new(SearchPath::new(vec![self.recorder.bin()]), cache)
    }

    fn network(&self) -> NetworkList {
        NetworkList::parse(&self.network.to_string()).unwrap()
    }

    fn add(&self, container: &Container) -> Result<Value, RuntimeError> {
        let node = self.site.node();
        let added = node.run(|| self.runtime().add(&self.network(), &request(container)))?;
        Ok(serde_json::from_str(&added.document().to_text()).unwrap())
    }

    #[track_caller]
    fn check(&self, container: &Container) {
        let node = self.site.node();
        node.run(|| self.runtime().check(&self.network(), &request(container)))
            .unwrap();
    }

    #[track_caller]
    fn del(&self, request: &AttachmentRequest) {
        self.site
            .node()
            .run(|| self.runtime().del(&self.network(), request))
            .unwrap();
    }

    /// `VERB PLUGIN INTERFACE` of all calls that the meta plugin has made since the last time.
    fn calls(&self) -> Vec<String> {
        let calls = self.recorder.take();
        calls
            .iter()
            .map(|recorded| {
                assert_eq!(recorded.environment["CNI_ARGS"], POD_ARGS);
                format!("{} {}", recorded.call(), recorded.environment["CNI_IFNAME"])
            })
            .collect()
    }

    fn snapshot(&self) -> Snapshot {
        self.site.snapshot().and_state(self.site.installation())
    }

    /// Neither by the runtime, nor by the meta plugin, nor by its own runtime.
    #[track_caller]
    fn assert_nothing_kept(&self) {
        let directories = ["runtime/results", "meta", "meta/results"].map(|name| self.state.path().join(name));
        let entries = directories
            .iter()
            .flat_map(|directory| fs::read_dir(directory).unwrap());
        let paths = entries.map(|entry| entry.unwrap().path());
        let files: Vec<_> = paths.filter(|path| path.is_file()).collect();
        assert!(files.is_empty(), "{files:?}");
    }
}

fn request(container: &Container) -> AttachmentRequest {
    let ports = json!({ "portMappings": [{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }] });
    AttachmentRequest {
        container_id: container.id.clone(),
        netns: container.namespace.path(),
        interface_name: "eth0".to_owned(),
        args: POD.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
        capability_args: Some(Node::from(ports)),
    }
}

/// A list, a single plugin, and a chain that runs in one process; each of another version.
fn delegates() -> Value {
    let plugin = with(bridge_network("1.0.0"), json!({ "name": null, "cniVersion": null }));
    let first = json!({ "cniVersion": "0.4.0", "name": "first", "plugins": [
        plugin, { "type": "portmap", "capabilities": { "portMappings": true } },
    ] });
    let second = with(
        bridge_network("1.0.0"),
        json!({
            "name": "second", "bridge": "cni1", "capabilities": { "mac": true },
            "ipam": { "subnet": "10.23.0.0/16", "routes": null },
            "runtimeConfig": { "mac": "0a:00:00:00:00:23" },
            "args": { "cni": { "ips": ["10.23.0.77"] } },
        }),
    );
    let third = json!({ "cniVersion": "1.1.0", "name": "third", "type": "cofferdam", "chain": [
        { "type": "bridge", "bridge": "cni2", "ipam": { "type": "host-local", "subnet": "10.24.0.0/16" } },
        { "type": "tuning", "sysctl": { "net.ipv4.conf.IFNAME.arp_filter": "1" } },
    ] });
    json!([first, second, third])
}

#[test]
fn delegates_get_interfaces_of_their_own_and_what_they_were_asked_for() {
    needs_kernel!();
    let cluster = Cluster::new(delegates());
    let container = Container::new("pod");
    let before = cluster.snapshot();

    let result = cluster.add(&container).unwrap();

    let inside = &container.namespace;
    assert_eq!(inside.link_names(), ["eth0", "lo", "net1", "net2"]);
    assert_eq!(inside.addresses("eth0"), ["10.22.0.2/16"]);
    assert_eq!(inside.addresses("net1"), ["10.23.0.77/16"]);
    assert_eq!(inside.link("net1").unwrap()["address"], "0a:00:00:00:00:23");
    assert_eq!(inside.addresses("net2"), ["10.24.0.2/16"]);
    assert_eq!(inside.sysctl("net/ipv4/conf/net2/arp_filter"), "1");
    assert!(cluster.site.node().ruleset().contains("8080"));
    assert_eq!(
        cluster.calls(),
        [
            "ADD bridge eth0",
            "ADD portmap eth0",
            "ADD bridge net1",
            "ADD cofferdam net2"
        ]
    );
    let told = result["ips"].as_array().unwrap().iter().map(|ip| {
        let interface = &result["interfaces"][usize::try_from(ip["interface"].as_u64().unwrap()).unwrap()];
        assert_eq!(interface["sandbox"], json!(inside.path()), "{result}");
        (interface["name"].as_str().unwrap(), ip["address"].as_str().unwrap())
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("eth0", "10.22.0.2/16"),
            ("net1", "10.23.0.77/16"),
            ("net2", "10.24.0.2/16")
        ]
    );

    cluster.check(&container);
    assert_eq!(
        cluster.calls(),
        [
            "CHECK bridge eth0",
            "CHECK portmap eth0",
            "CHECK bridge net1",
            "CHECK cofferdam net2"
        ]
    );
    cluster.del(&request(&container));
    assert_eq!(
        cluster.calls(),
        [
            "DEL cofferdam net2",
            "DEL bridge net1",
            "DEL portmap eth0",
            "DEL bridge eth0"
        ]
    );
    assert_eq!(inside.link_names(), ["lo"]);
    cluster.assert_nothing_kept();
    before.assert_same(&cluster.snapshot());
}

#[test]
fn a_runtime_that_uses_libcni_attaches_the_same() {
    needs_kernel!();
    let cluster = Cluster::new(delegates());
    let container = Container::new("pod");
    let libcni = Libcni::new(vec![cluster.recorder.bin()], cluster.state.path().join("runtime"));
    let list = NetworkConfigList::from_bytes(cluster.network.to_string().as_bytes()).unwrap();
    let conf = RuntimeConf {
        container_id: container.id.clone(),
        netns: container.namespace.path(),
        ifname: "eth0".to_owned(),
        args: POD.map(|(key, value)| [key, value].map(str::to_owned)).to_vec(),
        ..RuntimeConf::default()
    };
    let node = cluster.site.node();
    let before = cluster.snapshot();

    node.run(|| libcni.validate_network_list(&list)).unwrap();
    node.run(|| libcni.add_network_list(&list, &conf)).unwrap();
    assert_eq!(container.namespace.link_names(), ["eth0", "lo", "net1", "net2"]);
    node.run(|| libcni.check_network_list(&list, &conf)).unwrap();
    node.run(|| libcni.del_network_list(&list, &conf)).unwrap();

    assert_eq!(container.namespace.link_names(), ["lo"]);
    cluster.assert_nothing_kept();
    before.assert_same(&cluster.snapshot());
    node.run(|| libcni.get_status_network_list(&list)).unwrap();
    cluster.site.installation().remove_component("tuning");
    let error = node.run(|| libcni.get_status_network_list(&list)).unwrap_err();
    assert_eq!(error.downcast_ref::<PluginError>().unwrap().code, 50, "{error:#}");
}

/// The meta plugin undoes what it had done for the pod before, and DEL, which follows, finds nothing to do.
#[test]
fn what_other_delegates_made_goes_where_one_of_them_fails() {
    needs_kernel!();
    let mut delegates = delegates();
    delegates[1]["args"]["cni"]["ips"] = json!(["192.0.2.77"]);
    let cluster = Cluster::new(delegates);
    let container = Container::new("pod");
    let before = cluster.snapshot();

    let error = cluster.add(&container).unwrap_err();

    assert!(error.to_string().contains("delegate second"), "{error}");
    assert!(error.to_string().contains("192.0.2.77"), "{error}");
    let tried = ["ADD bridge eth0", "ADD portmap eth0", "ADD bridge net1"];
    let undone = ["DEL bridge net1", "DEL portmap eth0", "DEL bridge eth0"];
    assert_eq!(cluster.calls(), [tried, undone].concat());
    assert_eq!(container.namespace.link_names(), ["lo"]);
    before.assert_same(&cluster.snapshot());
    cluster.del(&request(&container));
    cluster.assert_nothing_kept();
    before.assert_same(&cluster.snapshot());
}

#[test]
fn delegates_that_are_configured_no_more_are_detached_without_a_namespace() {
    needs_kernel!();
    let mut cluster = Cluster::new(delegates());
    let container = Container::new("pod");
    let before = cluster.snapshot();
    cluster.add(&container).unwrap();
    cluster.network["plugins"][0]["delegates"] = json!([delegates()[2]]);
    let gone = AttachmentRequest {
        netns: String::new(),
        ..request(&container)
    };
    drop(container);
    cluster.recorder.take();

    cluster.del(&gone);

    assert_eq!(cluster.calls().len(), 4);
    cluster.assert_nothing_kept();
    before.assert_same(&cluster.snapshot());
}

#[test]
fn a_delegate_is_granted_what_the_tenant_of_its_pod_is() {
    needs_kernel!();
    let cluster = Cluster::new(json!([delegates()[0]]));
    let installation = cluster.site.installation();
    let policy = installation.root().join("etc/cofferdam/policy.d/bridge.toml");
    let text = fs::read_to_string(&policy).unwrap();
    let container = Container::new("pod");
    let before = cluster.snapshot();
    let of = |tenant: &str| text.replace("[plugin.bridge]", &format!("[plugin.bridge]\ntenants = [\"{tenant}\"]"));

    installation.policy("bridge.toml", &of("team-b"));
    let error = cluster.add(&container).unwrap_err();
    assert_eq!(error.cni().unwrap().code, 100, "{error}");
    installation.policy("bridge.toml", &of("team-a"));
    cluster.add(&container).unwrap();

    cluster.del(&request(&container));
    before.assert_same(&cluster.snapshot());
}
