//! Puts back what others took away or changed of a complete attachment, as far
//! as its journal owns it. What it takes a new attachment for is told of, and
//! so is what somebody else put in the place of something.
//!
//! It goes in the journal's order, tables before what is in them, and looks
//! again after each round: only then can be seen what else went along.

mod again;

use std::{fmt, time::Instant};

use again::Mending;
use cofferdam_network::Network;
use serde::Serialize;

use crate::{
    AttachmentId, Comparison, ComparisonError, Difference, History, Shared,
    difference::{Drift, GONE},
};

/// Rounds of looking and mending. What one of them brings to light the next
/// one mends; a link that comes up, or a table, has more in it.
const ROUNDS: usize = 6;

/// Mends an attachment. The attachment's lock has to be held.
pub struct Repair<'a> {
    /// The kernel; without a container where the namespace that the
    /// attachment was made in is gone.
    pub network: &'a mut dyn Network,
    /// The registry of shared objects.
    pub shared: &'a Shared,
    /// Whose journal it is.
    pub id: &'a AttachmentId,
    /// When waiting for locks ends.
    pub deadline: Instant,
}

/// What came of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// What was put back; in a dry run, what would be.
    pub mended: Vec<Difference>,
    /// What is left as it is, and why.
    pub left: Vec<Unmended>,
}

/// What a repair left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmended {
    /// How it differs from the journal.
    #[serde(flatten)]
    pub difference: Difference,
    /// Why it was left.
    pub why: String,
}

impl fmt::Display for Unmended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.difference, self.why)
    }
}

/// Something that was tried, and what came of it.
struct Tried {
    drift: Drift,
    failure: Option<Failure>,
}

/// Why something was not put back.
#[derive(Clone)]
enum Failure {
    /// Those who share it agreed on something else, in every round.
    Overtaken,
    /// The kernel, or a file, did not take it.
    Refused(String),
}

impl Repair<'_> {
    /// Puts back what it can.
    ///
    /// # Errors
    /// The kernel does not answer, or a file can't be read. What was put back
    /// until then stays.
    pub fn run(&mut self, history: &History) -> Result<Repaired, ComparisonError> {
        let mut tried: Vec<Tried> = Vec::new();
        for _ in 0..ROUNDS {
            let drifts = self.compare(history)?;
            if !self.mend(drifts, &mut tried) {
                break;
            }
        }
        let remaining = self.compare(history)?;
        Ok(outcome(tried, remaining))
    }

    /// One round. What failed before is tried again, since something else may
    /// have been in its way. Whether another look is worth it.
    fn mend(&mut self, drifts: Vec<Drift>, tried: &mut Vec<Tried>) -> bool {
        let mut progress = false;
        for drift in drifts {
            let Some(remedy) = drift.remedy.clone() else { continue };
            // One remedy may mend several things; done once it is not done again.
            let earlier = tried.iter().find(|tried| tried.drift.remedy.as_ref() == Some(&remedy));
            let failure = match earlier {
                Some(Tried { failure: None, .. }) => None,
                _ => match self.put_back(&drift, &remedy) {
                    Ok(Mending::Done) => {
                        progress = true;
                        None
                    }
                    // The next look sees how it has to be by now.
                    Ok(Mending::Overtaken) => {
                        progress = true;
                        Some(Failure::Overtaken)
                    }
                    Err(error) => Some(Failure::Refused(error.to_string())),
                },
            };
            match tried.iter_mut().find(|tried| is_same(&tried.drift, &drift)) {
                Some(tried) => *tried = Tried { drift, failure },
                None => tried.push(Tried { drift, failure }),
            }
        }
        progress
    }

    /// What [`run`](Self::run) would put back of what can be seen now, and
    /// what it would leave. Nothing is changed.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn foresee(&mut self, history: &History) -> Result<Repaired, ComparisonError> {
        let mut foreseen = Repaired::default();
        for drift in self.compare(history)? {
            if drift.remedy.is_some() {
                foreseen.mended.push(drift.difference);
            } else {
                foreseen.left.push(unmended(drift.difference, None));
            }
        }
        Ok(foreseen)
    }

    fn compare(&mut self, history: &History) -> Result<Vec<Drift>, ComparisonError> {
        let mut comparison = Comparison {
            network: self.network,
            shared: self.shared,
            id: self.id,
        };
        comparison.drifts(history)
    }
}

/// What was tried and is not seen any more is mended; but what others agreed
/// on otherwise was left to them.
fn outcome(tried: Vec<Tried>, remaining: Vec<Drift>) -> Repaired {
    let left = remaining.into_iter().map(|drift| {
        let failure = tried.iter().find(|tried| is_same(&tried.drift, &drift));
        let failure = failure.and_then(|tried| tried.failure.clone());
        (drift, failure)
    });
    let left: Vec<(Drift, Option<Failure>)> = left.collect();
    let is_left = |tried: &Tried| left.iter().any(|(drift, _)| is_same(&tried.drift, drift));
    Repaired {
        mended: tried
            .iter()
            .filter(|tried| !is_left(tried) && !matches!(tried.failure, Some(Failure::Overtaken)))
            .map(|tried| tried.drift.difference.clone())
            .collect(),
        left: left
            .into_iter()
            .map(|(drift, failure)| unmended(drift.difference, failure))
            .collect(),
    }
}

fn is_same(one: &Drift, other: &Drift) -> bool {
    one.difference.sequence == other.difference.sequence && one.difference.object == other.difference.object
}

fn unmended(difference: Difference, failure: Option<Failure>) -> Unmended {
    let why = match failure {
        Some(Failure::Overtaken) => "others agreed on something else meanwhile".to_owned(),
        Some(Failure::Refused(error)) => format!("it can't be put back: {error}"),
        None if difference.mendable => "it was put back, and is not as it was".to_owned(),
        None if difference.found.starts_with(GONE) => "only DEL and ADD make it again".to_owned(),
        None => "somebody else did that, and it is left alone; DEL and ADD attach anew".to_owned(),
    };
    Unmended { difference, why }
}
