//! Calls that are kept, to be run again elsewhere: what was asked for, all that
//! the host was told by others meanwhile, and what came of it
//! (`docs/replay.md`).

mod directory;
mod document;
mod ground;
mod network;
#[cfg(feature = "simulation")]
mod played;
mod recorder;
mod requests;
mod slot;
mod surroundings;
mod tape;
mod tree;

pub use directory::{MOST_RECORDINGS, RecordingsDirectory};
pub use document::{MOST_BYTES, Outcome, RecordedPlugin, Recording, RecordingError, Told};
pub use network::Follower;
#[cfg(feature = "simulation")]
pub(crate) use network::Heard;
pub(crate) use recorder::Recorder;
pub(crate) use requests::carry;
pub(crate) use slot::Slot;
pub(crate) use tape::Tape;
pub use tree::{Kept, Tree, TreeError};
