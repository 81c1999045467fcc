use std::net::IpAddr;

use serde::Deserialize;

use super::{Attachment, Ip, ResultError, Route, canonical, shape::Shape};
use crate::{
    Dns, IpPrefix, SpecVersion,
    json::{self, Node},
};

/// Reads a result that has to be of the expected version, or of one with the
/// same shape.
///
/// # Errors
/// It is not JSON, does not fit, or names a version of another shape.
pub fn parse(text: &str, expected: SpecVersion) -> Result<Attachment, ResultError> {
    decode(&Node::parse(text)?, expected)
}

/// As [`parse`], for a document that was read before.
///
/// # Errors
/// It does not fit, or names a version of another shape.
pub fn decode(node: &Node, expected: SpecVersion) -> Result<Attachment, ResultError> {
    let found = json::from_value::<Header>(node)?.cni_version;
    let supported = Shape::of(expected).versions();
    if !supported.contains(&found.as_str()) {
        return Err(ResultError::OtherVersion { supported, found });
    }
    decode_shape(node, Shape::of(expected))
}

/// Reads what a plugin printed on ADD. Its own version decides; without one,
/// that of the configuration that it was given. `null` is an empty result.
///
/// # Errors
/// It is not JSON, does not fit, or names an unknown version.
pub fn parse_output(text: &str, config: SpecVersion) -> Result<Attachment, ResultError> {
    let node = Node::parse(text)?;
    let own = match node.get_exact("cniVersion") {
        None | Some(Node::Null) => String::new(),
        Some(version) => json::from_value(version).map_err(|error| error.at_key("cniVersion"))?,
    };
    let version = match own.as_str() {
        "" => config,
        _ => own.parse().map_err(|_| ResultError::UnsupportedVersion(own))?,
    };
    decode_shape(&node, Shape::of(version))
}

/// Reads the `prevResult` of a configuration. Without a version of its own it
/// has the configuration's. `None` for `null`.
///
/// # Errors
/// It does not fit, or names a version of another shape than the
/// configuration's.
pub fn parse_previous(node: &Node, config: SpecVersion) -> Result<Option<Attachment>, ResultError> {
    if *node == Node::Null {
        return Ok(None);
    }
    if json::from_value::<Header>(node)?.cni_version.is_empty() {
        return decode_shape(node, Shape::of(config)).map(Some);
    }
    decode(node, config).map(Some)
}

fn decode_shape(node: &Node, shape: Shape) -> Result<Attachment, ResultError> {
    match shape {
        Shape::Families => Ok(json::from_value::<Families>(node)?.into()),
        // `version` repeats what the address tells.
        Shape::Versioned | Shape::Newest => Ok(json::from_value(node)?),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    #[serde(rename = "cniVersion")]
    cni_version: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Families {
    ip4: Option<Family>,
    ip6: Option<Family>,
    dns: Dns,
}

#[derive(Deserialize)]
struct Family {
    #[serde(with = "canonical::prefix")]
    ip: IpPrefix,
    #[serde(default, with = "canonical::address")]
    gateway: Option<IpAddr>,
    #[serde(default)]
    routes: Vec<Route>,
}

impl From<Families> for Attachment {
    fn from(families: Families) -> Self {
        let mut attachment = Self {
            dns: families.dns,
            ..Self::default()
        };
        for family in [families.ip4, families.ip6].into_iter().flatten() {
            attachment.ips.push(Ip {
                interface: None,
                address: family.ip,
                gateway: family.gateway,
            });
            attachment.routes.extend(family.routes);
        }
        attachment
    }
}
