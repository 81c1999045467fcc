/// The policy that comes with Cofferdam for a plugin: the least that it needs
/// for its usual use, as a file for the operator to read and to change.
#[must_use]
pub fn default_policy(plugin: &str) -> Option<&'static str> {
    match plugin {
        "bridge" => Some(include_str!("../default/bridge.toml")),
        "host-local" => Some(include_str!("../default/host-local.toml")),
        "portmap" => Some(include_str!("../default/portmap.toml")),
        "bandwidth" => Some(include_str!("../default/bandwidth.toml")),
        "loopback" => Some(include_str!("../default/loopback.toml")),
        _ => None,
    }
}
