//! `cofferctl plan` and `trace`: what attaching a container would do on this
//! node, without any of it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod bench;
mod journal;
mod nothing_changes;
mod somebody;
mod told;
mod trace;
