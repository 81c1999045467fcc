use std::net::{IpAddr, Ipv4Addr};

use cofferdam_network::{LinkId, Neighbor, Result};
use cofferdam_system::Errno;

use super::{
    Sides, exists, missing,
    side::{has_ipv4, has_ipv6, is_loopback, refused},
};

impl Sides {
    pub(super) fn add_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()> {
        let side = self.at_mut(link.place);
        let info = side.known(link)?;
        let has_family = if neighbor.address.is_ipv6() {
            has_ipv6(info) && !side.is_ipv6_disabled(link.index)
        } else {
            has_ipv4(info)
        };
        if !has_family {
            return Err(refused(
                Errno::EINVAL,
                format!("neighbour {} of {link}", neighbor.address),
            ));
        }
        // To the loopback all neighbours of IPv4 are one, which is looked for
        // by the address that was asked for.
        let shares_one = is_loopback(info) && neighbor.address.is_ipv4();
        let all = side.neighbors.entry(link.index).or_default();
        if all.iter().any(|present| present.address == neighbor.address) {
            return Err(exists(format!("neighbour {} of {link}", neighbor.address)));
        }
        let mut kept = neighbor.clone();
        if shares_one {
            kept.address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            all.retain(|present| present.address != kept.address);
        }
        all.push(kept);
        Ok(())
    }

    pub(super) fn delete_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<()> {
        let side = self.at_mut(link.place);
        side.known(link)?;
        let all = side.neighbors.get_mut(&link.index);
        let found = all
            .as_ref()
            .and_then(|all| all.iter().position(|present| present.address == neighbor.address));
        match (all, found) {
            (Some(all), Some(found)) => {
                all.remove(found);
                if all.is_empty() {
                    side.neighbors.remove(&link.index);
                }
                Ok(())
            }
            _ => Err(missing(format!("neighbour {} of {link}", neighbor.address))),
        }
    }
}
