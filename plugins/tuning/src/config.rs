use std::fmt;

use cofferdam_guest_sdk::{Failure, MacAddress, Request};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    sysctl: Settings,
    mac: Option<String>,
    promisc: bool,
    mtu: u32,
    allmulti: Option<bool>,
    #[serde(rename = "txQLen")]
    tx_queue_length: Option<u32>,
    args: Option<Args>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Args {
    cni: ConventionalArgs,
}

/// What stands here is stronger than what the configuration itself says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ConventionalArgs {
    sysctl: Settings,
    mac: Option<String>,
    promisc: Option<bool>,
    mtu: Option<u32>,
    allmulti: Option<bool>,
    #[serde(rename = "txQLen")]
    tx_queue_length: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Capabilities {
    mac: Option<String>,
}

/// Kernel settings with their values, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings(pub(crate) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Settings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of kernel settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
                let mut settings = Settings::default();
                while let Some((key, value)) = map.next_entry::<String, String>()? {
                    if settings.0.iter().any(|(other, _)| *other == key) {
                        let text = format!("duplicated sysctl keys are not allowed: {key}");
                        return Err(de::Error::custom(text));
                    }
                    settings.0.push((key, value));
                }
                Ok(settings)
            }

            fn visit_unit<E: de::Error>(self) -> Result<Settings, E> {
                Ok(Settings::default())
            }

            fn visit_none<E: de::Error>(self) -> Result<Settings, E> {
                Ok(Settings::default())
            }
        }

        deserializer.deserialize_any(Pairs)
    }
}

impl Settings {
    fn set(&mut self, key: &str, value: &str) {
        match self.0.iter_mut().find(|(other, _)| other == key) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((key.to_owned(), value.to_owned())),
        }
    }
}

/// What is to be tuned, whoever said so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tuning {
    pub(crate) sysctl: Settings,
    pub(crate) mac: Option<MacAddress>,
    pub(crate) promiscuous: bool,
    /// Absent leaves it as it is.
    pub(crate) mtu: Option<u32>,
    pub(crate) all_multicast: Option<bool>,
    pub(crate) queue_length: Option<u32>,
}

impl Tuning {
    /// `args.cni` is stronger than a capability, that than `CNI_ARGS`, and
    /// that than the configuration.
    pub(crate) fn of(request: &Request<Config>) -> Result<Self, Failure> {
        let capabilities: Capabilities = request.capabilities()?;
        let in_environment = request.args.strict(&["MAC"])?.get("MAC");
        Self::merged(&request.config, in_environment, capabilities.mac.as_deref())
    }

    fn merged(config: &Config, in_environment: Option<&str>, of_runtime: Option<&str>) -> Result<Self, Failure> {
        let none = ConventionalArgs::default();
        let args = config.args.as_ref().map_or(&none, |args| &args.cni);
        let mut sysctl = config.sysctl.clone();
        for (key, value) in &args.sysctl.0 {
            sysctl.set(key, value);
        }
        let macs = [args.mac.as_deref(), of_runtime, in_environment, config.mac.as_deref()];
        let mac = macs.into_iter().flatten().find(|mac| !mac.is_empty());
        let mac = mac.map(|mac| mac.parse().map_err(|error| Failure::from(error).within("mac")));
        Ok(Self {
            sysctl,
            mac: mac.transpose()?,
            promiscuous: args.promisc.unwrap_or(config.promisc),
            mtu: Some(args.mtu.unwrap_or(config.mtu)).filter(|mtu| *mtu != 0),
            all_multicast: args.allmulti.or(config.allmulti),
            queue_length: args.tx_queue_length.or(config.tx_queue_length),
        })
    }

    /// Whether a setting of the link is among it.
    pub(crate) fn has_link_settings(&self) -> bool {
        let link = Self {
            sysctl: Settings::default(),
            ..self.clone()
        };
        link != Self::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Settings {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Settings(pairs.iter().map(pair).collect())
    }

    #[test]
    fn who_is_asked_last_is_the_strongest() {
        let [first, second, third, fourth] = [1, 2, 3, 4].map(|number| format!("02:00:00:00:00:0{number}"));
        let config = |text: &str| parse::<Config>(text).unwrap();
        let by_config = config(&format!(r#"{{"mac":"{fourth}"}}"#));
        let by_args = config(&format!(r#"{{"mac":"{fourth}","args":{{"cni":{{"mac":"{first}"}}}}}}"#));
        for (config, in_environment, of_runtime, expected) in [
            (&by_args, Some(&third), Some(&second), &first),
            (&by_config, Some(&third), Some(&second), &second),
            (&by_config, Some(&third), None, &third),
            (&by_config, None, None, &fourth),
        ] {
            let tuning = Tuning::merged(
                config,
                in_environment.map(String::as_str),
                of_runtime.map(String::as_str),
            );
            assert_eq!(tuning.unwrap().mac.unwrap().to_string(), *expected);
        }
    }

    #[test]
    fn arguments_override_key_by_key() {
        let config: Config = parse(
            r#"{"sysctl":{"net.a":"1","net.b":"2"},"promisc":true,"mtu":1400,"allmulti":true,"txQLen":5,
                "args":{"cni":{"sysctl":{"net.b":"3","net.c":"4"},"promisc":false,"mtu":0,"allmulti":false,"txQLen":0}}}"#,
        )
        .unwrap();
        let tuning = Tuning::merged(&config, None, None).unwrap();
        let expected = Tuning {
            sysctl: pairs(&[("net.a", "1"), ("net.b", "3"), ("net.c", "4")]),
            mac: None,
            promiscuous: false,
            mtu: None,
            all_multicast: Some(false),
            queue_length: Some(0),
        };
        assert_eq!(tuning, expected);
    }

    #[test]
    fn no_key_stands_there_twice() {
        let failure = parse::<Config>(r#"{"sysctl":{"net.a":"1","net.a":"2"}}"#).unwrap_err();
        assert!(
            failure.message.contains("duplicated sysctl keys are not allowed"),
            "{failure}"
        );
        assert_eq!(
            parse::<Config>(r#"{"sysctl":null}"#).unwrap().sysctl,
            Settings::default()
        );
        assert!(parse::<Config>(r#"{"sysctl":{"net.a":1}}"#).is_err());
    }
}
