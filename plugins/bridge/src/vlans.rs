//! `vlan`, `vlanTrunk` and `preserveDefaultVlan`: which VLANs the host's end of
//! a pair is in as a port of the bridge.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_guest_sdk::{Failure, Link, VlanRange};
use serde::Deserialize;

use crate::config::Config;

/// The last VLAN: 4095 is reserved.
const LAST: i64 = 4094;
/// What untagged frames belong to where only tagged ones are asked for.
const DEFAULT: u16 = 1;

/// An item of `vlanTrunk`: one VLAN, or those from one to another, or both.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Trunk {
    id: Option<i64>,
    #[serde(rename = "minID")]
    min_id: Option<i64>,
    #[serde(rename = "maxID")]
    max_id: Option<i64>,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vlans {
    /// The one that untagged frames belong to.
    own: Option<u16>,
    /// Those of tagged frames.
    trunk: BTreeSet<u16>,
    keep_default: bool,
}

/// How a port is in a VLAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Membership {
    pvid: bool,
    untagged: bool,
}

const OWN: Membership = Membership {
    pvid: true,
    untagged: true,
};
const TAGGED: Membership = Membership {
    pvid: false,
    untagged: false,
};

type Memberships = BTreeMap<u16, Membership>;

impl Vlans {
    /// What the fields of a configuration ask for.
    pub(crate) fn new(vlan: i64, trunk: &[Trunk], keep_default: bool) -> Result<Self, Failure> {
        let own =
            match vlan {
                0 => None,
                vlan => Some(number(vlan).ok_or_else(|| {
                    Failure::internal(format!("invalid VLAN ID {vlan} (must be between 0 and {LAST})"))
                })?),
            };
        let mut numbers = BTreeSet::new();
        for item in trunk {
            numbers.extend(item.numbers()?);
        }
        Ok(Self {
            own,
            trunk: numbers,
            keep_default,
        })
    }

    /// The VLAN of the container's untagged frames, if it is not the default.
    pub(crate) fn own(&self) -> Option<u16> {
        self.own
    }

    /// Whether the port stays in the bridge's default VLAN.
    pub(crate) fn keeps_default(&self) -> bool {
        self.keep_default
    }

    /// Puts the host's end into its VLANs. Nothing is changed where none is
    /// asked for.
    pub(crate) fn put(&self, port: &Link) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let kept = if self.keep_default {
            port.port_vlans()?
        } else {
            Vec::new()
        };
        port.set_port_vlans(&ranges(&self.memberships(&kept)))?;
        Ok(())
    }

    /// Whether the port is in its VLANs, and in no others unless those of the
    /// default are kept.
    pub(crate) fn are_of(&self, port: &Link) -> Result<bool, Failure> {
        if self.is_empty() {
            return Ok(true);
        }
        let present = memberships(&port.port_vlans()?);
        let wanted = self.memberships(&[]);
        let all_there = wanted.iter().all(|(vlan, how)| present.get(vlan) == Some(how));
        Ok(all_there && (self.keep_default || present.len() == wanted.len()))
    }

    fn is_empty(&self) -> bool {
        self.own.is_none() && self.trunk.is_empty()
    }

    /// `kept` are those that the port has and keeps.
    fn memberships(&self, kept: &[VlanRange]) -> Memberships {
        let mut all = memberships(kept);
        all.extend(self.trunk.iter().map(|vlan| (*vlan, TAGGED)));
        for how in all.values_mut() {
            how.pvid = false;
        }
        all.insert(self.own.unwrap_or(DEFAULT), OWN);
        all
    }
}

impl Trunk {
    fn numbers(&self) -> Result<Vec<u16>, Failure> {
        let wrong = |what: &str| Failure::internal(format!("vlanTrunk: {what}"));
        let checked = |value: i64, key: &str| {
            let text = format!("incorrect trunk {key} parameter {value} (must be between 1 and {LAST})");
            number(value).ok_or_else(|| wrong(&text))
        };
        let missing = |key: &str| {
            let text = format!("minID and maxID should be configured simultaneously, {key} is missing");
            wrong(&text)
        };
        let mut numbers = Vec::new();
        match (self.min_id, self.max_id) {
            (Some(min), Some(max)) => {
                let (first, last) = (checked(min, "minID")?, checked(max, "maxID")?);
                if first > last {
                    return Err(wrong("minID is greater than maxID in trunk parameter"));
                }
                numbers.extend(first..=last);
            }
            (Some(_), None) => return Err(missing("maxID")),
            (None, Some(_)) => return Err(missing("minID")),
            (None, None) => {}
        }
        if let Some(id) = self.id {
            numbers.push(checked(id, "id")?);
        }
        Ok(numbers)
    }
}

fn number(value: i64) -> Option<u16> {
    let in_range = (1..=LAST).contains(&value);
    u16::try_from(value).ok().filter(|_| in_range)
}

fn memberships(ranges: &[VlanRange]) -> Memberships {
    let each = ranges.iter().flat_map(|range| {
        let how = Membership {
            pvid: range.pvid,
            untagged: range.untagged,
        };
        (range.first..=range.last).map(move |vlan| (vlan, how))
    });
    each.collect()
}

fn ranges(memberships: &Memberships) -> Vec<VlanRange> {
    let mut ranges: Vec<VlanRange> = Vec::new();
    for (&vlan, how) in memberships {
        match ranges.last_mut() {
            Some(range) if range.last + 1 == vlan && !range.pvid && !how.pvid && range.untagged == how.untagged => {
                range.last = vlan;
            }
            _ => ranges.push(VlanRange {
                first: vlan,
                last: vlan,
                pvid: how.pvid,
                untagged: how.untagged,
            }),
        }
    }
    ranges
}

/// The link of the node in a VLAN of the configuration's bridge.
pub(crate) fn gateway_name(config: &Config, vlan: u16) -> String {
    format!("{}.{vlan}", config.bridge())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn vlans(vlan: i64, trunk: &str, keep_default: bool) -> Result<Vlans, Failure> {
        let trunk: Vec<Trunk> = cofferdam_guest_sdk::config::parse(trunk).unwrap();
        Vlans::new(vlan, &trunk, keep_default)
    }

    /// As `bridge vlan show` has them, shortened.
    fn shown(memberships: &Memberships) -> String {
        let shown: Vec<String> = ranges(memberships)
            .iter()
            .map(|range| {
                let flags = [(range.pvid, "p"), (range.untagged, "u")];
                let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag).collect();
                if range.first == range.last {
                    format!("{}{flags}", range.first)
                } else {
                    format!("{}-{}{flags}", range.first, range.last)
                }
            })
            .collect();
        shown.join(" ")
    }

    #[test]
    fn a_port_is_in_the_vlans_that_are_asked_for() {
        let default = [VlanRange {
            first: 1,
            last: 1,
            pvid: true,
            untagged: true,
        }];
        for (vlan, trunk, keep_default, expected) in [
            (5, "[]", false, "5pu"),
            (5, "[]", true, "1u 5pu"),
            (1, "[]", true, "1pu"),
            (0, r#"[{"id":7}]"#, false, "1pu 7"),
            (
                0,
                r#"[{"minID":10,"maxID":13},{"id":12},{"id":20}]"#,
                false,
                "1pu 10-13 20",
            ),
            (0, r#"[{"minid":10,"MAXID":11,"id":30}]"#, true, "1pu 10-11 30"),
            (5, r#"[{"minID":4,"maxID":6}]"#, false, "4 5pu 6"),
            (5, r#"[{"id":1}]"#, true, "1 5pu"),
        ] {
            let vlans = vlans(vlan, trunk, keep_default).unwrap();
            let kept = if keep_default { &default[..] } else { &[] };
            assert_eq!(
                shown(&vlans.memberships(kept)),
                expected,
                "{vlan} {trunk} {keep_default}"
            );
        }
        assert!(vlans(0, "[{}]", false).unwrap().is_empty());
    }

    #[test]
    fn a_number_that_is_none_of_a_vlan_is_told_by_its_field() {
        for (vlan, trunk, message) in [
            (4095, "[]", "invalid VLAN ID 4095 (must be between 0 and 4094)"),
            (-1, "[]", "invalid VLAN ID -1 (must be between 0 and 4094)"),
            (
                0,
                r#"[{"id":0}]"#,
                "vlanTrunk: incorrect trunk id parameter 0 (must be between 1 and 4094)",
            ),
            (
                0,
                r#"[{"minID":0,"maxID":5}]"#,
                "vlanTrunk: incorrect trunk minID parameter 0 (must be between 1 and 4094)",
            ),
            (
                0,
                r#"[{"minID":5,"maxID":4095}]"#,
                "vlanTrunk: incorrect trunk maxID parameter 4095 (must be between 1 and 4094)",
            ),
            (
                0,
                r#"[{"minID":6,"maxID":5}]"#,
                "vlanTrunk: minID is greater than maxID in trunk parameter",
            ),
            (
                0,
                r#"[{"minID":5}]"#,
                "vlanTrunk: minID and maxID should be configured simultaneously, maxID is missing",
            ),
            (
                0,
                r#"[{"maxID":5}]"#,
                "vlanTrunk: minID and maxID should be configured simultaneously, minID is missing",
            ),
        ] {
            assert_eq!(vlans(vlan, trunk, false).unwrap_err().message, message);
        }
    }
}
