use cofferdam_network::SysctlKey;
use cofferdam_protocol::Place;

use super::{Undo, UndoOutcome, Undone, put_back};
use crate::model::same_value;

impl Undo<'_> {
    /// Puts a kernel setting back, as long as it is what we made it.
    pub(super) fn restore_sysctl(&mut self, place: Place, key: &SysctlKey, old: &str, new: &str) -> UndoOutcome {
        match self.network.sysctl(place, key) {
            Ok(value) if same_value(&value, old) => Ok(Undone::Nothing),
            Ok(value) if same_value(&value, new) => put_back(self.network.set_sysctl(place, key, old)),
            Ok(value) => Ok(Undone::Left(format!("somebody set {key} to {value:?} since"))),
            // It was one of a link that is gone.
            Err(cofferdam_network::Error::NotFound(_)) => Ok(Undone::Nothing),
            Err(error) => Err(error.into()),
        }
    }
}
