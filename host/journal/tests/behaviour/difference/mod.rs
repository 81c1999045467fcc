//! A committed journal compared with the kernel: no difference while all is as
//! it was left, and exactly the difference that somebody made.

mod by_hand;
mod each;
mod gone;
mod later;
// It looks for open files of the kernel.
#[cfg(not(cofferdam_memory_files))]
mod overtaken;
mod repaired;
mod superseded;

use cofferdam_journal::{Comparison, Difference, History, Inverse, Operation, Outcome};

use crate::{cases::Case, ground::Ground, steps::do_it};

/// All cases that stand for one change, done one after the other would not
/// be: each is committed by itself.
pub(crate) fn committed(ground: &mut Ground, cases: &[&Case]) -> History {
    let mut journal = ground.begin();
    for case in cases {
        do_it(ground, &mut journal, case);
    }
    journal.commit("{}").unwrap();
    journal.history().clone()
}

/// A journal of operations that are done as they are put on record.
pub(crate) struct Steps(Vec<(Operation, Inverse)>, Vec<Act>);

type Act = Box<dyn Fn(&mut Ground) -> Outcome>;

impl Steps {
    pub(crate) fn new() -> Self {
        Self(Vec::new(), Vec::new())
    }

    pub(crate) fn then(mut self, operation: Operation, inverse: Inverse, act: impl Fn(&mut Ground) + 'static) -> Self {
        self.0.push((operation, inverse));
        self.1.push(Box::new(move |ground| {
            act(ground);
            Outcome::default()
        }));
        self
    }

    pub(crate) fn commit(self, ground: &mut Ground) -> History {
        let mut journal = ground.begin();
        for ((operation, inverse), act) in self.0.iter().zip(&self.1) {
            ground.perform(&mut journal, operation, inverse, act);
        }
        journal.commit("{}").unwrap();
        journal.history().clone()
    }
}

pub(crate) fn compared(ground: &mut Ground, history: &History) -> Vec<Difference> {
    let shared = ground.shared();
    let id = ground.id.clone();
    let mut comparison = Comparison {
        network: &mut ground.kernel,
        shared: &shared,
        id: &id,
    };
    comparison.differences(history).unwrap()
}

/// The differences as sentences.
pub(crate) fn differences(ground: &mut Ground, history: &History) -> Vec<String> {
    compared(ground, history).iter().map(ToString::to_string).collect()
}
