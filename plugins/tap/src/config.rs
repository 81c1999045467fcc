use cofferdam_guest_sdk::{
    Failure,
    config::{DnsConfig, IpamConfig},
};
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    pub(crate) multi_queue: bool,
    pub(crate) mtu: u32,
    pub(crate) mac: Option<String>,
    pub(crate) owner: Option<u32>,
    pub(crate) group: Option<u32>,
    selinux_context: Option<String>,
    bridge: Option<String>,
    pub(crate) ipam: IpamConfig,
    pub(crate) dns: DnsConfig,
}

impl Config {
    /// The bridge of the container that the device is to be a port of.
    pub(crate) fn bridge(&self) -> Option<&str> {
        self.bridge.as_deref().filter(|name| !name.is_empty())
    }

    /// The label would be that of a program that makes the device, and none
    /// does here.
    pub(crate) fn validate(&self) -> Result<(), Failure> {
        match self.selinux_context.as_deref() {
            None | Some("") => Ok(()),
            Some(context) => Err(Failure::unsupported_field("selinuxContext", context)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn a_label_is_refused_by_name() {
        assert!(parse::<Config>(r#"{"selinuxContext":""}"#).unwrap().validate().is_ok());
        let config: Config = parse(r#"{"selinuxContext":"system_u:system_r:container_t:s0"}"#).unwrap();
        assert!(config.validate().unwrap_err().message.contains("selinuxContext"));
    }

    #[test]
    fn root_is_an_owner_and_nobody_is_none() {
        let config: Config = parse(r#"{"owner":0,"Group":null,"multiqueue":true}"#).unwrap();
        assert_eq!((config.owner, config.group, config.multi_queue), (Some(0), None, true));
        assert!(parse::<Config>(r#"{"owner":-1}"#).is_err());
    }
}
