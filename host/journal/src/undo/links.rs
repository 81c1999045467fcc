use cofferdam_network::LinkInfo;
use cofferdam_protocol::{MacAddress, Place};

use super::{Undo, UndoError, UndoOutcome, Undone, unless_gone};

impl Undo<'_> {
    /// Deletes a link that the attachment made. It is known by its number
    /// where that is on record, and in any case by kind, and by address or
    /// name: a link of somebody else with the same name is not touched.
    pub(super) fn delete_link(
        &mut self,
        place: Place,
        name: &str,
        kind: &str,
        mac: MacAddress,
        index: Option<u32>,
    ) -> UndoOutcome {
        let Some(link) = self.find_made(place, name, kind, mac, index)? else {
            return Ok(Undone::Nothing);
        };
        unless_gone(self.network.delete_link(link.id))
    }

    fn find_made(
        &mut self,
        place: Place,
        name: &str,
        kind: &str,
        mac: MacAddress,
        index: Option<u32>,
    ) -> Result<Option<LinkInfo>, UndoError> {
        if let Some(index) = index {
            let link = self.network.link(cofferdam_network::LinkId { place, index })?;
            // The number may be another link's after the namespace was made
            // anew; kind and one of address and name have to agree.
            let made = |link: &LinkInfo| link.kind == kind && (link.mac == Some(mac) || link.name == name);
            return Ok(link.filter(made));
        }
        let link = self.network.link_by_name(place, name)?;
        Ok(link.filter(|link| link.kind == kind && link.mac == Some(mac)))
    }
}
