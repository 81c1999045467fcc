use cofferdam_tests::{bridge_network, loopback_network, with};
use serde_json::{Value, json};

/// A network, and what is done on it again and again.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) verbs: &'static [&'static str],
    /// The plugins that a runtime calls, one after the other.
    pub(crate) members: Vec<Value>,
    /// What the Go plugins are told besides, those that have these keys or not.
    pub(crate) only_go: Value,
    /// Whether another attachment is there all the time, as on a node in use,
    /// so that the bridge and its address are.
    pub(crate) in_use: bool,
    /// Whether the native program can do it.
    pub(crate) native: bool,
}

const ADD_DEL: &[&str] = &["ADD", "DEL"];

pub(crate) fn workloads() -> Vec<Workload> {
    let bridge = bridge_network("1.0.0");
    let masquerade = with(bridge.clone(), json!({ "ipMasq": true }));
    let through = |backend: &str| json!({ "ipMasqBackend": backend });
    let on_node_in_use = |name, members: &[&Value], only_go| Workload {
        name,
        verbs: ADD_DEL,
        members: members.iter().map(|&member| member.clone()).collect(),
        only_go,
        in_use: true,
        native: members == [&bridge],
    };
    let portmap = port_map();
    let ports = |backend: &str| json!({ "ipMasqBackend": backend, "backend": backend });
    vec![
        Workload {
            name: "VERSION",
            verbs: &["VERSION"],
            members: vec![bridge.clone()],
            only_go: json!({}),
            in_use: false,
            native: false,
        },
        Workload {
            name: "loopback",
            verbs: ADD_DEL,
            members: vec![with(loopback_network(), json!({ "cniVersion": "1.0.0" }))],
            only_go: json!({}),
            in_use: false,
            native: false,
        },
        on_node_in_use("ptp + host-local", &[&ptp()], json!({})),
        on_node_in_use("bridge + host-local", &[&bridge], json!({})),
        on_node_in_use("… + ipMasq (Go: iptables)", &[&masquerade], through("iptables")),
        on_node_in_use("… + ipMasq (Go: nftables)", &[&masquerade], through("nftables")),
        on_node_in_use(
            "… + portmap (Go: iptables)",
            &[&masquerade, &portmap],
            ports("iptables"),
        ),
        on_node_in_use(
            "… + portmap (Go: nftables)",
            &[&masquerade, &portmap],
            ports("nftables"),
        ),
        full_chain(),
    ]
}

/// A pod's network with all that is usual: five plugins, and IPAM.
pub(crate) fn full_chain() -> Workload {
    let masquerade = with(bridge_network("1.0.0"), json!({ "ipMasq": true }));
    let limits =
        json!({ "ingressRate": 8_000_000, "ingressBurst": 800_000, "egressRate": 8_000_000, "egressBurst": 800_000 });
    Workload {
        name: "the whole chain",
        verbs: ADD_DEL,
        members: vec![
            masquerade,
            port_map(),
            chained("firewall", &json!({})),
            chained("bandwidth", &limits),
            chained("tuning", &json!({ "sysctl": { "net.core.somaxconn": "500" } })),
        ],
        only_go: json!({ "ipMasqBackend": "iptables", "backend": "iptables" }),
        in_use: true,
        native: false,
    }
}

fn ptp() -> Value {
    let ipam = json!({ "type": "host-local", "subnet": "10.23.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }] });
    json!({ "cniVersion": "1.0.0", "name": "points", "type": "ptp", "ipam": ipam })
}

fn port_map() -> Value {
    let mapping = json!({ "hostPort": 0, "containerPort": 80, "protocol": "tcp" });
    chained("portmap", &json!({ "runtimeConfig": { "portMappings": [mapping] } }))
}

fn chained(plugin: &str, keys: &Value) -> Value {
    let plain = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": plugin });
    with(plain, keys.clone())
}
