//! What the guest's operations use up of limits.

use cofferdam_journal::{Limit, OwnedBy, SharedObject, Slot};
use cofferdam_policy::{Counter, Exhausted, Granted, Scope};
use cofferdam_sandbox::{CallError, bindings::cofferdam::cni::types};

use crate::mediator::{Mediator, journal_error};

/// One object more under a limit.
#[derive(Debug)]
pub(crate) enum Use {
    /// Counted in this request.
    Attachment(Counter),
    /// Counted with those of other attachments.
    Slot(Counter, Slot),
}

impl Use {
    fn counter(&self) -> &Counter {
        match self {
            Self::Attachment(counter) | Self::Slot(counter, _) => counter,
        }
    }
}

/// What the operation that is under way uses.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    counted: Vec<Use>,
    /// What allows to join a shared object, and is not counted unless the
    /// object turns out to be gone.
    joins: Option<Granted>,
}

impl Mediator {
    /// Counts an operation that is allowed against the limits of the grants
    /// that allow it. One of them has to have room. Until it is
    /// [settled](Self::settle_uses) what comes of the operation, it may be
    /// given back.
    ///
    /// A shared object that somebody uses already counts for its maker.
    pub(crate) fn count_use(&mut self, granted: Granted, object: Option<&SharedObject>) -> Result<(), CallError> {
        let joins = match object {
            Some(object) if granted.counters().iter().any(|counter| is_across(counter)) => self.is_used(object)?,
            _ => false,
        };
        let first = self.uses.counted.len();
        let mut allowed = false;
        let mut exhausted = None;
        let mut beyond = Vec::new();
        for limits in granted.allowances() {
            let mut room = true;
            for (counter, max) in limits.iter().filter(|(counter, _)| !joins || !is_across(counter)) {
                if self.take(counter, *max, first)? {
                    continue;
                }
                room = false;
                beyond.push((counter, *max));
                exhausted.get_or_insert_with(|| Exhausted {
                    max: *max,
                    scope: counter.scope.clone(),
                });
            }
            allowed |= room;
        }
        if let Some(exhausted) = exhausted.filter(|_| !allowed) {
            self.give_back_uses();
            return Err(CallError::Guest(types::Error::Quota(exhausted.to_string())));
        }
        for (counter, max) in beyond {
            self.take_beyond(counter, max, first)?;
        }
        self.uses.joins = joins.then_some(granted);
        Ok(())
    }

    fn is_used(&mut self, object: &SharedObject) -> Result<bool, CallError> {
        let session = self.session();
        let is_used = session.shared.is_used(object, &session.attachment);
        is_used.map_err(journal_error)
    }

    /// Takes one more, if there is room. What two grants that say the same
    /// count is counted once for an operation.
    fn take(&mut self, counter: &Counter, max: u32, first: usize) -> Result<bool, CallError> {
        if self.counted_since(first, counter) {
            return Ok(self.count(counter)? <= max);
        }
        if is_across(counter) {
            let slot = self.with_quota(counter, max, |quota, journal, limit, by, deadline| {
                quota.take(journal, limit, by, deadline)
            })?;
            return Ok(self.keep(counter, slot));
        }
        let used = self.session().used.entry(counter.clone()).or_insert(0);
        if *used >= max {
            return Ok(false);
        }
        *used += 1;
        self.uses.counted.push(Use::Attachment(counter.clone()));
        Ok(true)
    }

    /// Counts what is allowed whether there is room or not.
    fn take_beyond(&mut self, counter: &Counter, max: u32, first: usize) -> Result<(), CallError> {
        if self.counted_since(first, counter) {
            return Ok(());
        }
        if is_across(counter) {
            let slot = self.with_quota(counter, max, |quota, journal, limit, by, deadline| {
                quota.take_beyond(journal, limit, by, deadline)
            })?;
            self.keep(counter, slot);
            return Ok(());
        }
        *self.session().used.entry(counter.clone()).or_insert(0) += 1;
        self.uses.counted.push(Use::Attachment(counter.clone()));
        Ok(())
    }

    fn with_quota(
        &mut self,
        counter: &Counter,
        max: u32,
        act: impl FnOnce(
            &cofferdam_journal::Quota,
            &mut cofferdam_journal::Journal,
            Limit<'_>,
            &OwnedBy,
            std::time::Instant,
        ) -> cofferdam_journal::Result<Option<Slot>>,
    ) -> Result<Option<Slot>, CallError> {
        let plugin = self.plugin.clone();
        let session = self.session();
        let by = OwnedBy::new(&session.attachment, &plugin);
        // Only an ADD makes what is counted, and it has a journal.
        let Some(journal) = session.journal.as_mut() else {
            return Ok(None);
        };
        let name = counter.to_string();
        let limit = Limit { counter: &name, max };
        act(&session.quota, journal, limit, &by, session.deadline).map_err(journal_error)
    }

    fn keep(&mut self, counter: &Counter, slot: Option<Slot>) -> bool {
        let kept = slot.map(|slot| Use::Slot(counter.clone(), slot));
        let has = kept.is_some();
        self.uses.counted.extend(kept);
        has
    }

    fn counted_since(&self, first: usize, counter: &Counter) -> bool {
        self.uses
            .counted
            .iter()
            .skip(first)
            .any(|used| used.counter() == counter)
    }

    fn count(&mut self, counter: &Counter) -> Result<u32, CallError> {
        let session = self.session();
        match counter.scope {
            Scope::Attachment => Ok(session.used.get(counter).copied().unwrap_or(0)),
            _ => session.quota.count(&counter.to_string()).map_err(journal_error),
        }
    }

    /// The operation was done: what it used is used.
    pub(crate) fn settle_uses(&mut self) {
        self.uses = Uses::default();
    }

    /// A shared object was made. It counts as long as it is there, whoever
    /// made it.
    pub(crate) fn hand_over_uses(&mut self, object: &SharedObject) -> Result<(), CallError> {
        if let Some(granted) = self.uses.joins.take() {
            self.count_made(&granted)?;
        }
        for used in std::mem::take(&mut self.uses).counted {
            let session = self.session();
            if let Use::Slot(_, slot) = used {
                session
                    .quota
                    .hand_over(&slot, object, &session.attachment, session.deadline)
                    .map_err(journal_error)?;
            }
        }
        Ok(())
    }

    /// The last user left just when this attachment joined.
    fn count_made(&mut self, granted: &Granted) -> Result<(), CallError> {
        for (counter, max) in granted.allowances().flatten() {
            if is_across(counter) && !self.take(counter, *max, 0)? {
                self.take_beyond(counter, *max, 0)?;
            }
        }
        Ok(())
    }

    /// A shared object was there: it is counted already, or was never made.
    pub(crate) fn give_back_shared_uses(&mut self) {
        self.uses.counted.retain(|used| matches!(used, Use::Slot(..)));
        self.give_back_uses();
    }

    /// Nothing came of the operation.
    pub(crate) fn give_back_uses(&mut self) {
        for used in std::mem::take(&mut self.uses).counted {
            let session = self.session();
            match used {
                Use::Attachment(counter) => {
                    if let Some(used) = session.used.get_mut(&counter) {
                        *used = used.saturating_sub(1);
                    }
                }
                Use::Slot(_, slot) => {
                    if let Some(journal) = session.journal.as_mut() {
                        session.quota.give_back(journal, &slot);
                    }
                }
            }
        }
    }
}

/// Whether what other attachments made counts, too.
fn is_across(counter: &Counter) -> bool {
    counter.scope != Scope::Attachment
}
