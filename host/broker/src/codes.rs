//! Error codes of the host, in the range that the specification leaves to
//! plugins (100 and above). They are listed in `docs/errors.md`.

/// An operation, or the plugin as a whole, is not granted.
pub const DENIED: u32 = 100;
/// The component is missing, not to be trusted, or can't be loaded.
pub const COMPONENT: u32 = 110;
/// The component ended by a fault: a trap, a panic, too much memory.
pub const FAULT: u32 = 111;
/// The component's result does not agree with the kernel or the grants.
pub const UNTRUE_RESULT: u32 = 112;
/// The journal can't be read or written; nothing was done.
pub const JOURNAL: u32 = 113;
/// The attachment exists already.
pub const ALREADY_ATTACHED: u32 = 114;
/// CHECK: the attachment is not as its journal says, or is not complete.
pub const DRIFT: u32 = 116;
/// The process can't give up what it does not need; no plugin was run.
pub const CONFINEMENT: u32 = 115;
