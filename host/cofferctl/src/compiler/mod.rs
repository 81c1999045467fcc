//! Compiles components. What takes a compiler long, or leads it astray, comes
//! from whoever wrote the component.

#[cfg(target_os = "linux")]
mod confined;
#[cfg(target_os = "linux")]
pub(crate) use confined::{CHILD, Limits, compile, run_child};
#[cfg(not(target_os = "linux"))]
mod here;
#[cfg(not(target_os = "linux"))]
pub(crate) use here::{Limits, compile};
