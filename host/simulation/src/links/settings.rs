use cofferdam_network::{Error, LinkId, LinkInfo, LinkSettings, MacvlanMode, Result, request};
use cofferdam_protocol::MacAddress;
use cofferdam_system::Errno;

use super::kinds;
use crate::{Sides, side::refused};

impl Sides {
    pub(crate) fn set_mtu(&mut self, link: LinkId, mtu: u32) -> Result<()> {
        let info = self.info(link)?.clone();
        if info.mtu == mtu {
            return Ok(());
        }
        kinds::check_mtu(&info, mtu)?;
        self.check_fits_parent(&info, mtu)?;
        self.info(link)?.mtu = mtu;
        if info.kind == "bridge" {
            self.at_mut(link.place).fixed_mtu.insert(link.index);
        }
        self.mtu_changed(link, info.mtu);
        Ok(())
    }

    fn check_fits_parent(&self, info: &LinkInfo, mtu: u32) -> Result<()> {
        if let Some(LinkSettings::Vxlan(vxlan)) = &info.settings {
            return self.check_fits_vxlan(info.id, vxlan, mtu);
        }
        let parent = self.below(info).filter(|_| info.kind != "veth");
        let Some(parent) = parent.and_then(|link| self.at(link.place).links.get(&link.index)) else {
            return Ok(());
        };
        match info.kind.as_str() {
            _ if mtu <= parent.mtu => Ok(()),
            "vlan" => Err(refused(Errno::ERANGE, format!("an MTU of {mtu}"))),
            _ => Err(refused(Errno::EINVAL, format!("an MTU of {mtu}"))),
        }
    }

    /// What is upon a link takes no larger packets than the link, and a bridge
    /// none that are larger than all its ports take.
    pub(super) fn follow_mtu(&mut self, info: &LinkInfo) {
        for upper in self.upon(info.id) {
            let Ok(above) = self.info(upper) else { continue };
            let before = above.mtu;
            if before > info.mtu {
                above.mtu = info.mtu;
                self.mtu_changed(upper, before);
            }
        }
        if let (Some(_), Some(master)) = (info.hairpin, info.master) {
            self.adjust_mtu_of(LinkId {
                index: master,
                ..info.id
            });
        }
    }

    pub(crate) fn set_mac(&mut self, link: LinkId, mac: MacAddress) -> Result<()> {
        request::mac(mac)?;
        let info = self.info(link)?.clone();
        let passes_through = matches!(
            info.settings,
            Some(LinkSettings::Macvlan {
                mode: MacvlanMode::Passthru,
                ..
            })
        );
        match info.kind.as_str() {
            "ifb" | "ipvlan" => return Err(refused(Errno::EOPNOTSUPP, format!("the address of {link}"))),
            _ if info.mac.is_none() => return Err(Error::Unsupported(format!("{link} has no Ethernet address"))),
            "macvlan" if info.up && !passes_through => self.check_macvlan(&LinkInfo { mac: Some(mac), ..info })?,
            _ => {}
        }
        self.info(link)?.mac = Some(mac);
        // Whoever was known by way of the old address is not any more.
        self.at_mut(link.place).neighbors.remove(&link.index);
        Ok(())
    }

    fn check_macvlan(&self, wanted: &LinkInfo) -> Result<()> {
        match self.below(wanted) {
            Some(parent) if self.is_mac_in_use(wanted, parent) => {
                Err(refused(Errno::EADDRINUSE, format!("the address of {}", wanted.id)))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn set_promiscuous(&mut self, link: LinkId, on: bool) -> Result<()> {
        self.info(link)?.promiscuous = on;
        Ok(())
    }

    pub(crate) fn set_all_multicast(&mut self, link: LinkId, on: bool) -> Result<()> {
        self.info(link)?.all_multicast = on;
        Ok(())
    }

    pub(crate) fn set_queue_length(&mut self, link: LinkId, packets: u32) -> Result<()> {
        self.info(link)?.transmit_queue_length = packets;
        Ok(())
    }

    /// A setting of ports of bridges.
    pub(crate) fn set_port(
        &mut self,
        link: LinkId,
        flag: impl Fn(&mut LinkInfo) -> &mut Option<bool>,
        on: bool,
    ) -> Result<()> {
        let flag = flag(self.info(link)?);
        if flag.is_none() {
            return Err(Error::Conflict(format!("{link} is not a port of a bridge")));
        }
        *flag = Some(on);
        Ok(())
    }
}
