//! Network configuration lists (`*.conflist`), and the single plugin
//! configurations (`*.conf`, `*.json`) that are wrapped into one.
//!
//! Unlike a plugin's own configuration, the keys of a list match in exactly
//! this letter case, as in the reference library.

mod error;
mod flag;
mod network;
mod plugin;
mod version;

pub use error::ListError;
pub use network::NetworkList;
pub use plugin::ListedPlugin;

#[cfg(test)]
mod tests;
