//! portmap: ports of the node that lead to a container, seen by those who send
//! packets to them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod filtered;
mod ground;
mod packets;
mod verbs;
