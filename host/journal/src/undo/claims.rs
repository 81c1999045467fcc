use std::{net::IpAddr, path::Path};

use super::{Undo, UndoOutcome, Undone};
use crate::records::{Owner, Records};

impl Undo<'_> {
    /// Gives an address back, if it still is this attachment's.
    pub(super) fn release_claim(&mut self, directory: &Path, address: &IpAddr) -> UndoOutcome {
        let owner = Owner {
            container_id: self.id.container_id.clone(),
            interface_name: Some(self.id.interface_name.clone()),
        };
        let records = Records::open_existing(directory, self.shared.state(), self.id, owner, self.deadline)?;
        let Some(mut records) = records else {
            return Ok(Undone::Nothing);
        };
        if records.release(address)? {
            Ok(Undone::Restored)
        } else {
            Ok(Undone::Nothing)
        }
    }
}
