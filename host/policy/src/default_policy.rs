/// The policy that comes with Cofferdam for a plugin: the least that it needs
/// for its usual use, as a file for the operator to read and to change.
#[must_use]
pub fn default_policy(plugin: &str) -> Option<&'static str> {
    match plugin {
        "bridge" => Some(include_str!("../default/bridge.toml")),
        "dhcp" => Some(include_str!("../default/dhcp.toml")),
        "host-local" => Some(include_str!("../default/host-local.toml")),
        "dummy" => Some(include_str!("../default/dummy.toml")),
        "ipvlan" => Some(include_str!("../default/ipvlan.toml")),
        "portmap" => Some(include_str!("../default/portmap.toml")),
        "bandwidth" => Some(include_str!("../default/bandwidth.toml")),
        "loopback" => Some(include_str!("../default/loopback.toml")),
        "macvlan" => Some(include_str!("../default/macvlan.toml")),
        "tap" => Some(include_str!("../default/tap.toml")),
        "vlan" => Some(include_str!("../default/vlan.toml")),
        "static" => Some(include_str!("../default/static.toml")),
        "vrf" => Some(include_str!("../default/vrf.toml")),
        "sbr" => Some(include_str!("../default/sbr.toml")),
        "ptp" => Some(include_str!("../default/ptp.toml")),
        "tuning" => Some(include_str!("../default/tuning.toml")),
        "firewall" => Some(include_str!("../default/firewall.toml")),
        "host-device" => Some(include_str!("../default/host-device.toml")),
        _ => None,
    }
}
