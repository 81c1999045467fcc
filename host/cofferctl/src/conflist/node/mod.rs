//! What a configuration needs of the node that it is checked on.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod policies;
#[cfg(target_os = "linux")]
pub(super) use linux::{Place, unmet};
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{Place, unmet};
