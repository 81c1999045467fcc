//! CNI as data: verbs, environment, configurations, results, errors, versions.
//!
//! Nothing here does any I/O; the crate also compiles to WebAssembly, where
//! the guest SDK uses it.
//!
//! One request, in the order in which its parts are looked at:
//!
//! 1. [`Environment::read`] checks the variables. Without `CNI_COMMAND` the
//!    answer is [`Invocation::About`].
//! 2. [`PluginConfig::parse`] takes the text from stdin and checks the
//!    network's name. `VERSION` reads no stdin; [`version_answer`] is all it
//!    needs.
//! 3. `environment.command` is now the [`Verb`], or the error to print.
//! 4. [`PluginConfig::gate`] compares the configuration's version with what
//!    the plugin supports.
//! 5. [`PluginConfig::program`] tells which plugin, or chain of plugins, runs.
//! 6. [`result::to_json`] prints the [`Attachment`] in the configuration's
//!    version, [`CniError::to_json`] whatever went wrong.
//!
//! The caller's side of the same is in [`NetworkList`], [`Injection`],
//! [`result::parse_output`], [`CniError::from_output`] and
//! [`supported_versions`].

pub mod args;
pub mod config;
mod dns;
mod environment;
pub mod error;
pub mod identifier;
pub mod json;
pub mod list;
mod quoting;
pub mod result;
mod verb;
pub mod version;
mod vocabulary;

pub use args::{Argument, StrictArgs};
pub use config::{AttachmentKey, Injection, PluginConfig, Program};
pub use dns::Dns;
pub use environment::{Environment, Invocation};
pub use error::{CniError, code};
pub use list::{ListedPlugin, NetworkList};
pub use result::{Attachment, Interface, Ip, ResultError, Route};
pub use verb::{UnknownVerb, Verb};
pub use version::{SpecVersion, Version, supported_versions, version_answer};
pub use vocabulary::{
    IpPrefix, MacAddress, Origin, ParseIpPrefixError, ParseMacAddressError, PathPrefix, Place, Url, UrlProblem,
};
