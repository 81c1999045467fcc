use std::net::IpAddr;

use cofferdam_guest_sdk::Failure;
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    /// A table that somebody else fills: there are rules that look into it, and
    /// nothing else.
    pub(crate) table: Option<u32>,
    gateways: Option<Vec<String>>,
    pub(crate) add_source_hints: bool,
}

impl Config {
    /// The gateways that stand in the place of those of the addresses, at most
    /// one of a family.
    pub(crate) fn gateways(&self) -> Result<Vec<IpAddr>, Failure> {
        let given = self.gateways.as_deref().unwrap_or_default();
        if given.len() > 2 {
            return Err(Failure::invalid_config(
                "gateways list cannot contain more than 2 entries (one IPv4 and one IPv6)",
            ));
        }
        let mut gateways: Vec<IpAddr> = Vec::new();
        for text in given {
            let Ok(gateway) = text.parse::<IpAddr>() else {
                return Err(Failure::invalid_config(format!(
                    "gateways: invalid static gateway IP address: {text}"
                )));
            };
            let gateway = gateway.to_canonical();
            if let Some(other) = gateways.iter().find(|other| other.is_ipv6() == gateway.is_ipv6()) {
                let family = if gateway.is_ipv6() { "IPv6" } else { "IPv4" };
                return Err(Failure::invalid_config(format!(
                    "gateways list contains multiple {family} addresses: {other} and {gateway}"
                )));
            }
            gateways.push(gateway);
        }
        Ok(gateways)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn there_is_one_gateway_of_a_family() {
        for (text, outcome) in [
            ("{}", Ok(0)),
            (r#"{"gateways":["10.0.0.1","fd00::1"]}"#, Ok(2)),
            (r#"{"gateways":["10.0.0.1","10.0.0.2"]}"#, Err("multiple IPv4")),
            (r#"{"gateways":["fd00::1","fd00::2"]}"#, Err("multiple IPv6")),
            (r#"{"gateways":["10.0.0.1","fd00::1","10.0.0.2"]}"#, Err("more than 2")),
            (
                r#"{"gateways":["gateway"]}"#,
                Err("invalid static gateway IP address: gateway"),
            ),
        ] {
            let config: Config = parse(text).unwrap();
            match (config.gateways(), outcome) {
                (Ok(gateways), Ok(count)) => assert_eq!(gateways.len(), count, "{text}"),
                (Err(failure), Err(words)) => assert!(failure.message.contains(words), "{text}: {failure}"),
                (gateways, _) => panic!("{text}: {gateways:?}"),
            }
        }
    }
}
