use cofferdam_guest_sdk::{Failure, config::IpamConfig};
use serde::Deserialize;

/// The plugin's configuration. Keys match whatever their case, and those that
/// are not here are passed over: runtimes add some.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    /// Absent: the kernel's choice.
    pub(crate) mtu: Option<u32>,
    pub(crate) ipam: IpamConfig,
}

impl Config {
    /// An interface without an address is of no use here.
    pub(crate) fn validate(&self) -> Result<(), Failure> {
        if self.ipam.is_used() {
            return Ok(());
        }
        let text = "ipam.type: it is missing; name the plugin that hands out addresses, such as \"host-local\"";
        Err(Failure::invalid_config(text))
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn a_plugin_that_hands_out_addresses_is_named() {
        for (config, words) in [
            (r#"{ "ipam": { "type": "host-local" } }"#, None),
            (r#"{ "mtu": 1400, "ipam": { "type": "static" } }"#, None),
            ("{}", Some("ipam.type")),
            (r#"{ "ipam": { "type": "" } }"#, Some("ipam.type")),
            (
                r#"{ "mtu": "1400", "ipam": { "type": "static" } }"#,
                Some("mtu"),
            ),
        ] {
            match (
                parse::<Config>(config).and_then(|config| config.validate()),
                words,
            ) {
                (Ok(()), None) => {}
                (Err(failure), Some(words)) => {
                    assert!(failure.message.contains(words), "{config}: {failure}")
                }
                (found, _) => panic!("{config}: {found:?}"),
            }
        }
    }
}
