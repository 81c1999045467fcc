use std::net::IpAddr;

use cofferdam_guest_sdk::{Failure, IpPrefix, Request};

use crate::config::{Capabilities, Config};

/// The addresses that were asked for, by `CNI_ARGS`, by `args.cni` and by
/// capability, all together. A prefix length is allowed and ignored.
pub(crate) fn requested(request: &Request<Config>) -> Result<Vec<IpAddr>, Failure> {
    let capabilities: Capabilities = request.capabilities()?;
    let args = request.args.strict(&["IP"])?;
    let conventional = request
        .config
        .args
        .iter()
        .flat_map(|args| args.cni.ips.iter().map(String::as_str));
    let mut addresses = Vec::new();
    let texts = args
        .get("IP")
        .into_iter()
        .chain(conventional)
        .chain(capabilities.ips.iter().map(String::as_str));
    for text in texts.filter(|text| !text.is_empty()) {
        let address = parse(text)?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

fn parse(text: &str) -> Result<IpAddr, Failure> {
    if text.contains('/') {
        return Ok(text.parse::<IpPrefix>()?.address().to_canonical());
    }
    text.parse()
        .map(|address: IpAddr| address.to_canonical())
        .map_err(|_| Failure::internal(format!("requested address {text:?} is not an IP address")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_with_or_without_a_length_is_meant() {
        for text in ["10.1.0.5", "10.1.0.5/16", "::ffff:10.1.0.5"] {
            assert_eq!(parse(text).unwrap().to_string(), "10.1.0.5");
        }
        assert!(parse("10.1").is_err());
    }
}
