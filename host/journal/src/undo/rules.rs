use cofferdam_network::{Error, Rule};
use cofferdam_protocol::Place;

use super::{Undo, UndoOutcome, Undone, deleted, put_back};

impl Undo<'_> {
    /// Puts back a rule that the attachment deleted.
    pub(super) fn add_rule(&mut self, place: Place, rule: &Rule) -> UndoOutcome {
        if self.network.rules(place)?.iter().any(|present| rule.describes(present)) {
            return Ok(Undone::Nothing);
        }
        put_back(self.network.add_rule(place, rule))
    }

    /// Deletes a rule that the attachment added. It is looked for first: to the
    /// kernel what a description leaves out matches anything, and another rule
    /// would be taken for one that is gone. Where somebody put a narrower one
    /// in front of it since, it stays.
    pub(super) fn delete_rule(&mut self, place: Place, rule: &Rule) -> UndoOutcome {
        let present = self.network.rules(place)?;
        match present.iter().find(|present| rule.describes(present)) {
            Some(added) => match self.network.delete_rule(place, added) {
                Err(Error::Conflict(text)) => Ok(Undone::Left(text)),
                result => deleted(result),
            },
            None => Ok(Undone::Nothing),
        }
    }
}
