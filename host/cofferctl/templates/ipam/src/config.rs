use std::net::IpAddr;

use cofferdam_guest_sdk::{Failure, IpPrefix};
use serde::Deserialize;

/// The configuration of the plugin that calls this one. Keys match whatever
/// their case, and those that are not here are passed over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    ipam: Ipam,
}

/// This plugin's part of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Ipam {
    addresses: Vec<IpPrefix>,
    gateway: Option<IpAddr>,
}

impl Config {
    /// The addresses that there are to hand out, of one family.
    pub(crate) fn addresses(&self) -> Result<&[IpPrefix], Failure> {
        let addresses = &self.ipam.addresses;
        let Some(first) = addresses.first() else {
            let text = "ipam.addresses: there are none; list them, as in [\"10.99.0.2/24\", \"10.99.0.3/24\"]";
            return Err(Failure::invalid_config(text));
        };
        let of_another_family =
            |(_, address): &(usize, &IpPrefix)| address.is_ipv6() != first.is_ipv6();
        if let Some((index, other)) = addresses.iter().enumerate().find(of_another_family) {
            let text =
                format!("ipam.addresses[{index}]: {other} is of another family than {first}");
            return Err(Failure::invalid_config(text));
        }
        Ok(addresses)
    }

    pub(crate) fn gateway(&self) -> Option<IpAddr> {
        self.ipam.gateway
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn addresses_are_given_and_of_one_family() {
        for (config, outcome) in [
            (
                r#"{ "ipam": { "addresses": ["10.0.0.2/24", "10.0.0.3/24"] } }"#,
                Ok(2),
            ),
            (r#"{ "ipam": { "addresses": ["fd00::2/64"] } }"#, Ok(1)),
            ("{}", Err("there are none")),
            (r#"{ "ipam": { "addresses": [] } }"#, Err("there are none")),
            (
                r#"{ "ipam": { "addresses": ["10.0.0.2/24", "fd00::2/64"] } }"#,
                Err("ipam.addresses[1]: fd00::2/64 is of another family"),
            ),
            (
                r#"{ "ipam": { "addresses": ["10.0.0.2/33"] } }"#,
                Err("10.0.0.2/33"),
            ),
        ] {
            let found = parse::<Config>(config).and_then(|config| Ok(config.addresses()?.len()));
            match (found, outcome) {
                (Ok(found), Ok(count)) => assert_eq!(found, count, "{config}"),
                (Err(failure), Err(words)) => {
                    assert!(failure.message.contains(words), "{config}: {failure}")
                }
                (found, _) => panic!("{config}: {found:?}"),
            }
        }
    }
}
