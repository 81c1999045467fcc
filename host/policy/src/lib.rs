//! Grants: what the operator allows a plugin to do.
//!
//! [`PolicyDirectory`] reads the files of one plugin, [`PluginPolicy`] is what
//! they say, and [`Grants`] answers the [`Question`]s of one attachment, known by
//! its network and its [`tenant`]. What no grant allows is denied; a [`Denial`] names the grant that
//! is missing. The format is described in `docs/policy.md`. [`Needs`] are what a
//! component declares to ask for, in the same words.

mod asked;
mod aspect;
mod audit;
mod bound;
mod check;
mod chosen;
mod default_policy;
mod denial;
mod dimension;
mod directory;
mod error;
mod explain;
mod fields;
mod grant;
mod granted;
mod grants;
mod key_pattern;
mod keys;
mod learn;
mod limits;
mod mark;
mod name;
mod needs;
mod operation;
mod packets;
mod parse;
mod pattern;
mod pin;
mod plugin_policy;
mod question;
mod quoted;
mod range;
mod recording;
mod schema;
mod selection;
mod show;
mod suggestion;
mod tenant;
mod trust;
mod words;
mod written;

pub use asked::{AskError, Asked};
pub use audit::Audit;
pub use check::{Finding, Report, Severity};
pub use default_policy::default_policy;
pub use denial::Denial;
pub use directory::PolicyDirectory;
pub use error::{PolicyError, Problem};
pub use explain::{Explanation, Reason, Refusal, Source};
pub use granted::{Counter, Exhausted, Granted, Scope};
pub use grants::{Grants, Requests};
pub use keys::parse as parse_public_key;
pub use learn::{LearnError, Learned, everything};
pub use mark::{Mark, NotAMark};
pub use name::is_plain as is_plain_name;
pub use needs::{Beyond, Need, Needs, NeedsError, NewNeed, Unmet};
pub use operation::Operation;
pub use packets::Packets;
#[cfg(feature = "fuzzing")]
pub use parse::readers_agree;
pub use pattern::{ParsePatternError, Pattern};
pub use pin::Pin;
pub use plugin_policy::{NO_KEYS, PluginPolicy};
pub use question::{Question, Upon};
pub use recording::Recording;
pub use schema::schema;
pub use suggestion::closest as closest_word;
pub use tenant::tenant;
