use cofferdam_network::Rule;
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

    /// Deletes a rule that the attachment added. The kernel takes the first
    /// rule that agrees in all that is given, so another one may be in the way.
    pub(super) fn delete_rule(&mut self, place: Place, rule: &Rule) -> UndoOutcome {
        let present = self.network.rules(place)?;
        let Some(added) = present.iter().find(|present| rule.describes(present)) else {
            return Ok(Undone::Nothing);
        };
        let taken = present.iter().find(|present| added.covers(present));
        if taken != Some(added) {
            let text = format!(
                "the kernel can't tell the rule that looks into table {} from another",
                rule.table
            );
            return Ok(Undone::Left(text));
        }
        deleted(self.network.delete_rule(place, added))
    }
}
