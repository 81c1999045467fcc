//! What attachments made, on record before it is made, and the way back.
//!
//! Eight things, all below one state directory (`/run/cofferdam`, boot-scoped
//! as the kernel state that they describe):
//!
//! * the write-ahead [`Journal`] of each attachment: an operation and its
//!   inverse are on record before the kernel is asked;
//! * the registry of [`Shared`] objects, which the first user makes and the
//!   last one removes;
//! * the registry of what attachments [own](Owned), and the [`Quota`] of what
//!   is counted across them;
//! * the [`Records`] of addresses, in the layout of the reference plugin
//!   host-local, with an index;
//! * the records of what has to be looked after ([`Upkeep`]);
//! * [`Undo`], which carries out inverses and says what it found;
//! * [`Comparison`], which says how the kernel differs from a journal, and
//!   [`Repair`], which puts back what is missing.
//!
//! Nothing here decides whether something is allowed.

mod attachment_id;
mod boot;
mod difference;
mod digest;
mod earlier_boot;
mod error;
mod format;
mod fs;
mod history;
mod journal;
mod leftovers;
mod lock;
mod model;
mod names;
mod owned;
mod quota;
mod records;
mod relocate;
mod repair;
mod shared;
mod state_directory;
mod undo;
mod upkeep;

pub use attachment_id::AttachmentId;
pub use boot::{assume_boot, boot_id};
pub use difference::{Comparison, ComparisonError, Difference};
pub use digest::{digest_of, digest_of_text};
pub use error::{Error, Result};
pub use format::{FORMAT_VERSION, Header, NamespaceRecord, PluginRecord};
pub use history::{Entry, History, Progress, State};
pub use journal::{Journal, LockedAttachment};
pub use leftovers::{Leftover, LeftoverKind};
pub use lock::{HeldLocks, Holder, longest_wait};
pub use model::{Inverse, Made, Operation, Outcome, SHARED_ELEMENT, Sequence, Setting, SharedObject, element_text};
pub use owned::{Owned, OwnedBy, Scope, Survey, Taken, Thing};
pub use quota::{Limit, Quota, Slot};
pub use records::{Owner, Records};
pub use repair::{Repair, Repaired, Unmended};
pub use shared::{Left, Shared, SharedGuard};
pub use state_directory::{AttachmentSummary, StateDirectory};
pub use undo::{Report, ReportItem, Undo, UndoError, UndoOutcome, Undone};
pub use upkeep::{Farewell, Upkeep, UpkeepRecord, since_boot};
