//! Configurations as JSON, and the parts that many plugins have in common.
//!
//! Keys match whatever their case, `null` is as good as absent, unknown keys
//! are passed over: what the callers of the reference plugins rely on.

use std::net::IpAddr;

use cofferdam_protocol::{
    IpPrefix, MacAddress,
    json::{self, de::zero_as_none},
};
use serde::{Deserialize, Deserializer, de, de::DeserializeOwned};

use crate::{Dns, Failure, Request, Route, codes};

/// Decodes a JSON text as leniently as the reference plugins do.
///
/// ```
/// use cofferdam_guest_sdk::config;
///
/// #[derive(Default, serde::Deserialize)]
/// #[serde(default, rename_all = "camelCase")]
/// struct Config {
///     is_gateway: bool,
/// }
///
/// let config: Config = config::parse(r#"{"isGateway": true, "type": "bridge"}"#).unwrap();
/// assert!(config.is_gateway);
/// let failure = config::parse::<Config>(r#"{"isGateway": "true"}"#).err().unwrap();
/// assert_eq!(failure.code, 6);
/// assert!(failure.message.ends_with(r#"isGateway: expected a boolean, found "true""#));
/// ```
///
/// # Errors
/// The text is not JSON, or a value is of the wrong type; the message says
/// where.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    json::from_str(text).map_err(undecodable)
}

/// Decodes what a key of the configuration has, given as a text of its own.
pub(crate) fn parse_at<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, Failure> {
    json::from_str(text).map_err(|error| undecodable(error.at_key(key)))
}

fn undecodable(error: json::Error) -> Failure {
    Failure::new(codes::UNDECODABLE, format!("failed to load configuration: {error}"))
}

/// A configuration of which nothing is read.
///
/// ```
/// # use cofferdam_guest_sdk::config::{self, Nothing};
/// let Nothing {} = config::parse(r#"{ "type": "loopback" }"#).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Nothing {}

/// The key `ipam`, as far as a main plugin is concerned.
///
/// ```
/// # use cofferdam_guest_sdk::config::{self, IpamConfig};
/// let ipam: IpamConfig = config::parse(r#"{ "type": "host-local" }"#).unwrap();
/// assert!(ipam.is_used());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IpamConfig {
    /// The plugin that hands out addresses; absent or empty: none.
    #[serde(rename = "type")]
    pub plugin: Option<String>,
}

impl IpamConfig {
    /// Whether there is a plugin that hands out addresses.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::config::IpamConfig;
    /// assert!(!IpamConfig::default().is_used());
    /// ```
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.plugin.as_deref().is_some_and(|plugin| !plugin.is_empty())
    }
}

/// The Ethernet address that is asked for: the first that is given, where an
/// empty text is as good as none.
///
/// ```
/// # use cofferdam_guest_sdk::config;
/// let from_args = Some("02:00:5e:00:53:01");
/// assert_eq!(config::first_mac([None, from_args, Some("")]).unwrap(), from_args.unwrap().parse().ok());
/// assert!(config::first_mac([Some("02:00")]).is_err());
/// ```
///
/// # Errors
/// It is no address.
pub fn first_mac<'t>(given: impl IntoIterator<Item = Option<&'t str>>) -> Result<Option<MacAddress>, Failure> {
    let Some(text) = given.into_iter().flatten().find(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(mac) => Ok(Some(mac)),
        Err(error) => Err(Failure::from(error).within(&format!("invalid args {text:?} for MAC addr"))),
    }
}

/// The Ethernet address that is asked for: by capability, by `CNI_ARGS`, where
/// nothing else may be, or by the configuration, the first that has one.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::{self, MacCapability}, Failure, Request};
/// # fn example(request: &Request<MacCapability>) -> Result<(), Failure> {
/// let mac = config::asked_mac(request, request.config.mac.as_deref())?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It is no address, or there is another word in `CNI_ARGS`.
pub fn asked_mac<C>(request: &Request<C>, configured: Option<&str>) -> Result<Option<MacAddress>, Failure> {
    let capabilities: MacCapability = request.capabilities()?;
    let from_args = request.args.strict(&["MAC"])?.get("MAC");
    first_mac([capabilities.mac.as_deref(), from_args, configured])
}

/// The capability `mac`.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::{MacCapability, Nothing}, Failure, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// let capability: MacCapability = request.capabilities()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MacCapability {
    /// The container's Ethernet address.
    pub mac: Option<String>,
}

/// The key `dns`.
///
/// ```
/// # use cofferdam_guest_sdk::config::{self, DnsConfig};
/// let dns: DnsConfig = config::parse(r#"{ "nameservers": ["192.0.2.53"] }"#).unwrap();
/// assert_eq!(dns.given().unwrap().nameservers, ["192.0.2.53"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DnsConfig {
    /// Addresses of name servers.
    pub nameservers: Option<Vec<String>>,
    /// The local domain.
    pub domain: Option<String>,
    /// Domains to search.
    pub search: Option<Vec<String>>,
    /// Resolver options.
    pub options: Option<Vec<String>>,
}

impl DnsConfig {
    /// The settings, when any is given; they then stand in place of all that
    /// an IPAM plugin says.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::config::DnsConfig;
    /// assert_eq!(DnsConfig::default().given(), None);
    /// ```
    #[must_use]
    pub fn given(&self) -> Option<Dns> {
        let domain = self.domain.clone().filter(|domain| !domain.is_empty());
        let lists = [&self.nameservers, &self.search, &self.options];
        if domain.is_none() && lists.iter().all(|list| list.is_none()) {
            return None;
        }
        let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
        Some(Dns {
            nameservers: list(&self.nameservers),
            domain,
            search: list(&self.search),
            options: list(&self.options),
        })
    }
}

/// An element of the key `routes`.
///
/// ```
/// # use cofferdam_guest_sdk::{config::{self, RouteConfig}, Route};
/// let configured: RouteConfig = config::parse(r#"{ "dst": "0.0.0.0/0", "gw": "10.22.0.1" }"#).unwrap();
/// let route = Route::from(&configured);
/// assert_eq!(route.gateway, configured.gw);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RouteConfig {
    /// Where it leads, in CIDR notation.
    pub dst: IpPrefix,
    /// The gateway.
    #[serde(default, deserialize_with = "optional_address")]
    pub gw: Option<IpAddr>,
    /// Path MTU in bytes; 0 is as good as absent.
    #[serde(default, deserialize_with = "zero_as_none")]
    pub mtu: Option<u32>,
    /// Largest TCP segment to announce; 0 is as good as absent.
    #[serde(default, deserialize_with = "zero_as_none")]
    pub advmss: Option<u32>,
    /// Metric; 0 is as good as absent.
    #[serde(default, deserialize_with = "zero_as_none")]
    pub priority: Option<u32>,
    /// Routing table.
    #[serde(default)]
    pub table: Option<u32>,
    /// Scope as in `rtnetlink(7)`.
    #[serde(default)]
    pub scope: Option<u8>,
}

impl From<&RouteConfig> for Route {
    fn from(config: &RouteConfig) -> Self {
        Self {
            destination: config.dst,
            gateway: config.gw,
            mtu: config.mtu,
            advmss: config.advmss,
            priority: config.priority,
            table: config.table,
            scope: config.scope,
        }
    }
}

/// Reads an address where an empty text is as good as none, for
/// `#[serde(deserialize_with = …)]`. An IPv4 address in IPv6 clothes is an
/// IPv4 address.
///
/// ```
/// # use cofferdam_guest_sdk::config;
/// #[derive(serde::Deserialize)]
/// struct Config {
///     #[serde(default, deserialize_with = "config::optional_address")]
///     given: Option<std::net::IpAddr>,
/// }
///
/// let some: Config = config::parse(r#"{ "given": "10.22.0.1" }"#).unwrap();
/// assert_eq!(some.given, "10.22.0.1".parse().ok());
/// let none: Config = config::parse(r#"{ "given": "" }"#).unwrap();
/// assert_eq!(none.given, None);
/// ```
///
/// # Errors
/// The text is not an address.
pub fn optional_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let Some(text) = given_text(deserializer)? else {
        return Ok(None);
    };
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(Some(address.to_canonical())),
        Err(_) => Err(de::Error::custom(format!("{text:?} is not an IP address"))),
    }
}

/// Reads a network in CIDR notation where an empty text is as good as none,
/// for `#[serde(deserialize_with = …)]`.
///
/// ```
/// # use cofferdam_guest_sdk::config;
/// #[derive(serde::Deserialize)]
/// struct Config {
///     #[serde(default, deserialize_with = "config::optional_prefix")]
///     given: Option<cofferdam_guest_sdk::IpPrefix>,
/// }
///
/// let some: Config = config::parse(r#"{ "given": "10.22.0.0/16" }"#).unwrap();
/// assert_eq!(some.given, "10.22.0.0/16".parse().ok());
/// let none: Config = config::parse(r#"{ "given": "" }"#).unwrap();
/// assert_eq!(none.given, None);
/// ```
///
/// # Errors
/// The text is not in CIDR notation.
pub fn optional_prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpPrefix>, D::Error> {
    given_text(deserializer)?
        .map(|text| text.parse().map_err(de::Error::custom))
        .transpose()
}

fn given_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_empty_address_is_no_address() {
        for (text, gateway) in [
            (r#"{"dst": "0.0.0.0/0"}"#, None),
            (r#"{"dst": "0.0.0.0/0", "gw": ""}"#, None),
            (r#"{"dst": "0.0.0.0/0", "gw": null}"#, None),
            (r#"{"dst": "0.0.0.0/0", "gw": "10.0.0.1"}"#, Some("10.0.0.1")),
            (r#"{"dst": "0.0.0.0/0", "gw": "::ffff:10.0.0.1"}"#, Some("10.0.0.1")),
        ] {
            let route: RouteConfig = parse(text).unwrap();
            assert_eq!(route.gw.map(|gateway| gateway.to_string()).as_deref(), gateway);
        }
        assert!(parse::<RouteConfig>(r#"{"dst": "0.0.0.0/0", "gw": "10.0.0"}"#).is_err());
    }

    #[test]
    fn keys_match_in_any_case() {
        let route: RouteConfig = parse(r#"{"Dst": "10.0.0.0/8", "GW": "10.0.0.1"}"#).unwrap();
        assert!(route.gw.is_some());
    }

    #[test]
    fn only_given_dns_settings_count() {
        for (text, given) in [
            ("{}", false),
            (r#"{"domain": ""}"#, false),
            (r#"{"nameservers": null}"#, false),
            (r#"{"nameservers": []}"#, true),
            (r#"{"domain": "example.com"}"#, true),
        ] {
            let dns: DnsConfig = parse(text).unwrap();
            assert_eq!(dns.given().is_some(), given, "{text}");
        }
    }
}
