//! Directories of the registry. What is looked for by something other than
//! its name lies on a shelf with few others, so that finding it takes as long
//! beside thousands of attachments as beside none.

use std::net::IpAddr;

use cofferdam_protocol::IpPrefix;

/// Addresses of containers, by a digest of the address: `address/1f`.
pub(super) const ADDRESSES: &str = "address";
/// Routes of the node and addresses on its links, by family and length, and a
/// digest of the network: `way/4-16/1c`.
pub(super) const WAYS: &str = "way";
/// Permanent neighbours of the node.
pub(super) const NEIGHBORS: &str = "neighbor";

pub(super) fn of_address(address: IpAddr) -> String {
    format!("{ADDRESSES}/{:02x}", digest(address))
}

pub(super) fn of_way(way: &IpPrefix) -> String {
    let family = family(way.address());
    format!(
        "{WAYS}/{family}-{}/{:02x}",
        way.length(),
        digest(way.network().address())
    )
}

/// Where the ways are that lead to all of a prefix, of those whose family and
/// length a directory below [`WAYS`] is named by.
pub(super) fn of_ways_to(prefix: &IpPrefix, directory: &str) -> Option<String> {
    let (other, length) = directory.split_once('-')?;
    let length: u8 = length.parse().ok()?;
    if other != family(prefix.address()) || length > prefix.length() {
        return None;
    }
    IpPrefix::new(prefix.address(), length).ok().map(|way| of_way(&way))
}

fn family(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "4",
        IpAddr::V6(_) => "6",
    }
}

fn digest(address: IpAddr) -> u8 {
    let fold = |octets: &[u8]| octets.iter().fold(0, |digest, octet| digest ^ octet);
    match address {
        IpAddr::V4(address) => fold(&address.octets()),
        IpAddr::V6(address) => fold(&address.octets()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_way_is_found_by_all_that_it_leads_to() {
        for (way, prefix, leads) in [
            ("10.22.0.0/16", "10.22.7.0/24", true),
            ("10.22.0.1/16", "10.22.7.9/32", true),
            ("10.22.0.0/16", "10.22.0.0/16", true),
            ("0.0.0.0/0", "10.22.0.0/16", true),
            ("10.22.0.0/16", "10.0.0.0/8", false),
            ("10.22.0.0/16", "fd00::/64", false),
            ("fd00::/64", "fd00::1/128", true),
        ] {
            let shelf = of_way(&way.parse().unwrap());
            let directory = shelf.split('/').nth(1).unwrap();
            let found = of_ways_to(&prefix.parse().unwrap(), directory);
            assert_eq!(found.as_ref() == Some(&shelf), leads, "{way} to {prefix}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_family_and_length_is_passed_over() {
        let prefix = "10.22.0.0/16".parse().unwrap();
        for directory in ["", "4", "4-", "4-33", "4-300", "6-8", "x-8", "4-8-1"] {
            assert_eq!(of_ways_to(&prefix, directory), None, "{directory}");
        }
    }

    #[test]
    fn the_addresses_of_a_network_are_on_many_shelves() {
        let addresses = (0..=255).map(|last| of_address([10, 22, 0, last].into()));
        assert_eq!(addresses.collect::<BTreeSet<_>>().len(), 256);
    }
}
