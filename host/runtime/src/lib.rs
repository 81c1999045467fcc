//! The runtime's side of CNI: what attaches containers to networks by calling
//! plugins.
//!
//! A network is loaded ([`load_network`], [`load_directory`], [`load_file`]),
//! and a [`Runtime`] carries out the verbs on it. How a plugin's name becomes
//! something to execute is a [`PluginResolver`]'s affair: [`SearchPath`] looks
//! into directories, as CNI has it. Results are kept in a [`ResultCache`], in
//! the reference library's format.

mod attachment;
mod base64;
mod cache;
mod call;
mod error;
mod load;
mod outcome;
mod process;
mod resolver;
mod runtime;

pub use attachment::AttachmentRequest;
pub use cache::{CacheError, CachedAttachment, ResultCache};
pub use error::{PluginFailure, RuntimeError};
pub use load::{LoadError, load_directory, load_file, load_network};
pub use outcome::AddResult;
pub use process::ProcessError;
pub use resolver::{PluginCommand, PluginResolver, ResolveError, SearchPath};
pub use runtime::Runtime;
