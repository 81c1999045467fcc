use std::fmt;

use cofferdam_protocol::{MacAddress, Place};
use serde::{Deserialize, Serialize};

use super::VethEnd;
use crate::{Error, Result};

/// VLANs of a bridge port, by IEEE 802.1Q, one after another and treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VlanRange {
    /// The first number.
    pub first: u16,
    /// The last number, included.
    pub last: u16,
    /// Frames without a tag that come in belong to it
    /// (`BRIDGE_VLAN_INFO_PVID`): one VLAN of a port at most.
    pub pvid: bool,
    /// Its frames go out without a tag (`BRIDGE_VLAN_INFO_UNTAGGED`).
    pub untagged: bool,
}

impl VlanRange {
    fn is_followed_by(&self, next: &Self) -> bool {
        let alike = !self.pvid && !next.pvid && self.untagged == next.untagged;
        alike && next.first == self.last + 1
    }
}

/// All VLANs of a bridge port, in order and in as few ranges as can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortVlans(Vec<VlanRange>);

impl PortVlans {
    /// The first VLAN of a network.
    pub const FIRST: u16 = 1;
    /// The last one: 4095 is reserved.
    pub const LAST: u16 = 4094;

    /// The VLANs of these ranges, in any order.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a number is none of a VLAN, a VLAN is there
    /// twice, or untagged frames would belong to more than one.
    pub fn new(mut ranges: Vec<VlanRange>) -> Result<Self> {
        ranges.sort();
        let mut vlans: Vec<VlanRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            if range.first < Self::FIRST || range.last > Self::LAST || range.first > range.last {
                let text = format!(
                    "VLANs {} to {}: a port has VLANs from {} to {}",
                    range.first,
                    range.last,
                    Self::FIRST,
                    Self::LAST
                );
                return Err(Error::Invalid(text));
            }
            if range.pvid && (range.first != range.last || vlans.iter().any(|earlier| earlier.pvid)) {
                let text = "untagged frames of a port belong to one VLAN".to_owned();
                return Err(Error::Invalid(text));
            }
            match vlans.last_mut() {
                Some(before) if range.first <= before.last => {
                    let text = format!("VLAN {} is there twice", range.first);
                    return Err(Error::Invalid(text));
                }
                Some(before) if before.is_followed_by(&range) => before.last = range.last,
                _ => vlans.push(range),
            }
        }
        Ok(Self(vlans))
    }

    /// One VLAN, to which all untagged frames belong.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the number is none of a VLAN.
    pub fn untagged(vlan: u16) -> Result<Self> {
        Self::new(vec![VlanRange {
            first: vlan,
            last: vlan,
            pvid: true,
            untagged: true,
        }])
    }

    /// The ranges, in order.
    #[must_use]
    pub fn ranges(&self) -> &[VlanRange] {
        &self.0
    }

    /// The numbers that are here and not in another, first and last of each
    /// range of them.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Vec<(u16, u16)> {
        let mut beyond = Vec::new();
        for range in &self.0 {
            let mut first = range.first;
            for known in other.0.iter().filter(|known| known.last >= range.first) {
                if known.first > range.last {
                    break;
                }
                if known.first > first {
                    beyond.push((first, known.first - 1));
                }
                first = known.last + 1;
            }
            if first <= range.last {
                beyond.push((first, range.last));
            }
        }
        beyond
    }
}

impl fmt::Display for PortVlans {
    /// As `bridge vlan show` has it, in one line: `10 PVID untagged, 20-29`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}", range.first)?;
            if range.last != range.first {
                write!(f, "-{}", range.last)?;
            }
            f.write_str(if range.pvid { " PVID" } else { "" })?;
            f.write_str(if range.untagged { " untagged" } else { "" })?;
        }
        Ok(())
    }
}

/// The node's own way into a VLAN of a bridge: a veth pair of which one end is
/// a port of the bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VlanGateway {
    /// The namespace that both ends are in.
    pub place: Place,
    /// The name of the end that addresses are put on.
    pub name: String,
    /// Its address.
    pub mac: MacAddress,
    /// The name of the port.
    pub port_name: String,
    /// Its address.
    pub port_mac: MacAddress,
    /// Index of the bridge.
    pub bridge: u32,
    /// In bytes.
    pub mtu: u32,
    /// Those that the port is in.
    pub vlans: PortVlans,
}

impl VlanGateway {
    /// The pair: the end with the name, and the port.
    #[must_use]
    pub fn ends(&self) -> (VethEnd, VethEnd) {
        let end = |name: &str, mac, master| VethEnd {
            place: self.place,
            name: name.to_owned(),
            mac,
            mtu: Some(self.mtu),
            master,
        };
        (
            end(&self.name, self.mac, None),
            end(&self.port_name, self.port_mac, Some(self.bridge)),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn tagged(first: u16, last: u16) -> VlanRange {
        VlanRange {
            first,
            last,
            pvid: false,
            untagged: false,
        }
    }

    fn own(vlan: u16) -> VlanRange {
        VlanRange {
            pvid: true,
            untagged: true,
            ..tagged(vlan, vlan)
        }
    }

    #[test]
    fn ranges_are_in_order_and_as_few_as_can_be() {
        let vlans = PortVlans::new(vec![tagged(21, 30), own(5), tagged(20, 20), tagged(6, 6)]).unwrap();
        assert_eq!(vlans.ranges(), [own(5), tagged(6, 6), tagged(20, 30)]);
        assert_eq!(vlans.to_string(), "5 PVID untagged, 6, 20-30");
        assert_eq!(PortVlans::default().to_string(), "none");
    }

    #[test]
    fn what_no_port_can_have_is_refused() {
        for (ranges, word) in [
            (vec![tagged(0, 5)], "1 to 4094"),
            (vec![tagged(1, 4095)], "1 to 4094"),
            (vec![tagged(9, 5)], "9 to 5"),
            (vec![tagged(5, 9), tagged(9, 12)], "VLAN 9 is there twice"),
            (vec![own(5), tagged(5, 5)], "VLAN 5 is there twice"),
            (vec![own(5), own(6)], "belong to one VLAN"),
            (vec![VlanRange { last: 6, ..own(5) }], "belong to one VLAN"),
        ] {
            let refused = PortVlans::new(ranges).unwrap_err().to_string();
            assert!(refused.contains(word), "{word:?} is not in {refused:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_beyond_is_here_and_not_there(
            here in vec(1u16..60, 0..12),
            there in vec(1u16..60, 0..12),
        ) {
            let vlans = |mut numbers: Vec<u16>| {
                numbers.sort_unstable();
                numbers.dedup();
                PortVlans::new(numbers.into_iter().map(|vlan| tagged(vlan, vlan)).collect()).unwrap()
            };
            let (here, there) = (vlans(here), vlans(there));
            let has = |vlans: &PortVlans, vlan: u16| {
                vlans.ranges().iter().any(|range| (range.first..=range.last).contains(&vlan))
            };
            let beyond = here.beyond(&there);
            for vlan in 1u16..62 {
                let is_beyond = beyond.iter().any(|(first, last)| (*first..=*last).contains(&vlan));
                prop_assert_eq!(is_beyond, has(&here, vlan) && !has(&there, vlan), "{}", vlan);
            }
        }
    }
}
