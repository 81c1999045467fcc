use std::net::IpAddr;

use cofferdam_guest_sdk::{Address, Failure, IpPrefix, codes, store::Records};

use crate::range::{Range, number, step, text_of};

/// Allocates one address from each set.
pub(crate) fn allocate(
    records: &Records,
    sets: &[Vec<Range>],
    mut requested: Vec<IpAddr>,
) -> Result<Vec<Address>, Failure> {
    let owned: Vec<IpAddr> = records.owned()?.iter().filter_map(|name| name.parse().ok()).collect();
    let mut addresses = Vec::new();
    let mut looks = LOOKS;
    for (index, set) in sets.iter().enumerate() {
        let wanted = requested
            .iter()
            .position(|address| set.iter().any(|range| range.contains(*address)));
        let wanted = wanted.map(|position| requested.remove(position));
        let address = from_set(records, index, set, wanted, &owned, &mut looks)
            .map_err(|failure| failure.within(&format!("failed to allocate for range {index}")))?;
        addresses.push(address);
    }
    if requested.is_empty() {
        return Ok(addresses);
    }
    let unmet: Vec<String> = requested.iter().map(IpAddr::to_string).collect();
    Err(Failure::internal(format!(
        "failed to allocate all requested IPs: {}",
        unmet.join(",")
    )))
}

fn from_set(
    records: &Records,
    index: usize,
    set: &[Range],
    wanted: Option<IpAddr>,
    owned: &[IpAddr],
    looks: &mut usize,
) -> Result<Address, Failure> {
    if let Some(wanted) = wanted {
        return exactly(records, set, wanted);
    }
    if let Some(held) = owned
        .iter()
        .find(|address| set.iter().any(|range| range.contains(**address)))
    {
        return Err(Failure::internal(format!(
            "{held} has been allocated to this container's interface, duplicate allocation is not allowed"
        )));
    }
    next_free(records, index, set, looks)
}

fn exactly(records: &Records, set: &[Range], wanted: IpAddr) -> Result<Address, Failure> {
    let range = set.iter().find(|range| range.contains(wanted));
    let range = range.ok_or_else(|| Failure::internal(format!("{wanted} is in no range")))?;
    if wanted == range.gateway {
        return Err(Failure::internal(format!("requested ip {wanted} is subnet's gateway")));
    }
    if !records.claim(&wanted.to_string())? {
        let text = format!(
            "requested IP address {wanted} is not available in range set {}",
            text_of(set)
        );
        return Err(Failure::internal(text));
    }
    address(range, wanted)
}

/// The value that tells which address of a set was handed out last.
fn bookmark(index: usize) -> String {
    format!("last_reserved_ip.{index}")
}

/// The first free address after the one that was handed out last.
fn next_free(records: &Records, index: usize, set: &[Range], looks: &mut usize) -> Result<Address, Failure> {
    let bookmark = bookmark(index);
    let before = records.get(&bookmark)?;
    let last = before.as_deref().and_then(|text| text.trim().parse().ok());
    for (range, candidate) in Walk::new(set, last).take(*looks) {
        *looks -= 1;
        if records.claim(&candidate.to_string())? {
            records.compare_and_set(&bookmark, before.as_deref(), &candidate.to_string())?;
            return address(range, candidate);
        }
    }
    Err(Failure::internal(none_available(set, *looks == 0)))
}

fn none_available(set: &[Range], has_more: bool) -> String {
    let among = if has_more {
        format!(" among the {LOOKS} that were tried")
    } else {
        String::new()
    };
    format!("no IP addresses available in range set: {}{among}", text_of(set))
}

/// Addresses of all sets that are looked at to find free ones: less than the
/// host calls that a plugin has.
const LOOKS: usize = 16_000;

/// Whether an ADD would find an address in each set.
pub(crate) fn has_room(records: &Records, sets: &[Vec<Range>]) -> Result<(), Failure> {
    let mut looks = LOOKS;
    for (index, set) in sets.iter().enumerate() {
        let last = records.get(&bookmark(index))?;
        let last = last.as_deref().and_then(|text| text.trim().parse().ok());
        let mut is_full = true;
        for (_, candidate) in Walk::new(set, last).take(looks) {
            looks -= 1;
            if records.owner(&candidate.to_string())?.is_none() {
                is_full = false;
                break;
            }
        }
        if is_full {
            return Err(exhausted(set, looks == 0));
        }
    }
    Ok(())
}

/// Attached containers keep their addresses and go on, so it is not the code
/// for limited connectivity.
fn exhausted(set: &[Range], has_more: bool) -> Failure {
    Failure::new(
        codes::NOT_AVAILABLE,
        format!(
            "{}; detach containers, give back the addresses of those that are gone, or add a range",
            none_available(set, has_more)
        ),
    )
}

fn address(range: &Range, given: IpAddr) -> Result<Address, Failure> {
    Ok(Address::new(IpPrefix::new(given, range.subnet.length())?).with_gateway(range.gateway))
}

/// All addresses of a set, once around, beginning after the last one; no
/// gateways.
struct Walk<'a> {
    set: &'a [Range],
    range: usize,
    next: IpAddr,
    end: Option<(usize, IpAddr)>,
}

impl<'a> Walk<'a> {
    fn new(set: &'a [Range], last: Option<IpAddr>) -> Self {
        let at_last = last.and_then(|last| {
            let range = set.iter().position(|range| range.contains(last))?;
            Some((range, last))
        });
        let first = set
            .first()
            .map_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), |range| range.start);
        let (range, next) = match at_last {
            Some((range, last)) => after(set, range, last),
            None => (0, first),
        };
        Self {
            set,
            range,
            next,
            end: None,
        }
    }
}

/// The address after one: the next of its range, or the first of the next
/// range.
fn after(set: &[Range], range: usize, address: IpAddr) -> (usize, IpAddr) {
    match set.get(range) {
        Some(here) if number(address) < number(here.end) => (range, step(address, 1)),
        _ => {
            let following = if range + 1 < set.len() { range + 1 } else { 0 };
            (following, set.get(following).map_or(address, |range| range.start))
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (&'a Range, IpAddr);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let here = (self.range, self.next);
            if self.end == Some(here) {
                return None;
            }
            self.end.get_or_insert(here);
            (self.range, self.next) = after(self.set, here.0, here.1);
            let range = self.set.get(here.0)?;
            if here.1 != range.gateway {
                return Some((range, here.1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// One to three ranges in networks of their own, each with a gateway that
    /// may be anywhere in its network, and the address that was given last,
    /// which may be outside.
    fn sets() -> impl Strategy<Value = (Vec<Range>, Option<IpAddr>)> {
        let range = |index: usize, ipv6: bool| {
            (1_u32..60, 0_u32..20, 0_u32..254).prop_map(move |(start, length, gateway)| {
                let network = if ipv6 {
                    format!("fd00:{index}::")
                } else {
                    format!("10.{index}.0.0")
                };
                let base: IpAddr = network.parse().unwrap();
                let subnet = IpPrefix::new(base, if ipv6 { 64 } else { 16 }).unwrap();
                let (start, end) = (step(base, start), step(base, start + length));
                Range::new(subnet, Some(start), Some(end), Some(step(base, gateway))).unwrap()
            })
        };
        (any::<bool>(), 1_usize..4)
            .prop_flat_map(move |(ipv6, count)| (0..count).map(|index| range(index, ipv6)).collect::<Vec<_>>())
            .prop_flat_map(|set| {
                let last = (0..set.len(), 0_u32..100).prop_map({
                    let set = set.clone();
                    move |(index, offset)| step(set[index].subnet.address(), offset)
                });
                (Just(set), prop::option::of(last))
            })
    }

    proptest! {
        #[test]
        fn a_walk_tries_every_address_once_and_no_gateway((set, last) in sets()) {
            let mut tried: Vec<IpAddr> = Walk::new(&set, last).map(|(_, address)| address).collect();
            let mut all: Vec<IpAddr> = Vec::new();
            for range in &set {
                let count = u32::try_from(number(range.end) - number(range.start)).unwrap();
                all.extend((0..=count).map(|by| step(range.start, by)).filter(|address| *address != range.gateway));
            }
            tried.sort();
            all.sort();
            prop_assert_eq!(tried, all);
        }

        #[test]
        fn a_walk_gives_the_range_that_the_address_is_in((set, last) in sets()) {
            for (range, address) in Walk::new(&set, last) {
                prop_assert!(range.contains(address));
            }
        }

        #[test]
        fn the_last_free_address_is_found_wherever_the_walk_begins((set, last) in sets(), choice in any::<prop::sample::Index>()) {
            let all: Vec<IpAddr> = Walk::new(&set, None).map(|(_, address)| address).collect();
            prop_assume!(!all.is_empty());
            let free = *choice.get(&all);
            let found = Walk::new(&set, last).map(|(_, address)| address).find(|address| *address == free);
            prop_assert_eq!(found, Some(free));
        }

        #[test]
        fn what_was_given_last_is_tried_last((set, _) in sets(), choice in any::<prop::sample::Index>()) {
            let all: Vec<IpAddr> = Walk::new(&set, None).map(|(_, address)| address).collect();
            prop_assume!(!all.is_empty());
            let given = *choice.get(&all);
            let walked = Walk::new(&set, Some(given)).map(|(_, address)| address);
            prop_assert_eq!(walked.last(), Some(given));
        }
    }

    fn set(ranges: &[(&str, &str, &str)]) -> Vec<Range> {
        ranges
            .iter()
            .map(|(subnet, start, end)| {
                let (start, end) = (start.parse().unwrap(), end.parse().unwrap());
                Range::new(subnet.parse().unwrap(), Some(start), Some(end), None).unwrap()
            })
            .collect()
    }

    fn walk(set: &[Range], last: Option<&str>) -> Vec<String> {
        Walk::new(set, last.map(|last| last.parse().unwrap()))
            .map(|(_, address)| address.to_string())
            .collect()
    }

    #[test]
    fn a_walk_goes_once_around_and_leaves_out_gateways() {
        let set = set(&[
            ("10.1.0.0/24", "10.1.0.1", "10.1.0.4"),
            ("10.2.0.0/24", "10.2.0.8", "10.2.0.9"),
        ]);
        assert_eq!(
            walk(&set, None),
            ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.2.0.8", "10.2.0.9"]
        );
        assert_eq!(
            walk(&set, Some("10.1.0.3")),
            ["10.1.0.4", "10.2.0.8", "10.2.0.9", "10.1.0.2", "10.1.0.3"]
        );
        assert_eq!(
            walk(&set, Some("10.2.0.9")),
            ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.2.0.8", "10.2.0.9"]
        );
        assert_eq!(walk(&set, Some("192.0.2.1")).len(), 5);
    }

    #[test]
    fn a_range_of_one_address_is_tried_once() {
        assert_eq!(
            walk(&set(&[("10.1.0.0/24", "10.1.0.7", "10.1.0.7")]), Some("10.1.0.7")),
            ["10.1.0.7"]
        );
        assert!(walk(&set(&[("10.1.0.0/24", "10.1.0.1", "10.1.0.1")]), None).is_empty());
    }
}
