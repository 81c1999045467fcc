use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cofferdam_guest_sdk::{Failure, Request};
use serde::Deserialize;

use crate::{
    conditions::{self, Condition, Dialect},
    mapping::{Mapping, Protocol},
};

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    backend: Option<String>,
    snat: Option<bool>,
    pub(crate) masq_all: bool,
    mark_masq_bit: Option<i64>,
    external_set_mark_chain: Option<String>,
    #[serde(rename = "conditionsV4")]
    conditions_v4: Option<Vec<String>>,
    #[serde(rename = "conditionsV6")]
    conditions_v6: Option<Vec<String>>,
}

/// What the runtime passes on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Capabilities {
    port_mappings: Option<Vec<MappingConfig>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MappingConfig {
    host_port: i64,
    container_port: i64,
    protocol: String,
    #[serde(rename = "hostIP")]
    host_ip: Option<String>,
}

/// The chain by which Kubernetes marks packets for its own masquerading, which
/// does just what ours does.
const KUBERNETES_CHAIN: &str = "KUBE-MARK-MASQ";

impl Config {
    /// What makes no sense, and what can't be done without `iptables`.
    pub(crate) fn validate(&self) -> Result<(), Failure> {
        if self.mark_masq_bit.is_some() && self.external_set_mark_chain.is_some() {
            let text = "Cannot specify externalSetMarkChain and markMasqBit";
            return Err(Failure::internal(text));
        }
        if self.mark_masq_bit.is_some_and(|bit| !(0..=31).contains(&bit)) {
            return Err(Failure::internal("MasqMarkBit must be between 0 and 31"));
        }
        let dialect = match self.backend.as_deref() {
            None | Some("") => None,
            Some("iptables") => Some(Dialect::Iptables),
            Some("nftables") => Some(Dialect::Nftables),
            Some(other) => return Err(Failure::internal(format!("unrecognized backend {other:?}"))),
        };
        self.refuse_other_dialect(dialect)?;
        match self.external_set_mark_chain.as_deref() {
            None | Some("" | KUBERNETES_CHAIN) => {}
            Some(other) => {
                let text = format!(
                    "externalSetMarkChain {other:?} can't be used: packets are masqueraded without marks and chains of \
                     iptables. Leave it out, or name {KUBERNETES_CHAIN:?}, which has the same effect"
                );
                return Err(Failure::internal(text));
            }
        }
        for ipv6 in [false, true] {
            self.conditions(ipv6)?;
        }
        Ok(())
    }

    fn refuse_other_dialect(&self, backend: Option<Dialect>) -> Result<(), Failure> {
        let Some(backend) = backend else { return Ok(()) };
        let lists = [
            ("conditionsV4", &self.conditions_v4),
            ("conditionsV6", &self.conditions_v6),
        ];
        let of_other = lists.into_iter().filter(|(_, words)| {
            let dialect = words.as_deref().and_then(Dialect::of);
            dialect.is_some_and(|dialect| dialect != backend)
        });
        let mut options: Vec<&str> = of_other.map(|(key, _)| key).collect();
        let external = self.external_set_mark_chain.as_deref().unwrap_or_default();
        if backend == Dialect::Nftables && !external.is_empty() {
            options.push("externalSetMarkChain");
        }
        if options.is_empty() {
            return Ok(());
        }
        Err(Failure::internal(format!(
            "{} backend was requested but configuration contains {}-specific options [{}]",
            backend.name(),
            backend.other().name(),
            options.join(" ")
        )))
    }

    /// Whether packets that could not find the way back otherwise are
    /// masqueraded.
    pub(crate) fn snat(&self) -> bool {
        self.snat.unwrap_or(true)
    }

    /// What packets of a family have to be like to be let in.
    pub(crate) fn conditions(&self, ipv6: bool) -> Result<Vec<Condition>, Failure> {
        let (key, words) = if ipv6 {
            ("conditionsV6", &self.conditions_v6)
        } else {
            ("conditionsV4", &self.conditions_v4)
        };
        conditions::parse(words.as_deref().unwrap_or_default(), ipv6).map_err(|failure| failure.within(key))
    }
}

/// The mappings that the runtime asks for.
pub(crate) fn mappings(request: &Request<Config>) -> Result<Vec<Mapping>, Failure> {
    let capabilities: Capabilities = request.capabilities()?;
    let mappings = capabilities.port_mappings.unwrap_or_default();
    mappings.iter().map(mapping).collect()
}

fn mapping(given: &MappingConfig) -> Result<Mapping, Failure> {
    let port = |what: &str, port: i64| match u16::try_from(port) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Failure::internal(format!("Invalid {what} port number: {port}"))),
    };
    let container_port = port("container", given.container_port)?;
    let host_port = port("host", given.host_port)?;
    let host = match given.host_ip.as_deref() {
        None | Some("") => None,
        Some(text) => {
            let wrong = |_| Failure::internal(format!("Invalid hostIP {text:?} of host port {host_port}"));
            Some(text.parse::<IpAddr>().map_err(wrong)?)
        }
    };
    Ok(Mapping {
        protocol: Protocol::named(&given.protocol).ok_or_else(|| {
            Failure::internal(format!(
                "Invalid protocol {:?} of host port {host_port}",
                given.protocol
            ))
        })?,
        host_port,
        container_port,
        ipv6: host.map(|host| host.is_ipv6()),
        address: host.filter(|host| *host != Ipv4Addr::UNSPECIFIED && *host != Ipv6Addr::UNSPECIFIED),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (text, named) in [
            (r#"{"backend":"pf"}"#, "unrecognized backend \"pf\""),
            (r#"{"markMasqBit":32}"#, "MasqMarkBit must be between 0 and 31"),
            (
                r#"{"markMasqBit":3,"externalSetMarkChain":"X"}"#,
                "Cannot specify externalSetMarkChain and markMasqBit",
            ),
            (r#"{"externalSetMarkChain":"X"}"#, "externalSetMarkChain \"X\""),
            (
                r#"{"backend":"nftables","conditionsV4":["-s","10.0.0.0/8"]}"#,
                "nftables backend was requested but configuration contains iptables-specific options [conditionsV4]",
            ),
            (
                r#"{"backend":"iptables","conditionsV6":["ip6","saddr","::1"]}"#,
                "iptables backend was requested but configuration contains nftables-specific options [conditionsV6]",
            ),
            (r#"{"conditionsV4":["-m","geoip"]}"#, "conditionsV4: "),
        ] {
            let config: Config = parse(text).unwrap();
            let failure = config.validate().unwrap_err();
            assert!(failure.message.contains(named), "{text}: {failure}");
        }
    }

    #[test]
    fn what_has_the_same_effect_is_taken() {
        for text in [
            r"{}",
            r#"{"backend":"iptables","markMasqBit":13}"#,
            r#"{"backend":"nftables"}"#,
            r#"{"externalSetMarkChain":"KUBE-MARK-MASQ"}"#,
        ] {
            let config: Config = parse(text).unwrap();
            assert!(config.validate().is_ok() && config.snat(), "{text}");
        }
    }

    #[test]
    fn a_mapping_names_what_is_wrong_with_it() {
        for (text, named) in [
            (
                r#"{"hostPort":80,"containerPort":0}"#,
                "Invalid container port number: 0",
            ),
            (r#"{"hostPort":-1,"containerPort":80}"#, "Invalid host port number: -1"),
            (
                r#"{"hostPort":65536,"containerPort":80}"#,
                "Invalid host port number: 65536",
            ),
            (
                r#"{"hostPort":80,"containerPort":80,"protocol":"icmp"}"#,
                "Invalid protocol \"icmp\"",
            ),
            (
                r#"{"hostPort":80,"containerPort":80,"protocol":"tcp","hostIP":"here"}"#,
                "Invalid hostIP \"here\"",
            ),
        ] {
            let given: MappingConfig = parse(text).unwrap();
            let failure = mapping(&given).unwrap_err();
            assert!(failure.message.contains(named), "{text}: {failure}");
        }
    }

    #[test]
    fn an_unspecified_host_address_is_any_of_its_family() {
        for (text, ipv6, address) in [
            ("", None, None),
            ("0.0.0.0", Some(false), None),
            ("::", Some(true), None),
            ("192.0.2.1", Some(false), Some("192.0.2.1")),
        ] {
            let given = MappingConfig {
                host_port: 8080,
                container_port: 80,
                protocol: "TCP".to_owned(),
                host_ip: Some(text.to_owned()),
            };
            let mapping = mapping(&given).unwrap();
            assert_eq!(mapping.ipv6, ipv6);
            assert_eq!(mapping.address, address.map(|address| address.parse().unwrap()));
        }
    }
}
