use std::net::IpAddr;

use cofferdam_guest_sdk::{
    Failure, IpPrefix, Request,
    config::{RouteConfig, optional_address, optional_prefix},
};
use serde::Deserialize;

use crate::range::{Range, text_of};

/// The network's configuration, as far as this plugin reads it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    cni_version: Option<String>,
    ipam: Option<Ipam>,
    pub(crate) args: Option<Args>,
    capabilities: Option<Supported>,
}

/// What the runtime may give with each attachment.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Supported {
    ip_ranges: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ipam {
    #[serde(deserialize_with = "optional_prefix")]
    subnet: Option<IpPrefix>,
    #[serde(deserialize_with = "optional_address")]
    range_start: Option<IpAddr>,
    #[serde(deserialize_with = "optional_address")]
    range_end: Option<IpAddr>,
    #[serde(deserialize_with = "optional_address")]
    gateway: Option<IpAddr>,
    ranges: Vec<Vec<RangeConfig>>,
    pub(crate) routes: Vec<RouteConfig>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RangeConfig {
    #[serde(deserialize_with = "optional_prefix")]
    subnet: Option<IpPrefix>,
    #[serde(deserialize_with = "optional_address")]
    range_start: Option<IpAddr>,
    #[serde(deserialize_with = "optional_address")]
    range_end: Option<IpAddr>,
    #[serde(deserialize_with = "optional_address")]
    gateway: Option<IpAddr>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Args {
    pub(crate) cni: ConventionalArgs,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ConventionalArgs {
    pub(crate) ips: Vec<String>,
}

/// Capability arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Capabilities {
    pub(crate) ips: Vec<String>,
    ip_ranges: Vec<Vec<RangeConfig>>,
}

impl Config {
    pub(crate) fn ipam(&self) -> Result<&Ipam, Failure> {
        self.ipam
            .as_ref()
            .ok_or_else(|| Failure::internal("IPAM config missing 'ipam' key"))
    }
}

/// The sets of ranges; one address is allocated from each. Those of the
/// runtime come first, then the single range of the old form.
pub(crate) fn range_sets(request: &Request<Config>) -> Result<Vec<Vec<Range>>, Failure> {
    let capabilities: Capabilities = request.capabilities()?;
    sets(&request.config, capabilities.ip_ranges)
}

/// Those that the configuration itself has, for requests that are about no
/// attachment. There may be none where the runtime gives them.
pub(crate) fn configured_range_sets(config: &Config) -> Result<Vec<Vec<Range>>, Failure> {
    let ipam = config.ipam()?;
    let is_empty = ipam.subnet.is_none() && ipam.ranges.is_empty();
    if is_empty && config.capabilities.is_some_and(|capabilities| capabilities.ip_ranges) {
        return Ok(Vec::new());
    }
    sets(config, Vec::new())
}

fn sets(config: &Config, of_runtime: Vec<Vec<RangeConfig>>) -> Result<Vec<Vec<Range>>, Failure> {
    let ipam = config.ipam()?;
    let mut given = of_runtime;
    if ipam.subnet.is_some() {
        given.push(vec![RangeConfig {
            subnet: ipam.subnet,
            range_start: ipam.range_start,
            range_end: ipam.range_end,
            gateway: ipam.gateway,
        }]);
    }
    given.extend(ipam.ranges.iter().cloned());
    if given.is_empty() {
        return Err(Failure::internal("no IP ranges specified"));
    }
    let mut sets: Vec<Vec<Range>> = Vec::new();
    for (number, set) in given.iter().enumerate() {
        let set = range_set(set).map_err(|failure| failure.within(&format!("invalid range set {number}")))?;
        sets.push(set);
    }
    check_sets(config, &sets)?;
    Ok(sets)
}

fn range_set(given: &[RangeConfig]) -> Result<Vec<Range>, Failure> {
    if given.is_empty() {
        return Err(Failure::internal("empty range set"));
    }
    let mut set: Vec<Range> = Vec::new();
    for range in given {
        let subnet = range.subnet.ok_or_else(|| Failure::internal("missing subnet"))?;
        let range = Range::new(subnet, range.range_start, range.range_end, range.gateway)?;
        if set
            .first()
            .is_some_and(|first| first.subnet.is_ipv6() != subnet.is_ipv6())
        {
            return Err(Failure::internal("mixed address families"));
        }
        if let Some(other) = set.iter().find(|other| other.overlaps(&range)) {
            return Err(Failure::internal(format!("subnets {other} and {range} overlap")));
        }
        set.push(range);
    }
    Ok(set)
}

fn check_sets(config: &Config, sets: &[Vec<Range>]) -> Result<(), Failure> {
    let mut families = [0, 0];
    for (number, set) in sets.iter().enumerate() {
        for (other, earlier) in sets.iter().enumerate().take(number) {
            if set
                .iter()
                .any(|range| earlier.iter().any(|before| before.overlaps(range)))
            {
                return Err(Failure::internal(format!(
                    "range set {number} overlaps with {other}: {}",
                    text_of(set)
                )));
            }
        }
        let ipv6 = set.first().is_some_and(|range| range.subnet.is_ipv6());
        families[usize::from(ipv6)] += 1;
    }
    let version = config.cni_version.as_deref().unwrap_or_default();
    if families.iter().any(|count| *count > 1) && matches!(version, "" | "0.1.0" | "0.2.0") {
        return Err(Failure::internal(format!(
            "CNI version {version} does not support more than 1 address per family"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    fn of(text: &str) -> Result<Vec<String>, Failure> {
        let config: Config = parse(text)?;
        Ok(sets(&config, Vec::new())?.iter().map(|set| text_of(set)).collect())
    }

    #[test]
    fn the_old_form_comes_before_the_ranges() {
        let text = r#"{"cniVersion":"1.0.0","ipam":{"subnet":"10.1.0.0/24","rangeStart":"10.1.0.9","rangeEnd":"",
            "ranges":[[{"subnet":"10.2.0.0/24"},{"subnet":"10.3.0.0/30"}],[{"subnet":"fd00::/126"}]]}}"#;
        assert_eq!(
            of(text).unwrap(),
            [
                "10.1.0.9-10.1.0.254",
                "10.2.0.1-10.2.0.254,10.3.0.1-10.3.0.2",
                "fd00::1-fd00::3"
            ]
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (ipam, text) in [
            ("{}", "no IP ranges specified"),
            (r#"{"ranges":[[]]}"#, "invalid range set 0"),
            (
                r#"{"ranges":[[{"subnet":"10.1.0.0/24"},{"subnet":"fd00::/64"}]]}"#,
                "mixed address families",
            ),
            (
                r#"{"ranges":[[{"subnet":"10.1.0.0/24"},{"subnet":"10.1.0.0/25"}]]}"#,
                "overlap",
            ),
            (
                r#"{"ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"10.1.0.0/25"}]]}"#,
                "range set 1 overlaps with 0",
            ),
            (
                r#"{"ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"10.2.0.0/24"}]]}"#,
                "more than 1 address",
            ),
        ] {
            let failure = of(&format!(r#"{{"cniVersion":"0.2.0","ipam":{ipam}}}"#)).unwrap_err();
            assert!(failure.message.contains(text), "{ipam}: {failure}");
        }
        assert!(of("{}").unwrap_err().message.contains("missing 'ipam' key"));
    }
}
