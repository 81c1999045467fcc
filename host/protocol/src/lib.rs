//! CNI as data: verbs, environment, configurations, results, errors, versions.
//!
//! Nothing here does any I/O; the crate also compiles to WebAssembly, where
//! the guest SDK uses it.

mod vocabulary;

pub use vocabulary::{IpPrefix, MacAddress, ParseIpPrefixError, ParseMacAddressError, Place};
