use cofferdam_guest_sdk::{
    Failure, MacvlanMode,
    config::{DnsConfig, IpamConfig},
};
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    master: Option<String>,
    mode: Option<String>,
    pub(crate) mtu: i64,
    pub(crate) mac: Option<String>,
    pub(crate) link_in_container: bool,
    #[serde(rename = "bcqueuelen")]
    pub(crate) bcqueuelen: u32,
    pub(crate) ipam: IpamConfig,
    pub(crate) dns: DnsConfig,
}

impl Config {
    /// The link that the interface is upon, if it is named.
    pub(crate) fn master(&self) -> Option<&str> {
        self.master.as_deref().filter(|name| !name.is_empty())
    }

    /// The mode's name; `bridge` if there is none.
    pub(crate) fn mode_name(&self) -> &str {
        self.mode.as_deref().filter(|mode| !mode.is_empty()).unwrap_or("bridge")
    }

    pub(crate) fn mode(&self) -> Result<MacvlanMode, Failure> {
        match self.mode_name() {
            "bridge" => Ok(MacvlanMode::Bridge),
            "private" => Ok(MacvlanMode::Private),
            "vepa" => Ok(MacvlanMode::Vepa),
            "passthru" => Ok(MacvlanMode::Passthru),
            other => Err(Failure::invalid_config(format!(
                "mode: unknown macvlan mode: {other:?}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn a_mode_is_one_of_four_and_bridge_if_there_is_none() {
        for (text, mode) in [
            ("{}", MacvlanMode::Bridge),
            (r#"{"mode":""}"#, MacvlanMode::Bridge),
            (r#"{"mode":"private"}"#, MacvlanMode::Private),
            (r#"{"mode":"vepa"}"#, MacvlanMode::Vepa),
            (r#"{"Mode":"passthru"}"#, MacvlanMode::Passthru),
        ] {
            assert_eq!(parse::<Config>(text).unwrap().mode().unwrap(), mode, "{text}");
        }
        let failure = parse::<Config>(r#"{"mode":"source"}"#).unwrap().mode().unwrap_err();
        assert!(failure.message.contains("\"source\""), "{failure}");
    }

    #[test]
    fn keys_match_in_any_case() {
        let config: Config = parse(r#"{"MASTER":"eth1","linkincontainer":true,"bcQueueLen":5,"mtu":-1}"#).unwrap();
        assert_eq!((config.master(), config.link_in_container), (Some("eth1"), true));
        assert_eq!((config.bcqueuelen, config.mtu), (5, -1));
    }
}
