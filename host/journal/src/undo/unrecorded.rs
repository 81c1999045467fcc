use super::Undo;
use crate::{Owned, Quota, Report, Result, Upkeep};

impl Undo<'_> {
    /// Gives up what is the attachment's by the registries, leaves the shared
    /// objects that count it among their users, and removes what Cofferdam made of the node's that nobody uses any
    /// more. For an attachment whose journal was lost, or could not be read as
    /// a whole, when nothing of it is left to use them.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn leave_unrecorded(&mut self) -> Result<Report> {
        let mut report = Report::new(0);
        for object in self.shared.left_by(self.id)? {
            let outcome = self.leave(&object);
            report.push_unrecorded(&object, outcome);
        }
        let state = self.shared.state();
        Owned::new(state).give_up_all(self.id)?;
        Quota::new(state).free_all(self.id)?;
        Upkeep::new(state).remove_all(self.id)?;
        Ok(report)
    }
}
