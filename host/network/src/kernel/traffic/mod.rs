//! Queueing disciplines of links: a token bucket at the root, and an ingress
//! that redirects.

mod message;
mod queue;
mod redirect;

pub(super) use queue::{delete_rate_limit, limit_rate, outgoing};
pub(super) use redirect::{delete_redirect, incoming, redirect};
