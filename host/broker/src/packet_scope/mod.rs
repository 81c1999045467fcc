//! Whose packets the rules of a table decide on.
//!
//! The rules of a table that attachments share are the same for all of them;
//! what tells the packets of an attachment is in the sets, whose elements are
//! looked at one by one when they are added. So a rule keeps to attachments
//! when a set of addresses or links has to hold its packets first. All else
//! that a rule is bounded by, a prefix or a link that it names itself, has to
//! be granted.
//!
//! Nothing here asks the policy or the kernel.

mod elements;
mod facts;
mod own;
mod ruleset;
#[cfg(test)]
mod tests;
mod ways;

pub(crate) use elements::{Parts, parts_of};
pub(crate) use own::can_be_own;
pub(crate) use ruleset::decided_packets;
