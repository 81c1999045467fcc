use cofferdam_tests::{Container, GoPlugins, Site, bridge_network, loopback_network, with};
use serde_json::{Value, json};

/// What is refused: a word on it, the plugin, and the configuration of an ADD.
fn refused() -> Vec<(&'static str, &'static str, Value)> {
    let bridge = |changes: Value| with(bridge_network("1.0.0"), changes);
    vec![
        ("no name", "bridge", bridge(json!({ "name": null }))),
        (
            "a name of other characters",
            "bridge",
            bridge(json!({ "name": "my net" })),
        ),
        (
            "an unknown version",
            "loopback",
            with(loopback_network(), json!({ "cniVersion": "9.0.0" })),
        ),
        (
            "hairpin and promiscuous",
            "bridge",
            bridge(json!({ "hairpinMode": true, "promiscMode": true })),
        ),
        ("no range", "bridge", bridge(json!({ "ipam": { "subnet": null } }))),
        (
            "host bits",
            "bridge",
            bridge(json!({ "ipam": { "subnet": "10.22.0.1/16" } })),
        ),
        (
            "too small a subnet",
            "bridge",
            bridge(json!({ "ipam": { "subnet": "10.22.0.0/31" } })),
        ),
        (
            "a start outside",
            "bridge",
            bridge(json!({ "ipam": { "rangeStart": "10.23.0.1" } })),
        ),
        ("no host port", "portmap", published(0, 80, json!({}))),
        ("no container port", "portmap", published(8080, 0, json!({}))),
        (
            "a bit beyond marks",
            "portmap",
            published(8080, 80, json!({ "markMasqBit": 32 })),
        ),
        (
            "two ways to mark",
            "portmap",
            published(
                8080,
                80,
                json!({ "markMasqBit": 1, "externalSetMarkChain": "KUBE-MARK-MASQ" }),
            ),
        ),
        (
            "words of the other backend",
            "portmap",
            published(
                8080,
                80,
                json!({ "backend": "iptables", "conditionsV4": ["ip", "saddr", "10.0.0.1"] }),
            ),
        ),
    ]
}

fn published(host: u16, container: u16, changes: Value) -> Value {
    let mapping = json!({ "hostPort": host, "containerPort": container, "protocol": "tcp" });
    let config = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "portmap",
        "runtimeConfig": { "portMappings": [mapping] } });
    with(config, changes)
}

pub(crate) fn compare(go: &GoPlugins) {
    let ours = Site::new();
    let theirs = Site::go(go.clone());
    for (what, plugin, config) in refused() {
        let container = Container::new("c1");
        let twin = Container::new("c1");
        let found = ours.call("ADD", &container, &config).plugin(plugin).run().error();
        let expected = theirs.call("ADD", &twin, &config).plugin(plugin).run().error();
        assert_eq!((found.code, found.message), (expected.code, expected.message), "{what}");
    }
}
