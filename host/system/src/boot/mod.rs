//! Which boot of the machine this is, and since when. Elsewhere than on Linux
//! a process is what a boot is there: no state outlives it.

#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(dead_code, unreachable_pub))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{elapsed, id};
#[cfg(target_os = "linux")]
pub use linux::{elapsed, id};
