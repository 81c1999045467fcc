use cofferdam_network::{Error, LinkId, Neighbor};

use super::{Undo, UndoError, UndoOutcome, Undone, deleted, put_back};

impl Undo<'_> {
    /// Puts back a neighbour that the attachment deleted. Meanwhile the kernel
    /// may have learned one of that address itself; such an entry makes room.
    pub(super) fn add_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> UndoOutcome {
        match self.permanent(link, neighbor)? {
            Some(present) if present == *neighbor => Ok(Undone::Nothing),
            Some(present) => Ok(Undone::Left(changed(&present))),
            None => match self.network.add_neighbor(link, neighbor) {
                Err(Error::AlreadyExists(_)) => {
                    deleted(self.network.delete_neighbor(link, neighbor))?;
                    put_back(self.network.add_neighbor(link, neighbor))
                }
                result => put_back(result),
            },
        }
    }

    /// Deletes a neighbour that the attachment added.
    pub(super) fn delete_neighbor(&mut self, link: LinkId, neighbor: &Neighbor) -> UndoOutcome {
        match self.permanent(link, neighbor)? {
            Some(present) if present == *neighbor => deleted(self.network.delete_neighbor(link, neighbor)),
            Some(present) => Ok(Undone::Left(changed(&present))),
            None => Ok(Undone::Nothing),
        }
    }

    /// The permanent entry of that address; none when the link is gone.
    fn permanent(&mut self, link: LinkId, neighbor: &Neighbor) -> Result<Option<Neighbor>, UndoError> {
        let entries = match self.network.neighbors(link) {
            Err(Error::NotFound(_)) => return Ok(None),
            entries => entries?,
        };
        Ok(entries.into_iter().find(|entry| entry.address == neighbor.address))
    }
}

fn changed(present: &Neighbor) -> String {
    format!("somebody set neighbour {} to {} since", present.address, present.mac)
}
