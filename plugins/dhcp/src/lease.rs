use std::net::{IpAddr, Ipv4Addr};

use cofferdam_guest_sdk::{Failure, IpPrefix, MacAddress};

use crate::{code, message::Reply};

/// What a server that says nothing of it lends for, in seconds; as the
/// reference plugin takes it.
const USUAL_TIME: u32 = 3600;
/// A lease that never ends.
const FOR_EVER: u32 = u32::MAX;
/// Bytes of a lease on record.
const LENGTH: usize = 31;

/// An address that a server lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) address: Ipv4Addr,
    /// The length of its network's prefix.
    length: u8,
    /// By its identifier, which is an address of it.
    pub(crate) server: Ipv4Addr,
    /// The neighbour through which it is reached.
    pub(crate) neighbour: MacAddress,
    /// Seconds that it is lent for, from when the server said so.
    pub(crate) time: u32,
    /// Seconds until the server is to be asked again.
    pub(crate) renewal: u32,
    /// Seconds until any server is to be asked.
    pub(crate) rebinding: u32,
}

impl Lease {
    /// What a server that acknowledged lends.
    pub(crate) fn of(reply: &Reply, server: Ipv4Addr, neighbour: MacAddress) -> Result<Self, Failure> {
        let address = reply.address;
        if address.is_unspecified() || address.is_loopback() || address.is_multicast() || address.is_broadcast() {
            return Err(Failure::internal(format!(
                "DHCP server {server} lends {address}, which no link can have"
            )));
        }
        let time = reply.number(code::LEASE_TIME).unwrap_or(USUAL_TIME);
        if time == 0 {
            return Err(Failure::internal(format!(
                "DHCP server {server} lends {address} for no time at all"
            )));
        }
        let usual = (time / 2, u32::try_from(u64::from(time) * 85 / 100).unwrap_or(time));
        let renewal = reply.number(code::RENEWAL).unwrap_or(usual.0);
        let rebinding = reply.number(code::REBINDING).unwrap_or(usual.1);
        // One that says nonsense is asked again when others are.
        let (renewal, rebinding) = if 0 < renewal && renewal <= rebinding && rebinding <= time {
            (renewal, rebinding)
        } else {
            usual
        };
        Ok(Self {
            address,
            length: mask_length(reply)?,
            server,
            neighbour,
            time,
            renewal,
            rebinding,
        })
    }

    pub(crate) fn is_for_ever(&self) -> bool {
        self.time == FOR_EVER
    }

    /// The address with its network.
    pub(crate) fn prefix(&self) -> IpPrefix {
        let address = IpAddr::V4(self.address);
        IpPrefix::new(address, self.length).unwrap_or_else(|_| IpPrefix::host(address))
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(self.address.octets());
        bytes.push(self.length);
        bytes.extend(self.server.octets());
        bytes.extend(self.neighbour.0);
        for seconds in [self.time, self.renewal, self.rebinding] {
            bytes.extend(seconds.to_be_bytes());
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = |offset: usize| Some(u32::from_be_bytes(*bytes.get(offset..)?.first_chunk()?));
        Some(Self {
            address: number(0)?.into(),
            length: *bytes.get(4)?,
            server: number(5)?.into(),
            neighbour: MacAddress(*bytes.get(9..)?.first_chunk()?),
            time: number(15)?,
            renewal: number(19)?,
            rebinding: number(23)?,
        })
    }
}

fn mask_length(reply: &Reply) -> Result<u8, Failure> {
    let mask = reply
        .address(code::SUBNET_MASK)
        .ok_or_else(|| Failure::internal("DHCP option Subnet Mask not found in DHCPACK"))?;
    length_of(mask).ok_or_else(|| Failure::internal(format!("DHCP option Subnet Mask is {mask}, which is no mask")))
}

/// The length of the prefix that a mask stands for.
pub(crate) fn length_of(mask: Ipv4Addr) -> Option<u8> {
    let length = mask.to_bits().leading_ones();
    let is_mask = mask.to_bits().count_ones() == length;
    u8::try_from(length).ok().filter(|_| is_mask)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::message::tests::reply;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const MASK: (u8, &[u8]) = (1, &[255, 255, 255, 0]);

    fn lease(address: [u8; 4], options: &[(u8, &[u8])]) -> Result<Lease, Failure> {
        let reply = Reply::read(&reply(5, 1, MAC, address, options)).unwrap();
        Lease::of(&reply, Ipv4Addr::new(10, 0, 0, 1), MAC)
    }

    #[test]
    fn times_that_are_missing_or_make_no_sense_are_the_usual_ones() {
        let seconds = |number: u32| number.to_be_bytes();
        let (hour, early, late) = (seconds(3600), seconds(100), seconds(200));
        for (options, times) in [
            (vec![MASK], (3600, 1800, 3060)),
            (vec![MASK, (51, &late[..])], (200, 100, 170)),
            (vec![MASK, (51, &hour), (58, &early), (59, &late)], (3600, 100, 200)),
            (vec![MASK, (51, &hour), (58, &late), (59, &early)], (3600, 1800, 3060)),
            (vec![MASK, (51, &early), (58, &early), (59, &late)], (100, 50, 85)),
            (vec![MASK, (51, &hour[..3])], (3600, 1800, 3060)),
        ] {
            let lease = lease([10, 0, 0, 9], &options).unwrap();
            assert_eq!((lease.time, lease.renewal, lease.rebinding), times, "{options:?}");
            assert_eq!(lease.prefix().to_string(), "10.0.0.9/24");
            assert_eq!(Lease::from_bytes(&lease.to_bytes()), Some(lease));
        }
        assert!(lease([10, 0, 0, 9], &[MASK, (51, &[0xff; 4])]).unwrap().is_for_ever());
    }

    #[test]
    fn what_no_link_can_use_is_refused() {
        for (address, options, words) in [
            ([10, 0, 0, 9], vec![], "Subnet Mask not found in DHCPACK"),
            (
                [10, 0, 0, 9],
                vec![(1, &[255, 0, 255, 0][..])],
                "255.0.255.0, which is no mask",
            ),
            ([10, 0, 0, 9], vec![(1, &[255, 255][..])], "Subnet Mask not found"),
            ([10, 0, 0, 9], vec![MASK, (51, &[0; 4])], "for no time at all"),
            ([0, 0, 0, 0], vec![MASK], "no link can have"),
            ([127, 0, 0, 1], vec![MASK], "no link can have"),
            ([224, 0, 0, 1], vec![MASK], "no link can have"),
        ] {
            let failure = lease(address, &options).unwrap_err();
            assert!(failure.message.contains(words), "{}", failure.message);
        }
    }

    #[test]
    fn a_record_that_is_cut_is_none() {
        let whole = lease([10, 0, 0, 9], &[MASK]).unwrap().to_bytes();
        for length in 0..whole.len() {
            assert_eq!(Lease::from_bytes(&whole[..length]), None);
        }
    }
}
