//! What the journal of a complete attachment says, compared with what the
//! kernel has.
//!
//! The operations on record are gone through once, so that each thing is
//! expected as the last of them left it; then each is looked at. What goes
//! with something that is gone is not told of again.

mod expected;
mod files;
mod forwarding;
mod links;
mod packet_filter;
mod part;
mod remedy;
mod routing;
mod shared_links;
mod survey;
mod traffic;
mod view;

use std::fmt;

use cofferdam_network::{Error as NetworkError, Network};
use cofferdam_protocol::Place;
use serde::Serialize;
use thiserror::Error;

use self::{expected::Expectations, survey::Survey};
pub(crate) use self::{part::Value, remedy::Remedy};
use crate::{
    AttachmentId, Error, Header, History, Inverse, Made, NamespaceRecord, Operation, Sequence, Shared, SharedObject,
    StateDirectory,
};

/// How a committed attachment differs from what its journal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The operation that is not as it was done.
    pub sequence: Sequence,
    /// The plugin that asked for it.
    pub plugin: String,
    /// The operation, in words.
    pub operation: String,
    /// What is different, and where it is.
    pub object: String,
    /// How the operation left it.
    pub expected: String,
    /// How it is.
    pub found: String,
    /// Whether a repair puts it back: not what only a new attachment makes
    /// again, nor what somebody else put in its place.
    pub mendable: bool,
}

/// What is there, or was meant to be.
pub(crate) const PRESENT: &str = "present";
/// What is not.
pub(crate) const GONE: &str = "gone";

/// One sentence, without its full stop.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.expected == PRESENT {
            write!(f, "{} is {}", self.object, self.found)
        } else {
            write!(f, "{} is {} instead of {}", self.object, self.found, self.expected)
        }
    }
}

/// Why a journal could not be compared with the kernel.
#[derive(Debug, Error)]
pub enum ComparisonError {
    /// The kernel did not tell.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A file could not be read.
    #[error(transparent)]
    Record(#[from] Error),
}

/// Compares a journal with the kernel. Nothing is changed, and no lock is
/// taken.
pub struct Comparison<'a> {
    /// The kernel; without a container where the namespace that the
    /// attachment was made in is gone.
    pub network: &'a mut dyn Network,
    /// The registry of shared objects.
    pub shared: &'a Shared,
    /// Whose journal it is.
    pub id: &'a AttachmentId,
}

/// A difference with what mends it.
#[derive(Clone, Debug)]
pub(crate) struct Drift {
    pub(crate) difference: Difference,
    pub(crate) remedy: Option<Remedy>,
    /// Where it is of something that attachments share.
    pub(crate) agreed: Option<Agreed>,
}

/// What those who share an object had agreed on when it was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    pub(crate) object: SharedObject,
    pub(crate) made: Option<Made>,
}

impl Comparison<'_> {
    /// All that is not as the journal has it, in the journal's order. What a
    /// journal says that is not committed is not expected to be there.
    ///
    /// # Errors
    /// The kernel does not answer, or a file can't be read.
    pub fn differences(&mut self, history: &History) -> Result<Vec<Difference>, ComparisonError> {
        let drifts = self.drifts(history)?;
        Ok(drifts.into_iter().map(|drift| drift.difference).collect())
    }

    pub(crate) fn drifts(&mut self, history: &History) -> Result<Vec<Drift>, ComparisonError> {
        if !history.is_committed() {
            return Ok(Vec::new());
        }
        let mut expected = Expectations::of(history);
        if let Some(drift) = restarted(history, &expected) {
            return Ok(vec![drift]);
        }
        let drifts = self.survey(&expected)?;
        // What others did since takes a look at all journals, which is worth
        // it only where something is not as it was that could be theirs.
        let is_open = |drift: &Drift| may_be_others(history, drift.difference.sequence);
        if !drifts.iter().any(is_open) {
            return Ok(drifts);
        }
        if self.leave_to_others(&mut expected, history)? {
            self.survey(&expected)
        } else {
            Ok(drifts)
        }
    }

    fn survey(&mut self, expected: &Expectations<'_>) -> Result<Vec<Drift>, ComparisonError> {
        Survey::new(self.network, self.shared, self.id, expected).run()
    }

    /// Leaves out what attachments that came later changed, which they put
    /// back when they go. Whether there was any such thing.
    fn leave_to_others(&self, expected: &mut Expectations<'_>, history: &History) -> Result<bool, ComparisonError> {
        let before = expected.all().len();
        let state = StateDirectory::at(self.shared.state());
        for summary in state.attachments(None)? {
            let (Some(header), Some(later)) = (summary.header, summary.history) else {
                continue;
            };
            let came_later = history.header().is_some_and(|own| own.started <= header.started);
            if header.attachment == *self.id || !came_later || header.is_of_earlier_boot() || !later.is_committed() {
                continue;
            }
            let same_container = is_same_container(history, &header);
            expected.without_changes_of(&later, |place| match place {
                Place::Host => true,
                Place::Container => same_container,
            });
        }
        Ok(expected.all().len() != before)
    }
}

fn is_same_container(history: &History, other: &Header) -> bool {
    let namespaces = history.namespace().zip(other.namespace.as_ref());
    namespaces.is_some_and(|(one, other): (&NamespaceRecord, _)| one.is_same(other))
}

/// Whether another attachment may have changed what an operation left: not
/// what is shared, which has its value in the registry, nor what is marked as
/// this attachment's. The next plugin of a list may well give a link that was
/// made another address or MTU.
fn may_be_others(history: &History, sequence: Sequence) -> bool {
    let entry = history.entries().iter().find(|entry| entry.sequence == sequence);
    entry.is_some_and(|entry| {
        let is_shared = matches!(entry.inverse, Inverse::LeaveShared { .. });
        let is_marked = matches!(
            entry.operation,
            Operation::AddElements { .. } | Operation::Claim { .. } | Operation::Keep { .. }
        );
        !is_shared && !is_marked
    })
}

/// After a restart of the node nothing is there that could be looked at.
fn restarted(history: &History, expected: &Expectations<'_>) -> Option<Drift> {
    let is_earlier = history.header().is_some_and(Header::is_of_earlier_boot);
    let first = expected.all().first().filter(|_| is_earlier)?;
    Some(Drift {
        difference: Difference {
            sequence: first.entry.sequence,
            plugin: first.entry.plugin.clone(),
            operation: first.entry.operation.to_string(),
            object: "all that was made".to_owned(),
            expected: PRESENT.to_owned(),
            found: "gone since the node was started anew".to_owned(),
            mendable: false,
        },
        remedy: None,
        agreed: None,
    })
}
