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
        // What `drivers/net/veth.c` takes.
        if self.mtu != 0 && !(68..=65535).contains(&self.mtu) {
            let text = format!("mtu: invalid MTU {}, must be 0 or between 68 and 65535", self.mtu);
            return Err(Failure::invalid_config(text));
        }
        match self.ip_masq_backend.as_deref() {
            None | Some("" | "nftables" | "iptables") => Ok(()),
            Some(other) => Err(Failure::invalid_config(format!(
                "ipMasqBackend: unknown ipmasq backend {other:?}"
            ))),
        }
    }
}
