use cofferdam_guest_sdk::{
    Failure,
    config::{DnsConfig, IpamConfig},
};
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    pub(crate) ip_masq: bool,
    ip_masq_backend: Option<String>,
    mtu: u32,
    pub(crate) ipam: IpamConfig,
    pub(crate) dns: DnsConfig,
}

impl Config {
    /// Absent leaves the kernel's default.
    pub(crate) fn mtu(&self) -> Option<u32> {
        (self.mtu != 0).then_some(self.mtu)
    }

    pub(crate) fn validate(&self) -> Result<(), Failure> {
        if !self.ipam.is_used() {
            return Err(Failure::invalid_config("ipam.type: no plugin name provided"));
        }
        match self.ip_masq_backend.as_deref() {
            None | Some("" | "nftables" | "iptables") => Ok(()),
            Some(other) => Err(Failure::invalid_config(format!(
                "ipMasqBackend: unknown ipmasq backend {other:?}"
            ))),
        }
    }
}
