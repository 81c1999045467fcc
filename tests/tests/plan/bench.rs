//! A node with a directory of networks, and what is told of them.

use std::{collections::BTreeMap, fs, path::PathBuf};

use cofferdam_tests::{Container, Site, Snapshot};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A node with a directory of networks.
pub(crate) struct Bench {
    pub(crate) site: Site,
    pub(crate) directory: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::on(Site::new())
    }

    pub(crate) fn on(site: Site) -> Self {
        Self {
            site,
            directory: TempDir::with_prefix("cofferdam-test-").unwrap(),
        }
    }

    pub(crate) fn configure(&self, network: &Value) {
        fs::write(self.file(), network.to_string()).unwrap();
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("10-mynet.conflist")
    }

    pub(crate) fn plan(&self, words: &[&str]) -> Value {
        let file = self.file();
        let words = [&["plan", file.to_str().unwrap()], words].concat();
        self.site.cofferctl_json(&words)
    }

    /// `cofferctl net add` of a container, which has to succeed.
    pub(crate) fn add(&self, container: &Container, words: &[&str]) {
        let netns = container.namespace.path();
        let directory = self.directory.path().to_str().unwrap();
        let place = ["--conf-dir", directory, "--plugin-dir", "/no/such/directory"];
        let add = ["net", "add", "mynet", &netns, "--id", &container.id];
        let ended = self.site.cofferctl(&[&add, &place[..], words].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }

    /// The operations that the journals of a container tell, by unit.
    pub(crate) fn journal(&self, container: &Container) -> BTreeMap<String, Vec<Done>> {
        let shown = self
            .site
            .cofferctl_json(&["show", &format!("mynet/{}/eth0", container.id)]);
        let units = shown["attachments"].as_array().unwrap().iter();
        units
            .map(|unit| (text(&unit["unit"]), operations(&unit["operations"])))
            .collect()
    }
}

/// Who did what.
pub(crate) type Done = (String, String);

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// Operations, with the names that are chosen at random as `veth…`.
pub(crate) fn operations(list: &Value) -> Vec<Done> {
    let operations = list.as_array().unwrap().iter();
    operations
        .map(|entry| (text(&entry["plugin"]), without_chance(&text(&entry["operation"]))))
        .collect()
}

pub(crate) fn without_chance(operation: &str) -> String {
    let is_chosen = |word: &str| word.len() > "veth".len() && word.starts_with("veth");
    let words = operation
        .split(' ')
        .map(|word| if is_chosen(word) { "veth…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

pub(crate) fn bridge(masquerade: bool) -> Value {
    json!({
        "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": masquerade,
        "ipam": { "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }] },
    })
}

pub(crate) fn list(plugins: &[Value]) -> Value {
    json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": plugins })
}

/// Networks, with the capability arguments that they take.
pub(crate) fn networks() -> Vec<(&'static str, Value, Option<Value>)> {
    let host_local = json!({ "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }] });
    let ptp = json!({ "type": "ptp", "ipMasq": true, "ipam": host_local });
    let macvlan = json!({ "type": "macvlan", "master": "eth1", "ipam": host_local });
    let tuning = json!({ "type": "tuning", "sysctl": { "net.ipv4.conf.IFNAME.arp_filter": "1" }, "mtu": 1400 });
    let portmap = json!({ "type": "portmap", "capabilities": { "portMappings": true } });
    let mappings = json!({ "portMappings": [{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }] });
    let bandwidth = json!({ "type": "bandwidth", "ingressRate": 8_000_000, "ingressBurst": 800_000,
        "egressRate": 8_000_000, "egressBurst": 800_000 });
    let chain = json!({ "type": "cofferdam", "chain": [bridge(true), tuning] });
    vec![
        ("loopback", list(&[json!({ "type": "loopback" })]), None),
        ("bridge", list(&[bridge(false)]), None),
        ("bridge that masquerades", list(&[bridge(true)]), None),
        ("ptp", list(&[ptp]), None),
        ("macvlan", list(&[macvlan]), None),
        ("tuning", list(&[bridge(false), tuning]), None),
        ("portmap", list(&[bridge(false), portmap]), Some(mappings)),
        ("bandwidth", list(&[bridge(false), bandwidth]), None),
        ("sbr", list(&[bridge(false), json!({ "type": "sbr" })]), None),
        ("chain", list(&[chain]), None),
    ]
}

/// Both namespaces.
pub(crate) fn picture(bench: &Bench, container: &Container) -> (Snapshot, Snapshot) {
    let container = Snapshot::of(&container.namespace);
    (bench.site.snapshot(), container)
}
