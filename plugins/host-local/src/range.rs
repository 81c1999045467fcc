use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cofferdam_guest_sdk::{Failure, IpPrefix};

/// Addresses of one network that may be handed out, all but the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) subnet: IpPrefix,
    pub(crate) start: IpAddr,
    pub(crate) end: IpAddr,
    pub(crate) gateway: IpAddr,
}

impl Range {
    /// A range with what was left out filled in: the gateway and the start are
    /// the network's first address, the end its last one that is no broadcast
    /// address.
    pub(crate) fn new(
        subnet: IpPrefix,
        start: Option<IpAddr>,
        end: Option<IpAddr>,
        gateway: Option<IpAddr>,
    ) -> Result<Self, Failure> {
        let longest = if subnet.is_ipv6() { 126 } else { 30 };
        if subnet.length() > longest {
            return Err(Failure::internal(format!(
                "Network {subnet} too small to allocate from"
            )));
        }
        if subnet.network() != subnet {
            return Err(Failure::internal(format!(
                "Network has host bits set. For a subnet mask of length {} the network address is {}",
                subnet.length(),
                subnet.network().address()
            )));
        }
        let first = step(subnet.address(), 1);
        let start = inside(subnet, "RangeStart", start)?.unwrap_or(first);
        let end = inside(subnet, "RangeEnd", end)?.unwrap_or_else(|| last_usable(subnet));
        if number(end) < number(start) {
            return Err(Failure::internal(format!(
                "RangeEnd {end} is before RangeStart {start}"
            )));
        }
        Ok(Self {
            subnet,
            start,
            end,
            gateway: gateway.unwrap_or(first),
        })
    }

    /// Whether the address may be handed out, were it not the gateway.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let between = number(self.start)..=number(self.end);
        address.is_ipv6() == self.start.is_ipv6() && between.contains(&number(address))
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.start) || other.contains(self.start)
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

/// A set's text in errors: its ranges with commas.
pub(crate) fn text_of(set: &[Range]) -> String {
    set.iter().map(Range::to_string).collect::<Vec<_>>().join(",")
}

fn inside(subnet: IpPrefix, what: &str, address: Option<IpAddr>) -> Result<Option<IpAddr>, Failure> {
    match address {
        Some(address) if !subnet.contains(address) => {
            Err(Failure::internal(format!("{what} {address} not in network {subnet}")))
        }
        address => Ok(address),
    }
}

fn last_usable(subnet: IpPrefix) -> IpAddr {
    match subnet.last() {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits().saturating_sub(1))),
        v6 => v6,
    }
}

/// The address as a number of its family.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address so many further on, within its family.
pub(crate) fn step(address: IpAddr, by: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits().saturating_add(by))),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits().saturating_add(by.into()))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn range(subnet: &str, start: &str, end: &str) -> Result<Range, Failure> {
        let address = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        Range::new(subnet.parse().unwrap(), address(start), address(end), None)
    }

    #[test]
    fn what_is_left_out_is_the_network_itself() {
        for (subnet, text, gateway) in [
            ("10.22.0.0/16", "10.22.0.1-10.22.255.254", "10.22.0.1"),
            ("10.22.0.0/30", "10.22.0.1-10.22.0.2", "10.22.0.1"),
            ("fd00::/64", "fd00::1-fd00::ffff:ffff:ffff:ffff", "fd00::1"),
        ] {
            let range = range(subnet, "", "").unwrap();
            assert_eq!(
                (range.to_string().as_str(), range.gateway.to_string().as_str()),
                (text, gateway)
            );
        }
    }

    #[test]
    fn a_range_that_makes_no_sense_is_refused() {
        for (subnet, start, end, text) in [
            ("10.22.0.0/31", "", "", "too small"),
            ("10.22.0.5/16", "", "", "host bits"),
            ("10.22.0.0/16", "10.23.0.1", "", "RangeStart 10.23.0.1 not in network"),
            ("10.22.0.0/16", "", "10.23.0.1", "RangeEnd 10.23.0.1 not in network"),
            ("10.22.0.0/16", "10.22.0.9", "10.22.0.3", "before"),
        ] {
            let failure = range(subnet, start, end).unwrap_err();
            assert!(failure.message.contains(text), "{failure}");
        }
    }
}
