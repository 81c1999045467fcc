use cofferdam_guest_sdk::{
    Failure, MacAddress, Request,
    config::{DnsConfig, IpamConfig},
};
use serde::Deserialize;

use crate::vlans::{Trunk, Vlans};

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    bridge: Option<String>,
    pub(crate) is_gateway: bool,
    pub(crate) is_default_gateway: bool,
    pub(crate) force_address: bool,
    pub(crate) ip_masq: bool,
    ip_masq_backend: Option<String>,
    mtu: u32,
    pub(crate) hairpin_mode: bool,
    pub(crate) promisc_mode: bool,
    vlan: i64,
    vlan_trunk: Option<Vec<Trunk>>,
    preserve_default_vlan: bool,
    pub(crate) port_isolation: bool,
    pub(crate) macspoofchk: bool,
    pub(crate) enabledad: bool,
    pub(crate) disable_container_interface: bool,
    pub(crate) ipam: IpamConfig,
    pub(crate) dns: DnsConfig,
    args: Option<Args>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Args {
    cni: ConventionalArgs,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ConventionalArgs {
    mac: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Capabilities {
    mac: Option<String>,
}

impl Config {
    /// The bridge's name.
    pub(crate) fn bridge(&self) -> &str {
        self.bridge.as_deref().filter(|name| !name.is_empty()).unwrap_or("cni0")
    }

    /// Absent leaves the kernel's default.
    pub(crate) fn mtu(&self) -> Option<u32> {
        (self.mtu != 0).then_some(self.mtu)
    }

    /// Whether the bridge has the containers' gateway addresses.
    pub(crate) fn is_gateway(&self) -> bool {
        self.is_gateway || self.is_default_gateway
    }

    /// The VLANs of the container's port.
    pub(crate) fn vlans(&self) -> Result<Vlans, Failure> {
        let trunk = self.vlan_trunk.as_deref().unwrap_or_default();
        Vlans::new(self.vlan, trunk, self.preserve_default_vlan)
    }

    /// Whether the bridge has to keep VLANs apart.
    pub(crate) fn filters_by_vlan(&self) -> bool {
        self.vlan != 0 || self.vlan_trunk.is_some()
    }

    /// What makes no sense, by itself or together.
    pub(crate) fn validate(&self) -> Result<(), Failure> {
        if self.hairpin_mode && self.promisc_mode {
            let text = "cannot set hairpin mode and promiscuous mode at the same time";
            return Err(Failure::internal(text));
        }
        if self.disable_container_interface && self.ipam.is_used() {
            let text = "cannot use IPAM when DisableContainerInterface flag is set";
            return Err(Failure::internal(text));
        }
        match self.ip_masq_backend.as_deref() {
            None | Some("" | "nftables" | "iptables") => {}
            Some(other) => {
                return Err(Failure::internal(format!(
                    "ipMasqBackend: unknown ipmasq backend {other:?}"
                )));
            }
        }
        self.vlans().map(|_| ())
    }
}

/// The container's MAC address, if one is asked for: by capability, by
/// `args.cni`, or by `CNI_ARGS`, the first of them that has one.
pub(crate) fn mac(request: &Request<Config>) -> Result<Option<MacAddress>, Failure> {
    let capabilities: Capabilities = request.capabilities()?;
    let conventional = request.config.args.as_ref().and_then(|args| args.cni.mac.as_deref());
    let from_args = request.args.strict(&["MAC"])?.get("MAC");
    let asked = [capabilities.mac.as_deref(), conventional, from_args];
    match asked.into_iter().flatten().find(|mac| !mac.is_empty()) {
        Some(mac) => Ok(Some(mac.parse()?)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (text, named) in [
            (r#"{"hairpinMode":true,"promiscMode":true}"#, "hairpin"),
            (r#"{"ipMasqBackend":"pf"}"#, "pf"),
            (
                r#"{"disableContainerInterface":true,"ipam":{"type":"host-local"}}"#,
                "IPAM",
            ),
            (r#"{"vlan":4095}"#, "VLAN ID 4095"),
            (r#"{"vlanTrunk":[{"id":0}]}"#, "trunk id"),
        ] {
            let config: Config = parse(text).unwrap();
            let failure = config.validate().unwrap_err();
            assert!(failure.message.contains(named), "{text}: {failure}");
        }
    }

    #[test]
    fn the_readme_of_cni_is_understood_in_any_case() {
        let config: Config = parse(r#"{"BRIDGE":"br0","isgateway":true,"IpMasq":true,"mtu":1400}"#).unwrap();
        assert_eq!(config.bridge(), "br0");
        assert_eq!(config.mtu(), Some(1400));
        assert!(config.is_gateway() && config.ip_masq);
        assert!(config.validate().is_ok());
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error() {
        assert!(parse::<Config>(r#"{"isGateway":"true"}"#).is_err());
    }
}
