use cofferdam_network::{Error, LinkId, LinkInfo};
use cofferdam_protocol::{MacAddress, Place};

use super::{Undo, UndoError, UndoOutcome, Undone, deleted};
use crate::{
    Entry,
    model::{Inverse, Operation},
};

/// What a link that the attachment made is known by.
struct Made<'a> {
    place: Place,
    name: &'a str,
    kind: &'a str,
    mac: MacAddress,
    /// Where it is on record.
    index: Option<u32>,
}

impl Undo<'_> {
    /// Deletes a link that the attachment made. Of a veth pair either end will
    /// do: the container's may be gone with its namespace, or have been moved
    /// on or disguised by the container.
    pub(super) fn delete_link(&mut self, entry: &Entry) -> UndoOutcome {
        let mut failure = None;
        for end in ends(entry) {
            match self.find_made(&end) {
                Ok(Some(link)) => return deleted(self.network.delete_link(link.id)),
                Ok(None) | Err(UndoError::Network(Error::NoNamespace(_))) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(Undone::Nothing), Err)
    }

    /// The link with the number on record, if kind, and address or name, say
    /// that it is the one: a container may give the number to a link of its
    /// own. Without the number, address and name have to agree.
    fn find_made(&mut self, made: &Made<'_>) -> Result<Option<LinkInfo>, UndoError> {
        if let Some(index) = made.index {
            let place = made.place;
            let link = self.network.link(LinkId { place, index })?;
            let is_made = |link: &LinkInfo| link.kind == made.kind && (has_mac(link, made) || link.name == made.name);
            if let Some(link) = link.filter(is_made) {
                return Ok(Some(link));
            }
        }
        let link = self.network.link_by_name(made.place, made.name)?;
        Ok(link.filter(|link| link.kind == made.kind && has_mac(link, made)))
    }
}

fn has_mac(link: &LinkInfo, made: &Made<'_>) -> bool {
    link.mac == Some(made.mac)
}

fn ends(entry: &Entry) -> Vec<Made<'_>> {
    let mut ends = Vec::with_capacity(2);
    if let Inverse::DeleteLink {
        place,
        name,
        kind,
        mac,
        index,
    } = &entry.inverse
    {
        ends.push(Made {
            place: *place,
            name,
            kind,
            mac: *mac,
            index: entry.outcome.index.or(*index),
        });
    }
    if let Operation::CreateVeth { second, .. } = &entry.operation {
        ends.push(Made {
            place: second.place,
            name: &second.name,
            kind: "veth",
            mac: second.mac,
            index: entry.outcome.second_index,
        });
    }
    ends
}
