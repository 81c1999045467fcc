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
//! Other systems than Linux have no plugins to call: there networks are loaded,
//! and nothing else.
//!
//! Every call blocks for as long as plugins take, at most the deadline for each
//! of them; a runtime that is asynchronous makes it on a thread for blocking
//! work.

/// The Rust of the page for authors of runtimes, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
mod embedding {}

#[cfg(target_os = "linux")]
mod attachment;
#[cfg(target_os = "linux")]
mod base64;
#[cfg(target_os = "linux")]
mod cache;
#[cfg(target_os = "linux")]
mod call;
#[cfg(target_os = "linux")]
mod error;
mod load;
#[cfg(target_os = "linux")]
mod outcome;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod resolver;
#[cfg(target_os = "linux")]
mod runtime;

#[cfg(target_os = "linux")]
pub use attachment::AttachmentRequest;
#[cfg(target_os = "linux")]
pub use cache::{CacheError, CachedAttachment, ResultCache};
#[cfg(target_os = "linux")]
pub use error::{PluginFailure, RuntimeError};
pub use load::{LoadError, load_directory, load_file, load_network, network_files};
#[cfg(target_os = "linux")]
pub use outcome::AddResult;
#[cfg(target_os = "linux")]
pub use process::ProcessError;
#[cfg(target_os = "linux")]
pub use resolver::{PluginCommand, PluginResolver, ResolveError, SearchPath};
#[cfg(target_os = "linux")]
pub use runtime::Runtime;
