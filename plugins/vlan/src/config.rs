use cofferdam_guest_sdk::{
    Failure,
    config::{DnsConfig, IpamConfig},
};
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    master: Option<String>,
    vlan_id: i64,
    pub(crate) mtu: i64,
    pub(crate) link_in_container: bool,
    pub(crate) ipam: IpamConfig,
    pub(crate) dns: DnsConfig,
}

impl Config {
    /// The link that the interface is upon.
    pub(crate) fn master(&self) -> Result<&str, Failure> {
        let text = "\"master\" field is required. It specifies the host interface name to create the VLAN for.";
        let given = self.master.as_deref().filter(|name| !name.is_empty());
        given.ok_or_else(|| Failure::invalid_config(text))
    }

    pub(crate) fn vlan(&self) -> Result<u16, Failure> {
        let vlan = u16::try_from(self.vlan_id).ok().filter(|id| *id <= 4094);
        vlan.ok_or_else(|| {
            let text = format!(
                "invalid VLAN ID {} (must be between 0 and 4094 inclusive)",
                self.vlan_id
            );
            Failure::invalid_config(text)
        })
    }

    pub(crate) fn require_ipam(&self) -> Result<(), Failure> {
        if self.ipam.is_used() {
            return Ok(());
        }
        Err(Failure::invalid_config(
            "a vlan interface requires an IPAM configuration",
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn a_vlan_has_a_number_from_0_to_4094() {
        for (id, expected) in [(0, true), (4094, true), (4095, false), (-1, false), (65_536, false)] {
            let config: Config = parse(&format!(r#"{{"vlanId":{id}}}"#)).unwrap();
            assert_eq!(config.vlan().is_ok(), expected, "{id}");
        }
    }

    #[test]
    fn what_is_required_is_asked_for_by_name() {
        let config: Config = parse(r#"{"master":""}"#).unwrap();
        assert!(config.master().unwrap_err().message.contains("\"master\""));
        assert!(config.require_ipam().unwrap_err().message.contains("IPAM"));
    }
}
