//! The headers of IPv4 and UDP (RFC 791, RFC 768).

use std::net::Ipv4Addr;

use crate::{Datagram, Error, Ports, Result};

const IP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const UDP: u8 = 17;
const TIME_TO_LIVE: u8 = 64;

/// A packet that is to be sent.
pub(super) fn write(datagram: &Datagram, ports: Ports) -> Result<Vec<u8>> {
    let payload = &datagram.payload;
    if payload.len() > Datagram::LONGEST {
        let text = format!(
            "a datagram has at most {} bytes, not {}",
            Datagram::LONGEST,
            payload.len()
        );
        return Err(Error::Invalid(text));
    }
    let udp_length = number(UDP_HEADER + payload.len());
    let mut packet = Vec::with_capacity(IP_HEADER + UDP_HEADER + payload.len());
    // Version and length of the header; no service wanted.
    packet.extend([0x45, 0]);
    packet.extend(number(IP_HEADER + UDP_HEADER + payload.len()).to_be_bytes());
    // No number, since it is never fragmented.
    packet.extend([0, 0, 0x40, 0, TIME_TO_LIVE, UDP, 0, 0]);
    packet.extend(datagram.source.octets());
    packet.extend(datagram.destination.octets());
    let header = !sum(&packet, 0);
    put(&mut packet, 10, header);
    for field in [ports.local, ports.remote, udp_length, 0] {
        packet.extend(field.to_be_bytes());
    }
    packet.extend(payload);
    let addresses = pseudo_header(datagram.source, datagram.destination, udp_length);
    let checksum = match !sum(packet.get(IP_HEADER..).unwrap_or_default(), addresses) {
        // Nothing would mean that there is none.
        0 => u16::MAX,
        checksum => checksum,
    };
    put(&mut packet, IP_HEADER + 6, checksum);
    Ok(packet)
}

/// What a packet holds, and who sent it; `None` for what is damaged or no
/// datagram of these ports.
pub(super) fn read(packet: &[u8], ports: Ports) -> Option<(Ipv4Addr, &[u8])> {
    let first = *packet.first()?;
    let header_length = usize::from(first & 0xf) * 4;
    let total = usize::from(short(packet, 2)?);
    let packet = packet.get(..total)?;
    let header = packet.get(..header_length)?;
    let is_whole = short(header, 6)? & 0x3fff == 0;
    let is_udp = first >> 4 == 4 && header_length >= IP_HEADER && *header.get(9)? == UDP;
    if !is_udp || !is_whole || sum(header, 0) != u16::MAX {
        return None;
    }
    let (source, destination) = (address(header, 12)?, address(header, 16)?);
    let rest = packet.get(header_length..)?;
    let length = short(rest, 4)?;
    let segment = rest.get(..usize::from(length))?;
    let of_ports = short(segment, 0)? == ports.remote && short(segment, 2)? == ports.local;
    let payload = segment.get(UDP_HEADER..)?;
    let is_intact = is_checksum_right(segment, pseudo_header(source, destination, length))?;
    (of_ports && is_intact).then_some((source, payload))
}

/// Without a checksum it is as right as with one. Where sender and receiver are
/// one kernel, what the hardware would add is missing: it is the sum of the
/// addresses then (`CHECKSUM_PARTIAL`).
fn is_checksum_right(segment: &[u8], addresses: u32) -> Option<bool> {
    let checksum = short(segment, 6)?;
    let is_partial = checksum == sum(&[], addresses);
    Some(checksum == 0 || is_partial || sum(segment, addresses) == u16::MAX)
}

/// What UDP's checksum is over besides the datagram.
fn pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, length: u16) -> u32 {
    let addresses = [source.octets(), destination.octets()].concat();
    u32::from(sum(&addresses, 0)) + u32::from(UDP) + u32::from(length)
}

/// The one's complement sum (RFC 1071) of bytes and of what there was before.
fn sum(bytes: &[u8], before: u32) -> u16 {
    let words = bytes.chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([pair.first().copied().unwrap_or(0), low]))
    });
    let mut sum = words.fold(before, u32::wrapping_add);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    number(usize::try_from(sum).unwrap_or(0))
}

fn number(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn short(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn address(bytes: &[u8], offset: usize) -> Option<Ipv4Addr> {
    let octets: &[u8; 4] = bytes.get(offset..)?.first_chunk()?;
    Some(Ipv4Addr::from(*octets))
}

fn put(packet: &mut [u8], offset: usize, value: u16) {
    if let Some(place) = packet.get_mut(offset..offset + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const CLIENT: Ports = Ports { local: 68, remote: 67 };
    const SERVER: Ports = Ports { local: 67, remote: 68 };

    fn datagram(payload: Vec<u8>, source: u32) -> Datagram {
        Datagram {
            source: source.into(),
            destination: Ipv4Addr::BROADCAST,
            mac: None,
            payload,
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_at_the_other_end(
            payload in prop::collection::vec(any::<u8>(), 0..=Datagram::LONGEST),
            source: u32,
            padding in 0..20usize,
        ) {
            let mut packet = write(&datagram(payload.clone(), source), SERVER).unwrap();
            // Short frames are filled up.
            packet.resize(packet.len() + padding, 0);
            prop_assert_eq!(read(&packet, CLIENT), Some((source.into(), payload.as_slice())));
            prop_assert_eq!(read(&packet, SERVER), None);
        }

        #[test]
        fn one_damaged_bit_of_a_header_or_what_it_sums_up_is_noticed(
            payload in prop::collection::vec(any::<u8>(), 0..40),
            position: prop::sample::Index,
            bit in 0..8u32,
        ) {
            let mut packet = write(&datagram(payload, 0x0a16_0001), SERVER).unwrap();
            let position = position.index(packet.len());
            let checksum = IP_HEADER + 6..IP_HEADER + 8;
            packet[position] ^= 1 << bit;
            // Whatever is in its place may be what the hardware was to replace.
            prop_assert!(checksum.contains(&position) || read(&packet, CLIENT).is_none());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            if let Some((_, payload)) = read(&bytes, CLIENT) {
                prop_assert!(payload.len() < bytes.len());
            }
        }

        #[test]
        fn a_packet_that_is_cut_is_refused(length: prop::sample::Index, payload in prop::collection::vec(any::<u8>(), 0..90)) {
            let packet = write(&datagram(payload, 1), SERVER).unwrap();
            prop_assert_eq!(read(&packet[..length.index(packet.len())], CLIENT), None);
        }
    }

    #[test]
    fn a_checksum_may_be_missing_or_left_to_the_hardware() {
        let mut packet = write(&datagram(vec![1, 2, 3], 0x0a16_0001), SERVER).unwrap();
        let addresses = pseudo_header(0x0a16_0001.into(), Ipv4Addr::BROADCAST, 11);
        for checksum in [0, sum(&[], addresses)] {
            put(&mut packet, IP_HEADER + 6, checksum);
            assert!(read(&packet, CLIENT).is_some(), "{checksum:#x}");
        }
        put(&mut packet, IP_HEADER + 6, 0x1234);
        assert!(read(&packet, CLIENT).is_none());
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        assert!(write(&datagram(vec![0; Datagram::LONGEST + 1], 0), CLIENT).is_err());
    }

    #[test]
    fn fragments_and_other_protocols_are_no_datagrams() {
        let intact = write(&datagram(vec![7; 30], 1), SERVER).unwrap();
        for (offset, value) in [(6, 0x20), (7, 1), (9, 6), (0, 0x65), (0, 0x44)] {
            let mut packet = intact.clone();
            packet[offset] = value;
            put(&mut packet, 10, 0);
            let header = !sum(&packet[..IP_HEADER], 0);
            put(&mut packet, 10, header);
            assert!(read(&packet, CLIENT).is_none(), "{offset}");
        }
    }
}
