use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

use super::{Attachment, Ip, ResultError, Route, canonical, shape::Shape};
use crate::{Dns, IpPrefix, SpecVersion, json};

/// Prints a result in a version of the specification: indented with four
/// spaces, without a newline at the end, keys in the order of the reference
/// plugins.
///
/// What the version has no place for is left out. Before 1.0.0 that is the
/// interfaces' `mtu`, `socketPath` and `pciID`; before 0.3.0 all but the first
/// address of each family, and those of its routes that have just a
/// destination and a gateway to tell.
///
/// # Errors
/// There is no address, and the version is older than 0.3.0.
pub fn to_json(attachment: &Attachment, version: SpecVersion) -> Result<String, ResultError> {
    let document = match Shape::of(version) {
        Shape::Families => value_of(&families(attachment, version)?),
        Shape::Versioned => value_of(&versioned(attachment, version)),
        Shape::Newest => {
            let mut document = value_of(&Newest {
                cni_version: version.as_str(),
                attachment,
            });
            document.sort_all_objects();
            document
        }
    };
    Ok(json::pretty(&document))
}

fn value_of(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("a result has string keys and no fractions")
}

#[derive(Serialize)]
struct Newest<'a> {
    #[serde(rename = "cniVersion")]
    cni_version: &'static str,
    #[serde(flatten)]
    attachment: &'a Attachment,
}

#[derive(Serialize)]
struct Versioned<'a> {
    #[serde(rename = "cniVersion")]
    cni_version: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    interfaces: Vec<PlainInterface<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ips: Vec<VersionedIp<'a>>,
    #[serde(skip_serializing_if = "<[Route]>::is_empty")]
    routes: &'a [Route],
    dns: &'a Dns,
}

#[derive(Serialize)]
struct PlainInterface<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<&'a str>,
}

#[derive(Serialize)]
struct VersionedIp<'a> {
    version: &'static str,
    #[serde(flatten)]
    ip: &'a Ip,
}

fn versioned(attachment: &Attachment, version: SpecVersion) -> Versioned<'_> {
    let interfaces = attachment.interfaces.iter().map(|interface| PlainInterface {
        name: &interface.name,
        mac: interface.mac.as_deref(),
        sandbox: interface.sandbox.as_deref(),
    });
    let ips = attachment.ips.iter().map(|ip| VersionedIp {
        version: if is_ipv6(&ip.address) { "6" } else { "4" },
        ip,
    });
    Versioned {
        cni_version: version.as_str(),
        interfaces: interfaces.collect(),
        ips: ips.collect(),
        routes: &attachment.routes,
        dns: &attachment.dns,
    }
}

#[derive(Serialize)]
struct Families<'a> {
    #[serde(rename = "cniVersion")]
    cni_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip4: Option<Family>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip6: Option<Family>,
    dns: &'a Dns,
}

#[derive(Serialize)]
struct Family {
    #[serde(with = "canonical::prefix")]
    ip: IpPrefix,
    #[serde(skip_serializing_if = "Option::is_none", with = "canonical::address")]
    gateway: Option<IpAddr>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<Route>,
}

fn families(attachment: &Attachment, version: SpecVersion) -> Result<Families<'_>, ResultError> {
    let ip4 = family(attachment, false);
    let ip6 = family(attachment, true);
    if ip4.is_none() && ip6.is_none() {
        return Err(ResultError::NoAddresses);
    }
    Ok(Families {
        cni_version: version.as_str(),
        ip4,
        ip6,
        dns: &attachment.dns,
    })
}

fn family(attachment: &Attachment, ipv6: bool) -> Option<Family> {
    let first = attachment.ips.iter().find(|ip| is_ipv6(&ip.address) == ipv6)?;
    let routes = attachment
        .routes
        .iter()
        .filter(|route| is_ipv6(&route.dst) == ipv6)
        .map(|route| Route {
            gw: route.gw,
            ..Route::to(route.dst)
        });
    Some(Family {
        ip: first.address,
        gateway: first.gateway,
        routes: routes.collect(),
    })
}

fn is_ipv6(prefix: &IpPrefix) -> bool {
    prefix.to_canonical().is_ipv6()
}
