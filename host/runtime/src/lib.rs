//! The runtime's side of CNI: what attaches containers to networks by calling
//! plugins.
//!
//! A network is loaded ([`load_network`], [`load_directory`], [`load_file`]),
//! and a [`Runtime`] carries out the verbs on it. How a plugin's name becomes
//! something to execute is a [`PluginResolver`]'s affair: [`SearchPath`] looks
//! into directories, as CNI has it. Results are kept in a [`ResultCache`], in
//! the reference library's format and place, so that a node can change from
//! one to the other and back while containers are attached.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, SearchPath, load_network};
//!
//! let network = load_network(Path::new("/etc/cni/net.d"), "mynet")?;
//! let runtime = Runtime::new(SearchPath::new(vec!["/opt/cni/bin".into()]), ResultCache::default());
//! let request = AttachmentRequest {
//!     container_id: "c1f0a2".to_owned(),
//!     netns: "/run/netns/c1f0a2".to_owned(),
//!     interface_name: "eth0".to_owned(),
//!     ..AttachmentRequest::default()
//! };
//! match runtime.add(&network, &request) {
//!     Ok(result) => {
//!         for ip in &result.attachment.ips {
//!             eprintln!("{}", ip.address);
//!         }
//!     }
//!     Err(error) => {
//!         // Plugins before the one that failed did their part.
//!         runtime.del(&network, &request)?;
//!         return Err(error.into());
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every call blocks for as long as plugins take, at most the deadline for each
//! of them; a runtime that is asynchronous makes it on a thread for blocking
//! work.

/// The Rust of the page for authors of runtimes, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
mod embedding {}

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
pub use load::{LoadError, load_directory, load_file, load_network, network_files};
pub use outcome::AddResult;
pub use process::ProcessError;
pub use resolver::{PluginCommand, PluginResolver, ResolveError, SearchPath};
pub use runtime::Runtime;
