//! Addresses of links, and the routes that come and go with them.

mod ipv4;
mod ipv6;

use cofferdam_network::{AddressInfo, LinkId, Result, request};
use cofferdam_protocol::IpPrefix;

use super::Sides;

impl Sides {
    pub(super) fn addresses(&self, link: LinkId) -> Result<Vec<AddressInfo>> {
        let side = self.at(link.place);
        side.known(link)?;
        let mut all = side.addresses.get(&link.index).cloned().unwrap_or_default();
        all.sort_by_key(|info| info.address.is_ipv6());
        Ok(all)
    }

    pub(super) fn add_address(
        &mut self,
        link: LinkId,
        address: IpPrefix,
        skip_duplicate_detection: bool,
    ) -> Result<()> {
        request::address(address)?;
        self.info(link)?;
        if address.is_ipv6() {
            self.add_ipv6(link, address, skip_duplicate_detection)
        } else {
            self.add_ipv4(link, address)
        }
    }

    pub(super) fn delete_address(&mut self, link: LinkId, address: IpPrefix) -> Result<()> {
        self.info(link)?;
        if address.is_ipv6() {
            self.delete_ipv6(link, address)
        } else {
            self.delete_ipv4(link, address)
        }
    }

    fn of_family(&self, link: LinkId, ipv6: bool) -> impl Iterator<Item = &AddressInfo> {
        let all = self.at(link.place).addresses.get(&link.index).into_iter().flatten();
        all.filter(move |info| info.address.is_ipv6() == ipv6)
    }

    fn take_address(&mut self, link: LinkId, address: IpPrefix) {
        let addresses = &mut self.at_mut(link.place).addresses;
        if let Some(all) = addresses.get_mut(&link.index) {
            all.retain(|info| info.address != address);
            if all.is_empty() {
                addresses.remove(&link.index);
            }
        }
    }

    fn put_address(&mut self, link: LinkId, info: AddressInfo) {
        let all = self.at_mut(link.place).addresses.entry(link.index).or_default();
        all.push(info);
    }

    /// The neighbours that are known on a link are not any more.
    fn forget_neighbors(&mut self, link: LinkId, ipv6: bool) {
        let neighbors = &mut self.at_mut(link.place).neighbors;
        if let Some(all) = neighbors.get_mut(&link.index) {
            all.retain(|neighbor| neighbor.address.is_ipv6() != ipv6);
            if all.is_empty() {
                neighbors.remove(&link.index);
            }
        }
    }
}
