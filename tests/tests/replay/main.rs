//! Recorded calls: what the policy wants to be kept, and `cofferctl replay` of
//! it by somebody who has the file and the components, and nothing else.

#![allow(clippy::unwrap_used, clippy::panic)]

mod add;
mod beside_others;
mod check;
mod del;
mod desk;
mod kept;
mod node;
mod others;
mod read;
