//! containerd as kubelet uses it, through CRI: pods on networks whose plugins are Cofferdam's.

#![allow(clippy::unwrap_used, clippy::panic)]

mod cache;
mod change_over;
mod many;
mod node;
mod pods;
mod replay;
