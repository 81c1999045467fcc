//! A node, a directory of plugins that record their calls, and both callers with one directory of results.

use std::path::PathBuf;

use cofferdam_protocol::{NetworkList, json::Node};
use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, SearchPath};
use cofferdam_tests::{
    Container, Recorder, Site, Snapshot,
    libcni::{Libcni, NetworkConfigList, RuntimeConf},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Versions that a chain of plugins is tried in.
pub(crate) const VERSIONS: [&str; 4] = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];

pub(crate) struct Stage {
    pub(crate) site: Site,
    pub(crate) recorder: Recorder,
    state: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let site = Site::new();
        site.node().keep_links_bare();
        Self {
            recorder: Recorder::of(site.installation()),
            site,
            state: TempDir::with_prefix("cofferdam-test-").unwrap(),
        }
    }

    pub(crate) fn libcni(&self) -> Libcni {
        Libcni::new(vec![self.recorder.bin()], self.state.path())
    }

    pub(crate) fn runtime(&self) -> Runtime<SearchPath> {
        Runtime::new(SearchPath::new(vec![self.recorder.bin()]), self.cache())
    }

    pub(crate) fn cache(&self) -> ResultCache {
        ResultCache::new(self.state.path())
    }

    /// Does something on the node.
    pub(crate) fn on_node<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        self.site.node().run(action)
    }

    /// The calls since the last time, as `VERB PLUGIN`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.recorder.take().iter().map(|recorded| recorded.call()).collect()
    }

    /// The files of results.
    pub(crate) fn results(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.cache().path()).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.site.snapshot().and_state(self.site.installation())
    }
}

/// Plugins that all versions have, with capabilities, as clusters list them.
pub(crate) fn chain(version: &str) -> Value {
    json!({ "cniVersion": version, "name": "podnet", "plugins": [
        { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "mtu": 1400, "ipam": {
            "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }]
        }, "dns": { "search": ["example.com"] }, "args": { "labels": ["<a&b>"] } },
        { "type": "portmap", "capabilities": { "portMappings": true, "mac": false }, "snat": true },
        { "type": "bandwidth", "capabilities": { "bandwidth": true } },
        { "type": "tuning", "sysctl": { "net.core.somaxconn": "512" } },
    ] })
}

/// A list as both callers read it.
pub(crate) fn both(list: &Value) -> (NetworkConfigList, NetworkList) {
    let text = list.to_string();
    let theirs = NetworkConfigList::from_bytes(text.as_bytes()).unwrap();
    (theirs, NetworkList::parse(&text).unwrap())
}

/// What a runtime asks for, for either caller.
pub(crate) fn asked(container: &Container) -> (RuntimeConf, AttachmentRequest) {
    let capabilities = json!({
        "portMappings": [{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }],
        "bandwidth": { "ingressRate": 80_000_000, "ingressBurst": 8_000_000 },
        "mac": "02:00:00:00:00:01",
    });
    let pairs = [("IgnoreUnknown", "1"), ("K8S_POD_NAME", "web")];
    let conf = RuntimeConf {
        container_id: container.id.clone(),
        netns: container.namespace.path(),
        ifname: "eth0".to_owned(),
        args: pairs.map(|(key, value)| [key.to_owned(), value.to_owned()]).to_vec(),
        capability_args: capabilities.as_object().unwrap().clone(),
    };
    let request = AttachmentRequest {
        container_id: container.id.clone(),
        netns: container.namespace.path(),
        interface_name: "eth0".to_owned(),
        args: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
        capability_args: Some(Node::from(capabilities)),
    };
    (conf, request)
}
