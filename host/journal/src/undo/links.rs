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
    /// Deletes a link that the attachment made. Of a veth pair the node's end
    /// comes first: the container's may be gone with its namespace, or have
    /// been moved on, with another link in its place that looks like it. So
    /// that one is gone does not say that the other is.
    pub(super) fn delete_link(&mut self, entry: &Entry) -> UndoOutcome {
        let mut outcome = Undone::Nothing;
        let mut failure = None;
        for end in ends(entry) {
            match self.delete_made(&end) {
                Ok(Undone::Restored) if end.place == Place::Host => return Ok(Undone::Restored),
                Ok(Undone::Restored) => outcome = Undone::Restored,
                Ok(_) | Err(UndoError::Network(Error::NoNamespace(_))) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(outcome), Err)
    }

    fn delete_made(&mut self, made: &Made<'_>) -> UndoOutcome {
        match self.find_made(made)? {
            Some(link) => deleted(self.network.delete_link(link.id)),
            None => Ok(Undone::Nothing),
        }
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

/// The node's first.
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
    ends.sort_by_key(|end| end.place == Place::Container);
    ends
}
