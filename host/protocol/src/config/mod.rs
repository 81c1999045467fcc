//! The configuration of one plugin, as it is read from stdin and written to
//! the stdin of others.

mod attachments;
mod gate;
mod injection;
mod plugin;
mod program;

pub use attachments::AttachmentKey;
pub use injection::Injection;
pub use plugin::PluginConfig;
pub(crate) use plugin::enabled_capabilities;
pub use program::Program;

#[cfg(test)]
mod tests;
