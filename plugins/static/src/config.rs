use std::net::IpAddr;

use cofferdam_guest_sdk::{
    Address, Failure, IpPrefix, Request,
    config::{DnsConfig, RouteConfig, optional_address},
};
use serde::Deserialize;

/// The network's configuration, as far as this plugin reads it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    cni_version: Option<String>,
    ipam: Option<Ipam>,
    args: Option<Args>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ipam {
    addresses: Vec<AddressConfig>,
    pub(crate) routes: Vec<RouteConfig>,
    pub(crate) dns: DnsConfig,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct AddressConfig {
    address: String,
    #[serde(deserialize_with = "optional_address")]
    gateway: Option<IpAddr>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Args {
    cni: Asked,
}

/// Addresses that are asked for with the attachment: by `args.cni`, and as
/// capability arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    ips: Vec<String>,
}

impl Config {
    pub(crate) fn ipam(&self) -> Result<&Ipam, Failure> {
        self.ipam
            .as_ref()
            .ok_or_else(|| Failure::invalid_config("IPAM config missing 'ipam' key"))
    }

    /// Those that stand in the configuration itself.
    pub(crate) fn configured(&self) -> Result<Vec<Address>, Failure> {
        let configured = self.ipam()?.addresses.iter().map(|config| {
            let address = in_cidr_notation("the 'address' field is expected to be", &config.address)?;
            Ok(Address {
                gateway: config.gateway,
                ..Address::new(address)
            })
        });
        configured.collect()
    }
}

/// The addresses of an attachment. What the runtime asks for as a capability
/// stands in the place of `args.cni`, and that in the place of what the
/// configuration and `CNI_ARGS` have together.
pub(crate) fn addresses(request: &Request<Config>) -> Result<Vec<Address>, Failure> {
    let config = &request.config;
    let mut addresses = config.configured()?;
    let args = request.args.strict(&["IP", "GATEWAY"])?;
    for text in listed(args.get("IP")) {
        addresses.push(Address::new(in_cidr_notation(
            "the 'ip' field is expected to be",
            text,
        )?));
    }
    for text in listed(args.get("GATEWAY")) {
        let gateway = parse_gateway(text)?;
        let reached = addresses.iter_mut().filter(|address| address.address.contains(gateway));
        reached.for_each(|address| address.gateway = Some(gateway));
    }
    let asked: Asked = request.capabilities()?;
    let conventional = config.args.as_ref().map(|args| &args.cni.ips);
    for ips in [conventional, Some(&asked.ips)].into_iter().flatten() {
        if !ips.is_empty() {
            addresses = ips
                .iter()
                .map(|text| in_cidr_notation("an entry in the 'ips' field is NOT", text).map(Address::new))
                .collect::<Result<_, Failure>>()?;
        }
    }
    check_count(config, &addresses)?;
    Ok(addresses)
}

/// The parts of a list with commas.
fn listed(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.into_iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn in_cidr_notation(what: &str, text: &str) -> Result<IpPrefix, Failure> {
    let prefix: Result<IpPrefix, _> = text.trim().parse();
    prefix
        .map(|prefix| prefix.to_canonical())
        .map_err(|error| Failure::invalid_config(format!("{what} in CIDR notation, got: '{text}' ({error})")))
}

fn parse_gateway(text: &str) -> Result<IpAddr, Failure> {
    match text.parse::<IpAddr>() {
        Ok(gateway) => Ok(gateway.to_canonical()),
        Err(_) => Err(Failure::invalid_config(format!("invalid gateway address: {text}"))),
    }
}

/// Results before 0.3.0 have room for one address of each family.
fn check_count(config: &Config, addresses: &[Address]) -> Result<(), Failure> {
    let version = config.cni_version.as_deref().unwrap_or_default();
    if !matches!(version, "" | "0.1.0" | "0.2.0") {
        return Ok(());
    }
    let of_family = |ipv6| {
        addresses
            .iter()
            .filter(move |address| address.address.is_ipv6() == ipv6)
            .count()
    };
    if of_family(false) <= 1 && of_family(true) <= 1 {
        return Ok(());
    }
    Err(Failure::invalid_config(format!(
        "CNI version {version} does not support more than 1 address per family"
    )))
}
