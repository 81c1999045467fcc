use cofferdam_guest_sdk::{
    Attachment, Failure, IpvlanMode, Request,
    config::{DnsConfig, IpamConfig},
};
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    master: Option<String>,
    mode: Option<String>,
    pub(crate) mtu: u32,
    pub(crate) link_in_container: bool,
    pub(crate) ipam: IpamConfig,
    pub(crate) dns: DnsConfig,
}

impl Config {
    /// The link that the interface is upon, if it is named.
    pub(crate) fn master(&self) -> Option<&str> {
        self.master.as_deref().filter(|name| !name.is_empty())
    }

    /// The mode's name; `l2` if there is none.
    pub(crate) fn mode_name(&self) -> &str {
        self.mode.as_deref().filter(|mode| !mode.is_empty()).unwrap_or("l2")
    }

    pub(crate) fn mode(&self) -> Result<IpvlanMode, Failure> {
        match self.mode_name() {
            "l2" => Ok(IpvlanMode::L2),
            "l3" => Ok(IpvlanMode::L3),
            "l3s" => Ok(IpvlanMode::L3s),
            other => Err(Failure::invalid_config(format!("mode: unknown ipvlan mode: {other:?}"))),
        }
    }
}

/// The name of the link that the interface is to be upon: the configuration's,
/// or behind another plugin that one's only interface.
pub(crate) fn master(request: &Request<Config>) -> Result<Option<&str>, Failure> {
    match (request.config.master(), &request.previous) {
        (Some(master), _) => Ok(Some(master)),
        (None, Some(previous)) => chained_master(previous).map(Some),
        (None, None) => Ok(None),
    }
}

fn chained_master(previous: &Attachment) -> Result<&str, Failure> {
    match previous.interfaces.as_slice() {
        [only] if !only.name.is_empty() => Ok(&only.name),
        _ => Err(Failure::invalid_config(
            "chained master failure. PrevResult lacks a single named interface; set master",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::{Interface, config::parse};

    use super::*;

    #[test]
    fn a_mode_is_one_of_three_and_l2_if_there_is_none() {
        for (text, mode) in [
            ("{}", IpvlanMode::L2),
            (r#"{"mode":"l3"}"#, IpvlanMode::L3),
            (r#"{"mode":"l3s"}"#, IpvlanMode::L3s),
        ] {
            assert_eq!(parse::<Config>(text).unwrap().mode().unwrap(), mode, "{text}");
        }
        let failure = parse::<Config>(r#"{"mode":"L2"}"#).unwrap().mode().unwrap_err();
        assert!(failure.message.contains("\"L2\""), "{failure}");
    }

    #[test]
    fn behind_another_plugin_the_master_is_its_only_interface() {
        let mut previous = Attachment::default();
        assert!(chained_master(&previous).is_err());
        previous.add_interface(Interface::in_host("bond0"));
        assert_eq!(chained_master(&previous).unwrap(), "bond0");
        previous.add_interface(Interface::in_host("bond1"));
        assert!(chained_master(&previous).is_err());
    }
}
