use cofferdam_network::{Error, LinkId, PortVlans, Result};

use super::Sides;

impl Sides {
    /// Of a port, whether its bridge looks at them or not.
    pub(super) fn set_port_vlans(&mut self, link: LinkId, vlans: &PortVlans) -> Result<()> {
        if self.info(link)?.hairpin.is_none() {
            return Err(Error::Conflict(format!(
                "changing the VLANs of {link}: it is not a port of a bridge"
            )));
        }
        self.at_mut(link.place).vlans.insert(link.index, vlans.clone());
        Ok(())
    }
}
