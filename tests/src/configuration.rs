use serde_json::{Value, json};

/// All versions of the specification, oldest first.
pub const SPEC_VERSIONS: [&str; 7] = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

/// `10-mynet.conf` of the CNI project's README.
#[must_use]
pub fn mynet() -> Value {
    json!({
        "cniVersion": "0.2.0",
        "name": "mynet",
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": true,
        "ipMasq": true,
        "ipam": {
            "type": "host-local",
            "subnet": "10.22.0.0/16",
            "routes": [{ "dst": "0.0.0.0/0" }]
        }
    })
}

/// `99-loopback.conf` of the CNI project's README.
#[must_use]
pub fn loopback_network() -> Value {
    json!({ "cniVersion": "0.2.0", "name": "lo", "type": "loopback" })
}

/// A bridge with a gateway on one IPv4 subnet and nothing else.
#[must_use]
pub fn bridge_network(version: &str) -> Value {
    json!({
        "cniVersion": version,
        "name": "mynet",
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": true,
        "ipam": {
            "type": "host-local",
            "subnet": "10.22.0.0/16",
            "routes": [{ "dst": "0.0.0.0/0" }]
        }
    })
}

/// Address management on its own, as a main plugin calls it.
#[must_use]
pub fn host_local(version: &str) -> Value {
    json!({
        "cniVersion": version,
        "name": "mynet",
        "type": "bridge",
        "ipam": {
            "type": "host-local",
            "subnet": "10.22.0.0/16",
            "routes": [{ "dst": "0.0.0.0/0" }]
        }
    })
}

/// A configuration with other values; objects are merged key by key, and
/// `null` takes a key away.
#[must_use]
pub fn with(mut config: Value, changes: Value) -> Value {
    merge(&mut config, changes);
    config
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(object), Value::Object(changes)) => {
            for (key, change) in changes {
                if change.is_null() {
                    object.shift_remove(&key);
                } else {
                    merge(object.entry(key).or_insert(Value::Null), change);
                }
            }
        }
        (place, change) => *place = change,
    }
}
