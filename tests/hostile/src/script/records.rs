use cofferdam_guest_sdk::{
    Failure,
    bindings::{
        store::{self, Records},
        types,
    },
};

use super::{Outcome, Script, call::Call, failure};

impl Script {
    /// `None` when the call is of another kind.
    pub(super) fn record_call(&mut self, call: &Call) -> Option<Outcome> {
        let outcome = match call {
            Call::OpenRecords => store::open()
                .map_err(failure)
                .map(|records| self.records = Some(records)),
            Call::CloseRecords => {
                self.records = None;
                Ok(())
            }
            Call::Claim { name } => {
                let name = self.text(name);
                self.ask(|records| records.claim(&name))
            }
            Call::Owner { name } => self.ask(|records| records.owner(name)),
            Call::Release { name } => self.ask(|records| records.release(name)),
            Call::Owned => self.ask(Records::owned),
            Call::Claims => self.ask(Records::claims),
            Call::ReleaseStale { name } => self.ask(|records| records.release_stale(name)),
            Call::ReadValue { name } => self.ask(|records| records.get(name)),
            Call::WriteValue { name, value } => {
                let name = self.text(name);
                self.ask(|records| {
                    let current = records.get(&name)?;
                    records.compare_and_set(&name, current.as_deref(), value)
                })
            }
            _ => return None,
        };
        Some(outcome)
    }

    fn ask<T: std::fmt::Debug>(&mut self, question: impl FnOnce(&Records) -> Result<T, types::Error>) -> Outcome {
        let records = self.records.as_ref();
        let told = question(records.ok_or_else(|| Failure::internal("the script has no records open"))?);
        self.look(told)
    }
}
